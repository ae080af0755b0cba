// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace camwarden
{

/* Sees the wall clock jump, and become synchronised. Both clocks in us; `mono` never jumps. */
class ClockWatch
{
public:
  /* What the time services slew is less between two looks. */
  static constexpr int64_t step = 2'000'000;

  struct Change
  {
    int64_t correction = 0;    /* us; positive: the clock was put forward; 0: it did not jump */
    bool synchronised = false; /* it is now and was not before */
  };

  /* synchronised: nothing, if that is not known. */
  [[nodiscard]] std::optional<Change> update (int64_t mono, int64_t wall,
                                              std::optional<bool> synchronised);

private:
  std::optional<int64_t> offset_;
  std::optional<bool> synchronised_;
};

} // namespace camwarden
