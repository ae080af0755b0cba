// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/openapi.h"

#include "buildconfig.h"
#include "daemon/httpapi/apiresource.h"
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/problem.h"
#include "gobject/ref.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>

namespace camwarden
{

namespace
{

/* Objects whose members are named after something: all values are of one shape. */
constexpr std::array<std::string_view, 13> maps{
  "cameras",        "disks",          "interfaces",
  "parameters",     "series",         "processes",
  "redis",          "process_status", "performance_metrics",
  "store",          "keys",           "getConfiguration",
  "getPerformance",
};

struct NodeFree
{
  void
  operator() (JsonNode *node) const
  {
    json_node_unref (node);
  }
};
using Node = std::unique_ptr<JsonNode, NodeFree>;

Node
parse (const std::string &text)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = nullptr;
  if (text.empty () || !json_parser_load_from_data (parser, text.c_str (), -1, &error))
    return nullptr;
  return Node (json_parser_steal_root (parser));
}

const char *
type_of (JsonNode *node)
{
  const GType type = json_node_get_value_type (node);
  return type == G_TYPE_STRING ? "string" : type == G_TYPE_BOOLEAN ? "boolean" : "number";
}

/* Null counts as known in no shape; a map of numbers under a name that elsewhere is an object of
 * its own has to be told apart. */
bool
is_map (const std::string &name, JsonObject *object)
{
  if (std::find (maps.begin (), maps.end (), name) == maps.end ()
      || json_object_get_size (object) == 0)
    return false;
  g_autoptr (GList) values = json_object_get_values (object);
  const auto *first = static_cast<JsonNode *> (values->data);
  for (GList *value = values; value; value = value->next)
    if (json_node_get_node_type (static_cast<JsonNode *> (value->data))
        != json_node_get_node_type (const_cast<JsonNode *> (first)))
      return false;
  return true;
}

void write_schema (JsonWriter &json, JsonNode *node, const std::string &name);

void
write_object_schema (JsonWriter &json, JsonObject *object, const std::string &name)
{
  g_autoptr (GList) names = json_object_get_members (object);
  json.add ("type", "object");
  if (!names || is_map (name, object)) {
    json.begin_object ("additionalProperties");
    if (names)
      write_schema (json, json_object_get_member (object, static_cast<char *> (names->data)),
                    name == "getConfiguration" ? "keys" : "");
    json.end_object ();
    return;
  }
  json.begin_object ("properties");
  for (GList *one = names; one; one = one->next) {
    const auto *member = static_cast<char *> (one->data);
    json.begin_object (member);
    write_schema (json, json_object_get_member (object, member), member);
    json.end_object ();
  }
  json.end_object ().begin_array ("required");
  for (GList *one = names; one; one = one->next)
    json.value (std::string (static_cast<char *> (one->data)));
  json.end_array ();
}

void
write_schema (JsonWriter &json, JsonNode *node, const std::string &name)
{
  if (JSON_NODE_HOLDS_OBJECT (node)) {
    write_object_schema (json, json_node_get_object (node), name);
  } else if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);
    json.add ("type", "array").begin_object ("items");
    if (json_array_get_length (array) > 0)
      write_schema (json, json_array_get_element (array, 0), "");
    json.end_object ();
  } else if (!JSON_NODE_HOLDS_NULL (node)) {
    /* What is known today may be unknown tomorrow. */
    json.begin_array ("type").value (std::string (type_of (node))).value (std::string ("null"));
    json.end_array ();
  }
}

void
write_parameters (JsonWriter &json, const Route &route)
{
  if (route.parameters.empty ())
    return;
  json.begin_array ("parameters");
  for (const RouteParameter &parameter : route.parameters) {
    const bool in_path = route.path_template.find ("{" + parameter.name + "}") != std::string::npos;
    json.begin_object ()
        .add ("name", parameter.name)
        .add ("in", in_path ? "path" : "query")
        .add ("required", in_path)
        .add ("description", parameter.text);
    json.begin_object ("schema").add ("type", parameter.type).end_object ();
    if (!parameter.example.empty ())
      json.add ("example", parameter.example);
    json.end_object ();
  }
  json.end_array ();
}

