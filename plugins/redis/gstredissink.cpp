// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-redissink
 * @title: redissink
 * @short_description: publishes frames to a Redis server
 * @see_also: redissrc
 *
 * Publishes each buffer on a channel, adds it to a stream or keeps it in a key. A lost server is no
 * error: the pipeline goes on, the newest frames wait in a short queue, the connection comes back
 * by itself, and #GstRedisSink:stats tells what became of every frame.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 v4l2src ! video/x-raw,width=1280,height=720 ! jpegenc ! redissink
 * location=redis://127.0.0.1/cam:front:frame gst-launch-1.0 redissrc
 * location=redis://127.0.0.1/cam:front:frame ! jpegdec ! videoconvert ! autovideosink
 * ]|
 * The first line publishes a camera's pictures, the second shows them, on any number of machines.
 * |[
 * gst-launch-1.0 videotestsrc is-live=true ! jpegenc ! redissink
 * location=redis://127.0.0.1/cam:front:frame modes=stream+key gst-launch-1.0 redissrc
 * location=redis://127.0.0.1/cam:front:frame mode=stream ! jpegdec ! videoconvert ! autovideosink
 * ]|
 * The same through a Redis stream, from which a slow reader can skip.
 */

#include "buildconfig.h"

#include "redis/gstredissink.h"

#include "common/locked.h"
#include "gobject/capturetime.h"
#include "gobject/ref.h"
#include "redis/framepublisher.h"
#include "redis/gstredisconnection.h"
#include "redis/gstredisenums.h"

#include <glib/gi18n-lib.h>
#include <gst/video/video.h>
#include <memory>

GST_DEBUG_CATEGORY_STATIC (redis_sink_debug);
#define GST_CAT_DEFAULT redis_sink_debug

using namespace camwarden;

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

#define DEFAULT_CAMERA "camera"

/* How long the first frame waits for a server that is there but slow to greet. */
static constexpr int64_t FIRST_ATTEMPT = 250 * 1000;

enum {
  PROP_MODES = CONNECTION_N_PROPS,
  PROP_MAX_STREAM_LENGTH,
  PROP_KEY_TTL,
  PROP_REQUEST_CHANNEL,
  PROP_MAX_QUEUED_FRAMES,
  PROP_MAX_QUEUED_BYTES,
  PROP_METADATA,
  PROP_CAMERA,
  PROP_COPY,
  PROP_TRACK_DEMAND,
  PROP_WANTED,
  PROP_STATS,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

struct SinkSettings
{
  ConnectionSettings connection;
  PublisherSettings publisher; /* its redis: filled in at start */

  SinkSettings () { publisher.camera = DEFAULT_CAMERA; }
};

struct GstRedisSinkPrivate
{
  /* constant */
  Ref<GCancellable> cancellable = Ref<GCancellable>::adopt (g_cancellable_new ());

  /* settings, copied at start */
  Locked<SinkSettings> settings;

  /* made at start, gone at stop; streaming thread, state changes, and under the lock for readers */
  std::unique_ptr<FramePublisher> publisher;
  Locked<FramePublisher *> readable{ nullptr };
  FrameCounters last_counters;
  RequestCounters last_requests;
  CaptureTime capture_time;
  bool waited = false;
  bool caps_error_told = false;

  /* the connection's thread only */
  bool connected = false;
  bool outage_told = false;
  unsigned failures = 0;
};

struct _GstRedisSink
{
  GstBaseSink parent;
  GstRedisSinkPrivate *priv;
};

static void gst_redis_sink_uri_handler_init (gpointer iface, gpointer data);
static void gst_redis_sink_finalize (GObject *object);
static void gst_redis_sink_set_property (GObject *object, guint id, const GValue *value,
                                         GParamSpec *pspec);
static void gst_redis_sink_get_property (GObject *object, guint id, GValue *value,
                                         GParamSpec *pspec);
static gboolean gst_redis_sink_start (GstBaseSink *base);
static gboolean gst_redis_sink_stop (GstBaseSink *base);
static gboolean gst_redis_sink_unlock (GstBaseSink *base);
static gboolean gst_redis_sink_unlock_stop (GstBaseSink *base);
static gboolean gst_redis_sink_event (GstBaseSink *base, GstEvent *event);
static GstCaps *gst_redis_sink_get_caps (GstBaseSink *base, GstCaps *filter);
static gboolean gst_redis_sink_set_caps (GstBaseSink *base, GstCaps *caps);
static gboolean gst_redis_sink_propose_allocation (GstBaseSink *base, GstQuery *query);
static GstFlowReturn gst_redis_sink_render (GstBaseSink *base, GstBuffer *buffer);

G_DEFINE_TYPE_WITH_CODE (GstRedisSink, gst_redis_sink, GST_TYPE_BASE_SINK,
                         G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER,
                                                gst_redis_sink_uri_handler_init))
