// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace camwarden
{

/* What camwardenctl ends with. The first four are what Nagios and its kin expect of a check. */
enum ExitStatus {
  EXIT_HEALTHY = 0,
  EXIT_WARNING = 1,
  EXIT_CRITICAL = 2,
  EXIT_UNKNOWN = 3,      /* the daemon answers, but not what one can make sense of */
  EXIT_USAGE = 64,       /* the command line is wrong */
  EXIT_UNREACHABLE = 69, /* the daemon does not answer */
  EXIT_REFUSED = 77,     /* no permission for the socket, or a missing or wrong token */
  EXIT_BAD_CONFIG = 78,  /* "config check" found an error */
};

} // namespace camwarden
