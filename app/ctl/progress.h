// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>

namespace camwarden
{

/* "[######----]  60 %  1.2 GB of 2.0 GB  85.0 MB/s  10 s left", at most 79 columns. elapsed: s. */
[[nodiscard]] std::string progress_line (uint64_t done, uint64_t total, double elapsed);

/* A bar on standard error, if that is a terminal; else nothing. Drawn ten times a second at most.
 */
class Progress
{
public:
  explicit Progress (uint64_t total);
  ~Progress (); /* takes the bar away */
  Progress (const Progress &) = delete;
  Progress &operator= (const Progress &) = delete;

  void add (uint64_t bytes);

private:
  const uint64_t total_;
  const bool shown_;
  const int64_t start_; /* monotonic us; and the next */
  int64_t drawn_ = 0;
  uint64_t done_ = 0;
};

} // namespace camwarden
