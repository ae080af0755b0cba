// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/archivenames.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>

namespace camwarden
{

namespace
{

constexpr size_t longest_name = 1024, longest_part = 255, deepest = 32;
constexpr std::array<std::string_view, 5> trees{ "config", "state", "history", "frames",
                                                 "manifest" };
constexpr std::string_view prefix = "camwarden-", suffix = ".tar.zst";
constexpr size_t stamp_size = 16; /* 20260131T120000Z */

bool
is_digit (char c)
{
  return c >= '0' && c <= '9';
}

bool
is_lower_hex (char c)
{
  return is_digit (c) || (c >= 'a' && c <= 'f');
}

bool
is_control (char c)
{
  return static_cast<unsigned char> (c) < 0x20 || c == 0x7f;
}

/* For translators; who shows the text translates it. */
constexpr const char *
N_ (const char *text)
{
  return text;
}

std::string
part_problem (std::string_view part)
{
  if (part.empty ())
    return N_ ("an empty part in a name");
  if (part == "." || part == "..")
    return N_ ("a name with \"..\" or \".\" in it");
  return part.size () > longest_part ? N_ ("a name that is too long") : "";
}

} // namespace

std::string
member_problem (std::string_view name)
{
  if (name.empty ())
    return N_ ("a member without a name");
  if (name.front () == '/')
    return N_ ("an absolute path");
  if (name.size () > longest_name)
    return N_ ("a name that is too long");
  if (std::any_of (name.begin (), name.end (), is_control))
    return N_ ("a control character in a name");
  if (name == about_member)
    return {};
  const std::string_view tree = member_tree (name);
  if (std::find (trees.begin (), trees.end (), tree) == trees.end ())
    return N_ ("a member that no backup has");
  size_t depth = 0;
  for (size_t begin = 0; begin != std::string_view::npos; depth++) {
    const size_t end = name.find ('/', begin);
    if (const std::string why = part_problem (name.substr (begin, end - begin)); !why.empty ())
      return why;
    begin = end == std::string_view::npos ? end : end + 1;
  }
  if (depth > deepest)
    return N_ ("folders that are nested too deep");
  if (tree == "manifest" && name != end_member && !is_manifest_part (name))
    return N_ ("a member that no backup has");
  return tree == "history" && name != history_member ? N_ ("a member that no backup has") : "";
}

std::string_view
member_tree (std::string_view name)
{
  const size_t slash = name.find ('/');
  return slash == std::string_view::npos ? std::string_view () : name.substr (0, slash);
}

std::string
manifest_name (unsigned part)
{
  char text[48];
  snprintf (text, sizeof text, "manifest/%06u.sha256", part);
  return text;
}

bool
is_manifest_part (std::string_view name)
{
  constexpr std::string_view begin = "manifest/", end = ".sha256";
  if (!name.starts_with (begin) || !name.ends_with (end)
      || name.size () < begin.size () + end.size () + 6)
    return false;
  const std::string_view number
      = name.substr (begin.size (), name.size () - begin.size () - end.size ());
  return number.size () <= 10 && std::all_of (number.begin (), number.end (), is_digit);
}

std::string
manifest_line (std::string_view digest, std::string_view name)
{
  return std::string (digest).append ("  ").append (name).append ("\n");
}

std::optional<std::vector<ManifestLine>>
parse_manifest (std::string_view text)
{
  constexpr size_t digest_size = 64;
  std::vector<ManifestLine> lines;
  while (!text.empty ()) {
    const size_t end = text.find ('\n');
    if (end == std::string_view::npos || end < digest_size + 3)
      return std::nullopt;
    const std::string_view line = text.substr (0, end), digest = line.substr (0, digest_size);
    if (!std::all_of (digest.begin (), digest.end (), is_lower_hex)
        || line.substr (digest_size, 2) != "  ")
      return std::nullopt;
    lines.push_back ({ digest, line.substr (digest_size + 2) });
    text.remove_prefix (end + 1);
  }
  return lines;
}

std::string
archive_name (std::string_view host, int64_t time)
{
  namespace chrono = std::chrono;
  const chrono::sys_seconds when{ chrono::seconds (time) };
  const auto day = chrono::floor<chrono::days> (when);
  const chrono::year_month_day date (day);
  const chrono::hh_mm_ss clock (when - day);
  char stamp[64];
  snprintf (stamp, sizeof stamp, "%04d%02u%02uT%02d%02d%02dZ", static_cast<int> (date.year ()),
            static_cast<unsigned> (date.month ()), static_cast<unsigned> (date.day ()),
            static_cast<int> (clock.hours ().count ()),
            static_cast<int> (clock.minutes ().count ()),
            static_cast<int> (clock.seconds ().count ()));
  std::string name (prefix);
  for (const char c : host.substr (0, 64))
    name += is_digit (c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ? c : '-';
  return name.append ("-").append (stamp).append (suffix);
}

std::optional<int64_t>
archive_time (std::string_view name)
{
  namespace chrono = std::chrono;
  if (!name.starts_with (prefix) || !name.ends_with (suffix)
      || name.size () < prefix.size () + 1 + stamp_size + suffix.size ())
    return std::nullopt;
  const std::string_view stamp
      = name.substr (name.size () - suffix.size () - stamp_size, stamp_size);
  const auto number = [&stamp] (size_t at, size_t size) {
    int value = 0;
    for (const char c : stamp.substr (at, size))
      value = is_digit (c) && value >= 0 ? value * 10 + c - '0' : -1;
    return value;
  };
  const chrono::year_month_day date{ chrono::year (number (0, 4)),
                                     chrono::month (static_cast<unsigned> (number (4, 2))),
                                     chrono::day (static_cast<unsigned> (number (6, 2))) };
  const int hour = number (9, 2), minute = number (11, 2), second = number (13, 2);
  if (stamp[8] != 'T' || stamp[15] != 'Z' || number (0, 4) < 1970 || !date.ok () || hour < 0
      || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60)
    return std::nullopt;
  const chrono::sys_days day (date);
  return chrono::duration_cast<chrono::seconds> (day.time_since_epoch ()).count () + hour * 3600
         + minute * 60 + second;
}

std::vector<std::string>
expired_archives (const std::vector<std::string> &names, int64_t now, unsigned keep_days)
{
  constexpr int64_t day = 86400;
  std::vector<std::pair<int64_t, std::string>> found;
  for (const std::string &name : names)
    if (const auto time = archive_time (name))
      found.emplace_back (*time, name);
  std::sort (found.begin (), found.end ());
  if (!found.empty ())
    found.pop_back ();
  std::vector<std::string> expired;
  for (const auto &[time, name] : found)
    if (time < now - keep_days * day)
      expired.push_back (name);
  return expired;
}

} // namespace camwarden
