// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/bodyreader.h"

namespace camwarden
{

BodyReader::BodyReader (Exchange &exchange) : exchange_ (exchange)
{
  JsonNode *body = exchange.body ();
  if (body && JSON_NODE_HOLDS_OBJECT (body))
    object_ = json_node_get_object (body);
  else if (body)
    refuse ("The body is a JSON object, or empty.");
}

std::string
BodyReader::text (const char *name)
{
  JsonNode *member = object_ ? json_object_get_member (object_, name) : nullptr;
  if (!member || JSON_NODE_HOLDS_NULL (member))
    return {};
  if (JSON_NODE_HOLDS_VALUE (member) && json_node_get_value_type (member) == G_TYPE_STRING)
    return json_node_get_string (member);
  refuse (std::string (name) + " is a string.");
  return {};
}

void
BodyReader::refuse (const std::string &why)
{
  if (std::exchange (good_, false))
    exchange_.reply_problem (400, why);
}

} // namespace camwarden
