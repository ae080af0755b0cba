// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/settings.h"

#include <glib.h>

namespace camwarden
{

/* The keys of [camera:ID] that a streaming worker takes over, as they travel in the link's Apply:
 * durations in microseconds (x), sizes in bytes (t), numbers (d), flags (b), texts (s). */

/* The live keys that differ, a{sv}, floating. */
[[nodiscard]] GVariant *live_changes (const CameraConfig &before, const CameraConfig &after);

/* Something differs that only a new worker can take over. */
[[nodiscard]] bool needs_new_worker (const CameraConfig &before, const CameraConfig &after);

/* FALSE: there is no such live key, or its value is of another type; G_IO_ERROR. */
[[nodiscard]] bool set_live_key (CameraConfig &config, const char *key, GVariant *value,
                                 GError **error);

} // namespace camwarden
