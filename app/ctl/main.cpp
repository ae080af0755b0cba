// SPDX-License-Identifier: LGPL-2.1-or-later
/* camwardenctl: the command line over the daemon's REST interface. It never touches the daemon's
 * files behind its back. What it ends with is listed in exitstatus.h. */
#include "config/i18n.h"
#include "config/values.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"
#include "ctl/terminal.h"
#include "gobject/ref.h"

#include <cstdio>
#include <vector>

namespace camwarden
{

static const Command *const commands[] = { &status_command, &config_command, &version_command };

void
complain (const std::string &text)
{
  fprintf (stderr, "camwardenctl: %s\n",
           to_terminal (text, g_get_charset (nullptr) != FALSE).c_str ());
}

static std::string
help_text ()
{
  std::string text = _ ("Commands:");
  for (const Command *command : commands)
    text += "\n  " + pad (std::string (command->name) + " " + command->arguments, 15)
            + _ (command->doc);
  text += "\n\n";
  text += _ ("Exit status of \"status\": 0 healthy, 1 warning, 2 critical, 3 unknown. Of any "
             "command:\n64 wrong usage, 69 the daemon does not answer, 77 no permission; of "
             "\"config check\":\n78 the configuration has an error.");
  return text;
}

struct CommandLine
{
  char *socket = nullptr;
  char *url = nullptr;
  char *token_file = nullptr;
  char *config_file = nullptr;
  gboolean json = FALSE;
  gboolean version = FALSE;
  char **words = nullptr;

  ~CommandLine ()
  {
    for (char *text : { socket, url, token_file, config_file })
      g_free (text);
    g_strfreev (words);
  }

  [[nodiscard]] bool parse (int *argc, char ***argv);

  [[nodiscard]] Options
  options () const
  {
    const auto text = [] (const char *value) { return std::string (value ? value : ""); };
    return { text (socket), text (url), text (token_file), text (config_file), json != FALSE };
  }
};

bool
CommandLine::parse (int *argc, char ***argv)
{
  const GOptionEntry entries[] = {
    { "json", 'j', 0, G_OPTION_ARG_NONE, &json, N_ ("Print JSON"), nullptr },
    { "socket", 's', 0, G_OPTION_ARG_FILENAME, &socket, N_ ("The daemon's Unix socket"),
      N_ ("PATH") },
    { "url", 'u', 0, G_OPTION_ARG_STRING, &url, N_ ("A daemon on another host"), N_ ("URL") },
    { "token-file", 't', 0, G_OPTION_ARG_FILENAME, &token_file,
      N_ ("A file that holds the token for it"), N_ ("FILE") },
    { "config", 'c', 0, G_OPTION_ARG_FILENAME, &config_file,
      N_ ("One configuration file instead of the usual ones"), N_ ("FILE") },
    { "version", 'V', 0, G_OPTION_ARG_NONE, &version, N_ ("Print the version"), nullptr },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_STRING_ARRAY, &words, nullptr,
      N_ ("COMMAND [ARGUMENTS]") },
    {},
  };
  g_autoptr (GOptionContext) context = g_option_context_new (nullptr);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_set_description (context, help_text ().c_str ());
  g_autoptr (GError) error = nullptr;
  if (g_option_context_parse (context, argc, argv, &error))
    return true;
  complain (error->message);
  return false;
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
  CommandLine line;
  if (!line.parse (&argc, &argv))
    return EXIT_USAGE;
  if (line.version)
    return version_command.run (line.options (), {});
  std::vector<std::string> words;
  for (char **word = line.words; word && *word; word++)
    words.emplace_back (*word);
  if (words.empty ()) {
    complain (_ ("a command is missing; see camwardenctl --help"));
    return EXIT_USAGE;
  }
  const Command *command = find_command (words[0]);
  if (!command)
    return EXIT_USAGE;
  if (line.socket && line.url) {
    complain (_ ("--socket and --url exclude each other"));
    return EXIT_USAGE;
  }
  return command->run (line.options (), std::span (words).subspan (1));
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
