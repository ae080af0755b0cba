// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config.h"
#include "config/i18n.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"

namespace camwarden
{

static int
run_config (CtlContext &context, int argc, char **argv)
{
  const auto words = context.parse (nullptr, argc, argv);
  if (!words)
    return EXIT_USAGE;
  if (words->size () != 1 || words->front () != "check")
    return wrong_usage (_ ("say \"camwardenctl config check\""));
  const std::string &config = context.options.config_file;
  const char *file = config.empty () ? nullptr : config.c_str ();
  return check_config (ConfigSources::from_environment (file), stdout);
}

const Command config_command{ "config", "check",
                              N_ ("reads the configuration and tells what is wrong with it"),
                              run_config };

} // namespace camwarden
