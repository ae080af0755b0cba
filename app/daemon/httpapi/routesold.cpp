// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/modeljson.h"
#include "daemon/httpapi/routes.h"

namespace camwarden
{

static void
get_status (ApiModel &model, const Shared &exchange)
{
  JsonWriter json;
  write_status (json, model, g_get_real_time ());
  exchange->reply_json (json);
}

static void
get_health_summary (ApiModel &model, const Shared &exchange)
{
  JsonWriter json;
  write_health_summary (json, model, g_get_real_time ());
  exchange->reply_json (json);
}

std::vector<Route>
old_routes (ApiModel &model)
{
  return {
    { .method = "GET",
      .path_template = "/api/status",
      .role = Role::Read,
      .handle = with_model (model, get_status),
      .doc = "The daemon: version, uptime, Redis, its cameras in short",
      .name = "getStatus" },
    { .method = "GET",
      .path_template = "/api/health/summary",
      .role = Role::Read,
      .handle = with_model (model, get_health_summary),
      .doc = "What is wrong, if anything, and how each part is",
      .name = "getHealthSummary" },
  };
}

} // namespace camwarden
