// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "config/values.h"
#include "ctl/command.h"
#include "ctl/daemonwords.h"
#include "ctl/exitstatus.h"
#include "ctl/recordsview.h"
#include "gobject/ref.h"

#include <cstdio>

namespace camwarden
{

namespace
{

constexpr unsigned test_deadline = 60; /* s: a webhook that does not answer */

int
list_alerts (CtlContext &context, bool all)
{
  ClientError error;
  const JsonNodePtr answer
      = context.client ().get_array (all ? "/api/alerts?limit=1000" : "/api/alerts?open=1", error);
  if (!answer)
    return complain (error);
  if (context.options.json) {
    fputs (to_text (answer.get ()).c_str (), stdout);
    return EXIT_HEALTHY;
  }
  const auto alerts = json_objects (answer.get ());
  if (alerts.empty ())
    print (context.terminal,
           std::string (all ? _ ("There was no alert.") : _ ("No alert is open.")) + "\n");
  for (JsonObject *alert : alerts)
    print (context.terminal, format_alert (alert, context.terminal));
  return EXIT_HEALTHY;
}

int
acknowledge (CtlContext &context, const std::string &id)
{
  const auto number = parse_integer (id);
  if (!number || *number < 0)
    return wrong_usage (_ ("\"alerts ack\" wants the number of an alert; \"camwardenctl alerts\" "
                           "lists them"));
  ClientError error;
  const JsonNodePtr answer = context.client ().post (
      "/api/alerts/" + std::to_string (*number) + "/acknowledge", "{}", 10, error);
  if (!answer)
    return complain (error);
  if (context.options.json)
    fputs (to_text (answer.get ()).c_str (), stdout);
  return EXIT_HEALTHY;
}

int
test_alerts (CtlContext &context)
{
  ClientError error;
  const JsonNodePtr answer
      = context.client ().post ("/api/alerts/test", "{}", test_deadline, error);
  if (!answer)
    return complain (error);
  JsonObject *result = json_node_get_object (answer.get ());
  if (context.options.json)
    fputs (to_text (answer.get ()).c_str (), stdout);
  else
    for (JsonObject *sink : json_objects (result, "sinks")) {
      const Tone tone = json_flag (sink, "success") ? Tone::Good : Tone::Bad;
      const Terminal &terminal = context.terminal;
      print (terminal, terminal.paint (tone, terminal.mark (tone)) + " "
                           + pad (json_text (sink, "sink"), 8) + "  "
                           + clip (translated (json_text (sink, "message")), terminal.columns - 12)
                           + "\n");
    }
  return json_flag (result, "success") ? EXIT_HEALTHY : EXIT_NOT_DONE;
}

int
run_alerts (CtlContext &context, int argc, char **argv)
{
  gboolean all = FALSE;
  const GOptionEntry entries[] = {
    { "all", 'a', 0, G_OPTION_ARG_NONE, &all, N_ ("Those that are over, too"), nullptr },
    {},
  };
  const char *about = _ ("ack ID   says that somebody knows of this alert\n"
                         "test     sends a test message to everybody who would hear of an alert");
  const auto words = context.parse (entries, argc, argv, about);
  if (!words)
    return EXIT_USAGE;
  if (words->empty ())
    return list_alerts (context, all);
  if (words->size () == 2 && words->front () == "ack" && !all)
    return acknowledge (context, words->back ());
  if (words->size () == 1 && words->front () == "test" && !all)
    return test_alerts (context);
  return wrong_usage (_ ("say \"alerts\", \"alerts ack ID\" or \"alerts test\""));
}

} // namespace

const Command alerts_command{ "alerts", "[ack ID|test]", N_ ("What somebody should know of"),
                              run_alerts };

} // namespace camwarden
