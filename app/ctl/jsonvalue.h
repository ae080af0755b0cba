// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <json-glib/json-glib.h>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace camwarden
{

struct JsonNodeFree
{
  void
  operator() (JsonNode *node) const
  {
    json_node_unref (node);
  }
};
using JsonNodePtr = std::unique_ptr<JsonNode, JsonNodeFree>;

struct JsonBuilderFree
{
  void
  operator() (JsonBuilder *builder) const
  {
    g_object_unref (builder);
  }
};
using JsonBuilderPtr = std::unique_ptr<JsonBuilder, JsonBuilderFree>;

/* Nothing if the text is not JSON, is longer than 4 MiB, nested deeper than 32 or not UTF-8:
 * whoever answers there need not be our daemon. */
[[nodiscard]] JsonNodePtr parse_json (std::string_view text);

/* The same if it is an object. */
[[nodiscard]] JsonNodePtr parse_json_object (std::string_view text);

inline constexpr size_t max_json_size = 4 << 20;

/* Members of an object as what they should be; anything else, a missing one or a NULL object is
 * "nothing". The pointers live as long as the tree. */
[[nodiscard]] std::string json_text (JsonObject *object, const char *name);
[[nodiscard]] std::optional<double> json_number (JsonObject *object, const char *name);
[[nodiscard]] bool json_flag (JsonObject *object, const char *name);
[[nodiscard]] JsonObject *json_object (JsonObject *object, const char *name);
[[nodiscard]] std::vector<JsonObject *> json_objects (JsonObject *object, const char *name);
[[nodiscard]] std::vector<JsonObject *> json_objects (JsonNode *array);
/* The objects of an object, with their names, in its order. */
using NamedObjects = std::vector<std::pair<std::string, JsonObject *>>;
[[nodiscard]] NamedObjects json_named_objects (JsonObject *object);
[[nodiscard]] NamedObjects json_named_objects (JsonObject *object, const char *name);

/* For people and programs: indented, with a newline at its end. */
[[nodiscard]] std::string to_text (JsonNode *node);
[[nodiscard]] std::string to_text (const JsonBuilderPtr &builder);

} // namespace camwarden
