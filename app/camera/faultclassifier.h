// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/fault.h"

#include <gst/gst.h>

namespace camwarden
{

/* part: of the element that posted it. */
[[nodiscard]] Fault fault_from_message (GstMessage *message, const std::string &part);

} // namespace camwarden
