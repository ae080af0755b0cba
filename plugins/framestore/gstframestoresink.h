// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstbasesink.h>

G_BEGIN_DECLS

#define GST_TYPE_FRAME_STORE_SINK (gst_frame_store_sink_get_type ())
G_DECLARE_FINAL_TYPE (GstFrameStoreSink, gst_frame_store_sink, GST, FRAME_STORE_SINK, GstBaseSink)

GST_ELEMENT_REGISTER_DECLARE (framestoresink)

G_END_DECLS
