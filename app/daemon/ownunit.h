// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>

namespace camwarden
{

/* The system's unit that this process runs in; nothing: systemd did not start it as one. */
[[nodiscard]] std::optional<std::string> own_unit ();

} // namespace camwarden
