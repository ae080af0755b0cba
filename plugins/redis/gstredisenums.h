// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define GST_TYPE_REDIS_SINK_MODES (gst_redis_sink_modes_get_type ())
GType gst_redis_sink_modes_get_type ();

#define GST_TYPE_REDIS_SINK_COPY (gst_redis_sink_copy_get_type ())
GType gst_redis_sink_copy_get_type ();

#define GST_TYPE_REDIS_SRC_MODE (gst_redis_src_mode_get_type ())
GType gst_redis_src_mode_get_type ();

G_END_DECLS

enum GstRedisSrcMode {
  GST_REDIS_SRC_PUBSUB,
  GST_REDIS_SRC_STREAM,
};
