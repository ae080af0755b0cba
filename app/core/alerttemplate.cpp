// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/alerttemplate.h"

namespace camwarden
{

bool
is_json_template (std::string_view text)
{
  const size_t first = text.find_first_not_of (" \t\r\n");
  return first != std::string_view::npos && (text[first] == '{' || text[first] == '[');
}

std::string
json_escaped (std::string_view text)
{
  constexpr char digits[] = "0123456789abcdef";
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char> (c);
    if (c == '"' || c == '\\') {
      escaped += '\\';
      escaped += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      escaped += "\\u00";
      escaped += digits[byte >> 4];
      escaped += digits[byte & 15];
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string
fill_template (std::string_view text, const std::map<std::string, std::string> &values)
{
  const bool json = is_json_template (text);
  std::string filled;
  while (!text.empty ()) {
    const size_t brace = text.find ('{');
    filled += text.substr (0, brace);
    if (brace == std::string_view::npos)
      break;
    text.remove_prefix (brace);
    const size_t end = text.find ('}');
    const auto value = end == std::string_view::npos
                           ? values.end ()
                           : values.find (std::string (text.substr (1, end - 1)));
    if (value == values.end ()) {
      filled += '{';
      text.remove_prefix (1);
      continue;
    }
    filled += json ? json_escaped (value->second) : value->second;
    text.remove_prefix (end + 1);
  }
  return filled;
}

} // namespace camwarden
