// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/route.h"

#include <json-glib/json-glib.h>
#include <string>
#include <vector>

namespace camwarden
{

/* The OpenAPI 3.1 document of a route table, as YAML. Schemas are those of the examples' answers:
 * each member is there in every answer, and what is null in the example may be anything. */
[[nodiscard]] std::string openapi_yaml (const std::vector<Route> &routes);

/* The text of data/api/NAME.json; empty: there is none. */
[[nodiscard]] std::string example_answer (const std::string &name);

/* A JSON value as YAML 1.2 in block style. */
[[nodiscard]] std::string yaml_text (JsonNode *node);

} // namespace camwarden
