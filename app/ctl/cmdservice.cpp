// SPDX-License-Identifier: LGPL-2.1-or-later
/* reload, restart, reboot. */
#include "config/config.h"
#include "config/i18n.h"
#include "ctl/command.h"
#include "ctl/daemonwords.h"
#include "ctl/exitstatus.h"
#include "ctl/servicereload.h"
#include "gobject/ref.h"

#include <cstdio>
#include <iostream>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr unsigned order_deadline = 60; /* s */

int
print_answer (CtlContext &context, JsonNode *answer)
{
  const std::string message = json_text (json_node_get_object (answer), "message");
  if (context.options.json)
    fputs (to_text (answer).c_str (), stdout);
  else if (!message.empty ())
    print (context.terminal, wrap (translated (message), context.terminal.columns, 0) + "\n");
  return EXIT_HEALTHY;
}

/* --- reload --- */

int
run_reload (CtlContext &context, int argc, char **argv)
{
  const char *about = _ ("Checks the configuration first; one with an error is not given to the "
                         "daemon.\nExit status: 78 the configuration has an error.");
  if (!context.parse_alone (nullptr, argc, argv, about))
    return EXIT_USAGE;
  return reload_service (context);
}

/* --- restart --- */

int
run_restart (CtlContext &context, int argc, char **argv)
{
  const char *about = _ ("Starts the daemon again through systemd, with its workers and its "
                         "private Redis.");
  if (!context.parse_alone (nullptr, argc, argv, about))
    return EXIT_USAGE;
  ClientError error;
  const JsonNodePtr answer
      = context.client ().post ("/api/system/restart-services", "{}", order_deadline, error);
  return answer ? print_answer (context, answer.get ()) : complain (error);
}

/* --- reboot --- */

std::string
read_line ()
{
  std::string line;
  std::getline (std::cin, line);
  return line;
}

std::string
quoted (const std::string &text)
{
  const JsonNodePtr node (json_node_init_string (json_node_alloc (), text.c_str ()));
  return take_string (json_to_string (node.get (), FALSE));
}

/* What the first request is answered with: a nonce, and the name to be typed. */
JsonNodePtr
ask_for_nonce (Client &client, ClientError &error)
{
  const auto reply
      = client.send ({ .path = "/api/system/reboot", .method = "POST", .body = "{}" }, error);
  if (!reply)
    return {};
  JsonNodePtr problem = parse_json_object (reply->body);
  if (reply->status == 428 && problem)
    return problem;
  error = client.explain (*reply);
  return {};
}

/* The name as it was typed; nothing: it is not this one. */
bool
confirm (const CtlContext &context, const std::string &host, const char *given)
{
  if (!given && !isatty (STDIN_FILENO)) {
    complain (_ ("a reboot wants to be confirmed: --host NAME, with the machine's name"));
    return false;
  }
  std::string typed = given ? given : "";
  if (!given) {
    print (context.terminal, take_string (g_strdup_printf (
                                 _ ("This reboots %s. Type its name to go on: "), host.c_str ())));
    fflush (stdout);
    typed = read_line ();
  }
  if (typed == host)
    return true;
  complain (take_string (g_strdup_printf (
      _ ("that is not the name of the machine, which is %s; nothing was done"), host.c_str ())));
  return false;
}

int
run_reboot (CtlContext &context, int argc, char **argv)
{
  g_autofree char *host = nullptr;
  gboolean clear = FALSE;
  const GOptionEntry entries[] = {
    { "host", 0, 0, G_OPTION_ARG_STRING, &host, N_ ("The machine's name, instead of typing it"),
      N_ ("NAME") },
    { "clear", 0, 0, G_OPTION_ARG_NONE, &clear,
      N_ ("Do not reboot: forget the reboots that did not help"), nullptr },
    {},
  };
  const char *about = _ ("Reboots the machine that the daemon runs on, if its guard allows it. "
                         "Needs the role\nadmin.");
  if (!context.parse_alone (entries, argc, argv, about))
    return EXIT_USAGE;
  ClientError error;
  Client &client = context.client ();
  if (clear) {
    const JsonNodePtr answer
        = client.post ("/api/system/reboot/clear", "{}", order_deadline, error);
    return answer ? print_answer (context, answer.get ()) : complain (error);
  }
  const JsonNodePtr question = ask_for_nonce (client, error);
  if (!question)
    return complain (error);
  JsonObject *asked = json_node_get_object (question.get ());
  const std::string name = clip (json_text (asked, "host"), 253);
  if (!confirm (context, name, host))
    return EXIT_USAGE;
  const std::string body
      = "{\"nonce\": " + quoted (json_text (asked, "nonce")) + ", \"host\": " + quoted (name) + "}";
  const JsonNodePtr answer = client.post ("/api/system/reboot", body, order_deadline, error);
  return answer ? print_answer (context, answer.get ()) : complain (error);
}

} // namespace

const Command reload_command{ "reload", "", N_ ("Lets the daemon read its configuration anew"),
                              run_reload };
const Command restart_command{ "restart", "", N_ ("Starts the daemon again"), run_restart };
const Command reboot_command{ "reboot", "", N_ ("Reboots the machine, after asking"), run_reboot };

} // namespace camwarden
