// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

namespace camwarden
{

/* The text without what could be a secret, each replaced by "[removed]":
 * - values of passwords, secrets, tokens, keys and webhooks ("password=x", "token: x", "PW x")
 * - users and passwords in addresses, and of web addresses all behind the host, but of this
 * machine's
 * - what follows Bearer, Basic, AUTH and requirepass
 * - words of 32 characters and more that mix letters and digits, as tokens and checksums do.
 * Names of files stay. Standard C++ only. */
[[nodiscard]] std::string redact (std::string_view text);

} // namespace camwarden
