// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/ref.h"

#include <cmath>
#include <cstdint>
#include <glib.h>
#include <json-glib/json-glib.h>
#include <span>
#include <string>
#include <string_view>

namespace camwarden
{

/* The fields of one flat JSON object, in the order they are given. */
class JsonFields
{
public:
  JsonFields () : builder_ (Ref<JsonBuilder>::adopt (json_builder_new ()))
  {
    json_builder_begin_object (builder_.get ());
  }

  /* What is not UTF-8 is mended: a text may quote a driver. */
  JsonFields &
  text (const char *key, std::string_view value)
  {
    name (key);
    add_text (value);
    return *this;
  }
  JsonFields &
  texts (const char *key, std::span<const std::string> values)
  {
    name (key);
    json_builder_begin_array (builder_.get ());
    for (const auto &value : values)
      add_text (value);
    json_builder_end_array (builder_.get ());
    return *this;
  }
  JsonFields &
  number (const char *key, int64_t value)
  {
    name (key);
    json_builder_add_int_value (builder_.get (), value);
    return *this;
  }
  /* JSON has no word for what is no number. */
  JsonFields &
  real (const char *key, double value)
  {
    if (!std::isfinite (value))
      return null (key);
    name (key);
    json_builder_add_double_value (builder_.get (), value);
    return *this;
  }
  JsonFields &
  flag (const char *key, bool value)
  {
    name (key);
    json_builder_add_boolean_value (builder_.get (), value);
    return *this;
  }
  /* An object of numbers. */
  JsonFields &
  numbers (const char *key, std::span<const std::pair<const char *, int64_t>> values)
  {
    name (key);
    json_builder_begin_object (builder_.get ());
    for (const auto &[member, value] : values)
      number (member, value);
    json_builder_end_object (builder_.get ());
    return *this;
  }
  JsonFields &
  null (const char *key)
  {
    name (key);
    json_builder_add_null_value (builder_.get ());
    return *this;
  }

  std::string
  finish ()
  {
    json_builder_end_object (builder_.get ());
    JsonNode *root = json_builder_get_root (builder_.get ());
    std::string json = take_string (json_to_string (root, FALSE));
    json_node_unref (root);
    return json;
  }

private:
  void
  name (const char *key)
  {
    json_builder_set_member_name (builder_.get (), key);
  }
  void
  add_text (std::string_view value)
  {
    g_autofree char *valid = g_utf8_make_valid (value.data (), static_cast<gssize> (value.size ()));
    for (char *c = valid; *c; c++) /* json-glib 1.6 escapes the control characters but this one */
      *c = *c == '\x1f' ? ' ' : *c;
    json_builder_add_string_value (builder_.get (), valid);
  }

  Ref<JsonBuilder> builder_;
};

} // namespace camwarden
