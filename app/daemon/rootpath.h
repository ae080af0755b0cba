// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdlib>
#include <string>

namespace camwarden
{

/* Paths of the machine ("/dev/video0") below a root that is "/" but in tests. */

[[nodiscard]] inline std::string
below_root (const std::string &root, const std::string &path)
{
  return root.ends_with ('/') ? root.substr (0, root.size () - 1) + path : root + path;
}

/* Without links and dots, as realpath() does; "": there is no such file. */
[[nodiscard]] inline std::string
real_path (const std::string &path)
{
  char *found = realpath (path.c_str (), nullptr);
  std::string result = found ? found : "";
  std::free (found);
  return result;
}

/* Where a path leads in the end, without the root; "": to no file, or out of the root. */
[[nodiscard]] inline std::string
resolve_below (const std::string &root, const std::string &path)
{
  const std::string base = real_path (root);
  std::string found = real_path (below_root (root, path));
  if (base == "/")
    return found;
  return found.starts_with (base + "/") ? found.substr (base.size ()) : std::string ();
}

} // namespace camwarden
