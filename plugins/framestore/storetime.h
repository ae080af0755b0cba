// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <limits>
#include <optional>

namespace camwarden
{

/* Which time goes into a frame's name, so that the order of the names is the order of capture while
 * the wall clock is behind: it was set back, or is not set yet after a boot. Names then go on after
 * the newest one, at half the pace of time, until the clock has caught up.
 *
 * A clock that is set and more than a day behind is believed instead: it has been wrong before, and
 * names would stay wrong for as long again. All times are us; `wall` and `capture` UTC. */
class StoreTime
{
public:
  static constexpr int64_t most_ahead = int64_t{ 24 } * 3600 * 1'000'000;

  /* clock_set: a wall clock that says less is not set. */
  explicit StoreTime (int64_t clock_set) : clock_set_ (clock_set) {}
  StoreTime () : StoreTime (0) {}

  /* The latest time in a name that is not taken for wrong while the wall clock says this. */
  [[nodiscard]] int64_t
  believed (int64_t wall) const
  {
    return wall < clock_set_ ? std::numeric_limits<int64_t>::max () : wall + most_ahead;
  }

  /* A frame that was stored before. */
  void found (int64_t time);

  /* For the next frame. */
  [[nodiscard]] int64_t name (int64_t capture, int64_t mono);

  /* Up to when frames are of the past: the wall clock, or the newest name where that is later. */
  [[nodiscard]] int64_t present (int64_t wall) const;

  /* Of the last name, before the capture as the wall clock has it. */
  [[nodiscard]] int64_t
  ahead () const
  {
    return ahead_;
  }

private:
  int64_t clock_set_;
  std::optional<int64_t> newest_; /* in a name */
  std::optional<int64_t> mono_;   /* when that was given */
  int64_t ahead_ = 0;
};

} // namespace camwarden
