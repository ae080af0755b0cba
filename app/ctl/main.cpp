// SPDX-License-Identifier: LGPL-2.1-or-later
/* camwardenctl: the command line over the daemon's REST interface. It touches the daemon's
 * files behind its back for a restored backup alone, under the daemon's lock. What it ends with is
 * listed in exitstatus.h. */
#include "config/i18n.h"
#include "config/values.h"
#include "ctl/command.h"
#include "ctl/completion.h"
#include "ctl/exitstatus.h"
#include "ctl/optionparser.h"
#include "ctl/terminal.h"
#include "gobject/ref.h"

#include <cstdio>
#include <vector>

namespace camwarden
{

/* In the order of --help. */
static const Command *const commands[] = {
  &status_command,   &health_command, &cameras_command, &camera_command, &watch_command,
  &alerts_command,   &events_command, &config_command,  &token_command,  &reload_command,
  &restart_command,  &reboot_command, &logs_command,    &backup_command, &doctor_command,
  &selftest_command, &tune_command,   &version_command,
};

static std::string
command_list ()
{
  std::string text = _ ("Commands:");
  for (const Command *command : commands)
    text += "\n  " + pad (command->name, 11) + _ (command->summary);
  return text + "\n";
}

static std::string
help_text ()
{
  std::string text = command_list () + "\n";
  text += _ ("\"camwardenctl COMMAND --help\" tells more.\n\n");
  text += _ ("Exit status of \"status\": 0 healthy, 1 warning, 2 critical, 3 unknown. Of any "
             "command:\n64 wrong usage, 69 the daemon does not answer, 77 no permission; of "
             "\"config check\":\n78 the configuration has an error.");
  return text;
}

static const Command *
find_command (const std::string &name)
{
  std::vector<std::string> names;
  for (const Command *command : commands) {
    if (name == command->name)
      return command;
    names.emplace_back (command->name);
  }
  const std::string close = closest_word (name, names);
  if (close.empty ())
    complain (take_string (g_strdup_printf (
        _ ("there is no command \"%s\"; see camwardenctl --help"), clip (name, 40).c_str ())));
  else
    complain (take_string (g_strdup_printf (_ ("there is no command \"%s\"; did you mean \"%s\"?"),
                                            clip (name, 40).c_str (), close.c_str ())));
  return nullptr;
}

static int
run (int argc, char **argv)
{
  init_i18n ();
  CtlContext context;
  gboolean version = FALSE, completing = FALSE;
  const GOptionEntry entries[] = {
    { "complete", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_NONE, &completing, nullptr, nullptr },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &version, N_ ("Print the version"), nullptr },
    {},
  };
  OptionParser parser (context.options);
  parser.program = "camwardenctl";
  parser.arguments = _ ("COMMAND [ARGUMENTS]");
  parser.summary = _ ("Asks and orders the daemon that watches over the cameras.");
  parser.description = help_text ();
  parser.entries = entries;
  parser.stop_at_word = true;
  auto words = parser.parse (argc, argv);
  if (!words)
    return EXIT_USAGE;
  if (completing)
    return complete (commands, *words);
  if (words->empty () && version)
    words->emplace_back (version_command.name);
  if (words->empty ()) {
    const int status = wrong_usage (_ ("a command is missing; see camwardenctl --help"));
    fprintf (stderr, "%s", command_list ().c_str ());
    return status;
  }
  context.command = find_command (words->front ());
  if (!context.command)
    return EXIT_USAGE;
  std::vector<char *> rest;
  for (auto &word : *words)
    rest.push_back (word.data ());
  rest.push_back (nullptr);
  return context.command->run (context, static_cast<int> (words->size ()), rest.data ());
}

} // namespace camwarden

int
main (int argc, char **argv)
{
  const int status = camwarden::run (argc, argv);
  if (fflush (stdout) != 0 && status == 0)
    return camwarden::EXIT_UNKNOWN;
  return status;
}
