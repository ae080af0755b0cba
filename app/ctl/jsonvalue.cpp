// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/jsonvalue.h"

#include "common/textcheck.h"
#include "gobject/ref.h"

#include <cmath>

namespace camwarden
{

static constexpr size_t max_depth = 32;

JsonNodePtr
parse_json (std::string_view text)
{
  if (text.size () > max_json_size || !is_valid_utf8 (text) || json_depth (text) > max_depth
      || text.find ('\0') != std::string_view::npos)
    return {};
  g_autoptr (JsonParser) parser = json_parser_new ();
  if (!json_parser_load_from_data (parser, text.data (), static_cast<gssize> (text.size ()),
                                   nullptr))
    return {};
  return JsonNodePtr (json_parser_steal_root (parser));
}

JsonNodePtr
parse_json_object (std::string_view text)
{
  JsonNodePtr root = parse_json (text);
  return root && JSON_NODE_HOLDS_OBJECT (root.get ()) ? std::move (root) : JsonNodePtr{};
}

static JsonNode *
member (JsonObject *object, const char *name)
{
  return object ? json_object_get_member (object, name) : nullptr;
}

static GType
value_type (JsonNode *node)
{
  return node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_value_type (node) : G_TYPE_INVALID;
}

std::string
json_text (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name);
  return value_type (node) == G_TYPE_STRING ? json_node_get_string (node) : "";
}

std::optional<double>
json_number (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name);
  const GType type = value_type (node);
  if (type != G_TYPE_INT64 && type != G_TYPE_DOUBLE)
    return {};
  const double number = json_node_get_double (node);
  return std::isfinite (number) ? std::optional (number) : std::nullopt;
}

bool
json_flag (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name);
  return value_type (node) == G_TYPE_BOOLEAN && json_node_get_boolean (node);
}

JsonObject *
json_object (JsonObject *object, const char *name)
{
  JsonNode *node = member (object, name);
  return node && JSON_NODE_HOLDS_OBJECT (node) ? json_node_get_object (node) : nullptr;
}

NamedObjects
json_named_objects (JsonObject *object)
{
  NamedObjects objects;
  if (!object)
    return objects;
  JsonObjectIter iter;
  const char *key = nullptr;
  JsonNode *value = nullptr;
  json_object_iter_init_ordered (&iter, object);
  while (json_object_iter_next_ordered (&iter, &key, &value))
    if (JSON_NODE_HOLDS_OBJECT (value))
      objects.emplace_back (key, json_node_get_object (value));
  return objects;
}

NamedObjects
json_named_objects (JsonObject *object, const char *name)
{
  return json_named_objects (json_object (object, name));
}

std::vector<JsonObject *>
json_objects (JsonObject *object, const char *name)
{
  return json_objects (member (object, name));
}

std::vector<JsonObject *>
json_objects (JsonNode *node)
{
  std::vector<JsonObject *> objects;
  if (!node || !JSON_NODE_HOLDS_ARRAY (node))
    return objects;
  JsonArray *array = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (array); i++) {
    JsonNode *element = json_array_get_element (array, i);
    if (JSON_NODE_HOLDS_OBJECT (element))
      objects.push_back (json_node_get_object (element));
  }
  return objects;
}

std::string
to_text (JsonNode *node)
{
  return take_string (json_to_string (node, TRUE)) + "\n";
}

std::string
to_text (const JsonBuilderPtr &builder)
{
  const JsonNodePtr root (json_builder_get_root (builder.get ()));
  return to_text (root.get ());
}

} // namespace camwarden
