// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-redissrc
 * @title: redissrc
 * @short_description: receives frames from a Redis server
 * @see_also: redissink
 *
 * Subscribes to a channel, or reads a stream, and pushes each frame as it comes. A lost server is
 * no error: it connects again for ever, marks the first frame after a loss with DISCONT and counts
 * in #GstRedisSrc:stats how many frames are missing.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 redissrc location=redis://127.0.0.1/cam:front:frame ! \
 *     jpegdec ! videoconvert ! autovideosink
 * ]|
 * |[
 * gst-launch-1.0 v4l2src ! jpegenc ! redissink location=redis://127.0.0.1/cam:front:frame
 * ]|
 * The first line shows what the second one publishes.
 * |[
 * gst-play-1.0 redis://127.0.0.1/cam:front:frame
 * ]|
 * |[
 * gst-launch-1.0 -e redissrc location=redis://127.0.0.1/cam:front:frame ! matroskamux ! \
 *     filesink location=front.mkv
 * ]|
 * Plays a camera, and records it.
 */

#include "buildconfig.h"

#include "redis/gstredissrc.h"

#include "common/backoff.h"
#include "common/locked.h"
#include "gobject/capturetime.h"
#include "gobject/ref.h"
#include "redis/framereceiver.h"
#include "redis/gstredisconnection.h"
#include "redis/gstredisenums.h"
#include "redis/jpegsize.h"

#include <glib/gi18n-lib.h>

GST_DEBUG_CATEGORY_STATIC (redis_src_debug);
#define GST_CAT_DEFAULT redis_src_debug

using namespace camwarden;

static GstStaticPadTemplate src_template
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

/* A stranger's caps are not parsed when they are longer than this. */
static constexpr size_t MAX_CAPS = 2048;

enum {
  PROP_MODE = CONNECTION_N_PROPS,
  PROP_STATS,
  N_PROPS,
};

static GParamSpec *props[N_PROPS];

struct SrcSettings
{
  ConnectionSettings connection;
  int mode = GST_REDIS_SRC_PUBSUB;
};

struct SrcCounters
{
  uint64_t received = 0;
  uint64_t bytes = 0;
  uint64_t lost = 0;    /* frames that the sequence numbers say are missing */
  uint64_t invalid = 0; /* messages that are no frame */
  uint64_t connects = 0;
};

/* What caps are made from: while it stays the same, so do they. */
struct CapsOrigin
{
  std::string told;
  double fps = 0;
  std::optional<std::pair<int, int>> size;

  bool operator== (const CapsOrigin &) const = default;
};

struct GstRedisSrcPrivate
{
  /* constant */
  Ref<GCancellable> cancellable = Ref<GCancellable>::adopt (g_cancellable_new ());

  /* settings, copied at start */
  Locked<SrcSettings> settings;

  /* streaming thread only */
  SrcSettings used;
  std::unique_ptr<FrameReceiver> receiver;
  FullJitter backoff{ 0, 0 };
  RandomSource random{ std::random_device{}() };
  bool outage_told = false;
  bool discont = true;
  std::string last_id;
  std::string run;
  uint64_t seq = 0;
  std::optional<CapsOrigin> origin; /* of the present caps */

  Locked<GstClockTime> frame_duration{ GST_CLOCK_TIME_NONE };
  Locked<SrcCounters> counters;
};

struct _GstRedisSrc
{
  GstPushSrc parent;
  GstRedisSrcPrivate *priv;
};

static void gst_redis_src_uri_handler_init (gpointer iface, gpointer data);
static void gst_redis_src_finalize (GObject *object);
static void gst_redis_src_set_property (GObject *object, guint id, const GValue *value,
                                        GParamSpec *pspec);
static void gst_redis_src_get_property (GObject *object, guint id, GValue *value,
                                        GParamSpec *pspec);
static gboolean gst_redis_src_start (GstBaseSrc *base);
static gboolean gst_redis_src_stop (GstBaseSrc *base);
static gboolean gst_redis_src_unlock (GstBaseSrc *base);
static gboolean gst_redis_src_unlock_stop (GstBaseSrc *base);
static gboolean gst_redis_src_query (GstBaseSrc *base, GstQuery *query);
static GstFlowReturn gst_redis_src_create (GstPushSrc *push, GstBuffer **buffer);

