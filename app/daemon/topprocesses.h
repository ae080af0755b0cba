// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace camwarden
{

struct TopProcess
{
  std::string name; /* the first 15 characters of its program's, as the kernel keeps them */
  int pid = 0;
  uint64_t rss = 0; /* bytes */
  double cpu = 0;   /* processors in use */
};

struct TopProcesses
{
  std::vector<TopProcess> by_cpu, by_memory; /* most first */

  /* "most memory: stress-ng (123) 2.1 GiB, ..."; "" when nothing is known. */
  [[nodiscard]] std::string memory_text () const;
  [[nodiscard]] std::string cpu_text () const;
};

/* Who uses most, over a moment of `span` us that this waits for: not for the main loop. */
[[nodiscard]] TopProcesses find_top_processes (const std::string &root, int64_t span,
                                               size_t most = 3);

} // namespace camwarden
