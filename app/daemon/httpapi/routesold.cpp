// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/healthjson.h"
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/modeljson.h"
#include "daemon/httpapi/queryreader.h"
#include "daemon/httpapi/recordsjson.h"
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

static void
get_health (ApiModel &model, const Shared &exchange)
{
  JsonWriter json;
  json.begin_object ();
  write_health (json, model, g_get_real_time ());
  json.end_object ();
  exchange->reply_json (json);
}

static void
get_camera_status (ApiModel &model, const Shared &exchange)
{
  const auto camera = find_camera (model, *exchange);
  if (!camera)
    return;
  JsonWriter json;
  json.begin_object ().add ("timestamp", iso_time (g_get_real_time ()));
  write_old_camera (json, *camera);
  json.end_object ();
  exchange->reply_json (json);
}

/* Asks for the last `hours` and replies with what `write` makes of them. */
static void
reply_history (ApiModel &model, const Shared &exchange, double fallback_hours,
               const std::function<void (JsonWriter &, const HistoryAnswer &)> &write)
{
  QueryReader query (*exchange);
  const double hours = query.number ("hours", fallback_hours, 0.01, 24 * 366);
  const auto points = static_cast<size_t> (query.integer ("points", 300, 1, 1000));
  if (!query.good ())
    return;
  exchange->wait ();
  model.history (old_history_query (hours, points, g_get_real_time ()),
                 [exchange, write] (const HistoryAnswer &history) {
                   if (!history.error.empty ())
                     return exchange->reply_problem (503, history.error);
                   JsonWriter json;
                   write (json, history);
                   exchange->reply_json (json);
                 });
}

static void
get_metrics_history (ApiModel &model, const Shared &exchange)
{
  reply_history (model, exchange, 24, [] (JsonWriter &json, const HistoryAnswer &history) {
    json.begin_array ();
    write_health_records (json, history);
    json.end_array ();
  });
}

static void
get_performance (ApiModel &model, const Shared &exchange)
{
  reply_history (model, exchange, 1, [] (JsonWriter &json, const HistoryAnswer &history) {
    json.begin_object ();
    write_metric_series (json, history);
    json.end_object ();
  });
}

/* Without a history there is still the rest to be seen. */
static void
get_dashboard (ApiModel &model, const Shared &exchange)
{
  exchange->wait ();
  model.history (
      old_history_query (24, 100, g_get_real_time ()),
      [&model, exchange] (const HistoryAnswer &history) {
        const int64_t now = g_get_real_time ();
        JsonWriter json;
        json.begin_object ().add ("timestamp", iso_time (now)).begin_object ("current_health");
        write_health (json, model, now);
        json.end_object ().begin_array ("recent_alerts");
        write_alerts (json, model.alerts ({ .limit = 20 }), now);
        json.end_array ().begin_array ("health_history");
        write_health_records (json, history);
        json.end_array ().begin_object ("system_info");
        write_system_info (json, model, now);
        json.end_object ().end_object ();
        exchange->reply_json (json);
      });
}

std::vector<Route>
old_routes (ApiModel &model)
{
  const RouteParameter points{ "points", "about so many points, 1 to 1000; 300", "100", "integer" };
  return {
    { .method = "GET",
      .path_template = "/api/health",
      .role = Role::Read,
      .handle = with_model (model, get_health),
      .doc
      = "The machine, the cameras, Redis, processes, open alerts: all there is, at this moment",
      .name = "getHealth" },
    { .method = "GET",
      .path_template = "/api/camera/status",
      .role = Role::Read,
      .handle = with_model (model, get_camera_status),
      .doc = "One camera, as the predecessor told it",
      .name = "getCameraStatus",
      .parameters = { { "camera", "its id; else the first one", "front" } } },
    { .method = "GET",
      .path_template = "/api/metrics/history",
      .role = Role::Read,
      .handle = with_model (model, get_metrics_history),
      .doc = "Health records of the last hours, oldest first",
      .name = "getMetricsHistory",
      .parameters = { { "hours", "0.01 to 8784; 24", "24", "number" }, points } },
    { .method = "GET",
      .path_template = "/api/metrics/performance",
      .role = Role::Read,
      .handle = with_model (model, get_performance),
      .doc = "A series for each figure over the last hours, oldest first",
      .name = "getPerformance",
      .parameters = { { "hours", "0.01 to 8784; 1", "1", "number" }, points } },
    { .method = "GET",
      .path_template = "/api/dashboard",
      .role = Role::Read,
      .handle = with_model (model, get_dashboard),
      .doc = "Health, alerts, 24 hours of health records and what the system is, in one answer",
      .name = "getDashboard" },
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