void
write_body (JsonWriter &json, const Route &route)
{
  const Node body = parse (route.example.body);
  if (!body)
    return;
  json.begin_object ("requestBody")
      .begin_object ("content")
      .begin_object ("application/json")
      .begin_object ("schema");
  json.add ("type", "object").end_object ();
  json.add_json ("example", route.example.body);
  json.end_object ().end_object ().end_object ();
}

void
write_responses (JsonWriter &json, const Route &route)
{
  const std::string status = std::to_string (route.example.status);
  json.begin_object ("responses").begin_object (status.c_str ());
  json.add ("description", status_phrase (route.example.status));
  json.begin_object ("content").begin_object (route.example.type.c_str ());
  const std::string answer = example_answer (route.name);
  if (const Node example = parse (answer)) {
    json.begin_object ("schema");
    write_schema (json, example.get (), route.name);
    json.end_object ().add_json ("example", answer);
  }
  json.end_object ().end_object ().end_object ();
  json.begin_object ("default").add ("$ref", "#/components/responses/Problem").end_object ();
  json.end_object ();
}

void
write_operation (JsonWriter &json, const Route &route)
{
  std::string method = route.method;
  std::transform (method.begin (), method.end (), method.begin (), g_ascii_tolower);
  json.begin_object (method.c_str ())
      .add ("operationId", route.name)
      .add ("summary", route.doc)
      .add ("x-role", role_name (route.role));
  if (route.ticket) {
    json.begin_array ("security");
    for (const char *scheme : { "bearer", "basic", "ticket" })
      json.begin_object ().begin_array (scheme).end_array ().end_object ();
    json.end_array ();
  }
  write_parameters (json, route);
  write_body (json, route);
  write_responses (json, route);
  json.end_object ();
}

void
write_paths (JsonWriter &json, const std::vector<Route> &routes)
{
  std::vector<std::string> paths;
  for (const Route &route : routes)
    if (std::find (paths.begin (), paths.end (), route.path_template) == paths.end ())
      paths.push_back (route.path_template);
  json.begin_object ("paths");
  for (const auto &path : paths) {
    json.begin_object (path.c_str ());
    for (const Route &route : routes)
      if (route.path_template == path)
        write_operation (json, route);
    json.end_object ();
  }
  json.end_object ();
}

void
write_scheme (JsonWriter &json, const char *name, const char *type, const char *key,
              const char *value)
{
  json.begin_object (name).add ("type", type).add (key, value).end_object ();
}

void
write_components (JsonWriter &json)
{
  json.begin_object ("components").begin_object ("securitySchemes");
  write_scheme (json, "bearer", "http", "scheme", "bearer");
  write_scheme (json, "basic", "http", "scheme", "basic");
  json.begin_object ("ticket")
      .add ("type", "apiKey")
      .add ("in", "query")
      .add ("name", "ticket")
      .end_object ();
  json.end_object ().begin_object ("responses").begin_object ("Problem");
  json.add ("description", "What went wrong, and what helps (RFC 9457)");
  json.begin_object ("content").begin_object ("application/problem+json").begin_object ("schema");
  json.add ("type", "object").begin_object ("properties");
  for (const char *member : { "type", "title", "detail" })
    json.begin_object (member).add ("type", "string").end_object ();
  json.begin_object ("status").add ("type", "integer").end_object ();
  json.end_object ().end_object ().end_object ().end_object ();
  json.end_object ().end_object ().end_object ();
}

std::string
quoted (const char *text)
{
  g_autoptr (JsonNode) node = json_node_new (JSON_NODE_VALUE);
  json_node_set_string (node, text);
  return take_string (json_to_string (node, FALSE));
}

