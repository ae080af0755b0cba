// SPDX-License-Identifier: LGPL-2.1-or-later
/* Configuration, metrics, and the description of the interface itself. */
#include "daemon/httpapi/openapi.h"
#include "daemon/httpapi/prometheus.h"
#include "daemon/httpapi/routes.h"

namespace camwarden
{

static void
get_configuration (ApiModel &model, const Shared &exchange)
{
  reply_text (*exchange, model.configuration () + "\n", "application/json");
}

static HistoryQuery
availability_query (int64_t hours)
{
  HistoryQuery query;
  query.to = g_get_real_time ();
  query.from = query.to - hours * 3600 * G_USEC_PER_SEC;
  query.points = 60;
  query.series = { "camera.*" };
  return query;
}

/* Without a history the rest is told all the same. */
static void
get_metrics (ApiModel &model, const Shared &exchange)
{
  exchange->wait ();
  model.history (availability_query (1), [&model, exchange] (const HistoryAnswer &hour) {
    const auto recent = availability_of (hour, "1h");
    model.history (availability_query (24), [&model, exchange, recent] (const HistoryAnswer &day) {
      auto all = availability_of (day, "24h");
      all.insert (all.begin (), recent.begin (), recent.end ());
      reply_text (*exchange, metrics_text (model, all), "text/plain; version=0.0.4; charset=utf-8");
    });
  });
}

std::vector<Route>
machine_routes (ApiModel &model)
{
  return {
    { .method = "GET",
      .path_template = "/api/config",
      .role = Role::Read,
      .handle = with_model (model, get_configuration),
      .doc = "The configuration in force: each key's value, default, and where it was said",
      .name = "getConfiguration" },
    { .method = "GET",
      .path_template = "/metrics",
      .role = Role::Read,
      .handle = with_model (model, get_metrics),
      .doc = "Everything as numbers, for Prometheus",
      .name = "getMetrics",
      .example = { .type = "text/plain" } },
  };
}

Route
openapi_route (const std::vector<Route> &others)
{
  Route own{ .method = "GET",
             .path_template = "/api/openapi.yaml",
             .role = Role::Read,
             .handle = {},
             .doc = "This interface as an OpenAPI 3.1 document",
             .name = "getOpenApi",
             .example = { .type = "application/yaml" } };
  auto table = std::make_shared<std::vector<Route>> (others);
  table->push_back (own);
  /* Made when somebody asks for it first. */
  own.handle = [table, text = std::make_shared<std::string> ()] (const Shared &exchange) {
    if (text->empty ())
      *text = openapi_yaml (*table);
    reply_text (*exchange, *text, "application/yaml");
  };
  return own;
}

} // namespace camwarden
