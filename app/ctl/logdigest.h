// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace camwarden
{

/* In falling order of importance. */
enum class LogLevel { Error, Critical, Warning, Message, Info, Debug };
inline constexpr size_t log_level_count = 6;

/* "error", ... "debug", as in the log file. */
[[nodiscard]] std::string_view log_level_name (LogLevel level);
/* Of syslog's 0 to 7, as the journal keeps them. */
[[nodiscard]] LogLevel log_level_of_priority (int priority);

struct LogEntry
{
  int64_t time = 0; /* us UTC */
  LogLevel level = LogLevel::Message;
  std::string_view text; /* of the reader's buffer */
};

/* Lines of our log file: "2026-01-31 12:00:00.250 warning: TEXT", in local time. */
class LogLineParser
{
public:
  /* Nothing: it is none of ours, or the continuation of the line before. */
  [[nodiscard]] std::optional<LogEntry> parse (std::string_view line);

private:
  [[nodiscard]] bool read_hour (std::string_view text);

  std::string known_hour_; /* "2026-01-31 12" */
  int64_t hour_start_ = 0; /* us UTC */
};

/* What differs between two lines about the same thing is made the same: numbers, addresses,
 * hexadecimal words become "#". Names such as v4l2src and JPEG stay. At most 400 bytes are looked
 * at. */
[[nodiscard]] std::string_view mask_line (std::string_view text, std::array<char, 512> &buffer);

/* Does the line tell of that camera? */
[[nodiscard]] bool names_camera (std::string_view text, std::string_view camera);

struct LogGroup
{
  std::string pattern; /* the masked text */
  std::string latest;  /* a line as it stood, the newest one */
  LogLevel level = LogLevel::Warning;
  uint64_t count = 0;
  int64_t first = 0, last = 0;      /* us UTC */
  std::array<uint32_t, 24> hours{}; /* of the day, local */
};

struct LogWish
{
  int64_t since = INT64_MIN;          /* us UTC */
  std::string camera;                 /* empty: all */
  LogLevel least = LogLevel::Warning; /* the least important level that is grouped */
  size_t recent = 0;                  /* the newest errors and warnings that are kept as they are */
};

struct RecentLine
{
  int64_t time;
  LogLevel level;
  std::string text;
};

/* Counts and groups lines of any number in bounded memory: above 2000 groups, what comes once more
 * and fits none is only counted. */
class LogDigest
{
public:
  static constexpr size_t most_groups = 2000;

  /* local_hour: 0 to 23 for a time in us UTC. */
  LogDigest (LogWish wish, std::function<int (int64_t)> local_hour);

  void add (const LogEntry &entry);

  /* The most frequent first; the more important first among equals. */
  [[nodiscard]] std::vector<LogGroup> groups () const;
  [[nodiscard]] uint64_t
  lines (LogLevel level) const
  {
    return lines_[static_cast<size_t> (level)];
  }
  [[nodiscard]] uint64_t total () const;
  /* Lines that no group had room for. */
  [[nodiscard]] uint64_t
  ungrouped () const
  {
    return ungrouped_;
  }
  /* Of lines that are grouped, by hour of the day. */
  [[nodiscard]] const std::array<uint32_t, 24> &
  hours () const
  {
    return hours_;
  }
  [[nodiscard]] const std::deque<RecentLine> &
  recent () const
  {
    return recent_;
  }
  [[nodiscard]] int64_t
  first () const
  {
    return first_;
  }
  [[nodiscard]] int64_t
  last () const
  {
    return last_;
  }
  [[nodiscard]] const LogWish &
  wish () const
  {
    return wish_;
  }

private:
  struct Hash
  {
    using is_transparent = void;
    size_t
    operator() (std::string_view text) const
    {
      return std::hash<std::string_view>{}(text);
    }
  };

  [[nodiscard]] LogGroup *group_of (std::string_view pattern);
  void keep (const LogEntry &entry);

  const LogWish wish_;
  const std::function<int (int64_t)> local_hour_;
  std::unordered_map<std::string, LogGroup, Hash, std::equal_to<>> groups_;
  std::array<uint64_t, log_level_count> lines_{};
  std::array<uint32_t, 24> hours_{};
  std::deque<RecentLine> recent_;
  uint64_t ungrouped_ = 0;
  int64_t first_ = 0, last_ = 0;
  int64_t hour_slot_ = INT64_MIN; /* of the quarter of an hour asked for last */
  int hour_ = 0;
};

/* The hours of the day that hold most, the fullest first; those with less than a tenth of all are
 * left out. At most `most`. */
[[nodiscard]] std::vector<int> peak_hours (const std::array<uint32_t, 24> &hours, size_t most);

} // namespace camwarden
