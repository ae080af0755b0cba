// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/accessrules.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace camwarden
{

class Exchange;

/* A parameter of a route, for its documentation. Those of the path are required, the others not. */
struct RouteParameter
{
  std::string name;
  std::string text;    /* what it is, its unit, range and default */
  std::string example; /* a value for the example request; empty: the example leaves it out */
  std::string type = "string"; /* JSON schema's: string, integer, number, boolean */
};

/* A request that works, and its answer. The test of the documentation sends it. */
struct RouteExample
{
  std::string type = "application/json"; /* of the answer */
  std::string body;                      /* of a POST, JSON; empty: none */
  unsigned status = 200;                 /* of the answer */
};

/* One line of the route table, which drives routing, roles, 404 and 405, and the documentation.
 * HEAD goes wherever GET goes. */
struct Route
{
  std::string method;        /* GET or POST */
  std::string path_template; /* /api/cameras/{id}/snapshot.jpg */
  Role role;
  std::function<void (const std::shared_ptr<Exchange> &)> handle;
  std::string doc; /* one line for people */
  /* A name for programs, such as getHealth: OpenAPI's operationId. The example's answer, where it
   * is JSON, is the file data/api/NAME.json. */
  std::string name{};
  std::vector<RouteParameter> parameters{}; /* also those of the path */
  RouteExample example{};
  bool ticket = false; /* a GET that a ticket of POST /api/ticket opens */
};

class ApiModel;

/* Every route there is. */
[[nodiscard]] std::vector<Route> api_routes (ApiModel &model);

} // namespace camwarden