std::string
yaml_key (const char *name)
{
  const std::string_view text = name;
  const bool plain
      = !text.empty () && text != "null" && text != "true" && text != "false"
        && std::all_of (text.begin (), text.end (), [] (char c) { return g_ascii_isalpha (c); });
  return plain ? name : quoted (name);
}

void write_yaml (std::string &text, JsonNode *node, int depth, bool in_list);

bool
is_empty (JsonNode *node)
{
  return (JSON_NODE_HOLDS_OBJECT (node) && json_object_get_size (json_node_get_object (node)) == 0)
         || (JSON_NODE_HOLDS_ARRAY (node)
             && json_array_get_length (json_node_get_array (node)) == 0);
}

void
write_yaml_value (std::string &text, JsonNode *node, int depth, bool in_list)
{
  if (JSON_NODE_HOLDS_OBJECT (node) || JSON_NODE_HOLDS_ARRAY (node)) {
    if (is_empty (node)) {
      text += JSON_NODE_HOLDS_OBJECT (node) ? " {}\n" : " []\n";
      return;
    }
    /* The first member of an object may stand behind the dash. */
    const bool beside = in_list && JSON_NODE_HOLDS_OBJECT (node);
    text += beside ? " " : "\n";
    write_yaml (text, node, depth, beside);
    return;
  }
  text += " " + take_string (json_to_string (node, FALSE)) + "\n";
}

void
write_yaml (std::string &text, JsonNode *node, int depth, bool beside)
{
  const std::string indent (static_cast<size_t> (depth) * 2, ' ');
  if (JSON_NODE_HOLDS_ARRAY (node)) {
    JsonArray *array = json_node_get_array (node);
    for (guint i = 0; i < json_array_get_length (array); i++) {
      text += indent + "-";
      write_yaml_value (text, json_array_get_element (array, i), depth + 1, true);
    }
    return;
  }
  JsonObject *object = json_node_get_object (node);
  g_autoptr (GList) names = json_object_get_members (object);
  for (GList *one = names; one; one = one->next) {
    const auto *name = static_cast<const char *> (one->data);
    text += (beside && one == names ? "" : indent) + yaml_key (name) + ":";
    write_yaml_value (text, json_object_get_member (object, name), depth + 1, false);
  }
}

} // namespace

std::string
example_answer (const std::string &name)
{
  const std::string path = "/org/camwarden/api/" + name + ".json";
  g_autoptr (GBytes) bytes = g_resource_lookup_data (camwarden_api_get_resource (), path.c_str (),
                                                     G_RESOURCE_LOOKUP_FLAGS_NONE, nullptr);
  if (!bytes)
    return {};
  gsize size = 0;
  const auto *text = static_cast<const char *> (g_bytes_get_data (bytes, &size));
  return { text, size };
}

std::string
yaml_text (JsonNode *node)
{
  std::string text;
  if (is_empty (node) || JSON_NODE_HOLDS_VALUE (node) || JSON_NODE_HOLDS_NULL (node))
    write_yaml_value (text, node, 0, false);
  else
    write_yaml (text, node, 0, false);
  return text;
}

std::string
openapi_yaml (const std::vector<Route> &routes)
{
  JsonWriter json;
  json.begin_object ().add ("openapi", "3.1.0").begin_object ("info");
  json.add ("title", "Camwarden")
      .add ("version", CAMWARDEN_VERSION)
      .add ("description", "Cameras to Redis, unattended. x-role: the least role that may ask.")
      .end_object ();
  json.begin_array ("security");
  json.begin_object ().end_object (); /* this machine, as far as it is trusted */
  for (const char *scheme : { "bearer", "basic" })
    json.begin_object ().begin_array (scheme).end_array ().end_object ();
  json.end_array ();
  write_paths (json, routes);
  write_components (json);
  json.end_object ();
  g_autoptr (GBytes) bytes = json.finish ();
  const Node node = parse (std::string (
      static_cast<const char *> (g_bytes_get_data (bytes, nullptr)), g_bytes_get_size (bytes)));
  return yaml_text (node.get ());
}

} // namespace camwarden
