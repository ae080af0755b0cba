// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/base/gstpushsrc.h>

G_BEGIN_DECLS

#define GST_TYPE_REDIS_SRC (gst_redis_src_get_type ())
G_DECLARE_FINAL_TYPE (GstRedisSrc, gst_redis_src, GST, REDIS_SRC, GstPushSrc)

GST_ELEMENT_REGISTER_DECLARE (redissrc);

G_END_DECLS
