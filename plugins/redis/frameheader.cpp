// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/frameheader.h"

#include "common/jsoncheck.h"
#include "common/textcheck.h"

#include <cmath>
#include <cstdio>
#include <json-glib/json-glib.h>

namespace camwarden
{

namespace
{

void
append_string (std::string &out, std::string_view text)
{
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char> (c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      char escape[8];
      std::snprintf (escape, sizeof escape, "\\u%04x", byte);
      out += escape;
    } else {
      out += c;
    }
  }
  out += '"';
}

void
append_text (std::string &out, const char *name, std::string_view text)
{
  out += ",\"";
  out += name;
  out += "\":";
  append_string (out, text);
}

template <typename Number>
void
append_number (std::string &out, const char *name, Number number)
{
  out += ",\"";
  out += name;
  out += "\":";
  out += std::to_string (number);
}

/* At most three decimals, no trailing zeros, a point whatever the locale says. */
std::string
plain_decimal (double value)
{
  const long long thousandths = std::llround (value * 1000);
  std::string text = std::to_string (thousandths / 1000);
  if (const long long rest = thousandths % 1000) {
    char digits[8];
    std::snprintf (digits, sizeof digits, ".%03lld", rest);
    text += digits;
    while (text.back () == '0')
      text.pop_back ();
  }
  return text;
}

/* Members that are missing or of another type are as if they were zero or empty. */
int64_t
integer_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_int (node) : 0;
}

double
double_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  return node && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_double (node) : 0;
}

std::string
text_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  const bool text
      = node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING;
  return text ? json_node_get_string (node) : "";
}

std::string
object_member (JsonObject *object, const char *name)
{
  JsonNode *node = json_object_get_member (object, name);
  if (!node || !JSON_NODE_HOLDS_OBJECT (node))
    return "";
  g_autofree char *text = json_to_string (node, FALSE);
  return text;
}

/* An object from a stranger's text, or nothing; never deeper than `depth`. */
JsonNode *
parse_object (std::string_view text, unsigned depth)
{
  if (!is_valid_utf8 (text) || !JsonCheck (text, depth).is_object ())
    return nullptr;
  g_autoptr (JsonParser) parser = json_parser_new_immutable ();
  if (!json_parser_load_from_data (parser, text.data (), static_cast<gssize> (text.size ()),
                                   nullptr))
    return nullptr;
  JsonNode *root = json_parser_get_root (parser);
  return root && JSON_NODE_HOLDS_OBJECT (root) ? json_node_ref (root) : nullptr;
}

std::string
compose (const FrameHeader &header, std::string_view caps)
{
  std::string out;
  out.reserve (320 + header.request.size ());
  out += "{\"v\":1";
  append_text (out, "cam", header.camera);
  append_text (out, "run", header.run);
  append_number (out, "seq", header.seq);
  append_number (out, "ts", header.ts);
  append_number (out, "mono", header.mono);
  out += header.synced ? ",\"sync\":true" : ",\"sync\":false";
  append_number (out, "w", header.width);
  append_number (out, "h", header.height);
  out += ",\"fps\":" + plain_decimal (header.fps);
  append_text (out, "caps", caps);
  append_text (out, "health", header.health);
  append_number (out, "drop", header.dropped);
  if (!header.request.empty ())
    out += ",\"req\":" + header.request;
  out += '}';
  return out;
}

} // namespace

/* Caps may carry whole codec headers. Such caps are left out: they are in the key CHANNEL:caps. */
std::string
to_json (const FrameHeader &header)
{
  std::string json = compose (header, header.caps);
  return json.size () <= MAX_HEADER ? json : compose (header, "");
}

std::optional<FrameHeader>
parse_frame_header (std::string_view json)
{
  if (json.size () > MAX_HEADER)
    return std::nullopt;
  g_autoptr (JsonNode) root = parse_object (json, MAX_REQUEST_DEPTH + 2);
  if (!root)
    return std::nullopt;
  JsonObject *object = json_node_get_object (root);
  if (integer_member (object, "v") != 1)
    return std::nullopt;
  FrameHeader header;
  header.camera = text_member (object, "cam");
  header.run = text_member (object, "run");
  header.seq = static_cast<uint64_t> (integer_member (object, "seq"));
  header.ts = integer_member (object, "ts");
  header.mono = integer_member (object, "mono");
  header.synced = integer_member (object, "sync") != 0;
  header.width = static_cast<int> (integer_member (object, "w"));
  header.height = static_cast<int> (integer_member (object, "h"));
  header.fps = double_member (object, "fps");
  header.caps = text_member (object, "caps");
  header.health = text_member (object, "health");
  header.dropped = static_cast<uint64_t> (integer_member (object, "drop"));
  header.request = object_member (object, "req");
  return header;
}

std::string
jpeg_head (std::string_view json)
{
  const size_t length = json.size () + 2; /* the length counts itself */
  std::string head;
  head.reserve (json.size () + 6);
  head += "\xFF\xD8\xFF\xFE";
  head += static_cast<char> (length >> 8);
  head += static_cast<char> (length & 0xFF);
  head += json;
  return head;
}

std::string_view
jpeg_comment (std::string_view message)
{
  if (message.size () < 6 || message.substr (0, 4) != "\xFF\xD8\xFF\xFE")
    return {};
  const size_t length = static_cast<size_t> (static_cast<unsigned char> (message[4])) << 8
                        | static_cast<unsigned char> (message[5]);
  if (length < 2 || 4 + length > message.size ())
    return {};
  return message.substr (6, length - 2);
}

bool
is_valid_request (std::string_view text)
{
  return text.size () <= MAX_REQUEST && is_valid_utf8 (text)
         && JsonCheck (text, MAX_REQUEST_DEPTH).is_object ();
}

} // namespace camwarden
