// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/gstredisenums.h"

#include "redis/framepublisher.h"

using namespace camwarden;

GType
gst_redis_sink_modes_get_type ()
{
  static const GFlagsValue values[]
      = { { PUBLISH_PUBSUB, "PUBLISH on CHANNEL (image/jpeg only)", "pubsub" },
          { PUBLISH_SHARDED, "SPUBLISH on CHANNEL, for a Redis Cluster >= 7.0 (image/jpeg only)",
            "sharded-pubsub" },
          { PUBLISH_STREAM, "XADD to CHANNEL:stream (any caps)", "stream" },
          { PUBLISH_KEY, "SET CHANNEL:last to the newest frame (image/jpeg only)", "key" },
          { 0, nullptr, nullptr } };
  static const GType type = g_flags_register_static ("GstRedisSinkModes", values);
  return type;
}

GType
gst_redis_sink_copy_get_type ()
{
  static const GEnumValue values[]
      = { { static_cast<int> (CopyPolicy::Auto),
            "When its memory is a pool's or not plain system memory", "auto" },
          { static_cast<int> (CopyPolicy::Never), "Never: hold the producer's memory", "never" },
          { static_cast<int> (CopyPolicy::Always), "Always", "always" },
          { 0, nullptr, nullptr } };
  static const GType type = g_enum_register_static ("GstRedisSinkCopy", values);
  return type;
}

GType
gst_redis_src_mode_get_type ()
{
  static const GEnumValue values[]
      = { { GST_REDIS_SRC_PUBSUB, "SUBSCRIBE to CHANNEL", "pubsub" },
          { GST_REDIS_SRC_STREAM, "XREAD from CHANNEL:stream", "stream" },
          { 0, nullptr, nullptr } };
  static const GType type = g_enum_register_static ("GstRedisSrcMode", values);
  return type;
}
