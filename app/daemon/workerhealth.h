// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/camerahealth.h"

#include <glib.h>

namespace camwarden
{

/* The link's Health signal, a{sv}, into what the API tells. A field of another type, or none, is
 * left as it was. */
void read_worker_health (CameraHealth &health, GVariant *values);

/* What is true of one worker only. */
void reset_worker_figures (CameraHealth &health);

} // namespace camwarden
