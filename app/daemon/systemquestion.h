// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/daemonmodel.h"
#include "daemon/safeguards.h"

namespace camwarden
{

/* What the safeguards ask of the daemon, answered out of its parts, which have to outlive them. */
[[nodiscard]] Safeguards::World safeguards_world (const DaemonParts &parts);

} // namespace camwarden
