// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/schema.h"

#include <string>

namespace camwarden
{

/* What is wrong with a key's value, and what would be right. Says the value only if it cannot hold
 * a secret. */
[[nodiscard]] std::string describe_problem (const Key &key, const std::string &text,
                                            const ParsedValue &parsed);

/* Text from a file, safe to print: control characters replaced, at most 60 bytes of it. */
[[nodiscard]] std::string printable (const std::string &text);

/* "; did you mean \"WORD\"?", or nothing. */
[[nodiscard]] std::string did_you_mean (const std::string &word);

[[nodiscard]] std::string unknown_group (const std::string &group);
[[nodiscard]] std::string unknown_key (const std::string &group, const std::string &key);

} // namespace camwarden
