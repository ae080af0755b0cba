// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>

namespace camwarden
{

/* A template that is JSON: it begins with { or [. */
[[nodiscard]] bool is_json_template (std::string_view text);

/* Puts values in the place of {names}; in a JSON template as they stand within its quotes. A brace
 * that is not one of a known name stays as it is. */
[[nodiscard]] std::string fill_template (std::string_view text,
                                         const std::map<std::string, std::string> &values);

/* What a JSON string has between its quotes. */
[[nodiscard]] std::string json_escaped (std::string_view text);

} // namespace camwarden
