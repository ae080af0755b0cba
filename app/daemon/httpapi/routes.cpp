// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/routes.h"

#include <algorithm>

namespace camwarden
{

std::optional<CameraStatus>
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
  exchange.reply_problem (
      404, wanted.empty ()
               ? "No camera is configured: add a [camera:ID] group."
               : "There is no such camera. GET /api/cameras and `camwardenctl cameras` list them.");
  return std::nullopt;
}

void
reply_text (Exchange &exchange, const std::string &text, const char *type)
{
  g_autoptr (GBytes) body = g_bytes_new (text.data (), text.size ());
  exchange.reply (200, type, body);
}

std::vector<Route>
api_routes (ApiModel &model)
{
  std::vector<Route> all;
  for (const auto &list :
       { page_routes, old_routes, camera_routes, record_routes, action_routes, machine_routes }) {
    auto some = list (model);
    std::move (some.begin (), some.end (), std::back_inserter (all));
  }
  all.push_back (ticket_route (all));
  all.push_back (openapi_route (all));
  return all;
}

} // namespace camwarden
