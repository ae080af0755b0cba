// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/queryreader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstring>

namespace camwarden
{

static constexpr double last_second = 253402300799; /* 9999-12-31 23:59:59 */

static std::optional<double>
parse_number (const std::string &text)
{
  double number = 0;
  const char *end = text.data () + text.size ();
  const auto [stop, problem] = std::from_chars (text.data (), end, number);
  if (stop != end || problem != std::errc () || !std::isfinite (number))
    return std::nullopt;
  return number;
}

std::optional<int64_t>
parse_time (const std::string &text)
{
  if (const auto seconds = parse_number (text)) {
    if (*seconds < 0 || *seconds > last_second)
      return std::nullopt;
    return static_cast<int64_t> (std::llround (*seconds * 1e6));
  }
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text.c_str (), utc);
  if (!time)
    return std::nullopt;
  return g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time);
}

void
QueryReader::refuse (const std::string &why)
{
  if (std::exchange (good_, false))
    exchange_.reply_problem (400, why);
}

int64_t
QueryReader::integer (const char *name, int64_t fallback, int64_t least, int64_t most)
{
  const auto text = exchange_.query (name);
  if (!text)
    return fallback;
  int64_t number = 0;
  const char *end = text->data () + text->size ();
  const auto [stop, problem] = std::from_chars (text->data (), end, number);
  if (stop == end && problem == std::errc () && number >= least && number <= most)
    return number;
  refuse (std::string (name) + " is a whole number from " + std::to_string (least) + " to "
          + std::to_string (most) + ".");
  return fallback;
}

double
QueryReader::number (const char *name, double fallback, double least, double most)
{
  const auto text = exchange_.query (name);
  if (!text)
    return fallback;
  const auto number = parse_number (*text);
  if (number && *number >= least && *number <= most)
    return *number;
  g_autofree char *range = g_strdup_printf ("%s is a number from %g to %g.", name, least, most);
  refuse (range);
  return fallback;
}

std::optional<bool>
QueryReader::flag (const char *name)
{
  const auto text = exchange_.query (name);
  if (!text)
    return std::nullopt;
  if (*text == "1" || *text == "true")
    return true;
  if (*text == "0" || *text == "false")
    return false;
  refuse (std::string (name) + " is 0 or 1.");
  return std::nullopt;
}

int64_t
QueryReader::time (const char *name, int64_t fallback)
{
  const auto text = exchange_.query (name);
  if (!text)
    return fallback;
  if (const auto time = parse_time (*text))
    return *time;
  refuse (std::string (name)
          + " is a time: seconds since 1970, or ISO 8601 such as 2026-05-04T03:02:01Z.");
  return fallback;
}

std::string
QueryReader::text (const char *name, size_t longest)
{
  const std::string text = exchange_.query (name).value_or ("");
  if (text.size () > longest)
    refuse (std::string (name) + " has at most " + std::to_string (longest) + " bytes.");
  return text;
}

std::string
QueryReader::word (const char *name, const char *fallback,
                   std::initializer_list<const char *> words)
{
  const std::string text = exchange_.query (name).value_or (fallback);
  if (std::any_of (words.begin (), words.end (), [&] (const char *word) { return text == word; }))
    return text;
  std::string all;
  for (const char *word : words)
    all += (all.empty () ? "" : ", ") + std::string (word);
  refuse (std::string (name) + " is one of " + all + ".");
  return fallback;
}

std::vector<std::string>
QueryReader::list (const char *name, size_t most)
{
  std::vector<std::string> found;
  g_auto (GStrv) parts = g_strsplit (text (name, 2048).c_str (), ",", -1);
  for (char **part = parts; *part; part++)
    if (**part)
      found.emplace_back (*part);
  if (found.size () > most)
    refuse (std::string (name) + " has at most " + std::to_string (most) + " names.");
  return found;
}

} // namespace camwarden
