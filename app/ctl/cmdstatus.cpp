// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/i18n.h"
#include "ctl/command.h"
#include "ctl/daemonanswers.h"
#include "ctl/exitstatus.h"

#include <cstdio>

namespace camwarden
{

static int
run_status (CtlContext &context, int argc, char **argv)
{
  if (!context.parse_alone (nullptr, argc, argv))
    return EXIT_USAGE;
  DaemonAnswers answers;
  ClientError error;
  if (!ask_daemon (context.client (), false, answers, error))
    return complain (error);
  const std::string text
      = context.options.json ? answers.json () : format_status (answers.facts (), context.terminal);
  fputs (text.c_str (), stdout);
  return exit_status_of (answers.overall ());
}

const Command status_command{ "status", "", N_ ("How the daemon, Redis and each camera are"),
                              run_status };

} // namespace camwarden
