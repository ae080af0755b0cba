// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/thresholds.h"

#include <cstdint>
#include <deque>
#include <optional>
#include <string>

namespace camwarden
{

struct EmergencySettings
{
  int64_t min_dwell = 120'000'000;  /* us */
  int64_t leave_after = 60'000'000; /* us: calm for so long */
  unsigned per_hour = 4;            /* entries; with the last one it stays */

  bool operator== (const EmergencySettings &) const = default;
};

/* The machine's state in short, as an emergency sees it. */
struct EmergencySigns
{
  bool critical = false; /* the level of one of CPU, memory, disk, temperature is critical */
  bool calm = true;      /* all of them are below what their warning is left at, just now */
};

[[nodiscard]] EmergencySigns emergency_signs (const Thresholds &thresholds);

/* "memory 97.0 %, disk /srv 96.1 %": what is critical; empty: nothing is. */
[[nodiscard]] std::string emergency_cause (const Thresholds &thresholds);

/* Whether the machine is in trouble as a whole. It begins with a critical level, which has lasted
 * by then (emergency-after), and ends when everything has been calm for `leave_after`, not before
 * `min_dwell`. Once it has begun `per_hour` times within an hour it stays until that hour is over:
 * a machine that is in trouble every few minutes is in trouble. All times are monotonic us. */
class Emergency
{
public:
  enum class Change {
    Entered,
    Left,
  };

  explicit Emergency (const EmergencySettings &settings) : settings_ (settings) {}
  Emergency () : Emergency (EmergencySettings{}) {}

  void configure (const EmergencySettings &settings);
  [[nodiscard]] std::optional<Change> update (int64_t now, const EmergencySigns &signs);
  [[nodiscard]] bool
  active () const
  {
    return active_;
  }
  /* Of the last entry. */
  [[nodiscard]] int64_t
  since () const
  {
    return since_;
  }

private:
  [[nodiscard]] bool may_leave (int64_t now) const;

  EmergencySettings settings_;
  bool active_ = false;
  int64_t since_ = 0;
  int64_t calm_since_ = -1; /* -1: it is not calm */
  std::deque<int64_t> entries_;
};

} // namespace camwarden
