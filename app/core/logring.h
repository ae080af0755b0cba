// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

enum class LogLevel {
  Error,
  Warning,
  Info,
  Debug,
};

/* "error", "warning", "info", "debug". */
[[nodiscard]] std::string_view log_level_name (LogLevel level);
/* Any other name: Debug. */
[[nodiscard]] LogLevel parse_log_level (std::string_view name);

struct LogRecord
{
  uint64_t number = 0; /* rises with each line; 0: not from a ring */
  int64_t time = 0;    /* us UTC */
  LogLevel level = LogLevel::Info;
  std::string camera; /* it is about; "": none */
  std::string text;
};

/* Which lines are wanted. */
struct LogFilter
{
  enum class Topic {
    All,
    Errors, /* warnings and worse */
    Camera, /* about any camera */
    Redis,
  };
  Topic topic = Topic::All;
  LogLevel least = LogLevel::Debug;
  std::string camera;   /* "": all */
  std::string contains; /* in any case; "": any */
  int64_t since = 0;    /* us UTC */

  [[nodiscard]] bool matches (const LogRecord &record) const;
};

/* "all", "errors", "camera", "redis"; any other name: All. */
[[nodiscard]] LogFilter::Topic parse_log_topic (std::string_view name);

/* "camera front: text" is about front. */
[[nodiscard]] std::string camera_of_line (std::string_view text);

/* The latest lines of the log, and how many there were in the last hour. Bounded: the oldest go,
 * and a long line is cut. Knows no clock: times go in. */
class LogRing
{
public:
  static constexpr size_t most_lines = 2000;
  static constexpr size_t longest_line = 2000; /* bytes */

  void add (LogRecord record);

  /* Oldest first: the newest `limit`, or after a line the `limit` that came next. */
  [[nodiscard]] std::vector<LogRecord> latest (const LogFilter &filter, size_t limit) const;
  [[nodiscard]] std::vector<LogRecord> after (uint64_t number, const LogFilter &filter,
                                              size_t limit) const;
  /* Of the newest line; 0: none yet. */
  [[nodiscard]] uint64_t
  newest () const
  {
    return last_;
  }

  struct Counts
  {
    uint64_t errors = 0, warnings = 0;
    uint64_t camera = 0, redis = 0; /* of those */
  };
  /* Within the last 60 minutes, to the minute. */
  [[nodiscard]] Counts last_hour (int64_t now) const;

private:
  struct Minute
  {
    int64_t minute = -1; /* since 1970 */
    Counts counts;
  };

  void count (const LogRecord &record);

  uint64_t last_ = 0;
  std::deque<LogRecord> lines_;
  std::array<Minute, 60> minutes_;
};

} // namespace camwarden
