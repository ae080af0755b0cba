// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace camwarden
{

/* The system's unit that a process runs in, such as camwarden.service, from its /proc/PID/cgroup.
 * Nothing: it was not started by the system's systemd (but by a user, a shell, a container). */
[[nodiscard]] std::optional<std::string> unit_of_cgroup (std::string_view text);

} // namespace camwarden
