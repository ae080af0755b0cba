// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/terminal.h"

#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

struct CameraLine
{
  std::string id, level, state, verdict;
  std::optional<double> fps;
  std::optional<double> age; /* seconds since the last frame */
};

struct IssueLine
{
  std::string level, text;
  std::string part, code;
};

/* What "camwardenctl status" tells, taken from the daemon's answers. */
struct StatusFacts
{
  std::string version, hostname, overall; /* healthy, warning, critical */
  bool ready = false;
  std::string not_ready;
  std::optional<double> uptime; /* seconds */
  bool redis_embedded = false, redis_connected = false;
  std::string redis_uri, redis_server;
  std::optional<double> redis_ms;
  std::vector<CameraLine> cameras;
  std::vector<IssueLine> issues; /* worst first */
};

/* Lines of at most terminal.columns, each with its end. */
[[nodiscard]] std::string format_status (const StatusFacts &facts, const Terminal &terminal);

/* Pieces of it, for other views. Not yet in the terminal's own characters. */
[[nodiscard]] Tone tone_of (const std::string &level);
[[nodiscard]] std::string plain_sentence (const StatusFacts &facts);
[[nodiscard]] std::string format_sentence (const StatusFacts &facts, const Terminal &terminal);
[[nodiscard]] std::string format_parts (const StatusFacts &facts, const Terminal &terminal);
[[nodiscard]] std::string format_cameras (const std::vector<CameraLine> &cameras,
                                          const Terminal &terminal);
[[nodiscard]] std::string format_part (const Terminal &terminal, Tone tone,
                                       const std::string &label, const std::string &text);
[[nodiscard]] std::string format_issue (const IssueLine &issue, const Terminal &terminal);

inline constexpr unsigned verdict_columns = 8;

/* "850 ms", "12 s", "3 min", "5 h", "12 d": two figures at most, for people. */
[[nodiscard]] std::string format_span (double seconds);

} // namespace camwarden
