// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/jsonvalue.h"
#include "ctl/statusview.h"
#include "ctl/videodevices.h"

namespace camwarden
{

/* The devices that give pictures, with what they offer and who has them; `all`: the others too. */
[[nodiscard]] std::string format_devices (const std::vector<VideoDevice> &devices, bool all,
                                          const Terminal &terminal);

/* As an array. */
void write_devices (JsonBuilder *json, const std::vector<VideoDevice> &devices);

} // namespace camwarden
