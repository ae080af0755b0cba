// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace camwarden
{

/* Checks on text from strangers, made before any parser sees it: json-glib 1.6 recurses on nested
 * brackets until the stack is gone, and lets invalid UTF-8 through. */

[[nodiscard]] inline bool
is_valid_utf8 (std::string_view text)
{
  const auto *p = reinterpret_cast<const unsigned char *> (text.data ());
  const auto *end = p + text.size ();
  while (p < end) {
    const unsigned lead = *p++;
    if (lead < 0x80)
      continue;
    const int more = lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
    if (lead < 0xC2 || lead > 0xF4 || end - p < more)
      return false;
    uint32_t point = lead & (0x3Fu >> more);
    for (int i = 0; i < more; i++) {
      if ((*p & 0xC0) != 0x80)
        return false;
      point = (point << 6) | (*p++ & 0x3Fu);
    }
    const bool overlong = (more == 2 && point < 0x800) || (more == 3 && point < 0x10000);
    const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
    if (overlong || surrogate || point > 0x10FFFF)
      return false;
  }
  return true;
}

/* How deep the brackets of a JSON text nest, counted outside of strings. A text that is not JSON
 * gets some number too: the parser says what is wrong with it. */
[[nodiscard]] inline size_t
json_depth (std::string_view text)
{
  size_t depth = 0, deepest = 0;
  bool in_string = false;
  for (size_t i = 0; i < text.size (); i++) {
    const char c = text[i];
    if (in_string) {
      if (c == '\\')
        i++;
      else if (c == '"')
        in_string = false;
    } else if (c == '"') {
      in_string = true;
    } else if (c == '{' || c == '[') {
      if (++depth > deepest)
        deepest = depth;
    } else if ((c == '}' || c == ']') && depth > 0) {
      depth--;
    }
  }
  return deepest;
}

/* A stranger's text for logs and messages: at most `limit` bytes, on one line, in valid UTF-8. */
[[nodiscard]] inline std::string
printable (std::string_view text, size_t limit = 200)
{
  std::string out;
  for (size_t i = 0; i < text.size ();) {
    const auto lead = static_cast<unsigned char> (text[i]);
    const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0x80 ? 2 : 1;
    const std::string_view piece = text.substr (i, length);
    const bool good = lead >= 0x20 && lead != 0x7F && is_valid_utf8 (piece);
    if (out.size () + (good ? length : 1) > limit)
      return out;
    out += good ? piece : "?";
    i += good ? length : 1;
  }
  return out;
}

} // namespace camwarden
