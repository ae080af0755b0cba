// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/dashboard.h"
#include "daemon/httpapi/exchange.h"
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/mjpeg.h"
#include "daemon/httpapi/modeljson.h"
#include "daemon/httpapi/route.h"

#include <algorithm>
#include <cstring>

namespace camwarden
{

using Shared = std::shared_ptr<Exchange>;

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
get_cameras (ApiModel &model, const Shared &exchange)
{
  JsonWriter json;
  json.begin_object ().add ("timestamp", iso_time (g_get_real_time ())).begin_array ("cameras");
  for (const auto &camera : model.cameras ()) {
    json.begin_object ();
    write_camera (json, camera);
    json.end_object ();
  }
  json.end_array ().end_object ();
  exchange->reply_json (json);
}

/* The camera a request speaks of: by the path, by `?camera=`, or the first one. Empty: a problem
 * was the reply. */
static std::optional<CameraStatus>
find_camera (ApiModel &model, Exchange &exchange)
{
  const std::string &in_path = exchange.parameter ("id");
  const std::string wanted = in_path.empty () ? exchange.query ("camera").value_or ("") : in_path;
  const auto cameras = model.cameras ();
  const auto found = wanted.empty ()
                         ? cameras.begin ()
                         : std::find_if (cameras.begin (), cameras.end (),
                                         [&] (const auto &camera) { return camera.id == wanted; });
  if (found != cameras.end ())
    return *found;
  exchange.reply_problem (404, wanted.empty ()
                                   ? "No camera is configured: add a [camera:ID] group."
                                   : "There is no such camera. GET /api/cameras lists them.");
  return std::nullopt;
}

static void
get_camera (ApiModel &model, const Shared &exchange)
{
  const auto camera = find_camera (model, *exchange);
  if (!camera)
    return;
  JsonWriter json;
  json.begin_object ().add ("timestamp", iso_time (g_get_real_time ()));
  write_camera (json, *camera);
  json.end_object ();
  exchange->reply_json (json);
}

static unsigned
status_of (const GError *error)
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return 404;
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ? 504 : 503;
}

static void
get_snapshot (ApiModel &model, const Shared &exchange)
{
  const auto camera = find_camera (model, *exchange);
  if (!camera)
    return;
  exchange->wait ();
  model.snapshot (camera->id, [exchange] (GBytes *jpeg, const GError *error) {
    if (jpeg)
      exchange->reply (200, "image/jpeg", jpeg);
    else
      exchange->reply_problem (status_of (error), error ? error->message : "There is no picture.");
  });
}

static void
get_stream (ApiModel &model, const Shared &exchange)
{
  if (const auto camera = find_camera (model, *exchange))
    stream_mjpeg (model, exchange, camera->id);
}

/* The page; and what programs made for mjpg-streamer ask for. */
static void
get_root (ApiModel &model, const Shared &exchange)
{
  const auto action = exchange->query ("action");
  if (!action)
    reply_dashboard (*exchange, "index.html");
  else if (*action == "snapshot")
    get_snapshot (model, exchange);
  else if (*action == "stream")
    get_stream (model, exchange);
  else
    exchange->reply_problem (404, "The actions are snapshot and stream.");
}

static void
reply_text (Exchange &exchange, const char *text)
{
  g_autoptr (GBytes) body = g_bytes_new_static (text, strlen (text));
  exchange.reply (200, "text/plain; charset=utf-8", body);
}

static void
get_readiness (ApiModel &model, const Shared &exchange)
{
  const DaemonStatus status = model.status ();
  if (status.ready)
    reply_text (*exchange, "ready\n");
  else
    exchange->reply_problem (503, status.not_ready.empty () ? "Not ready yet." : status.not_ready);
}

std::vector<Route>
api_routes (ApiModel &model)
{
  const auto with = [&model] (void (*handler) (ApiModel &, const Shared &)) {
    return [&model, handler] (const Shared &exchange) { handler (model, exchange); };
  };
  const std::string camera = "/api/cameras/{id}";
  return {
    { "GET", "/", Role::Read, with (get_root),
      "The dashboard; ?action=snapshot and ?action=stream as mjpg-streamer has them" },
    { "GET", "/assets/{file}", Role::Read,
      [] (const Shared &exchange) { reply_dashboard (*exchange, exchange->parameter ("file")); },
      "The dashboard's scripts, styles and icons" },
    { "GET", "/api/status", Role::Read, with (get_status),
      "The daemon: version, uptime, Redis, its cameras in short" },
    { "GET", "/api/health/summary", Role::Read, with (get_health_summary),
      "What is wrong, if anything, and how each part is" },
    { "GET", "/api/cameras", Role::Read, with (get_cameras), "All cameras with all figures" },
    { "GET", camera, Role::Read, with (get_camera), "One camera" },
    { "GET", camera + "/snapshot.jpg", Role::Read, with (get_snapshot), "One picture, taken now" },
    { "GET", camera + "/stream.mjpg", Role::Read, with (get_stream),
      "Pictures as they come, multipart/x-mixed-replace" },
    { "GET", "/healthz", Role::Read,
      [] (const Shared &exchange) { reply_text (*exchange, "ok\n"); },
      "200 while the daemon's main loop runs" },
    { "GET", "/readyz", Role::Read, with (get_readiness),
      "200 when the daemon has started everything, else 503 and why not" },
  };
}

} // namespace camwarden
