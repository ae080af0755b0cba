// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/logdigest.h"

#include <algorithm>
#include <ctime>
#include <numeric>

namespace camwarden
{

namespace
{

constexpr std::array<std::string_view, log_level_count> level_names{ "error",   "critical",
                                                                     "warning", "message",
                                                                     "info",    "debug" };
constexpr int64_t second = 1000000;
constexpr size_t longest_pattern = 400;
constexpr size_t longest_sample = 400;

bool
is_digit (char c)
{
  return c >= '0' && c <= '9';
}

bool
is_letter (char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

bool
is_hex (char c)
{
  return is_digit (c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool
is_word (char c)
{
  return is_digit (c) || is_letter (c);
}

/* -1: not two digits. */
int
two_digits (std::string_view text, size_t at)
{
  if (!is_digit (text[at]) || !is_digit (text[at + 1]))
    return -1;
  return (text[at] - '0') * 10 + text[at + 1] - '0';
}

} // namespace

std::string_view
log_level_name (LogLevel level)
{
  return level_names[static_cast<size_t> (level)];
}

LogLevel
log_level_of_priority (int priority)
{
  constexpr std::array<LogLevel, 8> levels{ LogLevel::Error, LogLevel::Error,   LogLevel::Error,
                                            LogLevel::Error, LogLevel::Warning, LogLevel::Message,
                                            LogLevel::Info,  LogLevel::Debug };
  return priority >= 0 && priority < 8 ? levels[static_cast<size_t> (priority)] : LogLevel::Message;
}

bool
LogLineParser::read_hour (std::string_view text)
{
  std::tm when{};
  const int century = two_digits (text, 0), year = two_digits (text, 2);
  const int month = two_digits (text, 5), day = two_digits (text, 8), hour = two_digits (text, 11);
  if (std::min ({ century, year, month, day, hour }) < 0 || text[4] != '-' || text[7] != '-'
      || text[10] != ' ' || month < 1 || month > 12 || day < 1 || day > 31 || hour > 23)
    return false;
  when.tm_year = century * 100 + year - 1900;
  when.tm_mon = month - 1;
  when.tm_mday = day;
  when.tm_hour = hour;
  when.tm_isdst = -1;
  hour_start_ = static_cast<int64_t> (std::mktime (&when)) * second;
  known_hour_ = text.substr (0, 13);
  return true;
}

std::optional<LogEntry>
LogLineParser::parse (std::string_view line)
{
  constexpr size_t stamp = 24; /* "2026-01-31 12:00:00.250 " */
  if (line.size () < stamp + 5 || line[13] != ':' || line[16] != ':' || line[19] != '.'
      || line[23] != ' ')
    return std::nullopt;
  const int minute = two_digits (line, 14), seconds = two_digits (line, 17);
  const int millis = two_digits (line, 20);
  if (minute < 0 || seconds < 0 || millis < 0 || !is_digit (line[22]))
    return std::nullopt;
  if (line.substr (0, 13) != known_hour_ && !read_hour (line))
    return std::nullopt;
  const std::string_view rest = line.substr (stamp);
  for (size_t i = 0; i < level_names.size (); i++) {
    const std::string_view name = level_names[i];
    if (!rest.starts_with (name) || rest.substr (name.size (), 2) != ": ")
      continue;
    const int64_t within = (minute * 60 + seconds) * second + (millis * 10 + line[22] - '0') * 1000;
    return LogEntry{ hour_start_ + within, static_cast<LogLevel> (i),
                     rest.substr (name.size () + 2) };
  }
  return std::nullopt;
}

/* How long the number, address or hexadecimal word at `at` is; 0: there is none. */
static size_t
variable_part (std::string_view text, size_t at)
{
  size_t end = at, digits = 0, colons = 0;
  bool hex = true;
  while (end < text.size () && (is_word (text[end]) || text[end] == ':')) {
    digits += is_digit (text[end]);
    colons += text[end] == ':';
    hex = hex && (is_hex (text[end]) || text[end] == ':');
    end++;
  }
  while (end > at && text[end - 1] == ':') {
    end--;
    colons--;
  }
  const size_t size = end - at;
  /* fe80::1, 00:1a:2b:3c, 5f2e90ab, but neither "dead" nor "added". */
  if (hex && digits && (colons >= 2 || (size >= 6 && digits >= 2)))
    return size;
  if (!is_digit (text[at]))
    return 0;
  end = at + 1;
  if (text[at] == '0' && end < text.size () && (text[end] | 0x20) == 'x') {
    while (++end < text.size () && is_hex (text[end])) {
    }
    return end - at;
  }
  /* 12, 12.5, 192.168.1.1:6379, 1280x720, 2026-01-31 */
  const auto joins
      = [] (char c) { return c == '.' || c == ':' || c == 'x' || c == '-' || c == ','; };
  while (end < text.size ()
         && (is_digit (text[end])
             || (joins (text[end]) && end + 1 < text.size () && is_digit (text[end + 1]))))
    end++;
  return end - at;
}

std::string_view
mask_line (std::string_view text, std::array<char, 512> &buffer)
{
  text = text.substr (0, longest_pattern);
  size_t out = 0;
  for (size_t i = 0; i < text.size ();) {
    const bool inside = i > 0 && is_letter (text[i - 1]);
    if (!is_word (text[i])) {
      buffer[out++] = text[i++];
      continue;
    }
    size_t length = 0;
    if (is_digit (text[i])) {
      /* Digits between letters belong to a name: v4l2src. */
      size_t end = i;
      while (end < text.size () && is_digit (text[end]))
        end++;
      const bool name = inside && end < text.size () && is_letter (text[end]);
      length = name ? 0 : variable_part (text, i);
    } else if (!inside && is_hex (text[i])) {
      length = variable_part (text, i);
    }
    if (length > 0) {
      buffer[out++] = '#';
      i += length;
      continue;
    }
    const bool digits = is_digit (text[i]);
    do
      buffer[out++] = text[i++];
    while (i < text.size () && (digits ? is_digit (text[i]) : is_letter (text[i])));
  }
  return { buffer.data (), out };
}

bool
names_camera (std::string_view text, std::string_view camera)
{
  constexpr std::string_view word = "camera ";
  const auto belongs = [] (char c) { return is_word (c) || c == '-'; };
  for (size_t at = text.find (word); at != std::string_view::npos; at = text.find (word, at + 1)) {
    const std::string_view rest = text.substr (at + word.size ());
    if (rest.starts_with (camera)
        && (rest.size () == camera.size () || !belongs (rest[camera.size ()])))
      return true;
  }
  return false;
}

LogDigest::LogDigest (LogWish wish, std::function<int (int64_t)> local_hour)
    : wish_ (std::move (wish)), local_hour_ (std::move (local_hour))
{}

LogGroup *
LogDigest::group_of (std::string_view pattern)
{
  const auto found = groups_.find (pattern);
  if (found != groups_.end ())
    return &found->second;
  if (groups_.size () >= most_groups)
    return nullptr;
  LogGroup &group = groups_[std::string (pattern)];
  group.pattern = pattern;
  return &group;
}

void
LogDigest::keep (const LogEntry &entry)
{
  if (wish_.recent == 0)
    return;
  if (recent_.size () == wish_.recent)
    recent_.pop_front ();
  recent_.push_back (
      { entry.time, entry.level, std::string (entry.text.substr (0, longest_sample)) });
}

void
LogDigest::add (const LogEntry &entry)
{
  if (entry.time < wish_.since
      || (!wish_.camera.empty () && !names_camera (entry.text, wish_.camera)))
    return;
  lines_[static_cast<size_t> (entry.level)]++;
  first_ = first_ == 0 ? entry.time : std::min (first_, entry.time);
  last_ = std::max (last_, entry.time);
  if (entry.level > wish_.least)
    return;
  keep (entry);
  std::array<char, 512> buffer;
  LogGroup *group = group_of (mask_line (entry.text, buffer));
  constexpr int64_t quarter = 900 * second;
  if (entry.time / quarter != hour_slot_) {
    hour_slot_ = entry.time / quarter;
    hour_ = std::clamp (local_hour_ (entry.time), 0, 23);
  }
  hours_[static_cast<size_t> (hour_)]++;
  if (!group) {
    ungrouped_++;
    return;
  }
  if (group->count++ == 0) {
    group->level = entry.level;
    group->first = entry.time;
  }
  group->level = std::min (group->level, entry.level);
  group->first = std::min (group->first, entry.time);
  if (entry.time >= group->last) {
    group->last = entry.time;
    group->latest.assign (entry.text.substr (0, longest_sample));
  }
  group->hours[static_cast<size_t> (hour_)]++;
}

std::vector<LogGroup>
LogDigest::groups () const
{
  std::vector<LogGroup> all;
  for (const auto &[pattern, group] : groups_)
    all.push_back (group);
  std::sort (all.begin (), all.end (), [] (const LogGroup &a, const LogGroup &b) {
    if (a.count != b.count)
      return a.count > b.count;
    return a.level != b.level ? a.level < b.level : a.pattern < b.pattern;
  });
  return all;
}

uint64_t
LogDigest::total () const
{
  return std::accumulate (lines_.begin (), lines_.end (), uint64_t{ 0 });
}

std::vector<int>
peak_hours (const std::array<uint32_t, 24> &hours, size_t most)
{
  const uint64_t all = std::accumulate (hours.begin (), hours.end (), uint64_t{ 0 });
  std::vector<int> order (24);
  std::iota (order.begin (), order.end (), 0);
  std::stable_sort (order.begin (), order.end (), [&hours] (int a, int b) {
    return hours[static_cast<size_t> (a)] > hours[static_cast<size_t> (b)];
  });
  std::vector<int> peaks;
  for (const int hour : order)
    if (hours[static_cast<size_t> (hour)] * uint64_t{ 10 } >= all && all > 0
        && peaks.size () < most)
      peaks.push_back (hour);
  return peaks;
}

} // namespace camwarden
