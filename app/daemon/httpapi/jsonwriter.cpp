// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/jsonwriter.h"

#include <algorithm>
#include <cmath>

namespace camwarden
{

std::string
iso_time (int64_t wall)
{
  g_autoptr (GDateTime) second = g_date_time_new_from_unix_utc (wall / G_USEC_PER_SEC);
  if (!second)
    return {};
  g_autoptr (GDateTime) exact = g_date_time_add (second, wall % G_USEC_PER_SEC);
  return take_string (g_date_time_format (exact, "%Y-%m-%dT%H:%M:%S.%fZ"));
}

JsonWriter::JsonWriter () : builder_ (Ref<JsonBuilder>::adopt (json_builder_new ()))
{}

JsonWriter &
JsonWriter::begin_object ()
{
  json_builder_begin_object (builder_.get ());
  return *this;
}

JsonWriter &
JsonWriter::begin_object (const char *name)
{
  json_builder_set_member_name (builder_.get (), name);
  return begin_object ();
}

JsonWriter &
JsonWriter::end_object ()
{
  json_builder_end_object (builder_.get ());
  return *this;
}

JsonWriter &
JsonWriter::begin_array (const char *name)
{
  json_builder_set_member_name (builder_.get (), name);
  json_builder_begin_array (builder_.get ());
  return *this;
}

JsonWriter &
JsonWriter::end_array ()
{
  json_builder_end_array (builder_.get ());
  return *this;
}

JsonWriter &
JsonWriter::add (const char *name, const std::string &value)
{
  g_autofree char *valid = g_utf8_make_valid (value.data (), static_cast<gssize> (value.size ()));
  json_builder_set_member_name (builder_.get (), name);
  json_builder_add_string_value (builder_.get (), valid);
  return *this;
}

JsonWriter &
JsonWriter::add (const char *name, const char *value)
{
  return add (name, std::string (value));
}

JsonWriter &
JsonWriter::add (const char *name, bool value)
{
  json_builder_set_member_name (builder_.get (), name);
  json_builder_add_boolean_value (builder_.get (), value);
  return *this;
}

JsonWriter &
JsonWriter::add (const char *name, double value)
{
  if (!std::isfinite (value))
    return add_null (name);
  json_builder_set_member_name (builder_.get (), name);
  json_builder_add_double_value (builder_.get (), value);
  return *this;
}

JsonWriter &
JsonWriter::add (const char *name, int64_t value)
{
  json_builder_set_member_name (builder_.get (), name);
  json_builder_add_int_value (builder_.get (), value);
  return *this;
}

JsonWriter &
JsonWriter::add (const char *name, uint64_t value)
{
  return add (name, static_cast<int64_t> (std::min<uint64_t> (value, G_MAXINT64)));
}

JsonWriter &
JsonWriter::add (const char *name, int value)
{
  return add (name, static_cast<int64_t> (value));
}

JsonWriter &
JsonWriter::add (const char *name, unsigned value)
{
  return add (name, static_cast<int64_t> (value));
}

JsonWriter &
JsonWriter::add_null (const char *name)
{
  json_builder_set_member_name (builder_.get (), name);
  json_builder_add_null_value (builder_.get ());
  return *this;
}

JsonWriter &
JsonWriter::add_text (const char *name, const std::string &value)
{
  return value.empty () ? add_null (name) : add (name, value);
}

JsonWriter &
JsonWriter::add_time (const char *name, std::optional<int64_t> wall)
{
  return wall ? add (name, iso_time (*wall)) : add_null (name);
}

JsonWriter &
JsonWriter::add_seconds (const char *name, std::optional<int64_t> duration)
{
  if (!duration)
    return add_null (name);
  const int64_t milliseconds = *duration / 1000;
  return add (name, static_cast<double> (milliseconds) / 1000.0);
}

GBytes *
JsonWriter::finish ()
{
  JsonNode *root = json_builder_get_root (builder_.get ());
  g_autoptr (JsonGenerator) generator = json_generator_new ();
  json_generator_set_root (generator, root);
  json_node_unref (root);
  g_autoptr (GString) text = g_string_new (nullptr);
  json_generator_to_gstring (generator, text);
  g_string_append_c (text, '\n');
  return g_string_free_to_bytes (static_cast<GString *> (g_steal_pointer (&text)));
}

} // namespace camwarden
