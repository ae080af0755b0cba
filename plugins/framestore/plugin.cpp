// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buildconfig.h"

#include "framestore/gstframestoresink.h"
#include "gobject/catalogue.h"

static gboolean
plugin_init (GstPlugin *plugin)
{
  camwarden::bind_catalogue ();
  return GST_ELEMENT_REGISTER (framestoresink, plugin);
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, camwardenframestore,
                   "Keeps frames as files", plugin_init, CAMWARDEN_VERSION, "LGPL",
                   CAMWARDEN_PACKAGE, CAMWARDEN_ORIGIN)
