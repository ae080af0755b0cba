// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/logring.h"

#include <algorithm>

namespace camwarden
{

static constexpr std::array<std::string_view, 4> level_names{ "error", "warning", "info", "debug" };
static constexpr std::array<std::string_view, 4> topic_names{ "all", "errors", "camera", "redis" };
static constexpr int64_t minute = 60'000'000;

std::string_view
log_level_name (LogLevel level)
{
  return level_names[static_cast<size_t> (level)];
}

LogLevel
parse_log_level (std::string_view name)
{
  const auto *found = std::find (level_names.begin (), level_names.end (), name);
  return found == level_names.end () ? LogLevel::Debug
                                     : static_cast<LogLevel> (found - level_names.begin ());
}

LogFilter::Topic
parse_log_topic (std::string_view name)
{
  const auto *found = std::find (topic_names.begin (), topic_names.end (), name);
  return found == topic_names.end () ? LogFilter::Topic::All
                                     : static_cast<LogFilter::Topic> (found - topic_names.begin ());
}

static char
lower (char c)
{
  return c >= 'A' && c <= 'Z' ? static_cast<char> (c - 'A' + 'a') : c;
}

static bool
holds (std::string_view text, std::string_view part)
{
  return std::search (text.begin (), text.end (), part.begin (), part.end (),
                      [] (char left, char right) { return lower (left) == lower (right); })
         != text.end ();
}

static bool
is_about_redis (const LogRecord &record)
{
  return holds (record.text, "redis");
}

bool
LogFilter::matches (const LogRecord &record) const
{
  if (record.level > least || record.time < since)
    return false;
  if (topic == Topic::Errors && record.level > LogLevel::Warning)
    return false;
  if (topic == Topic::Camera && record.camera.empty ())
    return false;
  if (topic == Topic::Redis && !is_about_redis (record))
    return false;
  return (camera.empty () || camera == record.camera)
         && (contains.empty () || holds (record.text, contains));
}

std::string
camera_of_line (std::string_view text)
{
  constexpr std::string_view word = "camera ";
  if (!text.starts_with (word))
    return {};
  text.remove_prefix (word.size ());
  const size_t end = text.find_first_not_of ("abcdefghijklmnopqrstuvwxyz0123456789-");
  if (end == 0 || end > 32 || end == std::string_view::npos || text[end] != ':')
    return {};
  return std::string (text.substr (0, end));
}

/* Not in the middle of a character of UTF-8. */
static void
cut (std::string &text)
{
  if (text.size () <= LogRing::longest_line)
    return;
  size_t end = LogRing::longest_line;
  while (end > 0 && (static_cast<unsigned char> (text[end]) & 0xC0) == 0x80)
    end--;
  text.resize (end);
  text += "…";
}

void
LogRing::add (LogRecord record)
{
  cut (record.text);
  record.number = ++last_;
  count (record);
  lines_.push_back (std::move (record));
  if (lines_.size () > most_lines)
    lines_.pop_front ();
}

void
LogRing::count (const LogRecord &record)
{
  if (record.level > LogLevel::Warning || record.time < 0)
    return;
  const int64_t now = record.time / minute;
  Minute &slot = minutes_[static_cast<size_t> (now) % minutes_.size ()];
  if (slot.minute != now)
    slot = { now, {} };
  (record.level == LogLevel::Error ? slot.counts.errors : slot.counts.warnings)++;
  slot.counts.camera += !record.camera.empty ();
  slot.counts.redis += is_about_redis (record);
}

LogRing::Counts
LogRing::last_hour (int64_t now) const
{
  Counts sum;
  const int64_t last = now / minute;
  for (const Minute &slot : minutes_) {
    if (slot.minute < 0 || slot.minute > last || last - slot.minute >= 60)
      continue;
    sum.errors += slot.counts.errors;
    sum.warnings += slot.counts.warnings;
    sum.camera += slot.counts.camera;
    sum.redis += slot.counts.redis;
  }
  return sum;
}

std::vector<LogRecord>
LogRing::latest (const LogFilter &filter, size_t limit) const
{
  std::vector<LogRecord> found;
  for (auto line = lines_.rbegin (); line != lines_.rend () && found.size () < limit; ++line)
    if (filter.matches (*line))
      found.push_back (*line);
  std::reverse (found.begin (), found.end ());
  return found;
}

std::vector<LogRecord>
LogRing::after (uint64_t number, const LogFilter &filter, size_t limit) const
{
  std::vector<LogRecord> found;
  for (const auto &line : lines_)
    if (line.number > number && found.size () < limit && filter.matches (line))
      found.push_back (line);
  return found;
}

} // namespace camwarden
