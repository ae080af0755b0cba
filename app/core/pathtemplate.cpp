// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/pathtemplate.h"

#include <algorithm>

namespace camwarden
{

static bool
is_parameter_value (std::string_view text)
{
  const auto allowed = [] (char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '.'
           || c == '_' || c == '-';
  };
  return !text.empty () && text.size () <= 64 && text[0] != '.'
         && std::all_of (text.begin (), text.end (), allowed);
}

static std::string_view
next_segment (std::string_view &path)
{
  const size_t end = std::min (path.find ('/', 1), path.size ());
  const std::string_view segment = path.substr (0, end);
  path.remove_prefix (end);
  return segment;
}

std::optional<PathParameters>
match_path (std::string_view path_template, std::string_view path)
{
  PathParameters parameters;
  while (!path_template.empty () && !path.empty ()) {
    std::string_view wanted = next_segment (path_template), given = next_segment (path);
    if (wanted.starts_with ("/{") && wanted.ends_with ('}')) {
      if (!given.starts_with ('/') || !is_parameter_value (given.substr (1)))
        return std::nullopt;
      parameters.emplace_back (wanted.substr (2, wanted.size () - 3), given.substr (1));
    } else if (wanted != given) {
      return std::nullopt;
    }
  }
  if (!path_template.empty () || !path.empty ())
    return std::nullopt;
  return parameters;
}

} // namespace camwarden
