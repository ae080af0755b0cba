// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>

namespace camwarden
{

/* One line of a process's stderr as its parent reads it. Severities are syslog's: 3 error,
 * 4 warning, 5 notice, 6 information, 7 debug. */
struct LogLine
{
  static constexpr int notice = 5;

  int severity = notice;
  std::string text;
};

/* Each line of the text with the prefix that sd-daemon(3) describes, such as "<4>", and its end. */
[[nodiscard]] std::string prefixed_lines (int severity, std::string_view text);

/* Takes the prefix off, and what would colour a terminal. */
[[nodiscard]] LogLine read_log_line (std::string_view line);

} // namespace camwarden
