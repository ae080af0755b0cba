// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace camwarden
{

/* What camwardenctl ends with. The first four are what Nagios and its kin expect of a check. */
enum ExitStatus {
  EXIT_HEALTHY = 0,
  EXIT_WARNING = 1,
  EXIT_CRITICAL = 2,
  EXIT_UNKNOWN = 3,       /* the daemon answers, but not what one can make sense of */
  EXIT_USAGE = 64,        /* the command line is wrong */
  EXIT_BAD_DATA = 65,     /* an archive is damaged, or holds what none of ours holds */
  EXIT_MISSING = 66,      /* there is no such camera, alert, key or file */
  EXIT_UNREACHABLE = 69,  /* the daemon, or Redis, does not answer */
  EXIT_CANNOT_WRITE = 73, /* a file cannot be written */
  EXIT_IO = 74,           /* reading or writing failed, or was interrupted */
  EXIT_NOT_DONE = 75,     /* the daemon could not or would not carry out the order, or not now */
  EXIT_REFUSED = 77,      /* no permission for the socket, or a missing or wrong token */
  EXIT_BAD_CONFIG = 78,   /* the configuration has an error */
};

} // namespace camwarden