G_DEFINE_TYPE_WITH_CODE (GstRedisSrc, gst_redis_src, GST_TYPE_PUSH_SRC,
                         G_IMPLEMENT_INTERFACE (GST_TYPE_URI_HANDLER,
                                                gst_redis_src_uri_handler_init))
GST_ELEMENT_REGISTER_DEFINE (redissrc, "redissrc", GST_RANK_PRIMARY, GST_TYPE_REDIS_SRC)

static void
gst_redis_src_class_init (GstRedisSrcClass *klass)
{
  auto *object_class = G_OBJECT_CLASS (klass);
  auto *element_class = GST_ELEMENT_CLASS (klass);
  auto *base_class = GST_BASE_SRC_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (redis_src_debug, "redissrc", 0, "Redis source");

  object_class->finalize = gst_redis_src_finalize;
  object_class->set_property = gst_redis_src_set_property;
  object_class->get_property = gst_redis_src_get_property;
  install_connection_properties (props);
  props[PROP_MODE] = g_param_spec_enum (
      "mode", "Mode", "Where frames are taken from", GST_TYPE_REDIS_SRC_MODE, GST_REDIS_SRC_PUBSUB,
      static_cast<GParamFlags> (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
                                | GST_PARAM_MUTABLE_READY));
  props[PROP_STATS] = g_param_spec_boxed (
      "stats", "Statistics", "What was received, and what is missing", GST_TYPE_STRUCTURE,
      static_cast<GParamFlags> (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS));
  g_object_class_install_properties (object_class, N_PROPS, props);

  base_class->start = gst_redis_src_start;
  base_class->stop = gst_redis_src_stop;
  base_class->unlock = gst_redis_src_unlock;
  base_class->unlock_stop = gst_redis_src_unlock_stop;
  base_class->query = gst_redis_src_query;
  GST_PUSH_SRC_CLASS (klass)->create = gst_redis_src_create;

  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Redis source", "Source/Network",
                                         "Receives frames from a Redis server",
                                         "The Camwarden developers");
  gst_type_mark_as_plugin_api (GST_TYPE_REDIS_SRC_MODE, static_cast<GstPluginAPIFlags> (0));
}

static void
gst_redis_src_init (GstRedisSrc *self)
{
  self->priv = new GstRedisSrcPrivate;
  gst_base_src_set_live (GST_BASE_SRC (self), TRUE);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
  gst_base_src_set_do_timestamp (GST_BASE_SRC (self), TRUE);
}

static void
gst_redis_src_finalize (GObject *object)
{
  delete GST_REDIS_SRC (object)->priv;
  G_OBJECT_CLASS (gst_redis_src_parent_class)->finalize (object);
}

/* --- properties --------------------------------------------------------------------------------
 */

static void
gst_redis_src_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  const bool known = GST_REDIS_SRC (object)->priv->settings.with ([&] (SrcSettings &settings) {
    if (id == PROP_MODE)
      settings.mode = g_value_get_enum (value);
    return id == PROP_MODE || set_connection_property (settings.connection, id, value);
  });
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static GstStructure *
gst_redis_src_make_stats (GstRedisSrc *self)
{
  const SrcCounters counters = self->priv->counters.get ();
  return gst_structure_new ("application/x-redissrc-stats", "received", G_TYPE_UINT64,
                            counters.received, "bytes", G_TYPE_UINT64, counters.bytes, "lost",
                            G_TYPE_UINT64, counters.lost, "invalid", G_TYPE_UINT64,
                            counters.invalid, "reconnects", G_TYPE_UINT64,
                            counters.connects > 0 ? counters.connects - 1 : 0, nullptr);
}

