// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/thresholds.h"

#include <algorithm>
#include <cmath>

namespace camwarden
{

/* More failures than any limit that can be configured. */
static constexpr size_t MOST_EVENTS = 100'000;
static constexpr int64_t LONGEST_SILENCE = 600'000'000; /* us: of a sensor, then it is gone */

std::string_view
threshold_level_name (ThresholdLevel level)
{
  switch (level) {
  case ThresholdLevel::None:
    return "none";
  case ThresholdLevel::Warning:
    return "warning";
  case ThresholdLevel::Critical:
    break;
  }
  return "critical";
}

std::string_view
quantity_name (Quantity quantity)
{
  switch (quantity) {
  case Quantity::Cpu:
    return "cpu";
  case Quantity::Memory:
    return "memory";
  case Quantity::Disk:
    return "disk";
  case Quantity::Temperature:
    return "temperature";
  case Quantity::CameraFailures:
    return "camera-failures";
  case Quantity::RedisAway:
    break;
  }
  return "redis-away";
}

/* --- one quantity --- */

void
Threshold::configure (const ThresholdSettings &settings)
{
  ThresholdSettings good = settings;
  good.critical = std::max (good.critical, good.warning);
  if (good == settings_)
    return;
  settings_ = good;
  reconfigured_ = true;
  unknown ();
}

void
Threshold::unknown ()
{
  above_critical_ = above_warning_ = below_warning_ = below_critical_ = -1;
}

double
Threshold::warning_leave () const
{
  return reconfigured_ ? settings_.warning : settings_.warning_leave;
}

double
Threshold::critical_leave () const
{
  return reconfigured_ ? settings_.critical : settings_.critical_leave;
}

static void
track (int64_t &since, bool holds, int64_t now)
{
  if (!holds)
    since = -1;
  else if (since < 0)
    since = now;
}

std::optional<Threshold::Change>
Threshold::update (int64_t now, double value)
{
  if (!std::isfinite (value) || now < last_)
    return {};
  if (last_ >= 0 && now - last_ > settings_.longest_gap)
    unknown ();
  last_ = now;
  value_ = value;
  track (above_critical_, value >= settings_.critical, now);
  track (above_warning_, value >= settings_.warning, now);
  track (below_warning_, value < warning_leave (), now);
  track (below_critical_, value < critical_leave (), now);
  const auto step = next (now);
  if (!step)
    return {};
  const Change change{ level_, step->first, value, step->second };
  level_ = step->first;
  limit_ = step->second;
  changed_ = now;
  reconfigured_ = false;
  track (below_warning_, value < warning_leave (), now);
  track (below_critical_, value < critical_leave (), now);
  return change;
}

bool
Threshold::held (int64_t begin, int64_t time, int64_t now) const
{
  return begin >= 0 && now - std::max (begin, changed_) >= time;
}

std::optional<std::pair<ThresholdLevel, double>>
Threshold::next (int64_t now) const
{
  if (level_ != ThresholdLevel::Critical && held (above_critical_, settings_.critical_after, now))
    return std::pair{ ThresholdLevel::Critical, settings_.critical };
  if (level_ == ThresholdLevel::None && held (above_warning_, settings_.warning_after, now))
    return std::pair{ ThresholdLevel::Warning, settings_.warning };
  if (level_ != ThresholdLevel::None && held (below_warning_, settings_.leave_after, now))
    return std::pair{ ThresholdLevel::None, warning_leave () };
  if (level_ == ThresholdLevel::Critical && held (below_critical_, settings_.leave_after, now))
    return std::pair{ ThresholdLevel::Warning, critical_leave () };
  return {};
}

bool
Threshold::rising () const
{
  return (level_ == ThresholdLevel::None && above_warning_ >= 0)
         || (level_ != ThresholdLevel::Critical && above_critical_ >= 0);
}

/* --- events --- */

void
SlidingCount::configure (int64_t window, int64_t apart)
{
  window_ = window;
  apart_ = apart;
}

void
SlidingCount::add (int64_t now)
{
  if (!events_.empty () && now - events_.back () < apart_)
    return;
  events_.push_back (now);
  if (events_.size () > MOST_EVENTS)
    events_.pop_front ();
}

size_t
SlidingCount::count (int64_t now)
{
  while (!events_.empty () && now - events_.front () >= window_)
    events_.pop_front ();
  return events_.size ();
}

/* --- all of them --- */

namespace
{

/* For a share: where it leaves. */
double
share_leave (double limit, double points)
{
  const double left = limit - points / 100;
  return left > 0 ? left : limit / 2;
}

ThresholdSettings
of_share (const ThresholdsSettings::Pair &limits, double points)
{
  ThresholdSettings settings;
  settings.warning = limits.warning;
  settings.critical = limits.critical;
  settings.warning_leave = share_leave (limits.warning, points);
  settings.critical_leave = share_leave (limits.critical, points);
  return settings;
}

ThresholdSettings
of_temperature (const ThresholdsSettings::Pair &limits, double degrees)
{
  return { .warning = limits.warning,
           .critical = limits.critical,
           .warning_leave = limits.warning - degrees,
           .critical_leave = limits.critical - degrees };
}

/* The window is the hysteresis. */
ThresholdSettings
of_failures (const ThresholdsSettings::Pair &limits)
{
  return { .warning = limits.warning,
           .critical = limits.critical,
           .warning_leave = limits.warning,
           .critical_leave = limits.critical };
}

/* Below one microsecond is connected: nothing else ends it. */
ThresholdSettings
of_redis (const ThresholdsSettings::Pair &limits)
{
  return { .warning = std::max (limits.warning, 1.0),
           .critical = std::max (limits.critical, 1.0),
           .warning_leave = 1,
           .critical_leave = 1 };
}

ThresholdSettings
limits_of (Quantity quantity, const ThresholdsSettings &settings)
{
  switch (quantity) {
  case Quantity::Cpu:
    return of_share (settings.cpu, settings.leave_margin);
  case Quantity::Memory:
    return of_share (settings.memory, settings.leave_margin);
  case Quantity::Disk:
    return of_share (settings.disk, settings.leave_margin);
  case Quantity::Temperature:
    return of_temperature (settings.temperature, settings.leave_margin);
  case Quantity::CameraFailures:
    return of_failures (settings.camera_failures);
  case Quantity::RedisAway:
    break;
  }
  return of_redis (settings.redis_away);
}

} // namespace

ThresholdSettings
threshold_settings (Quantity quantity, const ThresholdsSettings &settings)
{
  ThresholdSettings one = limits_of (quantity, settings);
  one.leave_after = settings.leave_after;
  one.longest_gap = settings.longest_gap;
  if (quantity == Quantity::Memory) {
    one.warning_after = one.critical_after = settings.memory_after;
  } else if (quantity != Quantity::CameraFailures && quantity != Quantity::RedisAway) {
    one.warning_after = one.critical_after = settings.critical_after;
    if (quantity == Quantity::Cpu)
      one.warning_after = settings.cpu_warning_after;
  }
  return one;
}

void
Thresholds::configure (const ThresholdsSettings &settings)
{
  settings_ = settings;
  for (auto &[key, threshold] : thresholds_)
    threshold.configure (threshold_settings (key.first, settings_));
  for (auto &[camera, count] : failures_)
    count.configure (settings_.failures_window, settings_.failures_apart);
}

std::vector<ThresholdChange>
Thresholds::update (int64_t now, const ThresholdValues &values)
{
  Changes changes;
  feed (changes, now, { Quantity::Cpu, "" }, values.cpu);
  feed (changes, now, { Quantity::Memory, "" }, values.memory);
  feed (changes, now, { Quantity::Temperature, "" }, values.temperature);
  feed (changes, now, { Quantity::RedisAway, "" }, values.redis_away);
  forget_disks (changes, values);
  for (const auto &[mount, used] : values.disks)
    feed (changes, now, { Quantity::Disk, mount }, used);
  for (auto &[camera, count] : failures_)
    feed (changes, now, { Quantity::CameraFailures, camera },
          static_cast<double> (count.count (now)));
  return changes;
}

void
Thresholds::feed (Changes &changes, int64_t now, Key key, std::optional<double> value)
{
  auto found = thresholds_.find (key);
  if (found == thresholds_.end ()) {
    if (!value)
      return;
    const Threshold made (threshold_settings (key.first, settings_));
    found = thresholds_.emplace (std::move (key), made).first;
  }
  if (!value) {
    found->second.unknown ();
    /* A sensor that is gone for good must not hold an emergency for ever. */
    if (key.first == Quantity::Temperature && now - found->second.last () > LONGEST_SILENCE) {
      const Key gone = found->first;
      forget (changes, gone);
    }
    return;
  }
  if (const auto change = found->second.update (now, *value))
    changes.push_back ({ found->first.first, found->first.second, change->from, change->to,
                         change->value, change->limit });
}

void
Thresholds::forget (Changes &changes, const Key &key)
{
  const auto found = thresholds_.find (key);
  if (found == thresholds_.end ())
    return;
  const Threshold &old = found->second;
  if (old.level () != ThresholdLevel::None)
    changes.push_back (
        { key.first, key.second, old.level (), ThresholdLevel::None, old.value (), old.limit () });
  thresholds_.erase (found);
}

void
Thresholds::forget_disks (Changes &changes, const ThresholdValues &values)
{
  std::vector<Key> gone;
  for (const auto &[key, threshold] : thresholds_)
    if (key.first == Quantity::Disk && !values.disks.contains (key.second))
      gone.push_back (key);
  for (const Key &key : gone)
    forget (changes, key);
}

void
Thresholds::camera_failed (const std::string &camera, int64_t now)
{
  failures_.try_emplace (camera, settings_.failures_window, settings_.failures_apart)
      .first->second.add (now);
}

std::vector<ThresholdChange>
Thresholds::forget_camera (const std::string &camera)
{
  Changes changes;
  failures_.erase (camera);
  forget (changes, { Quantity::CameraFailures, camera });
  return changes;
}

const Threshold *
Thresholds::find (Quantity what, const std::string &instance) const
{
  const auto found = thresholds_.find ({ what, instance });
  return found == thresholds_.end () ? nullptr : &found->second;
}

ThresholdLevel
Thresholds::level (Quantity what, const std::string &instance) const
{
  const Threshold *threshold = find (what, instance);
  return threshold ? threshold->level () : ThresholdLevel::None;
}

ThresholdLevel
Thresholds::worst (Quantity what) const
{
  ThresholdLevel worst = ThresholdLevel::None;
  for (const auto &[key, threshold] : thresholds_)
    if (key.first == what)
      worst = std::max (worst, threshold.level ());
  return worst;
}

bool
Thresholds::rising () const
{
  return std::any_of (thresholds_.begin (), thresholds_.end (), [] (const auto &entry) {
    const auto &[key, threshold] = entry;
    /* Its value is a time already: it rises until it is critical. */
    if (key.first == Quantity::RedisAway)
      return threshold.value () > 0 && threshold.level () != ThresholdLevel::Critical;
    return threshold.rising ();
  });
}

} // namespace camwarden
