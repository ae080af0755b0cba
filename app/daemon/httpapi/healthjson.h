// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/model.h"

#include <string>

namespace camwarden
{

class JsonWriter;

/* What scripts made for the predecessor read. Members, not whole objects. */

/* GET /api/health */
void write_health (JsonWriter &json, const ApiModel &model, int64_t now_wall);
/* GET /api/camera/status */
void write_old_camera (JsonWriter &json, const CameraStatus &camera);
/* system_info of GET /api/dashboard */
void write_system_info (JsonWriter &json, const ApiModel &model, int64_t now_wall);

/* What the two below are made of. */
[[nodiscard]] HistoryQuery old_history_query (double hours, size_t points, int64_t now_wall);
/* One health record for each time, oldest first, as elements of an array. */
void write_health_records (JsonWriter &json, const HistoryAnswer &history);
/* A member for each metric: [{timestamp, value}]. */
void write_metric_series (JsonWriter &json, const HistoryAnswer &history);

} // namespace camwarden
