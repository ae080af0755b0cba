// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace camwarden
{

/* Which frames are stored: the first, then the first at or after each further interval. The grid
 * does not drift with the frames' times; a gap, or a time that went back, starts a new one. Both
 * arguments in one unit. */
class StoreInterval
{
public:
  [[nodiscard]] bool
  due (uint64_t interval, uint64_t time)
  {
    if (interval == 0) {
      next_.reset ();
      return true;
    }
    const bool on_grid = next_ && *next_ <= time + interval;
    if (on_grid && time < *next_)
      return false;
    next_ = on_grid && time < *next_ + interval ? *next_ + interval : time + interval;
    return true;
  }

private:
  std::optional<uint64_t> next_;
};

} // namespace camwarden
