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
 * gst-launch-1.0 v4l2src ! video/x-raw,width=1280,height=720 ! jpegenc ! \
 *     redissink location=redis://127.0.0.1/cam:front:frame
 * ]|
 * |[
 * gst-launch-1.0 redissrc location=redis://127.0.0.1/cam:front:frame ! \
 *     jpegdec ! videoconvert ! autovideosink
 * ]|
 * The first line publishes a camera's pictures, the second shows them, on any number of machines.
 * |[
 * gst-launch-1.0 videotestsrc is-live=true ! jpegenc ! \
 *     redissink location=redis://127.0.0.1/cam:front:frame modes=stream+key
 * ]|
 * |[
 * gst-launch-1.0 redissrc location=redis://127.0.0.1/cam:front:frame mode=stream ! \
 *     jpegdec ! videoconvert ! autovideosink
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
#include "redis/gstredissinksettings.h"

#include <glib/gi18n-lib.h>
#include <gst/video/video.h>
#include <memory>

GST_DEBUG_CATEGORY_STATIC (redis_sink_debug);
#define GST_CAT_DEFAULT redis_sink_debug

using namespace camwarden;

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

/* How long the first frame waits for a server that is there but slow to greet. */
static constexpr int64_t FIRST_ATTEMPT = 250 * 1000;

static GParamSpec *props[SINK_N_PROPS];

struct GstRedisSinkPrivate
{
  /* constant */
  Ref<GCancellable> cancellable = Ref<GCancellable>::adopt (g_cancellable_new ());

  /* settings, copied at start */
  Locked<RedisSinkSettings> settings;

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
  make_sink_properties (props);
  g_object_class_install_properties (object_class, SINK_N_PROPS, props);

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

static void
gst_redis_sink_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  const bool known = GST_REDIS_SINK (object)->priv->settings.with (
      [&] (RedisSinkSettings &settings) { return set_sink_property (settings, id, value); });
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
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
  if (id == SINK_PROP_STATS) {
    g_value_take_boxed (value, gst_redis_sink_make_stats (self));
    return;
  }
  if (id == SINK_PROP_WANTED) {
    const bool wanted = self->priv->readable.with (
        [] (const FramePublisher *publisher) { return publisher && publisher->wanted (); });
    g_value_set_boolean (value, wanted);
    return;
  }
  const bool known = self->priv->settings.with (
      [&] (const RedisSinkSettings &settings) { return get_sink_property (settings, id, value); });
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
gst_redis_sink_prepare (GstRedisSink *self, RedisSinkSettings *settings)
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
  RedisSinkSettings settings = priv->settings.get ();
  if (!gst_redis_sink_prepare (self, &settings))
    return FALSE;
  FramePublisher::Events events;
  const unsigned error_after = settings.connection.error_after_retries;
  events.link = [self, error_after] (bool connected, const std::string &why) {
    gst_redis_sink_link_changed (self, connected, why, error_after);
  };
  events.wanted
      = [self] (bool) { g_object_notify_by_pspec (G_OBJECT (self), props[SINK_PROP_WANTED]); };
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
    const int64_t patience = priv->settings.with ([] (const RedisSinkSettings &settings) {
      return settings.connection.redis.command_timeout;
    });
    priv->publisher->wait_first_attempt (patience, priv->cancellable.get ());
    priv->publisher->drain (patience, priv->cancellable.get ());
  }
  return GST_BASE_SINK_CLASS (gst_redis_sink_parent_class)->event (base, event);
}

static bool
gst_redis_sink_needs_jpeg (GstRedisSink *self)
{
  return self->priv->settings.with ([] (const RedisSinkSettings &settings) {
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
      [] (const RedisSinkSettings &settings) { return settings.publisher.max_queued_frames; });
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
