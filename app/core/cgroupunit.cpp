// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/cgroupunit.h"

#include <algorithm>

namespace camwarden
{

/* "0::/system.slice/camwarden.service", or of the older hierarchy
 * "1:name=systemd:/system.slice/..."; a service of a template lies in a slice of its own. */
static std::optional<std::string>
unit_of_path (std::string_view path)
{
  if (!path.starts_with ("/system.slice/"))
    return std::nullopt;
  while (!path.empty ()) {
    path.remove_prefix (1);
    const std::string_view part = path.substr (0, path.find ('/'));
    if (part.ends_with (".service"))
      return std::string (part);
    path.remove_prefix (part.size ());
  }
  return std::nullopt;
}

std::optional<std::string>
unit_of_cgroup (std::string_view text)
{
  while (!text.empty ()) {
    const std::string_view line = text.substr (0, text.find ('\n'));
    text.remove_prefix (std::min (text.size (), line.size () + 1));
    for (const std::string_view start : { "0::", "1:name=systemd:" })
      if (line.starts_with (start))
        if (auto unit = unit_of_path (line.substr (start.size ())))
          return unit;
  }
  return std::nullopt;
}

} // namespace camwarden
