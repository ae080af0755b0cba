// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/healthview.h"

#include "config/i18n.h"
#include "config/values.h"
#include "ctl/daemonwords.h"
#include "gobject/ref.h"

#include <algorithm>

namespace camwarden
{

static std::string
percent (double value)
{
  return take_string (g_strdup_printf ("%.0f %%", std::clamp (value, 0.0, 9999.0)));
}

static Tone
worse (Tone tone, const Limit &limit)
{
  if (limit.level == "critical")
    return Tone::Bad;
  return limit.level == "warning" && tone == Tone::Good ? Tone::Warning : tone;
}

static std::string
machine_line (const MachineFacts &machine, const Terminal &terminal)
{
  Tone tone = machine.weak_power ? Tone::Warning : Tone::Good;
  std::vector<std::string> parts;
  const auto add = [&] (const std::string &text, const Limit &limit) {
    parts.push_back (text);
    tone = worse (tone, limit);
  };
  const auto share = [] (const char *label, double value) {
    return std::string (label) + " " + percent (value);
  };
  if (machine.cpu)
    add (share (_ ("cpu"), *machine.cpu), machine.cpu_limit);
  if (machine.memory)
    add (share (_ ("memory"), *machine.memory), machine.memory_limit);
  if (machine.disk)
    add (share (_ ("disk"), *machine.disk), machine.disk_limit);
  if (machine.disk_free)
    parts.back () += take_string (
        g_strdup_printf (_ (" (%.1f GiB free)"), std::clamp (*machine.disk_free, 0.0, 1e6)));
  if (machine.temperature)
    add (take_string (g_strdup_printf (terminal.utf8 ? "%.0f \u00b0C" : "%.0f C",
                                       std::clamp (*machine.temperature, -999.0, 9999.0))),
         machine.temperature_limit);
  if (machine.weak_power)
    parts.emplace_back (_ ("weak power supply"));
  std::string text;
  for (const auto &part : parts)
    text += (text.empty () ? "" : ", ") + part;
  if (text.empty ())
    text = _ ("not known yet");
  return format_part (terminal, tone, _ ("machine"), text);
}

static std::string
process_line (const HealthFacts &facts, const Terminal &terminal)
{
  std::string text;
  for (const auto &name : facts.processes)
    text += (text.empty () ? "" : ", ") + name;
  std::string missing;
  for (const auto &name : facts.missing_processes)
    missing += (missing.empty () ? "" : ", ") + name;
  if (!missing.empty ())
    text = take_string (g_strdup_printf (_ ("not running: %s"), missing.c_str ()))
           + (text.empty () ? "" : "; " + text);
  return format_part (terminal, missing.empty () ? Tone::Good : Tone::Bad, _ ("runs"), text);
}

static std::string
indented (const Terminal &terminal, const char *label, const std::string &text)
{
  if (text.empty ())
    return {};
  constexpr unsigned indent = 4;
  const unsigned column /* where the text begins */
      = indent + std::max (widest ({ _ ("cause"), _ ("done"), _ ("fix") }) + 1, 7u);
  return std::string (indent, ' ') + pad (label, column - indent)
         + wrap (text, terminal.columns - column, 0, std::string (column, ' ')) + "\n";
}

static std::string
trouble_text (const Trouble &trouble, const Terminal &terminal)
{
  return "\n" + format_issue ({ trouble.level, trouble.text, {}, {} }, terminal)
         + indented (terminal, _ ("cause"), translated (trouble.cause))
         + indented (terminal, _ ("done"), trouble.done)
         + indented (terminal, _ ("fix"), trouble.fix);
}

std::string
format_health (const HealthFacts &facts, const Terminal &terminal)
{
  std::string text = format_sentence (facts.status, terminal) + "\n"
                     + format_parts (facts.status, terminal)
                     + machine_line (facts.machine, terminal) + process_line (facts, terminal);
  if (!facts.machine.held_back.empty ())
    text += format_part (terminal, Tone::Warning, _ ("saves"), facts.machine.held_back);
  for (const auto &trouble : facts.troubles)
    text += trouble_text (trouble, terminal);
  return to_terminal (text, terminal.utf8);
}

/* --- Nagios --- */

static std::string
plain_line (const std::string &text)
{
  std::string line = clip (text, 400);
  std::replace (line.begin (), line.end (), '|', '/');
  return line;
}

static void
add_figure (std::string &data, const std::string &label, const std::optional<double> &value,
            int decimals, const char *unit, const Limit &limit = {})
{
  if (!value)
    return;
  data += " " + label + "=" + take_string (g_strdup_printf ("%.*f%s", decimals, *value, unit));
  if (limit.critical > 0)
    data += ";" + format_number (limit.warning) + ";" + format_number (limit.critical);
}

static std::string
performance_data (const HealthFacts &facts)
{
  std::string data;
  for (const auto &camera : facts.status.cameras) {
    if (camera.id.find_first_not_of ("abcdefghijklmnopqrstuvwxyz0123456789-") != std::string::npos)
      continue;
    add_figure (data, camera.id + "_fps", camera.fps, 2, "");
    add_figure (data, camera.id + "_age", camera.age, 3, "s");
  }
  add_figure (data, "redis", facts.status.redis_ms, 2, "ms");
  const MachineFacts &machine = facts.machine;
  add_figure (data, "cpu", machine.cpu, 1, "%", machine.cpu_limit);
  add_figure (data, "memory", machine.memory, 1, "%", machine.memory_limit);
  add_figure (data, "disk", machine.disk, 1, "%", machine.disk_limit);
  add_figure (data, "temperature", machine.temperature, 1, "", machine.temperature_limit);
  return data;
}

std::string
format_nagios (const HealthFacts &facts)
{
  const std::string &overall = facts.status.overall;
  const char *word = overall == "healthy"    ? "OK"
                     : overall == "warning"  ? "WARNING"
                     : overall == "critical" ? "CRITICAL"
                                             : "UNKNOWN";
  std::string text = facts.troubles.empty () ? plain_sentence (facts.status)
                                             : translated (facts.troubles.front ().text);
  if (facts.troubles.size () > 1)
    text += " (+" + std::to_string (facts.troubles.size () - 1) + ")";
  return std::string ("CAMWARDEN ") + word + " - " + plain_line (text) + " |"
         + performance_data (facts) + "\n";
}

} // namespace camwarden
