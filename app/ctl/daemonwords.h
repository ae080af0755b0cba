// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>

namespace camwarden
{

/* The daemon speaks English to all, since several people read one daemon. What people read here is
 * in their own language, as far as the sentence is known: an unknown one stays as it is. */

/* A sentence, with whatever stands behind it: ": cause". */
[[nodiscard]] std::string translated (const std::string &message);
[[nodiscard]] bool is_known_sentence (const std::string &message);

/* Words of the API, short enough for a column. */
[[nodiscard]] std::string state_word (const std::string &state);     /* 10 columns */
[[nodiscard]] std::string verdict_word (const std::string &verdict); /* 8 columns */

} // namespace camwarden
