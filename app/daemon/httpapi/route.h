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

/* One line of the route table, which drives routing, roles, 404 and 405, and the documentation.
 * HEAD goes wherever GET goes. */
struct Route
{
  std::string method;        /* GET or POST */
  std::string path_template; /* /api/cameras/{id}/snapshot.jpg */
  Role role;
  std::function<void (const std::shared_ptr<Exchange> &)> handle;
  std::string doc; /* one line for people */
};

class ApiModel;

/* Every route there is. */
[[nodiscard]] std::vector<Route> api_routes (ApiModel &model);

} // namespace camwarden
