// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/healthreport.h"
#include "daemon/httpapi/model.h"

namespace camwarden
{

class JsonWriter;

[[nodiscard]] CameraFacts facts_of (const CameraStatus &camera);
[[nodiscard]] HealthReport health_of (const ApiModel &model);

/* The members of one camera's object. */
void write_camera (JsonWriter &json, const CameraStatus &camera);
/* GET /api/status and GET /api/health/summary, whole. */
void write_status (JsonWriter &json, const ApiModel &model, int64_t now_wall);
void write_health_summary (JsonWriter &json, const ApiModel &model, int64_t now_wall);

} // namespace camwarden
