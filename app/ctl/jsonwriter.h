// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/ref.h"

#include <cmath>
#include <cstdint>
#include <json-glib/json-glib.h>
#include <string>
#include <string_view>

namespace camwarden
{

/* Writes one JSON object, member after member. Numbers that JSON cannot say become null, bytes that
 * are not UTF-8 the sign for that. */
class JsonWriter
{
public:
  JsonWriter () : builder_ (Ref<JsonBuilder>::adopt (json_builder_new ()))
  {
    json_builder_begin_object (builder_.get ());
  }

  JsonWriter &
  name (const char *text)
  {
    json_builder_set_member_name (builder_.get (), text);
    return *this;
  }
  void
  text (std::string_view value)
  {
    g_autofree char *valid = g_utf8_make_valid (value.data (), static_cast<gssize> (value.size ()));
    json_builder_add_string_value (builder_.get (), valid);
  }
  void
  number (double value)
  {
    if (std::isfinite (value))
      json_builder_add_double_value (builder_.get (), value);
    else
      json_builder_add_null_value (builder_.get ());
  }
  void
  integer (uint64_t value)
  {
    json_builder_add_int_value (builder_.get (), static_cast<gint64> (value));
  }
  void
  flag (bool value)
  {
    json_builder_add_boolean_value (builder_.get (), value);
  }
  void
  null ()
  {
    json_builder_add_null_value (builder_.get ());
  }
  void
  begin_object ()
  {
    json_builder_begin_object (builder_.get ());
  }
  void
  end_object ()
  {
    json_builder_end_object (builder_.get ());
  }
  void
  begin_array ()
  {
    json_builder_begin_array (builder_.get ());
  }
  void
  end_array ()
  {
    json_builder_end_array (builder_.get ());
  }

  /* With a line's end. Nothing can be added any more. */
  [[nodiscard]] std::string
  finish ()
  {
    json_builder_end_object (builder_.get ());
    g_autoptr (JsonNode) root = json_builder_get_root (builder_.get ());
    return take_string (json_to_string (root, TRUE)) + "\n";
  }

private:
  Ref<JsonBuilder> builder_;
};

} // namespace camwarden
