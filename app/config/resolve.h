// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/schema.h"
#include "config/settings.h"

#include <map>
#include <string>

namespace camwarden
{

/* A group's checked values, defaults included, by key. */
using GroupValues = std::map<std::string, Value>;

/* From values to settings: derived defaults, nothing that can fail. */
[[nodiscard]] RedisConfig resolve_redis (const GroupValues &values);
[[nodiscard]] StoreConfig resolve_store (const GroupValues &values);
[[nodiscard]] HttpConfig resolve_http (const GroupValues &values);
[[nodiscard]] RecoveryConfig resolve_recovery (const GroupValues &values);
[[nodiscard]] ThresholdsConfig resolve_thresholds (const GroupValues &values);
[[nodiscard]] AlertsConfig resolve_alerts (const GroupValues &values);
[[nodiscard]] HistoryConfig resolve_history (const GroupValues &values);
[[nodiscard]] LogConfig resolve_log (const GroupValues &values);
[[nodiscard]] CameraConfig resolve_camera (const std::string &id, const GroupValues &values,
                                           const RedisConfig &redis, const StoreConfig &store,
                                           const RecoveryConfig &recovery);

/* The channel that a Redis location names; empty: none. A path of digits alone is a database. */
[[nodiscard]] std::string location_channel (const std::string &location);

/* The location of a channel on the server that `server` names. */
[[nodiscard]] std::string location_with_channel (const std::string &server,
                                                 const std::string &channel);

} // namespace camwarden