static void
gst_redis_src_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  auto *self = GST_REDIS_SRC (object);
  if (id == PROP_STATS) {
    g_value_take_boxed (value, gst_redis_src_make_stats (self));
    return;
  }
  const bool known = self->priv->settings.with ([&] (const SrcSettings &settings) {
    if (id == PROP_MODE)
      g_value_set_enum (value, settings.mode);
    return id == PROP_MODE || get_connection_property (settings.connection, id, value);
  });
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/* --- start and stop ----------------------------------------------------------------------------
 */

static gboolean
gst_redis_src_start (GstBaseSrc *base)
{
  auto *self = GST_REDIS_SRC (base);
  GstRedisSrcPrivate *priv = self->priv;
  priv->used = priv->settings.get ();
  if (!resolve_location (GST_ELEMENT (self), priv->used.connection))
    return FALSE;
  RedisSettings &redis = priv->used.connection.redis;
  redis.client_name = "camwarden-src";
  priv->backoff = FullJitter (redis.retry_delay, redis.max_retry_delay);
  priv->outage_told = false;
  priv->discont = true;
  priv->last_id.clear ();
  priv->run.clear ();
  priv->origin.reset ();
  priv->counters.set (SrcCounters ());
  return TRUE;
}

static gboolean
gst_redis_src_stop (GstBaseSrc *base)
{
  GST_REDIS_SRC (base)->priv->receiver.reset ();
  return TRUE;
}

static gboolean
gst_redis_src_unlock (GstBaseSrc *base)
{
  g_cancellable_cancel (GST_REDIS_SRC (base)->priv->cancellable.get ());
  return TRUE;
}

static gboolean
gst_redis_src_unlock_stop (GstBaseSrc *base)
{
  g_cancellable_reset (GST_REDIS_SRC (base)->priv->cancellable.get ());
  return TRUE;
}

/* A frame is as late as it takes to come; one frame's duration is what a camera answers too. */
static gboolean
gst_redis_src_query (GstBaseSrc *base, GstQuery *query)
{
  if (GST_QUERY_TYPE (query) != GST_QUERY_LATENCY)
    return GST_BASE_SRC_CLASS (gst_redis_src_parent_class)->query (base, query);
  const GstClockTime duration = GST_REDIS_SRC (base)->priv->frame_duration.get ();
  const GstClockTime least = GST_CLOCK_TIME_IS_VALID (duration) ? duration : 40 * GST_MSECOND;
  gst_query_set_latency (query, TRUE, least, GST_CLOCK_TIME_NONE);
  return TRUE;
}

/* --- the connection ----------------------------------------------------------------------------
 */

static void
gst_redis_src_post (GstRedisSrc *self, const char *state, const char *detail)
{
  GstStructure *structure = gst_structure_new ("redissrc", "state", G_TYPE_STRING, state, "detail",
                                               G_TYPE_STRING, detail, nullptr);
  gst_element_post_message (GST_ELEMENT (self),
                            gst_message_new_element (GST_OBJECT (self), structure));
}

/* False when the pipeline is to end for it. */
static bool
gst_redis_src_note_outage (GstRedisSrc *self, const char *why)
{
  GstRedisSrcPrivate *priv = self->priv;
  const unsigned limit = priv->used.connection.error_after_retries;
  GST_INFO_OBJECT (self, "no connection: %s", why);
  priv->discont = true;
  if (limit > 0 && priv->backoff.attempts () >= limit) {
    GST_ELEMENT_ERROR (self, RESOURCE, OPEN_READ,
                       (_ ("The Redis server cannot be reached; check that it runs and that "
                           "location is right.")),
                       ("%u attempts failed, the last: %s", priv->backoff.attempts (), why));
    return false;
  }
  if (!std::exchange (priv->outage_told, true)) {
    GST_ELEMENT_WARNING (self, RESOURCE, READ,
                         (_ ("Redis is away; frames are missed until it is back.")), ("%s", why));
    gst_redis_src_post (self, "disconnected", why);
  }
  return true;
}

