// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/systemparse.h"

#include <optional>
#include <string>
#include <string_view>

namespace camwarden
{

/* The control group whose memory a process may use, such as a unit with MemoryMax=, or a container.
 * Paths of files below the root. */
struct MemoryGroup
{
  std::string limit; /* bytes, or "max" */
  std::string usage; /* bytes, pages of files included */
  std::string stat;  /* "inactive_file BYTES", given back as soon as somebody needs them */
};

/* From the process's /proc/PID/cgroup; both hierarchies. */
[[nodiscard]] std::optional<MemoryGroup> memory_group (std::string_view cgroup);

/* What may be used of the group's memory; nothing: it has no limit, or none below the machine's. */
[[nodiscard]] std::optional<MemoryInfo> group_memory (std::string_view limit,
                                                      std::string_view usage, std::string_view stat,
                                                      const MemoryInfo &machine);

/* Whichever of the two runs out first. */
[[nodiscard]] MemoryInfo scarcer (const MemoryInfo &machine,
                                  const std::optional<MemoryInfo> &group);

} // namespace camwarden
