// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buildconfig.h"
#include "config/i18n.h"
#include "ctl/command.h"
#include "ctl/exitstatus.h"

#include <cstdio>

namespace camwarden
{

static int
run_version (CtlContext &context, int argc, char **argv)
{
  if (!context.parse_alone (nullptr, argc, argv))
    return EXIT_USAGE;
  printf ("camwardenctl %s\n", CAMWARDEN_VERSION);
  return EXIT_HEALTHY;
}

const Command version_command{ "version", "", N_ ("the version of this program"), run_version };

} // namespace camwarden
