// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace camwarden
{

/* From the time of a steady clock to wall-clock time, both in nanoseconds. The wall clock may jump
 * or be slewed at any moment, so the mapping is measured again with every frame; a measurement
 * between whose ends the thread lost the processor is not used. */
class WallMapping
{
public:
  /* wall was read between two readings of the steady clock. Returns false when they lie too far
   * apart to be used; the first one is used however far. */
  bool
  measure (int64_t before, int64_t wall, int64_t after)
  {
    constexpr int64_t MAX_SPREAD = 50'000;
    if (known_ && after - before > MAX_SPREAD)
      return false;
    offset_ = wall - (before + (after - before) / 2);
    known_ = true;
    return true;
  }

  [[nodiscard]] int64_t
  wall (int64_t steady) const
  {
    return steady + offset_;
  }

private:
  int64_t offset_ = 0;
  bool known_ = false;
};

} // namespace camwarden
