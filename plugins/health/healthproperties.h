// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "gobject/ref.h"
#include "health/framejudge.h"

namespace camwarden
{

enum HealthProperty : guint {
  HEALTH_PROP_0,
  HEALTH_PROP_STALL_TIMEOUT,
  HEALTH_PROP_STARTUP_TIMEOUT,
  HEALTH_PROP_FROZEN_AFTER,
  HEALTH_PROP_EXPOSURE_AFTER,
  HEALTH_PROP_BLUR_AFTER,
  HEALTH_PROP_CLEAR_AFTER,
  HEALTH_PROP_DARK_BELOW,
  HEALTH_PROP_BRIGHT_ABOVE,
  HEALTH_PROP_FLAT_BELOW,
  HEALTH_PROP_BLUR_BELOW,
  HEALTH_PROP_INTERVAL,
  HEALTH_PROP_DECODE_INTERVAL,
  HEALTH_PROP_CLOCK,
  HEALTH_PROP_STATS,
  HEALTH_N_PROPS,
};

struct ProbeSettings
{
  JudgeSettings judge;
  int64_t decode_interval = 5'000'000; /* us; 0: never */
  Ref<GstClock> clock;                 /* empty: the system clock */
};

void install_health_properties (GObjectClass *klass);

/* Both return false for a property that is not one of the settings. */
bool store_health_property (ProbeSettings &settings, guint id, const GValue *value);
bool load_health_property (const ProbeSettings &settings, guint id, GValue *value);

/* The fields of the element message `healthprobe` and of the property stats. since_utc in us;
 * blocked: a frame is still being handled downstream. */
[[nodiscard]] GstStructure *health_structure (const HealthReport &report, gint64 since_utc,
                                              bool blocked);

} // namespace camwarden
