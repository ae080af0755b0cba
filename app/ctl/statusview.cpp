// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/statusview.h"

#include "config/i18n.h"
#include "ctl/daemonwords.h"
#include "gobject/ref.h"

#include <algorithm>

namespace camwarden
{

static constexpr unsigned mark_columns = 2;

/* What stands before the texts of all parts, and a blank. */
static unsigned
label_columns ()
{
  return widest ({ _ ("daemon"), _ ("redis"), _ ("machine"), _ ("runs"), _ ("saves") }) + 1;
}

Tone
tone_of (const std::string &level)
{
  if (level == "healthy")
    return Tone::Good;
  if (level == "warning")
    return Tone::Warning;
  return level == "off" ? Tone::Faint : Tone::Bad;
}

std::string
format_span (double seconds)
{
  if (!(seconds >= 0))
    seconds = 0;
  if (seconds < 0.9995)
    return take_string (g_strdup_printf (_ ("%.0f ms"), seconds * 1000));
  if (seconds < 120)
    return take_string (g_strdup_printf (_ ("%.0f s"), seconds));
  if (seconds < 99.5 * 60)
    return take_string (g_strdup_printf (_ ("%.0f min"), seconds / 60));
  if (seconds < 48 * 3600)
    return take_string (g_strdup_printf (_ ("%.0f h"), seconds / 3600));
  return take_string (g_strdup_printf (_ ("%.0f d"), std::min (seconds / 86400, 99999.0)));
}

static size_t
count_issues (const StatusFacts &facts, const char *level)
{
  return static_cast<size_t> (std::count_if (facts.issues.begin (), facts.issues.end (),
                                             [&] (auto &issue) { return issue.level == level; }));
}

std::string
plain_sentence (const StatusFacts &facts)
{
  if (!facts.ready)
    return facts.not_ready.empty ()
               ? std::string (_ ("Camwarden is starting."))
               : take_string (g_strdup_printf (_ ("Camwarden is not ready: %s."),
                                               translated (facts.not_ready).c_str ()));
  if (facts.overall == "healthy") {
    const size_t number = facts.cameras.size ();
    return take_string (
        g_strdup_printf (ngettext ("Camwarden is healthy, with %d camera.",
                                   "Camwarden is healthy, with %d cameras.", number),
                         static_cast<int> (number)));
  }
  if (facts.overall == "warning") {
    const size_t number = count_issues (facts, "warning");
    return take_string (g_strdup_printf (ngettext ("Camwarden works, with %d warning.",
                                                   "Camwarden works, with %d warnings.", number),
                                         static_cast<int> (number)));
  }
  if (facts.overall == "critical") {
    const size_t number = count_issues (facts, "critical");
    return take_string (
        g_strdup_printf (ngettext ("Camwarden is in trouble: %d critical problem.",
                                   "Camwarden is in trouble: %d critical problems.", number),
                         static_cast<int> (number)));
  }
  return _ ("Camwarden does not say how it is.");
}

/* "  label   text" */
std::string
format_part (const Terminal &terminal, Tone tone, const std::string &label, const std::string &text)
{
  const unsigned column = mark_columns + label_columns ();
  return terminal.paint (tone, terminal.mark (tone)) + " " + pad (label, label_columns ())
         + wrap (text, terminal.columns - column, 0, std::string (column, ' ')) + "\n";
}

static std::string
daemon_line (const StatusFacts &facts, const Terminal &terminal)
{
  std::string text = facts.version;
  if (!facts.hostname.empty ())
    text += take_string (g_strdup_printf (_ (" on %s"), facts.hostname.c_str ()));
  if (facts.uptime)
    text += take_string (g_strdup_printf (_ (", up %s"), format_span (*facts.uptime).c_str ()));
  return format_part (terminal, facts.ready ? Tone::Good : Tone::Warning, _ ("daemon"), text);
}

static std::string
redis_line (const StatusFacts &facts, const Terminal &terminal)
{
  std::string text = facts.redis_uri;
  if (facts.redis_embedded)
    text += _ (", private");
  if (!facts.redis_server.empty ())
    text += ", " + facts.redis_server;
  if (!facts.redis_connected)
    text = std::string (_ ("not connected: ")) + text;
  else if (facts.redis_ms)
    text += take_string (g_strdup_printf (_ (", answers in %.1f ms"), *facts.redis_ms));
  return format_part (terminal, facts.redis_connected ? Tone::Good : Tone::Bad, _ ("redis"), text);
}

static std::string
camera_line (const CameraLine &camera, unsigned id_columns, const Terminal &terminal)
{
  const Tone tone = tone_of (camera.level);
  std::string rate = "-", age = _ ("no frame");
  if (camera.fps)
    rate = take_string (g_strdup_printf (_ ("%.1f fps"), std::clamp (*camera.fps, 0.0, 9999.0)));
  if (camera.age)
    age = take_string (g_strdup_printf (_ ("%s ago"), format_span (*camera.age).c_str ()));
  return terminal.paint (tone, terminal.mark (tone)) + " " + pad (camera.id, id_columns) + "  "
         + terminal.paint (tone, pad (state_word (camera.state), 10)) + "  " + pad (rate, 10) + "  "
         + pad (age, 10) + "  " + clip (verdict_word (camera.verdict), verdict_columns) + "\n";
}

std::string
format_issue (const IssueLine &issue, const Terminal &terminal)
{
  const Tone tone = tone_of (issue.level);
  return terminal.paint (tone, terminal.mark (tone)) + " "
         + wrap (translated (issue.text), terminal.columns - mark_columns, mark_columns) + "\n";
}

std::string
format_sentence (const StatusFacts &facts, const Terminal &terminal)
{
  const Tone tone = facts.ready ? tone_of (facts.overall) : Tone::Warning;
  return terminal.paint (tone, wrap (plain_sentence (facts), terminal.columns, 0)) + "\n";
}

std::string
format_cameras (const std::vector<CameraLine> &cameras, const Terminal &terminal)
{
  std::string text;
  unsigned id_columns = label_columns () - 2;
  for (const auto &camera : cameras)
    id_columns = std::max (id_columns, std::min (text_width (camera.id), 32u));
  for (const auto &camera : cameras)
    text += camera_line (camera, id_columns, terminal);
  return text;
}

std::string
format_parts (const StatusFacts &facts, const Terminal &terminal)
{
  return daemon_line (facts, terminal) + redis_line (facts, terminal)
         + format_cameras (facts.cameras, terminal);
}

std::string
format_status (const StatusFacts &facts, const Terminal &terminal)
{
  std::string text = format_sentence (facts, terminal) + "\n" + format_parts (facts, terminal);
  if (!facts.issues.empty ())
    text += "\n";
  for (const auto &issue : facts.issues)
    text += format_issue (issue, terminal);
  return to_terminal (text, terminal.utf8);
}

} // namespace camwarden