GST_ELEMENT_REGISTER_DEFINE (redissink, "redissink", GST_RANK_PRIMARY, GST_TYPE_REDIS_SINK)

static constexpr auto READY_ONLY = static_cast<GParamFlags> (
    G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
static constexpr auto READ_ONLY
    = static_cast<GParamFlags> (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

static void
install_frame_properties ()
{
  props[PROP_MODES] = g_param_spec_flags (
      "modes", "Modes", "What is done with each frame; several can be combined with +",
      GST_TYPE_REDIS_SINK_MODES, PUBLISH_PUBSUB, READY_ONLY);
  props[PROP_MAX_STREAM_LENGTH] = g_param_spec_uint (
      "max-stream-length", "Maximum stream length",
      "Entries kept in the stream CHANNEL:stream (mode stream)", 1, G_MAXINT, 30, READY_ONLY);
  props[PROP_KEY_TTL] = g_param_spec_uint64 (
      "key-ttl", "Key time to live",
      "Nanoseconds after which the key CHANNEL:last expires (mode key; 0: never; at least 1 ms)", 0,
      G_MAXINT64, 0, READY_ONLY);
  props[PROP_REQUEST_CHANNEL] = g_param_spec_string (
      "request-channel", "Request channel",
      "Channel on which JSON objects ask for one frame each, which carries the object as \"req\" "
      "(NULL: every frame is published)",
      nullptr, READY_ONLY);
  props[PROP_METADATA] = g_param_spec_boolean (
      "metadata", "Metadata",
      "Put the JSON header into the JPEG, as its first comment (FALSE: publish it unchanged)", TRUE,
      READY_ONLY);
  props[PROP_CAMERA] = g_param_spec_string ("camera", "Camera", "The header's camera name",
                                            DEFAULT_CAMERA, READY_ONLY);
  props[PROP_TRACK_DEMAND] = g_param_spec_boolean (
      "track-demand", "Track demand",
      "Ask the server twice a second who subscribes, to keep the property wanted up to date", FALSE,
      READY_ONLY);
}

static void
install_queue_properties ()
{
  props[PROP_MAX_QUEUED_FRAMES] = g_param_spec_uint (
      "max-queued-frames", "Maximum queued frames",
      "Frames that wait while the server is slow or away; the oldest is dropped", 1, 100000, 4,
      READY_ONLY);
  props[PROP_MAX_QUEUED_BYTES] = g_param_spec_uint64 (
      "max-queued-bytes", "Maximum queued bytes",
      "Bytes that wait while the server is slow or away; the newest frame always may", 1,
      G_MAXINT64, 8 * 1024 * 1024, READY_ONLY);
  props[PROP_COPY] = g_param_spec_enum (
      "copy", "Copy", "Copy the memory of a frame that has to wait", GST_TYPE_REDIS_SINK_COPY,
      static_cast<int> (CopyPolicy::Auto), READY_ONLY);
  props[PROP_WANTED] = g_param_spec_boolean (
      "wanted", "Wanted",
      "Somebody wants frames: a subscriber, a waiting request, or mode stream or key. Its notify "
      "comes from the connection's thread",
      FALSE, READ_ONLY);
  props[PROP_STATS] = g_param_spec_boxed ("stats", "Statistics", "What became of the frames",
                                          GST_TYPE_STRUCTURE, READ_ONLY);
}

static void
gst_redis_sink_class_init (GstRedisSinkClass *klass)
{
  auto *object_class = G_OBJECT_CLASS (klass);
  auto *element_class = GST_ELEMENT_CLASS (klass);
  auto *base_class = GST_BASE_SINK_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (redis_sink_debug, "redissink", 0, "Redis sink");

  object_class->finalize = gst_redis_sink_finalize;
  object_class->set_property = gst_redis_sink_set_property;
  object_class->get_property = gst_redis_sink_get_property;
  install_connection_properties (props);
  install_frame_properties ();
  install_queue_properties ();
  g_object_class_install_properties (object_class, N_PROPS, props);

  base_class->start = gst_redis_sink_start;
  base_class->stop = gst_redis_sink_stop;
  base_class->unlock = gst_redis_sink_unlock;
  base_class->unlock_stop = gst_redis_sink_unlock_stop;
  base_class->event = gst_redis_sink_event;
  base_class->get_caps = gst_redis_sink_get_caps;
  base_class->set_caps = gst_redis_sink_set_caps;
  base_class->propose_allocation = gst_redis_sink_propose_allocation;
  base_class->render = gst_redis_sink_render;

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Redis sink", "Sink/Network",
                                         "Publishes frames to a Redis server",
                                         "The Camwarden developers");
  gst_type_mark_as_plugin_api (GST_TYPE_REDIS_SINK_MODES, static_cast<GstPluginAPIFlags> (0));
  gst_type_mark_as_plugin_api (GST_TYPE_REDIS_SINK_COPY, static_cast<GstPluginAPIFlags> (0));
}

static void
gst_redis_sink_init (GstRedisSink *self)
{
  self->priv = new GstRedisSinkPrivate;
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
  /* It would hold a camera's buffer for as long as no other one comes. */
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
}

static void
gst_redis_sink_finalize (GObject *object)
{
  delete GST_REDIS_SINK (object)->priv;
  G_OBJECT_CLASS (gst_redis_sink_parent_class)->finalize (object);
}

/* --- properties --------------------------------------------------------------------------------
 */

/* False: not one of these. */
static bool
store_frame_property (PublisherSettings &settings, guint id, const GValue *value)
{
  switch (id) {
  case PROP_MODES:
    settings.modes = g_value_get_flags (value);
    return true;
  case PROP_MAX_STREAM_LENGTH:
    settings.max_stream_length = g_value_get_uint (value);
    return true;
  case PROP_KEY_TTL:
    settings.key_ttl_ms = (g_value_get_uint64 (value) + GST_MSECOND - 1) / GST_MSECOND;
    return true;
  case PROP_REQUEST_CHANNEL:
    settings.request_channel = string_of_value (value);
    return true;
  case PROP_MAX_QUEUED_FRAMES:
    settings.max_queued_frames = g_value_get_uint (value);
    return true;
  case PROP_MAX_QUEUED_BYTES:
    settings.max_queued_bytes = g_value_get_uint64 (value);
    return true;
  case PROP_METADATA:
    settings.metadata = g_value_get_boolean (value);
    return true;
  case PROP_CAMERA:
    settings.camera = string_of_value (value);
    return true;
  case PROP_COPY:
    settings.copy = static_cast<CopyPolicy> (g_value_get_enum (value));
    return true;
  case PROP_TRACK_DEMAND:
    settings.track_demand = g_value_get_boolean (value);
    return true;
  default:
    return false;
  }
}

static void
gst_redis_sink_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  const bool known = GST_REDIS_SINK (object)->priv->settings.with ([&] (SinkSettings &settings) {
    return set_connection_property (settings.connection, id, value)
           || store_frame_property (settings.publisher, id, value);
  });
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static bool
load_frame_property (const PublisherSettings &settings, guint id, GValue *value)
{
  switch (id) {
  case PROP_MODES:
    g_value_set_flags (value, settings.modes);
    return true;
  case PROP_MAX_STREAM_LENGTH:
    g_value_set_uint (value, settings.max_stream_length);
    return true;
  case PROP_KEY_TTL:
    g_value_set_uint64 (value, settings.key_ttl_ms * GST_MSECOND);
    return true;
  case PROP_REQUEST_CHANNEL:
    set_string_value (value, settings.request_channel);
    return true;
  case PROP_MAX_QUEUED_FRAMES:
    g_value_set_uint (value, settings.max_queued_frames);
    return true;
  case PROP_MAX_QUEUED_BYTES:
    g_value_set_uint64 (value, settings.max_queued_bytes);
    return true;
  case PROP_METADATA:
    g_value_set_boolean (value, settings.metadata);
    return true;
  case PROP_CAMERA:
    set_string_value (value, settings.camera);
    return true;
  case PROP_COPY:
    g_value_set_enum (value, static_cast<int> (settings.copy));
    return true;
  case PROP_TRACK_DEMAND:
    g_value_set_boolean (value, settings.track_demand);
    return true;
  default:
    return false;
  }
}

/* The base class's three fields, and ours. */
static GstStructure *
gst_redis_sink_make_stats (GstRedisSink *self)
{
  GstStructure *stats = gst_base_sink_get_stats (GST_BASE_SINK (self));
  FrameCounters frames;
  RequestCounters requests;
  LinkStats link;
  bool wanted = false;
  self->priv->readable.with ([&] (FramePublisher *publisher) {
    frames = publisher ? publisher->counters () : self->priv->last_counters;
    requests = publisher ? publisher->requests () : self->priv->last_requests;
    if (!publisher)
      return;
    link = publisher->link_stats ();
    wanted = publisher->wanted ();
  });
  gst_structure_set (
      stats, "sent", G_TYPE_UINT64, frames.sent, "published", G_TYPE_UINT64, frames.published,
      "bytes", G_TYPE_UINT64, frames.bytes, "dropped-queue", G_TYPE_UINT64, frames.dropped_queue,
      "dropped-offline", G_TYPE_UINT64, frames.dropped_offline, "dropped-link", G_TYPE_UINT64,
      frames.dropped_link, "dropped-refused", G_TYPE_UINT64, frames.dropped_refused,
      "dropped-stopped", G_TYPE_UINT64, frames.dropped_stopped, "dropped-invalid", G_TYPE_UINT64,
      frames.dropped_invalid, "refusals", G_TYPE_UINT64, frames.refusals, "copied", G_TYPE_UINT64,
      frames.copied, "receivers", G_TYPE_INT64, frames.receivers, nullptr);
  gst_structure_set (stats, "queued", G_TYPE_UINT, link.queued, "reconnects", G_TYPE_UINT64,
                     link.connects > 0 ? link.connects - 1 : 0, "rtt", G_TYPE_INT64,
                     link.rtt < 0 ? link.rtt : link.rtt * static_cast<int64_t> (GST_USECOND),
                     "link-state", G_TYPE_STRING, link_state_name (link.state), "wanted",
                     G_TYPE_BOOLEAN, wanted, "requests", G_TYPE_UINT64, requests.received,
                     "requests-invalid", G_TYPE_UINT64, requests.invalid, "requests-dropped",
                     G_TYPE_UINT64, requests.dropped, nullptr);
  return stats;
}

static void
gst_redis_sink_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  auto *self = GST_REDIS_SINK (object);
  if (id == PROP_STATS) {
    g_value_take_boxed (value, gst_redis_sink_make_stats (self));
    return;
  }
  if (id == PROP_WANTED) {
    const bool wanted = self->priv->readable.with (
        [] (const FramePublisher *publisher) { return publisher && publisher->wanted (); });
    g_value_set_boolean (value, wanted);
    return;
  }
  const bool known = self->priv->settings.with ([&] (const SinkSettings &settings) {
    return get_connection_property (settings.connection, id, value)
           || load_frame_property (settings.publisher, id, value);
  });
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/* --- what the connection tells -----------------------------------------------------------------
 */

static void
gst_redis_sink_post (GstRedisSink *self, const char *state, const std::string &detail)
{
  GstStructure *structure = gst_structure_new ("redissink", "state", G_TYPE_STRING, state, "detail",
                                               G_TYPE_STRING, detail.c_str (), nullptr);
  gst_element_post_message (GST_ELEMENT (self),
                            gst_message_new_element (GST_OBJECT (self), structure));
}

static void
gst_redis_sink_link_lost (GstRedisSink *self, const std::string &why, unsigned error_after)
{
  GstRedisSinkPrivate *priv = self->priv;
  /* The end of a connection is not yet an attempt that failed. */
  const bool attempt = !std::exchange (priv->connected, false);
  priv->failures += attempt ? 1 : 0;
  GST_INFO_OBJECT (self, "no connection: %s", why.c_str ());
  if (error_after > 0 && attempt && priv->failures == error_after) {
    priv->outage_told = true;
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_WRITE,
                       (_ ("The Redis server cannot be reached; check that it runs and that "
                           "location is right.")),
                       ("%u attempts failed, the last: %s", priv->failures, why.c_str ()));
    return;
  }
  if (std::exchange (priv->outage_told, true))
    return;
  GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
                       (_ ("Redis is away; frames are dropped until it is back.")),
                       ("%s", why.c_str ()));
  gst_redis_sink_post (self, "disconnected", why);
}

