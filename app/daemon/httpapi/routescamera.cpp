// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/mjpeg.h"
#include "daemon/httpapi/modeljson.h"
#include "daemon/httpapi/routes.h"

namespace camwarden
{

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

void
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

void
get_stream (ApiModel &model, const Shared &exchange)
{
  if (const auto camera = find_camera (model, *exchange))
    stream_mjpeg (model, exchange, camera->id);
}

std::vector<Route>
camera_routes (ApiModel &model)
{
  const std::string camera = "/api/cameras/{id}";
  const std::vector<RouteParameter> id{ { "id", "the camera's id", "front" } };
  return {
    { .method = "GET",
      .path_template = "/api/cameras",
      .role = Role::Read,
      .handle = with_model (model, get_cameras),
      .doc = "All cameras with all figures",
      .name = "getCameras" },
    { .method = "GET",
      .path_template = camera,
      .role = Role::Read,
      .handle = with_model (model, get_camera),
      .doc = "One camera",
      .name = "getCamera",
      .parameters = id },
    { .method = "GET",
      .path_template = camera + "/snapshot.jpg",
      .role = Role::Read,
      .handle = with_model (model, get_snapshot),
      .doc = "One picture, taken now",
      .name = "getSnapshot",
      .parameters = id,
      .example = { .type = "image/jpeg" } },
    { .method = "GET",
      .path_template = camera + "/stream.mjpg",
      .role = Role::Read,
      .handle = with_model (model, get_stream),
      .doc = "Pictures as they come, multipart/x-mixed-replace; a slow reader gets fewer of them, "
             "never older ones",
      .name = "getStream",
      .parameters = id,
      .example = { .type = "multipart/x-mixed-replace" } },
  };
}

} // namespace camwarden
