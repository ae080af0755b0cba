// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace camwarden
{

enum class FaultMode {
  none,
  error,
  stall,
  freeze,
  black,
  dark,
  bright,
  blur,
  slow,
  busy,
  nodevice,
  nospace,
  caps,
  hang,
  hang_on_stop,
  hang_on_start,
  abort,
  abort_on_stop,
};

/* When a fault begins and ends. Times in microseconds; duration -1: for ever. */
struct FaultOrder
{
  FaultMode mode = FaultMode::none;
  uint64_t at_frame = 0;
  int64_t duration = -1;
  unsigned times = 0; /* how many starts it happens in, from the one of the order on; 0: each */
  unsigned generation = 0;
};

/* The device is gone or taken, or its driver hangs: outlives a restart of the source. */
[[nodiscard]] constexpr bool
is_device_fault (FaultMode mode)
{
  return mode == FaultMode::nodevice || mode == FaultMode::busy || mode == FaultMode::hang_on_start;
}

class FaultPlan
{
public:
  void
  started (const FaultOrder &order)
  {
    starts_++;
    if (!is_device_fault (order.mode)) {
      begin_.reset ();
      over_ = false;
    }
  }

  /* The fault that rules the frame with this index, at this time. */
  [[nodiscard]] FaultMode
  at (const FaultOrder &order, uint64_t frame, int64_t now)
  {
    if (order.generation != generation_) {
      generation_ = order.generation;
      starts_ = 1;
      begin_.reset ();
      over_ = false;
    }
    const bool has_begun = begin_.has_value ();
    const bool due = has_begun || frame >= order.at_frame;
    const bool spent = order.times > 0 && starts_ > order.times;
    if (order.mode == FaultMode::none || over_ || spent || !due)
      return FaultMode::none;
    if (!has_begun)
      begin_ = now;
    over_ = order.duration >= 0 && now - *begin_ >= order.duration && has_begun;
    return over_ ? FaultMode::none : order.mode;
  }

  [[nodiscard]] bool
  has_begun () const
  {
    return begin_.has_value ();
  }

private:
  std::optional<int64_t> begin_;
  bool over_ = false;
  unsigned starts_ = 0;
  unsigned generation_ = 0;
};

} // namespace camwarden
