// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/recoverysettings.h"

#include <algorithm>

namespace camwarden
{

namespace
{

constexpr int64_t second = 1'000'000;
/* The worker keeps the same deadlines, and is to be the first to say so. */
constexpr int64_t margin = second;

RecoverySettings::Budget
budget (const RecoveryBudget &config)
{
  return { config.attempts, config.window, config.deadline + margin };
}

} // namespace

RecoverySettings
recovery_settings (const RecoveryConfig &recovery, const CameraConfig &camera)
{
  RecoverySettings settings;
  settings.source = budget (recovery.source);
  settings.pipeline = budget (recovery.pipeline);
  settings.device = budget (recovery.device);
  settings.worker = budget (recovery.worker);
  settings.device_reset = recovery.device_reset;
  settings.backoff = recovery.camera_backoff.base;
  settings.backoff_max = recovery.camera_backoff.max;
  settings.first_frame = camera.startup_timeout + margin;
  settings.healthy.rate = camera.framerate.value ();
  settings.healthy.share = recovery.healthy_rate;
  settings.healthy.bin = recovery.healthy_bin;
  settings.healthy.healthy_after = recovery.healthy_after;
  settings.absent_probe_max = std::max (recovery.camera_backoff.max, settings.probe_min);
  settings.busy_probe_max = std::min (settings.busy_probe_max, settings.absent_probe_max);
  return settings;
}

QualityWatch::Settings
quality_settings (const RecoveryConfig &recovery, const CameraConfig &camera)
{
  QualityWatch::Settings settings;
  /* The worker calls it frozen when it has lasted that long already. */
  settings.frozen_restart_after
      = std::max<int64_t> (0, recovery.frozen_restart_after - camera.frozen_after);
  settings.frozen_restart_interval = recovery.frozen_restart_interval;
  settings.dark_after = recovery.dark_after;
  settings.dark_restart = recovery.dark_restart;
  settings.rate_low = recovery.rate_low;
  settings.rate_high = recovery.rate_high;
  settings.rate_restart_below = recovery.rate_restart_below;
  settings.rate_after = recovery.rate_after;
  return settings;
}

int64_t
stall_timeout (const RecoveryConfig &recovery, const CameraConfig &camera, bool weak_power)
{
  if (!weak_power)
    return camera.stall_timeout;
  const double rate = camera.framerate.value ();
  const int64_t frames = rate > 0 ? static_cast<int64_t> (10 * 1e6 / rate) : 0;
  const int64_t usual = camera.stall_timeout > 0 ? camera.stall_timeout : std::max (second, frames);
  return static_cast<int64_t> (static_cast<double> (usual) * recovery.weak_power_factor);
}

} // namespace camwarden
