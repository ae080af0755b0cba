// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/gstredissinksettings.h"

#include "redis/gstredisenums.h"

namespace camwarden
{

static constexpr auto READY_ONLY = static_cast<GParamFlags> (
    G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
static constexpr auto READ_ONLY
    = static_cast<GParamFlags> (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

static void
make_frame_properties (GParamSpec **props)
{
  const RedisSinkSettings defaults;
  props[SINK_PROP_MODES] = g_param_spec_flags (
      "modes", "Modes", "What is done with each frame; several can be combined with +",
      GST_TYPE_REDIS_SINK_MODES, PUBLISH_PUBSUB, READY_ONLY);
  props[SINK_PROP_MAX_STREAM_LENGTH] = g_param_spec_uint (
      "max-stream-length", "Maximum stream length",
      "Entries kept in the stream CHANNEL:stream (mode stream)", 1, G_MAXINT, 30, READY_ONLY);
  props[SINK_PROP_KEY_TTL] = g_param_spec_uint64 (
      "key-ttl", "Key time to live",
      "Nanoseconds after which the key CHANNEL:last expires (mode key; 0: never; at least 1 ms)", 0,
      G_MAXINT64, 0, READY_ONLY);
  props[SINK_PROP_REQUEST_CHANNEL] = g_param_spec_string (
      "request-channel", "Request channel",
      "Channel on which JSON objects ask for one frame each, which carries the object as \"req\" "
      "(NULL: every frame is published)",
      nullptr, READY_ONLY);
  props[SINK_PROP_METADATA] = g_param_spec_boolean (
      "metadata", "Metadata",
      "Put the JSON header into the JPEG, as its first comment (FALSE: publish it unchanged)", TRUE,
      READY_ONLY);
  props[SINK_PROP_CAMERA] = g_param_spec_string ("camera", "Camera", "The header's camera name",
                                                 defaults.publisher.camera.c_str (), READY_ONLY);
  props[SINK_PROP_TRACK_DEMAND] = g_param_spec_boolean (
      "track-demand", "Track demand",
      "Ask the server twice a second who subscribes, to keep the property wanted up to date", FALSE,
      READY_ONLY);
}

static void
make_queue_properties (GParamSpec **props)
{
  props[SINK_PROP_MAX_QUEUED_FRAMES] = g_param_spec_uint (
      "max-queued-frames", "Maximum queued frames",
      "Frames that wait while the server is slow or away; the oldest is dropped", 1, 100000, 4,
      READY_ONLY);
  props[SINK_PROP_MAX_QUEUED_BYTES] = g_param_spec_uint64 (
      "max-queued-bytes", "Maximum queued bytes",
      "Bytes that wait while the server is slow or away; the newest frame always may", 1,
      G_MAXINT64, 8 * 1024 * 1024, READY_ONLY);
  props[SINK_PROP_COPY] = g_param_spec_enum (
      "copy", "Copy", "Copy the memory of a frame that has to wait", GST_TYPE_REDIS_SINK_COPY,
      static_cast<int> (CopyPolicy::Auto), READY_ONLY);
  props[SINK_PROP_WANTED] = g_param_spec_boolean (
      "wanted", "Wanted",
      "Somebody wants frames: a subscriber, a waiting request, or mode stream or key. Its notify "
      "comes from the connection's thread",
      FALSE, READ_ONLY);
  props[SINK_PROP_STATS] = g_param_spec_boxed ("stats", "Statistics", "What became of the frames",
                                               GST_TYPE_STRUCTURE, READ_ONLY);
}

void
make_sink_properties (GParamSpec **props)
{
  install_connection_properties (props);
  make_frame_properties (props);
  make_queue_properties (props);
}

static bool
store_frame_property (PublisherSettings &settings, guint id, const GValue *value)
{
  switch (id) {
  case SINK_PROP_MODES:
    settings.modes = g_value_get_flags (value);
    return true;
  case SINK_PROP_MAX_STREAM_LENGTH:
    settings.max_stream_length = g_value_get_uint (value);
    return true;
  case SINK_PROP_KEY_TTL:
    settings.key_ttl_ms = (g_value_get_uint64 (value) + GST_MSECOND - 1) / GST_MSECOND;
    return true;
  case SINK_PROP_REQUEST_CHANNEL:
    settings.request_channel = string_of_value (value);
    return true;
  case SINK_PROP_MAX_QUEUED_FRAMES:
    settings.max_queued_frames = g_value_get_uint (value);
    return true;
  case SINK_PROP_MAX_QUEUED_BYTES:
    settings.max_queued_bytes = g_value_get_uint64 (value);
    return true;
  case SINK_PROP_METADATA:
    settings.metadata = g_value_get_boolean (value);
    return true;
  case SINK_PROP_CAMERA:
    settings.camera = string_of_value (value);
    return true;
  case SINK_PROP_COPY:
    settings.copy = static_cast<CopyPolicy> (g_value_get_enum (value));
    return true;
  case SINK_PROP_TRACK_DEMAND:
    settings.track_demand = g_value_get_boolean (value);
    return true;
  default:
    return false;
  }
}

bool
set_sink_property (RedisSinkSettings &settings, guint id, const GValue *value)
{
  return set_connection_property (settings.connection, id, value)
         || store_frame_property (settings.publisher, id, value);
}

static bool
load_frame_property (const PublisherSettings &settings, guint id, GValue *value)
{
  switch (id) {
  case SINK_PROP_MODES:
    g_value_set_flags (value, settings.modes);
    return true;
  case SINK_PROP_MAX_STREAM_LENGTH:
    g_value_set_uint (value, settings.max_stream_length);
    return true;
  case SINK_PROP_KEY_TTL:
    g_value_set_uint64 (value, settings.key_ttl_ms * GST_MSECOND);
    return true;
  case SINK_PROP_REQUEST_CHANNEL:
    set_string_value (value, settings.request_channel);
    return true;
  case SINK_PROP_MAX_QUEUED_FRAMES:
    g_value_set_uint (value, settings.max_queued_frames);
    return true;
  case SINK_PROP_MAX_QUEUED_BYTES:
    g_value_set_uint64 (value, settings.max_queued_bytes);
    return true;
  case SINK_PROP_METADATA:
    g_value_set_boolean (value, settings.metadata);
    return true;
  case SINK_PROP_CAMERA:
    set_string_value (value, settings.camera);
    return true;
  case SINK_PROP_COPY:
    g_value_set_enum (value, static_cast<int> (settings.copy));
    return true;
  case SINK_PROP_TRACK_DEMAND:
    g_value_set_boolean (value, settings.track_demand);
    return true;
  default:
    return false;
  }
}

bool
get_sink_property (const RedisSinkSettings &settings, guint id, GValue *value)
{
  return get_connection_property (settings.connection, id, value)
         || load_frame_property (settings.publisher, id, value);
}

} // namespace camwarden
