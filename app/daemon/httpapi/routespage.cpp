// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/dashboard.h"
#include "daemon/httpapi/routes.h"

namespace camwarden
{

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
get_asset (ApiModel &, const Shared &exchange)
{
  reply_dashboard (*exchange, exchange->parameter ("file"));
}

static void
get_liveness (ApiModel &, const Shared &exchange)
{
  reply_text (*exchange, "ok\n");
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
page_routes (ApiModel &model)
{
  return {
    { .method = "GET",
      .path_template = "/",
      .role = Role::None,
      .handle = with_model (model, get_root),
      .doc = "The dashboard; ?action=snapshot and ?action=stream as mjpg-streamer has them",
      .name = "getPage",
      .parameters = { { "action", "snapshot: one JPEG; stream: JPEGs as they come", "" },
                      { "camera", "the camera of the action; else the first one", "" } },
      .example = { .type = "text/html" },
      .ticket = true },
    { .method = "GET",
      .path_template = "/assets/{file}",
      .role = Role::None,
      .handle = with_model (model, get_asset),
      .doc = "The dashboard's scripts, styles and icons",
      .name = "getAsset",
      .parameters = { { "file", "its name", "camwarden.css" } },
      .example = { .type = "text/css" } },
    { .method = "GET",
      .path_template = "/healthz",
      .role = Role::Read,
      .handle = with_model (model, get_liveness),
      .doc = "200 while the daemon's main loop runs",
      .name = "getLiveness",
      .example = { .type = "text/plain" } },
    { .method = "GET",
      .path_template = "/readyz",
      .role = Role::Read,
      .handle = with_model (model, get_readiness),
      .doc = "200 when the daemon has started everything, else 503 and why not",
      .name = "getReadiness",
      .example = { .type = "text/plain" } },
  };
}

} // namespace camwarden
