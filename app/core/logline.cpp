// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/logline.h"

namespace camwarden
{

std::string
prefixed_lines (int severity, std::string_view text)
{
  std::string lines;
  while (!text.empty ()) {
    const size_t length = text.find ('\n');
    const std::string_view line = text.substr (0, length);
    if (!line.empty ())
      lines.append ("<")
          .append (std::to_string (severity))
          .append (">")
          .append (line)
          .append ("\n");
    text.remove_prefix (length == std::string_view::npos ? text.size () : length + 1);
  }
  return lines;
}

/* How long the control sequence (ECMA-48: ESC [ parameters final) at its begin is; 0: none is. */
static size_t
control_sequence (std::string_view text)
{
  if (!text.starts_with ("\x1b["))
    return 0;
  size_t end = 2;
  while (end < text.size () && text[end] >= 0x20 && text[end] <= 0x3f)
    end++;
  const bool whole = end < text.size () && text[end] >= 0x40 && text[end] <= 0x7e;
  return whole ? end + 1 : 0;
}

LogLine
read_log_line (std::string_view line)
{
  LogLine result;
  if (line.size () >= 3 && line[0] == '<' && line[1] >= '0' && line[1] <= '7' && line[2] == '>') {
    result.severity = line[1] - '0';
    line.remove_prefix (3);
  }
  while (!line.empty ()) {
    const size_t skipped = control_sequence (line);
    if (skipped == 0)
      result.text += line.front ();
    line.remove_prefix (skipped == 0 ? 1 : skipped);
  }
  return result;
}

} // namespace camwarden
