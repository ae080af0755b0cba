// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config.h"
#include "config/i18n.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"

namespace camwarden
{

static int
run_config (const Options &options, std::span<const std::string> words)
{
  if (words.size () != 1 || words[0] != "check") {
    complain (_ ("say \"camwardenctl config check\""));
    return EXIT_USAGE;
  }
  const char *file = options.config_file.empty () ? nullptr : options.config_file.c_str ();
  return check_config (ConfigSources::from_environment (file), stdout);
}

const Command config_command{ "config", "check",
                              N_ ("reads the configuration and tells what is wrong with it"),
                              run_config };

} // namespace camwarden
