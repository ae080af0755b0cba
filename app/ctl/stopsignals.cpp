// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/stopsignals.h"

#include <array>
#include <csignal>

namespace camwarden
{

static volatile sig_atomic_t caught = 0;

static void
note (int)
{
  caught = 1;
}

void
catch_interrupts ()
{
  struct sigaction action
  {};
  action.sa_handler = note;
  action.sa_flags = SA_RESETHAND; /* and no SA_RESTART: a wait ends, too */
  for (const int number : std::array{ SIGINT, SIGTERM, SIGHUP })
    sigaction (number, &action, nullptr);
}

bool
interrupted ()
{
  return caught != 0;
}

} // namespace camwarden
