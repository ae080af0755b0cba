// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/logview.h"

#include "config/i18n.h"
#include "ctl/jsonwriter.h"
#include "ctl/logadvice.h"
#include "ctl/textformat.h"

#include <algorithm>

namespace camwarden
{

namespace
{

constexpr size_t most_peaks = 3;
constexpr unsigned indent = 4;

Tone
tone_of (LogLevel level)
{
  if (level <= LogLevel::Critical)
    return Tone::Bad;
  return level == LogLevel::Warning ? Tone::Warning : Tone::Plain;
}

uint64_t
errors (const LogDigest &digest)
{
  return digest.lines (LogLevel::Error) + digest.lines (LogLevel::Critical);
}

std::string
summary (const LogDigest &digest, const Terminal &terminal)
{
  if (digest.total () == 0)
    return std::string (_ ("No lines of Camwarden's in that time.")) + "\n";
  const unsigned long lines = digest.total (), bad = errors (digest);
  const unsigned long warnings = digest.lines (LogLevel::Warning);
  const std::string text = text_of (ngettext ("%lu line", "%lu lines", lines), lines) + ", "
                           + text_of (ngettext ("%lu error", "%lu errors", bad), bad) + ", "
                           + text_of (ngettext ("%lu warning", "%lu warnings", warnings), warnings);
  return wrap (text, terminal.columns, 0) + "\n"
         + wrap (text_of (_ ("from %s to %s"), format_time (digest.first ()).c_str (),
                          format_time (digest.last ()).c_str ()),
                 terminal.columns, 0)
         + "\n";
}

std::string
hours_text (const std::array<uint32_t, 24> &hours)
{
  std::string text;
  for (const int hour : peak_hours (hours, most_peaks))
    text += text_of ("%s%02d:00", text.empty () ? "" : ", ", hour);
  return text;
}

std::string
span_of (const LogGroup &group)
{
  if (group.count == 1)
    return format_time (group.last);
  const std::string span = text_of (_ ("%s to %s"), format_time (group.first).c_str (),
                                    format_time (group.last).c_str ());
  const std::string peaks = hours_text (group.hours);
  return peaks.empty () ? span : span + text_of (_ ("; most at %s"), peaks.c_str ());
}

/* A block of lines behind the same indentation. */
std::string
block (const std::string &text, const Terminal &terminal)
{
  const std::string blanks (indent, ' ');
  std::string lines = wrap (text, terminal.columns - indent, 0), out = blanks;
  for (const char c : lines)
    out += c == '\n' ? "\n" + blanks : std::string (1, c);
  return out + "\n";
}

std::string
group_text (const LogGroup &group, const Terminal &terminal)
{
  const Tone tone = tone_of (group.level);
  const std::string head = text_of ("%lux ", static_cast<unsigned long> (group.count));
  const std::string shown = group.count == 1 ? group.latest : group.pattern;
  std::string text = terminal.paint (tone, terminal.mark (tone)) + " "
                     + wrap (head + shown, terminal.columns - 2, indent - 2) + "\n";
  text += terminal.paint (Tone::Faint, block (span_of (group), terminal));
  if (const char *advice = advice_for_line (group.latest))
    text += block ("-> " + std::string (_ (advice)), terminal);
  return text;
}

void
write_hours (JsonWriter &json, const std::array<uint32_t, 24> &hours)
{
  json.begin_array ();
  for (const uint32_t count : hours)
    json.integer (count);
  json.end_array ();
}

void
write_group (JsonWriter &json, const LogGroup &group)
{
  json.begin_object ();
  json.name ("pattern").text (group.pattern);
  json.name ("level").text (log_level_name (group.level));
  json.name ("count").integer (group.count);
  json.name ("first").text (iso_time (group.first));
  json.name ("last").text (iso_time (group.last));
  json.name ("latest").text (group.latest);
  json.name ("hours");
  write_hours (json, group.hours);
  const char *advice = advice_for_line (group.latest);
  json.name ("suggestion");
  if (advice)
    json.text (_ (advice));
  else
    json.null ();
  json.end_object ();
}

void
write_line (JsonWriter &json, const RecentLine &line)
{
  json.name ("time").text (iso_time (line.time));
  json.name ("level").text (log_level_name (line.level));
  json.name ("text").text (line.text);
}

} // namespace

std::string
format_entry (const RecentLine &line, const Terminal &terminal)
{
  const std::string clean = clip (line.text, 4096);
  return format_time (line.time) + " "
         + terminal.paint (tone_of (line.level),
                           std::string (log_level_name (line.level)) + ": " + clean)
         + "\n";
}

std::string
entry_json (const RecentLine &line)
{
  JsonWriter json;
  write_line (json, line);
  std::string text = json.finish ();
  /* One object a line: a text's own line ends are escaped. */
  std::string flat;
  bool start = true;
  for (const char c : text) {
    if (c == '\n' || (start && c == ' ')) {
      start = true;
      continue;
    }
    start = false;
    flat += c;
  }
  return flat + "\n";
}

std::string
format_digest (const LogDigest &digest, const Terminal &terminal, size_t most)
{
  std::string text = summary (digest, terminal);
  if (const std::string peaks = hours_text (digest.hours ()); !peaks.empty ())
    text += wrap (text_of (_ ("most errors and warnings at %s"), peaks.c_str ()), terminal.columns,
                  0)
            + "\n";
  const auto groups = digest.groups ();
  if (!groups.empty ())
    text += "\n";
  for (size_t i = 0; i < groups.size () && i < most; i++)
    text += group_text (groups[i], terminal);
  if (groups.size () > most)
    text += text_of (_ ("... and %zu more kinds; --limit shows more\n"), groups.size () - most);
  if (!digest.recent ().empty ())
    text += "\n" + std::string (_ ("The newest ones:")) + "\n";
  for (const RecentLine &line : digest.recent ())
    text += format_entry (line, terminal);
  return text;
}

std::string
digest_json (const LogDigest &digest, const std::string &source, size_t most)
{
  JsonWriter json;
  json.name ("source").text (source);
  json.name ("lines").integer (digest.total ());
  json.name ("levels").begin_object ();
  for (size_t i = 0; i < log_level_count; i++)
    json.name (log_level_name (static_cast<LogLevel> (i)).data ())
        .integer (digest.lines (static_cast<LogLevel> (i)));
  json.end_object ();
  json.name ("first");
  digest.total () ? json.text (iso_time (digest.first ())) : json.null ();
  json.name ("last");
  digest.total () ? json.text (iso_time (digest.last ())) : json.null ();
  json.name ("hours");
  write_hours (json, digest.hours ());
  json.name ("peak_hours").begin_array ();
  for (const int hour : peak_hours (digest.hours (), most_peaks))
    json.integer (static_cast<uint64_t> (hour));
  json.end_array ();
  const auto groups = digest.groups ();
  json.name ("groups").begin_array ();
  for (size_t i = 0; i < groups.size () && i < most; i++)
    write_group (json, groups[i]);
  json.end_array ();
  json.name ("ungrouped").integer (digest.ungrouped ());
  json.name ("recent").begin_array ();
  for (const RecentLine &line : digest.recent ()) {
    json.begin_object ();
    write_line (json, line);
    json.end_object ();
  }
  json.end_array ();
  return json.finish ();
}

} // namespace camwarden