static void
gst_redis_sink_link_changed (GstRedisSink *self, bool connected, const std::string &why,
                             unsigned error_after)
{
  if (!connected) {
    gst_redis_sink_link_lost (self, why, error_after);
    return;
  }
  GST_INFO_OBJECT (self, "%s", why.c_str ());
  self->priv->failures = 0;
  self->priv->connected = true;
  self->priv->outage_told = false;
  gst_redis_sink_post (self, "connected", why);
}

static void
gst_redis_sink_refused (GstRedisSink *self, const std::string &reply)
{
  GST_ELEMENT_WARNING (self, RESOURCE, WRITE, (_ ("Redis refuses what is asked of it.")),
                       ("the server says: %s", reply.c_str ()));
  gst_redis_sink_post (self, "refused", reply);
}

/* --- vfuncs ------------------------------------------------------------------------------------
 */

static gboolean
gst_redis_sink_prepare (GstRedisSink *self, SinkSettings *settings)
{
  if (!resolve_location (GST_ELEMENT (self), settings->connection))
    return FALSE;
  if (settings->publisher.modes == 0) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS, (_ ("No mode is chosen.")),
                       ("set modes to one or more of pubsub, sharded-pubsub, stream, key"));
    return FALSE;
  }
  RedisSettings &redis = settings->publisher.redis;
  redis = settings->connection.redis;
  redis.client_name = "camwarden-sink-" + settings->publisher.camera;
  redis.refuse_replica = true;
  return TRUE;
}

