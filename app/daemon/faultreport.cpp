// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/faultreport.h"

#include "daemon/jsonfields.h"

#include <algorithm>
#include <span>

namespace camwarden
{

namespace
{

constexpr std::string_view cut_mark = "…";

/* What each may take as JSON, in bytes. Together with the keys and marks it is REPORT_BYTES. */
constexpr size_t SHORT_BYTES = 64;
constexpr size_t CODE_BYTES = 128;
constexpr size_t PATH_BYTES = 512;
constexpr size_t LINE_BYTES = 512;
constexpr size_t WORKER_BYTES = 2560;
constexpr size_t KERNEL_BYTES = 1792;
constexpr size_t QUOTES = 3; /* and the comma */

std::string
valid_utf8 (std::string_view text)
{
  return take_string (g_utf8_make_valid (text.data (), static_cast<gssize> (text.size ())));
}

/* As JSON: "\n", "\u0001". */
size_t
json_size (unsigned char c)
{
  if (c == '"' || c == '\\')
    return 2;
  return c < 0x20 || c == 0x7f ? 6 : 1;
}

size_t
json_size (std::string_view text)
{
  size_t size = 0;
  for (const char c : text)
    size += json_size (static_cast<unsigned char> (c));
  return size;
}

/* The beginning of a text that takes so many bytes as JSON, whole characters only. */
std::string
fitting (std::string_view text, size_t bytes)
{
  std::string valid = valid_utf8 (text);
  if (json_size (valid) <= bytes)
    return valid;
  size_t size = cut_mark.size ();
  size_t keep = 0;
  for (const char *c = valid.c_str (); *c; c = g_utf8_next_char (c)) {
    const std::string_view character (c, static_cast<size_t> (g_utf8_next_char (c) - c));
    size += json_size (character);
    if (size > bytes)
      break;
    keep += character.size ();
  }
  valid.resize (keep);
  return valid.append (cut_mark);
}

/* The last lines that fit. */
std::vector<std::string>
fitting_lines (const std::vector<std::string> &lines, size_t bytes)
{
  std::vector<std::string> kept;
  for (size_t i = lines.size (); i-- > 0 && kept.size () < REPORT_LINES;) {
    std::string line = fitting (lines[i], LINE_BYTES);
    const size_t size = json_size (line) + QUOTES;
    if (size > bytes)
      break;
    bytes -= size;
    kept.push_back (std::move (line));
  }
  std::reverse (kept.begin (), kept.end ());
  return kept;
}

/* What every report begins with. */
void
begin (JsonFields &fields, const std::string &camera, int64_t wall, std::string_view event,
       const std::string &incident)
{
  fields.number ("v", 1)
      .text ("cam", fitting (camera, SHORT_BYTES))
      .number ("ts", wall)
      .text ("event", event)
      .text ("incident", fitting (incident, SHORT_BYTES));
}

} // namespace

std::string
fault_json (const FaultReport &report)
{
  const Fault &fault = report.fault;
  JsonFields fields;
  begin (fields, report.camera, report.wall, "fault", report.incident);
  fields.text ("class", fault_class_name (fault.fault_class))
      .text ("tier", tier_name (fault.first))
      .text ("part", fitting (fault.part, SHORT_BYTES))
      .text ("code", fitting (fault.code, CODE_BYTES))
      .text ("evidence", fitting (fault.evidence, EVIDENCE_BYTES))
      .texts ("stderr", fitting_lines (report.worker_lines, WORKER_BYTES))
      .texts ("kernel", fitting_lines (report.kernel_lines, KERNEL_BYTES));
  if (report.temperature)
    fields.real ("temperature", *report.temperature);
  else
    fields.null ("temperature");
  if (report.throttled)
    fields.flag ("throttled", *report.throttled);
  else
    fields.null ("throttled");
  return fields.text ("path", fitting (report.path, PATH_BYTES)).finish ();
}

std::string_view
cure_event_name (CureReport::Event event)
{
  switch (event) {
  case CureReport::Event::Cure:
    break;
  case CureReport::Event::Cured:
    return "cured";
  case CureReport::Event::GivenUp:
    return "given-up";
  }
  return "cure";
}

std::string
evidence_json (const std::string &camera, const std::string &incident, int64_t wall,
               const std::string &path)
{
  JsonFields fields;
  begin (fields, camera, wall, "evidence", incident);
  return fields.text ("path", fitting (path, PATH_BYTES)).finish ();
}

std::string
cure_json (const CureReport &report)
{
  JsonFields fields;
  begin (fields, report.camera, report.wall, cure_event_name (report.event), report.incident);
  fields.text ("tier", tier_name (report.tier))
      .number ("attempts", report.attempts)
      .number ("took", report.took);
  return fields.finish ();
}

} // namespace camwarden
