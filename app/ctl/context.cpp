// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"
#include "ctl/optionparser.h"
#include "gobject/ref.h"

#include <cstdio>

namespace camwarden
{

void
complain (const std::string &text)
{
  fprintf (stderr, "camwardenctl: %s\n",
           to_terminal (text, g_get_charset (nullptr) != FALSE).c_str ());
}

int
complain (const ClientError &error)
{
  complain (error.text);
  return error.status;
}

int
fail (int status, const std::string &text)
{
  complain (text);
  return status;
}

int
wrong_usage (const std::string &text)
{
  return fail (EXIT_USAGE, text);
}

void
print (const Terminal &terminal, const std::string &text)
{
  fputs (to_terminal (text, terminal.utf8).c_str (), stdout);
}

std::optional<Words>
CtlContext::parse (const GOptionEntry *entries, int argc, char **argv, const char *description)
{
  OptionParser parser (options);
  parser.program = std::string ("camwardenctl ") + command->name;
  parser.arguments = command->arguments;
  parser.summary = _ (command->summary);
  parser.description = description ? description : "";
  parser.entries = entries;
  parser.listing = listing;
  return parser.parse (argc, argv);
}

bool
CtlContext::parse_alone (const GOptionEntry *entries, int argc, char **argv,
                         const char *description)
{
  const auto words = parse (entries, argc, argv, description);
  if (!words)
    return false;
  if (!words->empty ())
    complain (take_string (g_strdup_printf (_ ("\"%s\" takes no arguments"), command->name)));
  return words->empty ();
}

Client &
CtlContext::client ()
{
  if (!client_)
    client_ = std::make_unique<Client> (options);
  return *client_;
}

} // namespace camwarden