static gboolean
gst_redis_sink_start (GstBaseSink *base)
{
  auto *self = GST_REDIS_SINK (base);
  GstRedisSinkPrivate *priv = self->priv;
  SinkSettings settings = priv->settings.get ();
  if (!gst_redis_sink_prepare (self, &settings))
    return FALSE;
  FramePublisher::Events events;
  const unsigned error_after = settings.connection.error_after_retries;
  events.link = [self, error_after] (bool connected, const std::string &why) {
    gst_redis_sink_link_changed (self, connected, why, error_after);
  };
  events.wanted = [self] (bool) { g_object_notify_by_pspec (G_OBJECT (self), props[PROP_WANTED]); };
  events.refused = [self] (const std::string &reply) { gst_redis_sink_refused (self, reply); };
  priv->waited = priv->caps_error_told = priv->connected = priv->outage_told = false;
  priv->failures = 0;
  priv->capture_time = CaptureTime ();
  priv->publisher = std::make_unique<FramePublisher> (settings.publisher, std::move (events));
  priv->readable.set (priv->publisher.get ());
  priv->publisher->start ();
  return TRUE;
}

static gboolean
gst_redis_sink_stop (GstBaseSink *base)
{
  GstRedisSinkPrivate *priv = GST_REDIS_SINK (base)->priv;
  priv->publisher->stop ();
  priv->readable.with ([&] (FramePublisher *&publisher) {
    priv->last_counters = publisher->counters ();
    priv->last_requests = publisher->requests ();
    publisher = nullptr;
  });
  priv->publisher.reset ();
  return TRUE;
}

