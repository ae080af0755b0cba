// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/deviceholder.h"

#include "daemon/background.h"
#include "daemon/rootpath.h"
#include "daemon/runtimefile.h"

#include <algorithm>
#include <charconv>
#include <climits>
#include <glib.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

std::string
link_target (const std::string &path)
{
  std::string target (PATH_MAX, '\0');
  const ssize_t length = readlink (path.c_str (), target.data (), target.size ());
  target.resize (length < 0 ? 0 : static_cast<size_t> (length));
  return target;
}

pid_t
pid_of (std::string_view name)
{
  pid_t pid = 0;
  const char *end = name.data () + name.size ();
  const auto [stop, error] = std::from_chars (name.data (), end, pid);
  return error == std::errc () && stop == end ? pid : 0;
}

bool
has_open (const std::string &process, const std::string &device)
{
  const std::string folder = process + "/fd";
  g_autoptr (GDir) fds = g_dir_open (folder.c_str (), 0, nullptr);
  if (!fds)
    return false;
  while (const char *fd = g_dir_read_name (fds))
    if (link_target (folder + "/" + fd) == device)
      return true;
  return false;
}

std::string
name_of (const std::string &process)
{
  std::string name = read_file (process + "/comm");
  return name.substr (0, name.find ('\n'));
}

} // namespace

std::string
holder_text (const DeviceHolder &holder)
{
  return "process " + std::to_string (holder.pid) + " ("
         + (holder.name.empty () ? "?" : holder.name) + ")";
}

std::vector<DeviceHolder>
holders_of (const std::string &root, const std::string &device)
{
  std::vector<DeviceHolder> holders;
  const std::string node = resolve_below (root, device);
  const std::string processes = below_root (root, "/proc");
  g_autoptr (GDir) folder = g_dir_open (processes.c_str (), 0, nullptr);
  if (!folder || node.empty ())
    return holders;
  while (const char *entry = g_dir_read_name (folder)) {
    const pid_t pid = pid_of (entry);
    const std::string process = processes + "/" + entry;
    if (pid > 0 && has_open (process, node))
      holders.push_back ({ pid, name_of (process) });
  }
  std::sort (holders.begin (), holders.end (),
             [] (const auto &a, const auto &b) { return a.pid < b.pid; });
  return holders;
}

void
find_holders (const std::string &root, const std::string &device,
              std::function<void (std::vector<DeviceHolder>)> done)
{
  in_background<std::vector<DeviceHolder>> ([root, device] { return holders_of (root, device); },
                                            std::move (done));
}

} // namespace camwarden
