// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/config.h"
#include "ctl/command.h"

namespace camwarden
{

/* Where the configuration comes from, as --config says. */
[[nodiscard]] ConfigSources config_sources (const Options &options);

/* Checks the configuration, lets this machine's daemon read it (SIGHUP), and says how that went.
 * `quiet`: only if it went wrong. The result is the exit status. */
[[nodiscard]] int reload_service (CtlContext &context, bool quiet = false);

/* The daemon's process: whoever listens on its socket. 0, and why: there is none. */
[[nodiscard]] pid_t daemon_process (CtlContext &context, ClientError &error);

} // namespace camwarden