static gboolean
gst_redis_sink_unlock (GstBaseSink *base)
{
  g_cancellable_cancel (GST_REDIS_SINK (base)->priv->cancellable.get ());
  return TRUE;
}

static gboolean
gst_redis_sink_unlock_stop (GstBaseSink *base)
{
  g_cancellable_reset (GST_REDIS_SINK (base)->priv->cancellable.get ());
  return TRUE;
}

static void
gst_redis_sink_take_health (GstRedisSinkPrivate *priv, GstEvent *event)
{
  const GstStructure *structure = gst_event_get_structure (event);
  if (!gst_structure_has_name (structure, "camwarden-health"))
    return;
  if (const char *verdict = gst_structure_get_string (structure, "verdict"))
    priv->publisher->set_health (verdict);
}

/* At the end, frames under way get the time of one command to arrive. */
static gboolean
gst_redis_sink_event (GstBaseSink *base, GstEvent *event)
{
  GstRedisSinkPrivate *priv = GST_REDIS_SINK (base)->priv;
  if (GST_EVENT_TYPE (event) == GST_EVENT_CUSTOM_DOWNSTREAM_STICKY) {
    gst_redis_sink_take_health (priv, event);
  } else if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    const int64_t patience = priv->settings.with (
        [] (const SinkSettings &settings) { return settings.connection.redis.command_timeout; });
    priv->publisher->wait_first_attempt (patience, priv->cancellable.get ());
    priv->publisher->drain (patience, priv->cancellable.get ());
  }
  return GST_BASE_SINK_CLASS (gst_redis_sink_parent_class)->event (base, event);
}

