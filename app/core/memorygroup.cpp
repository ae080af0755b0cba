// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/memorygroup.h"

#include <algorithm>
#include <charconv>

namespace camwarden
{

namespace
{

std::string_view
take_line (std::string_view &text)
{
  const std::string_view line = text.substr (0, text.find ('\n'));
  text.remove_prefix (std::min (text.size (), line.size () + 1));
  return line;
}

std::optional<uint64_t>
number (std::string_view text)
{
  uint64_t value = 0;
  const auto [end, error] = std::from_chars (text.data (), text.data () + text.size (), value);
  return error == std::errc () ? std::optional (value) : std::nullopt;
}

/* The older hierarchy counts those of the groups below apart, as "total_...". */
uint64_t
inactive_files (std::string_view stat)
{
  uint64_t bytes = 0;
  while (!stat.empty ()) {
    const std::string_view line = take_line (stat);
    for (const std::string_view key : { "inactive_file ", "total_inactive_file " })
      if (line.starts_with (key))
        bytes = std::max (bytes, number (line.substr (key.size ())).value_or (0));
  }
  return bytes;
}

} // namespace

std::optional<MemoryGroup>
memory_group (std::string_view cgroup)
{
  std::optional<MemoryGroup> unified;
  while (!cgroup.empty ()) {
    const std::string_view line = take_line (cgroup);
    const size_t first = line.find (':'), second = line.find (':', first + 1);
    if (second == std::string_view::npos)
      continue;
    const std::string_view controllers = line.substr (first + 1, second - first - 1);
    std::string path (line.substr (second + 1));
    if (path == "/")
      path.clear ();
    if (controllers == "memory") {
      const std::string place = "/sys/fs/cgroup/memory" + path;
      return MemoryGroup{ place + "/memory.limit_in_bytes", place + "/memory.usage_in_bytes",
                          place + "/memory.stat" };
    }
    if (line.starts_with ("0::")) {
      const std::string place = "/sys/fs/cgroup" + path;
      unified
          = MemoryGroup{ place + "/memory.max", place + "/memory.current", place + "/memory.stat" };
    }
  }
  return unified;
}

std::optional<MemoryInfo>
group_memory (std::string_view limit, std::string_view usage, std::string_view stat,
              const MemoryInfo &machine)
{
  const auto most = number (limit), used = number (usage);
  if (!most || !used || *most == 0 || *most >= machine.total)
    return std::nullopt;
  MemoryInfo memory = machine;
  memory.total = *most;
  const uint64_t needed = *used - std::min (*used, inactive_files (stat));
  memory.available = memory.total - std::min (memory.total, needed);
  return memory;
}

MemoryInfo
scarcer (const MemoryInfo &machine, const std::optional<MemoryInfo> &group)
{
  return group && group->used () > machine.used () ? *group : machine;
}

} // namespace camwarden
