// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

namespace camwarden
{

/* From the first call on, SIGINT, SIGTERM and SIGHUP only set what interrupted() tells, so that a
 * tool can take away what it has half made. A second signal ends the program as usual. */
void catch_interrupts ();
[[nodiscard]] bool interrupted ();

} // namespace camwarden
