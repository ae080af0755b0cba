// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/config.h"

#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

/* The commands that look at files look at those of the daemon. Where no variable of systemd's and
 * no XDG variable says otherwise and the service is installed (/var/lib/camwarden), its directories
 * are meant, unless this user keeps a state of his own. Once, before any directory is asked for. */
void adopt_service_directories ();

/* The configuration as the daemon reads it. `file`: --config; empty: the usual files. */
[[nodiscard]] std::optional<Config> load_config (const std::string &file,
                                                 std::vector<Finding> &findings);

/* The file of --config or CAMWARDEN_CONFIG; else the main one. */
[[nodiscard]] std::string main_config_file (const std::string &file);

} // namespace camwarden
