// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buildconfig.h"

#include "gobject/catalogue.h"
#include "redis/gstredisdeviceprovider.h"
#include "redis/gstredissink.h"
#include "redis/gstredissrc.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  camwarden::bind_catalogue ();
  return GST_ELEMENT_REGISTER (redissink, plugin) && GST_ELEMENT_REGISTER (redissrc, plugin)
         && GST_DEVICE_PROVIDER_REGISTER (redisdeviceprovider, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, camwardenredis,
                   "Frames to and from a Redis server", plugin_init, CAMWARDEN_VERSION, "LGPL",
                   CAMWARDEN_PACKAGE, CAMWARDEN_ORIGIN)
