// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framestore/storepath.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>

namespace camwarden
{

namespace
{

constexpr std::string_view part_suffix = ".part";
constexpr std::string_view bad_suffix = ".bad";
constexpr int64_t minutes_per_day = 24 * 60;

struct Civil
{
  int year;
  unsigned month, day, hour, minute;
};

Civil
civil_from_minute (int64_t minute)
{
  using namespace std::chrono;
  const year_month_day date{ sys_days{ days{ minute / minutes_per_day } } };
  const auto of_day = static_cast<unsigned> (minute % minutes_per_day);
  return { static_cast<int> (date.year ()), static_cast<unsigned> (date.month ()),
           static_cast<unsigned> (date.day ()), of_day / 60, of_day % 60 };
}

bool
is_digit (char c)
{
  return c >= '0' && c <= '9';
}

/* A number of at least `digits` digits, without more leading zeros than they need. */
std::optional<uint32_t>
parse_sequence (std::string_view text, size_t digits)
{
  uint32_t value = 0;
  const auto [end, error] = std::from_chars (text.data (), text.data () + text.size (), value);
  const bool whole = error == std::errc{} && end == text.data () + text.size ();
  if (!whole || text.size () < digits || (text.size () > digits && text.front () == '0'))
    return std::nullopt;
  return value;
}

std::optional<uint32_t>
parse_run (std::string_view text)
{
  uint32_t value = 0;
  for (const char c : text) {
    if (!is_digit (c) && (c < 'a' || c > 'f'))
      return std::nullopt;
    value = value * 16 + static_cast<uint32_t> (is_digit (c) ? c - '0' : c - 'a' + 10);
  }
  return value;
}

/* "YYYYMMDDTHHMMSS.uuuuuuZ" */
std::optional<int64_t>
parse_time (std::string_view text)
{
  if (text.size () != 23 || text[8] != 'T' || text[15] != '.' || text[22] != 'Z')
    return std::nullopt;
  const auto year = parse_digits (text.substr (0, 4), 4);
  const auto month = parse_digits (text.substr (4, 2), 2);
  const auto day = parse_digits (text.substr (6, 2), 2);
  const auto hour = parse_digits (text.substr (9, 2), 2);
  const auto minute = parse_digits (text.substr (11, 2), 2);
  const auto second = parse_digits (text.substr (13, 2), 2);
  const auto fraction = parse_digits (text.substr (16, 6), 6);
  if (!year || !month || !day || !hour || !minute || !second || !fraction || *second > 59)
    return std::nullopt;
  const auto since = minute_from_parts (*year, *month, *day, *hour, *minute);
  if (!since)
    return std::nullopt;
  return *since * minute_us + *second * int64_t{ 1'000'000 } + *fraction;
}

} // namespace

bool
is_stored_camera (std::string_view id)
{
  if (id.empty () || id.size () > 32)
    return false;
  return std::all_of (id.begin (), id.end (),
                      [] (char c) { return is_digit (c) || (c >= 'a' && c <= 'z') || c == '-'; });
}

int64_t
minute_of (int64_t time_us)
{
  return std::clamp<int64_t> (time_us, 0, last_time_us) / minute_us;
}

std::string
minute_folder (int64_t minute)
{
  const Civil c = civil_from_minute (minute);
  char text[64];
  snprintf (text, sizeof text, "%04d/%02u/%02u/%02u/%02u", c.year, c.month, c.day, c.hour,
            c.minute);
  return text;
}

std::optional<int64_t>
minute_from_parts (int year, int month, int day, int hour, int minute)
{
  using namespace std::chrono;
  const year_month_day date{ std::chrono::year{ year },
                             std::chrono::month{ static_cast<unsigned> (month) },
                             std::chrono::day{ static_cast<unsigned> (day) } };
  const bool clock = hour >= 0 && hour < 24 && minute >= 0 && minute < 60;
  if (year < 1970 || year > 9999 || !date.ok () || !clock)
    return std::nullopt;
  const int64_t days = sys_days{ date }.time_since_epoch ().count ();
  return days * minutes_per_day + hour * 60 + minute;
}

std::optional<int>
parse_digits (std::string_view text, size_t digits)
{
  if (text.size () != digits || !std::all_of (text.begin (), text.end (), is_digit))
    return std::nullopt;
  int value = 0;
  for (const char c : text)
    value = value * 10 + (c - '0');
  return value;
}

std::string
file_name (std::string_view camera, const FrameName &name)
{
  const int64_t time = std::clamp<int64_t> (name.time_us, 0, last_time_us);
  const Civil c = civil_from_minute (time / minute_us);
  const auto in_minute = static_cast<unsigned> (time % minute_us);
  char text[128];
  snprintf (text, sizeof text, "%.*s_%04d%02u%02uT%02u%02u%02u.%06uZ_%08x_%08u.jpg",
            static_cast<int> (std::min<size_t> (camera.size (), 32)), camera.data (), c.year,
            c.month, c.day, c.hour, c.minute, in_minute / 1'000'000, in_minute % 1'000'000,
            name.run, name.seq);
  return text;
}

std::optional<FrameName>
parse_file_name (std::string_view text, std::string_view camera)
{
  constexpr std::string_view suffix = ".jpg";
  if (!text.starts_with (camera) || !text.ends_with (suffix)
      || text.size () < camera.size () + suffix.size ())
    return std::nullopt;
  text.remove_prefix (camera.size ());
  text.remove_suffix (suffix.size ());
  /* _TIME_RUN_SEQ with 23, 8 and 8 to 10 characters */
  if (text.size () < 42 || text[0] != '_' || text[24] != '_' || text[33] != '_')
    return std::nullopt;
  const auto time = parse_time (text.substr (1, 23));
  const auto run = parse_run (text.substr (25, 8));
  const auto seq = parse_sequence (text.substr (34), 8);
  if (!time || !run || !seq)
    return std::nullopt;
  return FrameName{ *time, *run, *seq };
}

std::string
part_name (std::string_view file_name)
{
  return std::string (".").append (file_name).append (part_suffix);
}

std::string
bad_name (std::string_view file_name)
{
  return std::string (".").append (file_name).append (bad_suffix);
}

std::optional<HiddenFile>
parse_hidden_name (std::string_view text, std::string_view camera)
{
  if (!text.starts_with ('.'))
    return std::nullopt;
  const bool part = text.ends_with (part_suffix);
  if (!part && !text.ends_with (bad_suffix))
    return std::nullopt;
  text.remove_prefix (1);
  text.remove_suffix (std::min (text.size (), part ? part_suffix.size () : bad_suffix.size ()));
  const auto name = parse_file_name (text, camera);
  if (!name)
    return std::nullopt;
  return HiddenFile{ part ? HiddenKind::part : HiddenKind::bad, *name };
}

} // namespace camwarden
