// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

namespace camwarden
{

/* A ticket lets whoever has it read one path for a minute: for <img> and EventSource, which cannot
 * send a token. It is signed with a key that only this process knows and that ends with it. */
inline constexpr int64_t ticket_life = 60'000'000; /* us */

/* until: wall us. The text fits into a URL as it is. */
[[nodiscard]] std::string make_ticket (const std::string &path, int64_t until);
[[nodiscard]] bool ticket_opens (const std::string &ticket, const std::string &path, int64_t now);

/* `bytes` random bytes in hexadecimal, of the kernel. */
[[nodiscard]] std::string random_text (size_t bytes);

} // namespace camwarden
