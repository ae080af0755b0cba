// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "ctl/command.h"
#include "ctl/daemonanswers.h"
#include "ctl/exitstatus.h"
#include "ctl/healthview.h"

#include <algorithm>
#include <cstdio>

namespace camwarden
{

namespace
{

Limit
limit_of (JsonObject *health, const char *what)
{
  Limit limit;
  for (JsonObject *threshold : json_objects (health, "thresholds")) {
    if (json_text (threshold, "quantity") != what)
      continue;
    const std::string level = json_text (threshold, "level");
    if (limit.level != "critical" && level != "none")
      limit.level = level;
    limit.warning = json_number (threshold, "warning").value_or (0);
    limit.critical = json_number (threshold, "critical").value_or (0);
  }
  return limit;
}

MachineFacts
machine_of (JsonObject *health)
{
  JsonObject *resources = json_object (health, "system_resources");
  JsonObject *power = json_object (health, "power_status");
  JsonObject *protection = json_object (health, "protection");
  return { .cpu = json_number (resources, "cpu_percent"),
           .memory = json_number (resources, "memory_percent"),
           .disk = json_number (resources, "disk_percent"),
           .disk_free = json_number (resources, "disk_free_gb"),
           .temperature = json_number (json_object (health, "temperature"), "cpu_temp_celsius"),
           .cpu_limit = limit_of (health, "cpu"),
           .memory_limit = limit_of (health, "memory"),
           .disk_limit = limit_of (health, "disk"),
           .temperature_limit = limit_of (health, "temperature"),
           .weak_power = json_flag (power, "under_voltage"),
           .held_back = json_text (protection, "degrade_text") };
}

/* An alert tells the same as an issue if both name the same part and code. The issue's text may
 * end with the cause already, and with one that is newer. */
bool
take_alert (JsonObject *alert, const std::vector<IssueLine> &issues, std::vector<Trouble> &troubles)
{
  for (size_t i = 0; i < issues.size (); i++)
    if (issues[i].part == json_text (alert, "part")
        && issues[i].code == json_text (alert, "type")) {
      if (!issues[i].text.starts_with (json_text (alert, "message") + ": "))
        troubles[i].cause = json_text (alert, "cause");
      troubles[i].done = json_text (alert, "done");
      return true;
    }
  return false;
}

std::vector<Trouble>
troubles_of (const std::vector<IssueLine> &issues, JsonObject *health)
{
  std::vector<Trouble> troubles;
  for (const auto &issue : issues)
    troubles.push_back ({ issue.level, issue.text, {}, {}, advice_for (issue.code) });
  for (JsonObject *alert : json_objects (health, "alerts"))
    if (!take_alert (alert, issues, troubles))
      troubles.push_back ({ json_text (alert, "severity"), json_text (alert, "message"),
                            json_text (alert, "cause"), json_text (alert, "done"),
                            advice_for (json_text (alert, "type")) });
  std::stable_partition (troubles.begin (), troubles.end (),
                         [] (const Trouble &one) { return one.level == "critical"; });
  return troubles;
}

HealthFacts
facts_of (const DaemonAnswers &answers)
{
  JsonObject *health = json_node_get_object (answers.health.get ());
  HealthFacts facts;
  facts.status = answers.facts ();
  facts.machine = machine_of (health);
  for (const auto &[name, process] : json_named_objects (health, "process_status"))
    (json_flag (process, "running") ? facts.processes : facts.missing_processes).push_back (name);
  facts.troubles = troubles_of (facts.status.issues, health);
  return facts;
}

/* A monitoring system reads standard output and knows four results. */
int
nagios_failure (const ClientError &error)
{
  const bool away = error.status == EXIT_UNREACHABLE;
  const std::string line = error.text.substr (0, error.text.find ('\n'));
  printf ("CAMWARDEN %s - %s\n", away ? "CRITICAL" : "UNKNOWN", clip (line, 400).c_str ());
  return away ? EXIT_CRITICAL : EXIT_UNKNOWN;
}

int
run_health (CtlContext &context, int argc, char **argv)
{
  gboolean nagios = FALSE;
  const GOptionEntry entries[] = {
    { "nagios", 'n', 0, G_OPTION_ARG_NONE, &nagios, N_ ("One line, as Nagios and its kin read it"),
      nullptr },
    {},
  };
  const char *about
      = _ ("Exit status: 0 healthy, 1 warning, 2 critical, 3 not known. With --nagios "
           "a\ndaemon that does not answer is critical.");
  if (!context.parse_alone (entries, argc, argv, about))
    return EXIT_USAGE;
  DaemonAnswers answers;
  ClientError error;
  if (!ask_daemon (context.client (), true, answers, error))
    return nagios ? nagios_failure (error) : complain (error);
  std::string text;
  if (nagios)
    text = to_terminal (format_nagios (facts_of (answers)), context.terminal.utf8);
  else if (context.options.json)
    text = answers.json ();
  else
    text = format_health (facts_of (answers), context.terminal);
  fputs (text.c_str (), stdout);
  return exit_status_of (answers.overall ());
}

} // namespace

const Command health_command{ "health", "", N_ ("What is wrong, why, and what helps"), run_health };

} // namespace camwarden
