// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "redis/framepublisher.h"
#include "redis/gstredisconnection.h"

#include <gst/gst.h>

/* redissink's properties and the settings they stand for. */

namespace camwarden
{

enum SinkProperty : guint {
  SINK_PROP_MODES = CONNECTION_N_PROPS,
  SINK_PROP_MAX_STREAM_LENGTH,
  SINK_PROP_KEY_TTL,
  SINK_PROP_REQUEST_CHANNEL,
  SINK_PROP_MAX_QUEUED_FRAMES,
  SINK_PROP_MAX_QUEUED_BYTES,
  SINK_PROP_METADATA,
  SINK_PROP_CAMERA,
  SINK_PROP_COPY,
  SINK_PROP_TRACK_DEMAND,
  SINK_PROP_WANTED,
  SINK_PROP_STATS,
  SINK_N_PROPS,
};

struct RedisSinkSettings
{
  ConnectionSettings connection;
  PublisherSettings publisher; /* its redis: filled in at start */

  RedisSinkSettings () { publisher.camera = "camera"; }
};

/* Fills props[SINK_N_PROPS]. */
void make_sink_properties (GParamSpec **props);

/* False: not one of the settings. Under the lock of the settings. */
bool set_sink_property (RedisSinkSettings &settings, guint id, const GValue *value);
bool get_sink_property (const RedisSinkSettings &settings, guint id, GValue *value);

} // namespace camwarden
