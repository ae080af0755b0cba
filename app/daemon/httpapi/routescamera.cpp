// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/bodyreader.h"
#include "daemon/httpapi/graphsvg.h"
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/mjpeg.h"
#include "daemon/httpapi/modeljson.h"
#include "daemon/httpapi/ordersjson.h"
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

/* What costs much is done once at a time; a second request is told to come back. */
using Busy = std::shared_ptr<bool>;

static bool
begin_heavy (const Busy &busy, Exchange &exchange)
{
  if (!std::exchange (*busy, true))
    return true;
  exchange.add_header ("Retry-After", "2");
  exchange.reply_problem (503, "Another test or drawing is under way. Try again in a moment.");
  return false;
}

static void
test_camera (ApiModel &model, const Shared &exchange, const Busy &busy)
{
  const auto camera = find_camera (model, *exchange);
  if (!camera || !begin_heavy (busy, *exchange))
    return;
  exchange->wait ();
  model.test_camera (camera->id, [exchange, busy, id = camera->id] (const CameraTest &test) {
    *busy = false;
    reply_order (*exchange, test.result, [&] (JsonWriter &json) {
      json.add ("camera", id)
          .add ("frame_size", test.bytes)
          .add ("width", test.width)
          .add ("height", test.height)
          .add_text ("verdict", test.verdict)
          .add ("luma", test.luma)
          .add_seconds ("took", test.took);
    });
  });
}

static std::optional<Tier>
recovery_tier (const std::string &name)
{
  for (const Tier tier : { Tier::Source, Tier::Pipeline, Tier::Device, Tier::Worker })
    if (name == tier_name (tier))
      return tier;
  return name.empty () ? std::optional (Tier::Source) : std::nullopt;
}

static void
recover_camera (ApiModel &model, const Shared &exchange)
{
  BodyReader body (*exchange);
  const auto tier = recovery_tier (body.text ("tier"));
  if (body.good () && !tier)
    return exchange->reply_problem (400, "tier is source, pipeline, device or worker.");
  const auto camera = body.good () ? find_camera (model, *exchange) : std::nullopt;
  if (!camera)
    return;
  exchange->wait ();
  model.recover (
      camera->id, *tier, exchange->who (), [exchange, id = camera->id] (const OrderResult &result) {
        reply_order (*exchange, result, [&] (JsonWriter &json) { json.add ("camera", id); });
      });
}

static void
get_graph (ApiModel &model, const Shared &exchange)
{
  const auto camera = find_camera (model, *exchange);
  if (!camera)
    return;
  exchange->wait ();
  model.graph (camera->id, [exchange] (const std::string &dot, const GError *error) {
    if (error)
      exchange->reply_problem (status_of (error), error->message);
    else
      reply_text (*exchange, dot, "text/vnd.graphviz");
  });
}

static void
drawn (const Shared &exchange, GBytes *svg, const GError *error)
{
  if (!error)
    exchange->reply (200, "image/svg+xml", svg);
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    exchange->reply_problem (501, "Drawing needs Graphviz: apt install graphviz. Without it "
                                  "graph.dot beside this one is the same as text.");
  else
    exchange->reply_problem (status_of (error), error->message);
}

static void
get_drawing (ApiModel &model, const Shared &exchange, const Busy &busy)
{
  const auto camera = find_camera (model, *exchange);
  if (!camera || !begin_heavy (busy, *exchange))
    return;
  exchange->wait ();
  model.graph (camera->id, [exchange, busy] (const std::string &dot, const GError *error) {
    if (error) {
      *busy = false;
      exchange->reply_problem (status_of (error), error->message);
      return;
    }
    draw_graph (dot, [exchange, busy] (GBytes *svg, const GError *problem) {
      *busy = false;
      drawn (exchange, svg, problem);
    });
  });
}

/* Under their own paths, and under the predecessor's. */
static std::vector<Route>
camera_order_routes (ApiModel &model, const Busy &busy)
{
  const std::vector<RouteParameter> in_path{ { "id", "the camera's id", "front" } };
  const std::vector<RouteParameter> in_query{ { "camera", "its id; else the first one", "front" } };
  std::vector<Route> routes;
  for (const bool old : { false, true }) {
    const std::string base = old ? "/api/camera" : "/api/cameras/{id}";
    routes.push_back (
        { .method = "POST",
          .path_template = base + "/test",
          .role = Role::Control,
          .handle
          = [&model, busy] (const Shared &exchange) { test_camera (model, exchange, busy); },
          .doc = "Captures one new frame and judges it",
          .name = old ? "testFirstCamera" : "testCamera",
          .parameters = old ? in_query : in_path });
    routes.push_back (
        { .method = "POST",
          .path_template = base + "/recover",
          .role = Role::Control,
          .handle = with_model (model, recover_camera),
          .doc = "Restarts the camera, from the mildest cure or from `tier` on, and answers when "
                 "frames come again, or when it is given up",
          .name = old ? "recoverFirstCamera" : "recoverCamera",
          .parameters = old ? in_query : in_path,
          .example = { .body = R"({"tier": "pipeline"})" } });
  }
  return routes;
}

static std::vector<Route>
graph_routes (ApiModel &model, const Busy &busy)
{
  const std::string camera = "/api/cameras/{id}";
  const std::vector<RouteParameter> id{ { "id", "the camera's id", "front" } };
  return {
    { .method = "GET",
      .path_template = camera + "/graph.dot",
      .role = Role::Read,
      .handle = with_model (model, get_graph),
      .doc = "The camera's pipeline in Graphviz' language",
      .name = "getGraph",
      .parameters = id,
      .example = { .type = "text/vnd.graphviz" } },
    { .method = "GET",
      .path_template = camera + "/graph.svg",
      .role = Role::Read,
      .handle = [&model, busy] (const Shared &exchange) { get_drawing (model, exchange, busy); },
      .doc = "The same as a drawing; 501 where Graphviz is not installed",
      .name = "getDrawing",
      .parameters = id,
      .example = { .type = "image/svg+xml" },
      .ticket = true },
  };
}

static std::vector<Route>
picture_routes (ApiModel &model)
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
      .example = { .type = "image/jpeg" },
      .ticket = true },
    { .method = "GET",
      .path_template = camera + "/stream.mjpg",
      .role = Role::Read,
      .handle = with_model (model, get_stream),
      .doc = "Pictures as they come, multipart/x-mixed-replace; a slow reader gets fewer of them, "
             "never older ones",
      .name = "getStream",
      .parameters = id,
      .example = { .type = "multipart/x-mixed-replace" },
      .ticket = true },
  };
}

std::vector<Route>
camera_routes (ApiModel &model)
{
  const Busy busy = std::make_shared<bool> (false);
  auto routes = picture_routes (model);
  for (auto &more : { camera_order_routes (model, busy), graph_routes (model, busy) })
    routes.insert (routes.end (), more.begin (), more.end ());
  return routes;
}

} // namespace camwarden