/* False: cancelled. */
static bool
gst_redis_src_pause (GstRedisSrcPrivate *priv)
{
  GPollFD entry;
  const int64_t delay = priv->backoff.next (priv->random);
  if (g_cancellable_make_pollfd (priv->cancellable.get (), &entry)) {
    g_poll (&entry, 1, static_cast<int> (delay / 1000));
    g_cancellable_release_fd (priv->cancellable.get ());
  }
  return !g_cancellable_is_cancelled (priv->cancellable.get ());
}

static GstFlowReturn
gst_redis_src_connect (GstRedisSrc *self)
{
  GstRedisSrcPrivate *priv = self->priv;
  while (gst_redis_src_pause (priv)) {
    g_autoptr (GError) error = nullptr;
    priv->receiver = FrameReceiver::connect (priv->used.connection.redis,
                                             priv->used.mode == GST_REDIS_SRC_STREAM, priv->last_id,
                                             priv->cancellable.get (), &error);
    if (priv->receiver) {
      priv->counters.with ([] (SrcCounters &counters) { counters.connects++; });
      priv->outage_told = false;
      gst_redis_src_post (self, "connected", priv->used.connection.location.c_str ());
      return GST_FLOW_OK;
    }
    if (!g_cancellable_is_cancelled (priv->cancellable.get ())
        && !gst_redis_src_note_outage (self, error->message))
      return GST_FLOW_ERROR;
  }
  return GST_FLOW_FLUSHING;
}

/* --- frames ------------------------------------------------------------------------------------
 */

/* A gap in the numbers of one run is a loss; a new run begins anew. */
static void
gst_redis_src_count (GstRedisSrcPrivate *priv, const Received &received)
{
  uint64_t lost = 0;
  const FrameHeader &header = received.header;
  if (received.has_header) {
    const bool same_run = header.run == priv->run;
    if (same_run && header.seq > priv->seq + 1)
      lost = header.seq - priv->seq - 1;
    priv->discont = priv->discont || !same_run || lost > 0;
    priv->run = header.run;
    priv->seq = header.seq;
  }
  const gsize bytes = gst_buffer_get_size (received.buffer);
  priv->counters.with ([&] (SrcCounters &counters) {
    counters.received++;
    counters.bytes += bytes;
    counters.lost += lost;
  });
}

static void
gst_redis_src_set_framerate (GstCaps *caps, double fps)
{
  int numerator = 0, denominator = 1;
  if (fps > 0)
    gst_util_double_to_fraction (fps, &numerator, &denominator);
  gst_caps_set_simple (caps, "framerate", GST_TYPE_FRACTION, numerator, denominator, nullptr);
}

static std::optional<std::pair<int, int>>
gst_redis_src_picture_size (const Received &received)
{
  GstMapInfo map;
  if (!gst_buffer_map (received.buffer, &map, GST_MAP_READ))
    return std::nullopt;
  const bool jpeg = map.size > 3 && map.data[0] == 0xFF && map.data[1] == 0xD8;
  const auto size = jpeg ? jpeg_size ({ map.data, map.size }) : std::nullopt;
  gst_buffer_unmap (received.buffer, &map);
  return size;
}

/* From the picture itself, as a muxer needs them: complete and fixed. */
static GstCaps *
gst_redis_src_jpeg_caps (const std::optional<std::pair<int, int>> &size, double fps)
{
  if (!size)
    return nullptr;
  GstCaps *caps = gst_caps_new_simple ("image/jpeg", "width", G_TYPE_INT, size->first, "height",
                                       G_TYPE_INT, size->second, nullptr);
  gst_redis_src_set_framerate (caps, fps);
  return caps;
}

/* What the sender says of a payload that is no JPEG, if it makes sense. */
static GstCaps *
gst_redis_src_told_caps (const FrameHeader &header)
{
  if (header.caps.empty () || header.caps.size () > MAX_CAPS
      || header.caps.find ('\0') != header.caps.npos)
    return nullptr;
  g_autoptr (GstCaps) caps = gst_caps_from_string (header.caps.c_str ());
  if (!caps || gst_caps_is_any (caps) || gst_caps_is_empty (caps) || !gst_caps_is_fixed (caps))
    return nullptr;
  return g_steal_pointer (&caps);
}

