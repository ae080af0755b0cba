// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/powerlatch.h"

namespace camwarden
{

static std::array<bool, 4>
in_order (const PowerFlags &flags)
{
  return { flags.under_voltage, flags.frequency_capped, flags.throttled,
           flags.soft_temperature_limit };
}

void
PowerLatch::update (int64_t now, const std::optional<PowerReading> &reading)
{
  known_ = reading.has_value ();
  if (!reading) {
    for (Mark &mark : marks_)
      mark.now = false;
    return;
  }
  const auto present = in_order (reading->now);
  const auto sticky = in_order (reading->since_boot);
  for (size_t i = 0; i < marks_.size (); i++) {
    Mark &mark = marks_[i];
    /* A sticky flag that was down the last time: it came and went since then. */
    const bool between = read_before_ && sticky[i] && !mark.sticky;
    mark.now = present[i] || between;
    mark.ever = mark.ever || mark.now || sticky[i];
    mark.sticky = sticky[i];
    if (mark.now)
      mark.seen = now;
  }
  read_before_ = true;
}

PowerFlags
PowerLatch::flags (bool Mark::*which) const
{
  return { .under_voltage = marks_[UnderVoltage].*which,
           .frequency_capped = marks_[FrequencyCapped].*which,
           .throttled = marks_[Throttled].*which,
           .soft_temperature_limit = marks_[SoftTemperatureLimit].*which };
}

PowerFlags
PowerLatch::now () const
{
  return flags (&Mark::now);
}

PowerFlags
PowerLatch::since_boot () const
{
  return flags (&Mark::ever);
}

bool
PowerLatch::weak () const
{
  return marks_[UnderVoltage].now || marks_[Throttled].now;
}

} // namespace camwarden
