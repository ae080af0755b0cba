// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

G_BEGIN_DECLS

#define GST_TYPE_REDIS_DEVICE_PROVIDER (gst_redis_device_provider_get_type ())
G_DECLARE_FINAL_TYPE (GstRedisDeviceProvider, gst_redis_device_provider, GST, REDIS_DEVICE_PROVIDER,
                      GstDeviceProvider)

GST_DEVICE_PROVIDER_REGISTER_DECLARE (redisdeviceprovider);

#define GST_TYPE_REDIS_DEVICE (gst_redis_device_get_type ())
G_DECLARE_FINAL_TYPE (GstRedisDevice, gst_redis_device, GST, REDIS_DEVICE, GstDevice)

G_END_DECLS
