// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/jsonwriter.h"

#include "gobject/ref.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <json-glib/json-glib.h>
#include <string_view>

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

/* JSON's own escapes, and nothing that moves a terminal's cursor. */
static bool
is_plain (char c)
{
  return c >= ' ' && c < 0x7f && c != '"' && c != '\\';
}

static void
append_quoted (std::string &text, std::string_view value)
{
  if (std::all_of (value.begin (), value.end (), is_plain)) {
    text += '"';
    text += value;
    text += '"';
    return;
  }
  g_autofree char *valid = nullptr;
  std::string_view rest = value;
  if (!g_utf8_validate (value.data (), static_cast<gssize> (value.size ()), nullptr)) {
    valid = g_utf8_make_valid (value.data (), static_cast<gssize> (value.size ()));
    rest = valid;
  }
  text += '"';
  for (const char c : rest) {
    const auto byte = static_cast<unsigned char> (c);
    if (c == '"' || c == '\\') {
      text += '\\';
      text += c;
    } else if (byte < ' ' || byte == 0x7f) {
      char code[8];
      snprintf (code, sizeof code, "\\u%04x", byte);
      text += code;
    } else {
      text += c;
    }
  }
  text += '"';
}

template <typename T>
static std::string
number_text (T number)
{
  char buffer[40];
  const auto [end, problem] = std::to_chars (buffer, buffer + sizeof buffer, number);
  return problem == std::errc () ? std::string (buffer, end) : "null";
}

void
JsonWriter::separate ()
{
  if (more_)
    text_ += ',';
}

void
JsonWriter::name (const char *name)
{
  separate ();
  append_quoted (text_, name);
  text_ += ':';
  more_ = false; /* its value follows */
}

JsonWriter &
JsonWriter::put (const std::string &text)
{
  separate ();
  text_ += text;
  more_ = true;
  return *this;
}

JsonWriter &
JsonWriter::begin_object ()
{
  put ("{");
  more_ = false;
  return *this;
}

JsonWriter &
JsonWriter::begin_object (const char *member)
{
  name (member);
  return begin_object ();
}

JsonWriter &
JsonWriter::end_object ()
{
  text_ += '}';
  more_ = true;
  return *this;
}

JsonWriter &
JsonWriter::begin_array ()
{
  put ("[");
  more_ = false;
  return *this;
}

JsonWriter &
JsonWriter::begin_array (const char *member)
{
  name (member);
  return begin_array ();
}

JsonWriter &
JsonWriter::end_array ()
{
  text_ += ']';
  more_ = true;
  return *this;
}

JsonWriter &
JsonWriter::add (const char *member, const std::string &text)
{
  name (member);
  return value (text);
}

JsonWriter &
JsonWriter::add (const char *member, const char *text)
{
  return add (member, std::string (text));
}

JsonWriter &
JsonWriter::add (const char *member, bool flag)
{
  name (member);
  return put (flag ? "true" : "false");
}

JsonWriter &
JsonWriter::add (const char *member, double number)
{
  name (member);
  return value (number);
}

JsonWriter &
JsonWriter::value (const std::string &text)
{
  separate ();
  append_quoted (text_, text);
  more_ = true;
  return *this;
}

/* As few digits as give the same number again. */
JsonWriter &
JsonWriter::value (double number)
{
  return put (std::isfinite (number) ? number_text (number) : "null");
}

JsonWriter &
JsonWriter::value (int64_t number)
{
  return put (number_text (number));
}

JsonWriter &
JsonWriter::add_json (const char *member, const std::string &text)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  name (member);
  JsonNode *root = nullptr;
  if (!text.empty ()
      && json_parser_load_from_data (parser, text.data (), static_cast<gssize> (text.size ()),
                                     nullptr))
    root = json_parser_get_root (parser);
  return put (root ? take_string (json_to_string (root, FALSE)) : "null");
}

JsonWriter &
JsonWriter::add (const char *member, int64_t number)
{
  name (member);
  return value (number);
}

JsonWriter &
JsonWriter::add (const char *member, uint64_t number)
{
  return add (member, static_cast<int64_t> (std::min<uint64_t> (number, G_MAXINT64)));
}

JsonWriter &
JsonWriter::add (const char *member, int number)
{
  return add (member, static_cast<int64_t> (number));
}

JsonWriter &
JsonWriter::add (const char *member, unsigned number)
{
  return add (member, static_cast<int64_t> (number));
}

JsonWriter &
JsonWriter::add_null (const char *member)
{
  name (member);
  return put ("null");
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
  text_ += '\n';
  return g_bytes_new (text_.data (), text_.size ());
}

} // namespace camwarden
