// SPDX-License-Identifier: LGPL-2.1-or-later
/* The route table in parts, one per topic. */
#pragma once

#include "daemon/httpapi/exchange.h"
#include "daemon/httpapi/model.h"
#include "daemon/httpapi/route.h"

#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

using Shared = std::shared_ptr<Exchange>;

/* The dashboard, and what asks whether the daemon lives. */
[[nodiscard]] std::vector<Route> page_routes (ApiModel &model);
[[nodiscard]] std::vector<Route> camera_routes (ApiModel &model);
/* What scripts of the predecessor ask for. */
[[nodiscard]] std::vector<Route> old_routes (ApiModel &model);

/* Alerts, events, history, log. */
[[nodiscard]] std::vector<Route> record_routes (ApiModel &model);
/* What is done to the daemon and to the machine. */
[[nodiscard]] std::vector<Route> action_routes (ApiModel &model);
[[nodiscard]] std::vector<Route> machine_routes (ApiModel &model);

/* Those that are about the others. */
[[nodiscard]] Route ticket_route (const std::vector<Route> &others);
[[nodiscard]] Route openapi_route (const std::vector<Route> &others);

/* A handler that is given the model. */
[[nodiscard]] inline auto
with_model (ApiModel &model, void (*handler) (ApiModel &, const Shared &))
{
  return [&model, handler] (const Shared &exchange) { handler (model, exchange); };
}

/* The camera a request speaks of: by the path, by `?camera=`, or the first one. Empty: a problem
 * was the reply. */
[[nodiscard]] std::optional<CameraStatus> find_camera (ApiModel &model, Exchange &exchange);

void get_snapshot (ApiModel &model, const Shared &exchange);
void get_stream (ApiModel &model, const Shared &exchange);

void reply_text (Exchange &exchange, const std::string &text,
                 const char *type = "text/plain; charset=utf-8");

} // namespace camwarden
