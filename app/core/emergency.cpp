// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/emergency.h"

#include <array>
#include <cstdio>

namespace camwarden
{

namespace
{

constexpr int64_t hour = int64_t{ 3600 } * 1'000'000;

bool
counts (Quantity what)
{
  return what == Quantity::Cpu || what == Quantity::Memory || what == Quantity::Disk
         || what == Quantity::Temperature;
}

std::string
in_words (Quantity what, const std::string &instance, double value)
{
  std::array<char, 32> number;
  const bool degrees = what == Quantity::Temperature;
  (void)std::snprintf (number.data (), number.size (), degrees ? "%.1f C" : "%.1f %%",
                       degrees ? value : value * 100);
  return std::string (quantity_name (what)) + (instance.empty () ? "" : " " + instance) + " "
         + number.data ();
}

} // namespace

EmergencySigns
emergency_signs (const Thresholds &thresholds)
{
  EmergencySigns signs;
  for (const auto &[key, threshold] : thresholds.all ()) {
    if (!counts (key.first))
      continue;
    signs.critical = signs.critical || threshold.level () == ThresholdLevel::Critical;
    signs.calm = signs.calm && threshold.value () < threshold.settings ().warning_leave;
  }
  return signs;
}

std::string
emergency_cause (const Thresholds &thresholds)
{
  std::string cause;
  for (const auto &[key, threshold] : thresholds.all ())
    if (counts (key.first) && threshold.level () == ThresholdLevel::Critical)
      cause += (cause.empty () ? "" : ", ") + in_words (key.first, key.second, threshold.value ());
  return cause;
}

void
Emergency::configure (const EmergencySettings &settings)
{
  settings_ = settings;
}

std::optional<Emergency::Change>
Emergency::update (int64_t now, const EmergencySigns &signs)
{
  if (!signs.calm || signs.critical)
    calm_since_ = -1;
  else if (calm_since_ < 0)
    calm_since_ = now;
  if (!active_ && signs.critical) {
    active_ = true;
    since_ = now;
    entries_.push_back (now);
    while (now - entries_.front () >= hour)
      entries_.pop_front ();
    return Change::Entered;
  }
  if (!active_ || !may_leave (now))
    return {};
  active_ = false;
  return Change::Left;
}

bool
Emergency::may_leave (int64_t now) const
{
  const size_t most = settings_.per_hour;
  const bool spent = entries_.size () >= most && now - entries_[entries_.size () - most] < hour;
  return calm_since_ >= 0 && now - calm_since_ >= settings_.leave_after
         && now - since_ >= settings_.min_dwell && !spent;
}

} // namespace camwarden
