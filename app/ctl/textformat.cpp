// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/textformat.h"

#include "gobject/ref.h"

#include <array>
#include <cstdarg>

namespace camwarden
{

std::string
text_of (const char *format, ...)
{
  va_list arguments;
  va_start (arguments, format);
  char *text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  return take_string (text);
}

std::string
format_bytes (double bytes)
{
  constexpr std::array<const char *, 6> units{ "B", "KB", "MB", "GB", "TB", "PB" };
  size_t unit = 0;
  while (bytes >= 999.5 && unit + 1 < units.size ()) {
    bytes /= 1000;
    unit++;
  }
  const int digits = unit == 0 || bytes >= 99.95 ? 0 : bytes >= 9.995 ? 1 : 2;
  return text_of ("%.*f %s", digits, bytes, units[unit]);
}

static std::string
format_date (GDateTime *time, const char *form)
{
  return time ? take_string (g_date_time_format (time, form)) : std::string ("-");
}

std::string
format_time (int64_t time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (time / G_USEC_PER_SEC);
  return format_date (date, "%Y-%m-%d %H:%M:%S");
}

std::string
iso_time (int64_t time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_utc (time / G_USEC_PER_SEC);
  return format_date (date, "%Y-%m-%dT%H:%M:%SZ");
}

int
local_hour (int64_t time)
{
  g_autoptr (GDateTime) date = g_date_time_new_from_unix_local (time / G_USEC_PER_SEC);
  return date ? g_date_time_get_hour (date) : 0;
}

} // namespace camwarden