static bool
gst_redis_sink_needs_jpeg (GstRedisSink *self)
{
  return self->priv->settings.with ([] (const SinkSettings &settings) {
    return (settings.publisher.modes & PUBLISH_JPEG_ONLY) != 0;
  });
}

/* JPEG where the modes need it and the peer can give it. To a peer that cannot the answer is still
 * "anything": its caps then reach set_caps(), which says what is wrong better than a link that
 * fails can. */
static GstCaps *
gst_redis_sink_get_caps (GstBaseSink *base, GstCaps *filter)
{
  if (!filter)
    return gst_caps_new_any ();
  g_autoptr (GstCaps) jpeg = gst_caps_new_empty_simple ("image/jpeg");
  g_autoptr (GstCaps) both = gst_caps_intersect_full (filter, jpeg, GST_CAPS_INTERSECT_FIRST);
  if (!gst_redis_sink_needs_jpeg (GST_REDIS_SINK (base)) || gst_caps_is_empty (both))
    return gst_caps_ref (filter);
  return g_steal_pointer (&both);
}

static gboolean
gst_redis_sink_set_caps (GstBaseSink *base, GstCaps *caps)
{
  auto *self = GST_REDIS_SINK (base);
  const bool jpeg = gst_structure_has_name (gst_caps_get_structure (caps, 0), "image/jpeg");
  if (!jpeg && gst_redis_sink_needs_jpeg (self)) {
    if (!std::exchange (self->priv->caps_error_told, true))
      GST_ELEMENT_ERROR (self, STREAM, WRONG_TYPE,
                         (_ ("Only JPEG can be published; put an encoder such as jpegenc before "
                             "redissink, or use modes=stream.")),
                         ("caps are %" GST_PTR_FORMAT, static_cast<void *> (caps)));
    return FALSE;
  }
  self->priv->publisher->set_caps (caps);
  return TRUE;
}

/* So many buffers may wait here, one is being written, one may come. Only where the size is known:
 * a source without a pool of its own makes one of the size that stands here. */
static gboolean
gst_redis_sink_propose_allocation (GstBaseSink *base, GstQuery *query)
{
  const unsigned queued = GST_REDIS_SINK (base)->priv->settings.with (
      [] (const SinkSettings &settings) { return settings.publisher.max_queued_frames; });
  GstCaps *caps = nullptr;
  GstVideoInfo info;
  gst_query_parse_allocation (query, &caps, nullptr);
  if (caps && gst_video_info_from_caps (&info, caps))
    gst_query_add_allocation_pool (query, nullptr, static_cast<guint> (GST_VIDEO_INFO_SIZE (&info)),
                                   queued + 2, 0);
  return TRUE;
}

static GstFlowReturn
gst_redis_sink_render (GstBaseSink *base, GstBuffer *buffer)
{
  GstRedisSinkPrivate *priv = GST_REDIS_SINK (base)->priv;
  if (!std::exchange (priv->waited, true))
    priv->publisher->wait_first_attempt (FIRST_ATTEMPT, priv->cancellable.get ());
  const Captured captured = priv->capture_time.of (GST_ELEMENT (base), &base->segment, buffer);
  priv->publisher->publish (buffer, captured.mono, captured.utc, captured.synced);
  return GST_FLOW_OK;
}

/* --- URI handler -------------------------------------------------------------------------------
 */

static GstURIType
gst_redis_sink_uri_get_type (GType)
{
  return GST_URI_SINK;
}

static void
gst_redis_sink_uri_handler_init (gpointer iface, gpointer)
{
  init_redis_uri_handler (static_cast<GstURIHandlerInterface *> (iface),
                          gst_redis_sink_uri_get_type);
}