static bool
gst_redis_src_negotiate (GstRedisSrc *self, const Received &received)
{
  GstRedisSrcPrivate *priv = self->priv;
  const FrameHeader &header = received.header;
  CapsOrigin origin{ header.caps, header.fps, gst_redis_src_picture_size (received) };
  if (priv->origin && *priv->origin == origin)
    return true;
  g_autoptr (GstCaps) caps = gst_redis_src_told_caps (header);
  if (!caps || gst_structure_has_name (gst_caps_get_structure (caps, 0), "image/jpeg"))
    gst_caps_take (&caps, gst_redis_src_jpeg_caps (origin.size, header.fps));
  if (!caps)
    return false;
  const double fps = header.fps;
  priv->frame_duration.set (fps > 0
                                ? static_cast<GstClockTime> (static_cast<double> (GST_SECOND) / fps)
                                : GST_CLOCK_TIME_NONE);
  priv->origin = std::move (origin);
  g_autoptr (GstCaps) current = gst_pad_get_current_caps (GST_BASE_SRC_PAD (self));
  if (current && gst_caps_is_equal (current, caps))
    return true;
  GST_INFO_OBJECT (self, "caps %" GST_PTR_FORMAT, static_cast<void *> (caps));
  gst_element_post_message (GST_ELEMENT (self), gst_message_new_latency (GST_OBJECT (self)));
  return gst_base_src_set_caps (GST_BASE_SRC (self), caps);
}

static void
gst_redis_src_stamp (GstRedisSrcPrivate *priv, const Received &received)
{
  GstBuffer *buffer = received.buffer;
  GST_BUFFER_DURATION (buffer) = priv->frame_duration.get ();
  if (received.has_header) {
    GST_BUFFER_OFFSET (buffer) = received.header.seq;
    if (received.header.ts > 0)
      gst_buffer_add_reference_timestamp_meta (
          buffer, unix_time (), static_cast<GstClockTime> (received.header.ts) * GST_USECOND,
          GST_CLOCK_TIME_NONE);
  }
  if (std::exchange (priv->discont, false))
    GST_BUFFER_FLAG_SET (buffer, GST_BUFFER_FLAG_DISCONT);
}

/* One frame, or nothing when the connection broke or what came was no frame. */
static GstFlowReturn
gst_redis_src_receive (GstRedisSrc *self, GstBuffer **buffer)
{
  GstRedisSrcPrivate *priv = self->priv;
  g_autoptr (GError) error = nullptr;
  auto received = priv->receiver->receive (priv->cancellable.get (), &error);
  priv->last_id = priv->receiver->last_id ();
  if (!received) {
    priv->receiver.reset ();
    if (g_cancellable_is_cancelled (priv->cancellable.get ()))
      return GST_FLOW_FLUSHING;
    return gst_redis_src_note_outage (self, error->message) ? GST_FLOW_OK : GST_FLOW_ERROR;
  }
  priv->backoff.reset ();
  if (!gst_redis_src_negotiate (self, *received)) {
    priv->counters.with ([] (SrcCounters &counters) { counters.invalid++; });
    gst_buffer_unref (received->buffer);
    return GST_FLOW_OK;
  }
  gst_redis_src_count (priv, *received);
  gst_redis_src_stamp (priv, *received);
  *buffer = received->buffer;
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_redis_src_create (GstPushSrc *push, GstBuffer **buffer)
{
  auto *self = GST_REDIS_SRC (push);
  *buffer = nullptr;
  GstFlowReturn flow = GST_FLOW_OK;
  while (flow == GST_FLOW_OK && !*buffer)
    flow = self->priv->receiver ? gst_redis_src_receive (self, buffer)
                                : gst_redis_src_connect (self);
  return flow;
}

/* --- URI handler -------------------------------------------------------------------------------
 */

static GstURIType
gst_redis_src_uri_get_type (GType)
{
  return GST_URI_SRC;
}

static void
gst_redis_src_uri_handler_init (gpointer iface, gpointer)
{
  init_redis_uri_handler (static_cast<GstURIHandlerInterface *> (iface),
                          gst_redis_src_uri_get_type);
}
