// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buildconfig.h"

#include "health/gsthealthprobe.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  return GST_ELEMENT_REGISTER (healthprobe, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, camwardenhealth,
                   "Tells whether a camera's frames come and show something", plugin_init,
                   CAMWARDEN_VERSION, "LGPL", CAMWARDEN_PACKAGE, CAMWARDEN_ORIGIN)
