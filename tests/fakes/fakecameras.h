// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace camwarden
{

/* A device provider under the name of V4L2's. It lists one camera as long as the file exists whose
 * path CAMWARDEN_FAKE_CAMERAS holds: a v4l2src whose control-file that file is. */
[[nodiscard]] bool register_fake_cameras (GstPlugin *plugin);

} // namespace camwarden
