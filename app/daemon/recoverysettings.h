// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/settings.h"
#include "core/qualitywatch.h"
#include "core/recoverypolicy.h"

namespace camwarden
{

/* What [recovery] and [camera:ID] say, as the policy wants it. */
[[nodiscard]] RecoverySettings recovery_settings (const RecoveryConfig &recovery,
                                                  const CameraConfig &camera);

[[nodiscard]] QualityWatch::Settings quality_settings (const RecoveryConfig &recovery,
                                                       const CameraConfig &camera);

/* After how long without a frame the camera stalls: twice as late and more while the power is weak.
 * 0: as healthprobe finds right. us. */
[[nodiscard]] int64_t stall_timeout (const RecoveryConfig &recovery, const CameraConfig &camera,
                                     bool weak_power);

} // namespace camwarden
