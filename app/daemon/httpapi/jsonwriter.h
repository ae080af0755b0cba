// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <glib.h>
#include <optional>
#include <string>

namespace camwarden
{

/* Builds one JSON text. What JSON cannot say (NaN, infinity, an unknown value) becomes null, what
 * is not UTF-8 is mended. */
class JsonWriter
{
public:
  JsonWriter &begin_object ();
  JsonWriter &begin_object (const char *name);
  JsonWriter &end_object ();
  JsonWriter &begin_array ();
  JsonWriter &begin_array (const char *name);
  JsonWriter &end_array ();

  JsonWriter &add (const char *name, const std::string &value);
  JsonWriter &add (const char *name, const char *value);
  JsonWriter &add (const char *name, bool value);
  JsonWriter &add (const char *name, double value);
  JsonWriter &add (const char *name, int64_t value);
  JsonWriter &add (const char *name, uint64_t value);
  JsonWriter &add (const char *name, int value);
  JsonWriter &add (const char *name, unsigned value);
  JsonWriter &add_null (const char *name);

  template <typename T>
  JsonWriter &
  add (const char *name, const std::optional<T> &value)
  {
    return value ? add (name, *value) : add_null (name);
  }

  /* Elements of an array. */
  JsonWriter &value (const std::string &text);
  JsonWriter &value (double number);
  JsonWriter &value (int64_t number);

  /* A JSON text as it is; null when it is none. */
  JsonWriter &add_json (const char *name, const std::string &text);
  /* Text, or null when it is empty. */
  JsonWriter &add_text (const char *name, const std::string &value);
  /* Microseconds since 1970 as ISO 8601 in UTC. */
  JsonWriter &add_time (const char *name, std::optional<int64_t> wall);
  /* Microseconds as seconds, exact to the millisecond. */
  JsonWriter &add_seconds (const char *name, std::optional<int64_t> duration);

  /* The text, ended with a newline; the caller owns it. */
  [[nodiscard]] GBytes *finish ();

private:
  void separate ();
  void name (const char *name);
  JsonWriter &put (const std::string &text);

  std::string text_;
  bool more_ = false; /* something stands before in this object or array */
};

/* "2026-05-04T03:02:01.123456Z" */
[[nodiscard]] std::string iso_time (int64_t wall);

} // namespace camwarden
