// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-framestoresink
 * @title: framestoresink
 * @short_description: keeps frames as files
 * @see_also: multifilesink, multifilesrc
 *
 * Stores JPEG frames below a directory, one file each, named after the time of capture, and
 * deletes the oldest ones to stay within its limits, also those of earlier runs. A full, lost or
 * failing disk is no error: the pipeline goes on, storing resumes by itself, and
 * #GstFrameStoreSink:stats tells what became of every frame.
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 v4l2src ! image/jpeg,width=1280 ! framestoresink location=/var/lib/frames \
 *     camera=front interval=1000000000 max-bytes=2000000000
 * ]|
 * |[
 * cd /var/lib/frames/2026/01/31/23/59
 * gst-launch-1.0 multifilesrc location=front_20260131T235958.000000Z_5eed0001_00000001.jpg ! \
 *     jpegdec ! videoconvert ! autovideosink
 * ]|
 * The first line stores a picture a second in up to 2 GB, the second shows one of them.
 */

#include "buildconfig.h"
#include "builddate.h"

#include "framestore/gstframestoresink.h"

#include "common/locked.h"
#include "framestore/gstframestoresettings.h"
#include "framestore/storeinterval.h"
#include "framestore/storewriter.h"
#include "gobject/capturetime.h"
#include "gobject/heldbuffer.h"

#include <cerrno>
#include <glib/gi18n-lib.h>
#include <memory>
#include <sys/random.h>

GST_DEBUG_CATEGORY (frame_store_sink_debug);
#define GST_CAT_DEFAULT frame_store_sink_debug

using namespace camwarden;

static GstStaticPadTemplate sink_template = GST_STATIC_PAD_TEMPLATE (
    "sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS ("image/jpeg"));

/* How long the end of the stream waits for the frames before it to be on the disk. */
static constexpr std::chrono::milliseconds END_PATIENCE{ 10'000 };

enum { SIGNAL_PRUNE, N_SIGNALS };

static guint signals[N_SIGNALS];

static void gst_frame_store_sink_stored (GstFrameStoreSink *self, const StoredReport &report);
static void gst_frame_store_sink_paused (GstFrameStoreSink *self, OutageReason reason,
                                         int error_number, const std::string &what, bool first);
static void gst_frame_store_sink_resumed (GstFrameStoreSink *self, uint64_t dropped);

/* The writer's reports, from its threads, become messages. */
struct GstFrameStoreSinkPrivate : StoreListener
{
  explicit GstFrameStoreSinkPrivate (GstFrameStoreSink *sink) : self (sink) {}

  void
  frame_stored (const StoredReport &report) override
  {
    gst_frame_store_sink_stored (self, report);
  }
  void
  store_paused (OutageReason reason, int error_number, const std::string &what, bool first) override
  {
    gst_frame_store_sink_paused (self, reason, error_number, what, first);
  }
  void
  store_resumed (uint64_t dropped) override
  {
    gst_frame_store_sink_resumed (self, dropped);
  }

  /* constant */
  GstFrameStoreSink *const self;

  /* settings; all but those of StoreLimits and interval are copied at start */
  Locked<SinkSettings> settings;

  /* Made at start, gone at stop. Shared with whoever reads the statistics or prunes meanwhile: they
   * must not hold the lock while they do. */
  Locked<std::shared_ptr<StoreWriter>> writer;
  Locked<StoreStats> last_stats;
  std::atomic<uint64_t> skipped{ 0 };
  std::atomic<uint64_t> copied{ 0 };
  std::atomic<uint64_t> held{ 0 };

  /* streaming thread only */
  CaptureTime capture_time;
  StoreInterval schedule;
  StoreCopy copy = STORE_COPY_AUTO;
};

struct _GstFrameStoreSink
{
  GstBaseSink parent;
  GstFrameStoreSinkPrivate *priv;
};

static void gst_frame_store_sink_finalize (GObject *object);
static void gst_frame_store_sink_set_property (GObject *object, guint id, const GValue *value,
                                               GParamSpec *pspec);
static void gst_frame_store_sink_get_property (GObject *object, guint id, GValue *value,
                                               GParamSpec *pspec);
static gboolean gst_frame_store_sink_start (GstBaseSink *base);
static gboolean gst_frame_store_sink_stop (GstBaseSink *base);
static gboolean gst_frame_store_sink_unlock (GstBaseSink *base);
static gboolean gst_frame_store_sink_unlock_stop (GstBaseSink *base);
static gboolean gst_frame_store_sink_event (GstBaseSink *base, GstEvent *event);
static gboolean gst_frame_store_sink_propose_allocation (GstBaseSink *base, GstQuery *query);
static GstFlowReturn gst_frame_store_sink_render (GstBaseSink *base, GstBuffer *buffer);
static guint64 gst_frame_store_sink_prune (GstFrameStoreSink *self, guint64 bytes);

G_DEFINE_TYPE (GstFrameStoreSink, gst_frame_store_sink, GST_TYPE_BASE_SINK)
GST_ELEMENT_REGISTER_DEFINE (framestoresink, "framestoresink", GST_RANK_NONE,
                             GST_TYPE_FRAME_STORE_SINK)

static void
gst_frame_store_sink_class_init (GstFrameStoreSinkClass *klass)
{
  auto *object_class = G_OBJECT_CLASS (klass);
  auto *element_class = GST_ELEMENT_CLASS (klass);
  auto *base_class = GST_BASE_SINK_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (frame_store_sink_debug, "framestoresink", 0, "Frame store sink");

  object_class->finalize = gst_frame_store_sink_finalize;
  object_class->set_property = gst_frame_store_sink_set_property;
  object_class->get_property = gst_frame_store_sink_get_property;
  GParamSpec *props[STORE_N_PROPS] = {};
  make_store_properties (props);
  g_object_class_install_properties (object_class, STORE_N_PROPS, props);

  /**
   * GstFrameStoreSink::prune:
   * @bytes: how much to free
   *
   * Deletes oldest files of this camera, never those of the newest minute. Does the work in the
   * caller's thread.
   *
   * Returns: how many bytes were freed; 0 when the element is not running
   */
  signals[SIGNAL_PRUNE]
      = g_signal_new_class_handler ("prune", G_TYPE_FROM_CLASS (klass),
                                    static_cast<GSignalFlags> (G_SIGNAL_RUN_LAST | G_SIGNAL_ACTION),
                                    G_CALLBACK (gst_frame_store_sink_prune), nullptr, nullptr,
                                    nullptr, G_TYPE_UINT64, 1, G_TYPE_UINT64);

  base_class->start = gst_frame_store_sink_start;
  base_class->stop = gst_frame_store_sink_stop;
  base_class->unlock = gst_frame_store_sink_unlock;
  base_class->unlock_stop = gst_frame_store_sink_unlock_stop;
  base_class->event = gst_frame_store_sink_event;
  base_class->propose_allocation = gst_frame_store_sink_propose_allocation;
  base_class->render = gst_frame_store_sink_render;

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_set_static_metadata (element_class, "Frame store sink", "Sink/File",
                                         "Keeps JPEG frames as files, within limits",
                                         "The Camwarden developers");
  gst_type_mark_as_plugin_api (GST_TYPE_FRAME_STORE_SINK_COPY, static_cast<GstPluginAPIFlags> (0));
}

static void
gst_frame_store_sink_init (GstFrameStoreSink *self)
{
  self->priv = new GstFrameStoreSinkPrivate (self);
  gst_base_sink_set_sync (GST_BASE_SINK (self), FALSE);
  gst_base_sink_set_async_enabled (GST_BASE_SINK (self), FALSE);
  /* the last frame would be held for as long as no other comes */
  gst_base_sink_set_last_sample_enabled (GST_BASE_SINK (self), FALSE);
}

static void
gst_frame_store_sink_finalize (GObject *object)
{
  delete GST_FRAME_STORE_SINK (object)->priv;
  G_OBJECT_CLASS (gst_frame_store_sink_parent_class)->finalize (object);
}

/* --- properties --------------------------------------------------------------------------------
 */

static void
gst_frame_store_sink_set_property (GObject *object, guint id, const GValue *value,
                                   GParamSpec *pspec)
{
  auto *self = GST_FRAME_STORE_SINK (object);
  StoreLimits limits;
  const bool known = self->priv->settings.with ([&] (SinkSettings &settings) {
    const bool stored = set_store_property (GST_ELEMENT (self), settings, id, value);
    limits = limits_of (settings);
    return stored;
  });
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
  else if (const auto writer = self->priv->writer.get ())
    writer->set_limits (limits);
}

static GstStructure *
gst_frame_store_sink_stats (GstFrameStoreSink *self)
{
  GstFrameStoreSinkPrivate *priv = self->priv;
  const auto writer = priv->writer.get ();
  const StoreStats stats = writer ? writer->stats () : priv->last_stats.get ();
  const auto dropped = [&] (OutageReason reason) {
    return static_cast<guint64> (stats.dropped[static_cast<size_t> (reason)]);
  };
  GstStructure *result = gst_base_sink_get_stats (GST_BASE_SINK (self));
  gst_structure_set_name (result, "framestoresink-stats");
  gst_structure_set (
      result, "stored", G_TYPE_UINT64, stats.stored, "bytes", G_TYPE_UINT64, stats.stored_bytes,
      "synced", G_TYPE_UINT64, stats.synced, "skipped", G_TYPE_UINT64, priv->skipped.load (),
      "copied", G_TYPE_UINT64, priv->copied.load (), "queued", G_TYPE_UINT64, stats.queued,
      "queued-bytes", G_TYPE_UINT64, stats.queued_bytes, "dropped-queue", G_TYPE_UINT64,
      stats.dropped_queue, "dropped-full", G_TYPE_UINT64, dropped (OutageReason::full),
      "dropped-readonly", G_TYPE_UINT64, dropped (OutageReason::readonly), "dropped-io",
      G_TYPE_UINT64, dropped (OutageReason::io), "dropped-missing", G_TYPE_UINT64,
      dropped (OutageReason::missing), "dropped-permission", G_TYPE_UINT64,
      dropped (OutageReason::permission), "dropped-held", G_TYPE_UINT64, priv->held.load (),
      "dropped-stopped", G_TYPE_UINT64, stats.dropped_stopped, nullptr);
  gst_structure_set (
      result, "pruned", G_TYPE_UINT64, stats.pruned, "pruned-bytes", G_TYPE_UINT64,
      stats.pruned_bytes, "files", G_TYPE_UINT64, stats.files, "files-bytes", G_TYPE_UINT64,
      stats.files_bytes, "quarantined", G_TYPE_UINT64, stats.quarantined, "scanning",
      G_TYPE_BOOLEAN, static_cast<gboolean> (stats.scanning), "scan-time", G_TYPE_UINT64,
      stats.scan_us, "names-ahead", G_TYPE_UINT64, stats.names_ahead_us, "paused", G_TYPE_STRING,
      outage_reason_name (stats.outage), "errno", G_TYPE_INT, stats.error_number, nullptr);
  return result;
}

static void
gst_frame_store_sink_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  auto *self = GST_FRAME_STORE_SINK (object);
  if (id == STORE_PROP_STATS) {
    g_value_take_boxed (value, gst_frame_store_sink_stats (self));
    return;
  }
  const SinkSettings settings = self->priv->settings.get ();
  if (!get_store_property (settings, id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static guint64
gst_frame_store_sink_prune (GstFrameStoreSink *self, guint64 bytes)
{
  const auto writer = self->priv->writer.get ();
  return writer ? writer->prune (bytes) : 0;
}

/* --- messages, from the writer's threads -------------------------------------------------------
 */

static void
post (GstFrameStoreSink *self, GstStructure *structure)
{
  gst_element_post_message (GST_ELEMENT (self),
                            gst_message_new_element (GST_OBJECT (self), structure));
}

static void
gst_frame_store_sink_stored (GstFrameStoreSink *self, const StoredReport &report)
{
  GST_LOG_OBJECT (self, "stored %s", report.path.c_str ());
  post (self, gst_structure_new ("frame-stored", "path", G_TYPE_STRING, report.path.c_str (),
                                 "size", G_TYPE_UINT64, report.size, "pts", G_TYPE_UINT64,
                                 report.pts, "seq", G_TYPE_UINT64, report.seq, "synced",
                                 G_TYPE_BOOLEAN, static_cast<gboolean> (report.synced), nullptr));
}

static void
gst_frame_store_sink_warn (GstFrameStoreSink *self, OutageReason reason, const char *detail)
{
  switch (reason) {
  case OutageReason::full:
    GST_ELEMENT_WARNING (self, RESOURCE, NO_SPACE_LEFT,
                         (_ ("The disk is full; frames are not stored until there is space.")),
                         ("%s", detail));
    break;
  case OutageReason::readonly:
    GST_ELEMENT_WARNING (self, RESOURCE, OPEN_WRITE,
                         (_ ("The disk is read-only; frames are not stored until it can be "
                             "written. Check it for damage.")),
                         ("%s", detail));
    break;
  case OutageReason::missing:
    GST_ELEMENT_WARNING (self, RESOURCE, NOT_FOUND,
                         (_ ("The store's directory is missing; frames are not stored until it "
                             "is back. Check that its disk is mounted.")),
                         ("%s", detail));
    break;
  case OutageReason::permission:
    GST_ELEMENT_WARNING (self, RESOURCE, OPEN_WRITE,
                         (_ ("The store's directory may not be written by this user; frames are "
                             "not stored until it may.")),
                         ("%s", detail));
    break;
  default:
    GST_ELEMENT_WARNING (self, RESOURCE, WRITE,
                         (_ ("The disk reports errors; frames are not stored until it works "
                             "again. It may be failing.")),
                         ("%s", detail));
    break;
  }
}

static void
gst_frame_store_sink_paused (GstFrameStoreSink *self, OutageReason reason, int error_number,
                             const std::string &what, bool first)
{
  const std::string detail = what + ": " + g_strerror (error_number);
  if (first)
    gst_frame_store_sink_warn (self, reason, detail.c_str ());
  post (self, gst_structure_new ("framestore-paused", "reason", G_TYPE_STRING,
                                 outage_reason_name (reason), "errno", G_TYPE_INT, error_number,
                                 "detail", G_TYPE_STRING, detail.c_str (), nullptr));
}

static void
gst_frame_store_sink_resumed (GstFrameStoreSink *self, uint64_t dropped)
{
  GST_INFO_OBJECT (self, "storing again, %" G_GUINT64_FORMAT " frames were dropped", dropped);
  post (self, gst_structure_new ("framestore-resumed", "dropped", G_TYPE_UINT64, dropped, nullptr));
}

/* --- vfuncs ------------------------------------------------------------------------------------
 */

static bool
gst_frame_store_sink_check (GstFrameStoreSink *self, const SinkSettings &settings)
{
  if (settings.location.empty ()) {
    GST_ELEMENT_ERROR (self, RESOURCE, NOT_FOUND,
                       (_ ("No directory is given to store frames in; set location.")),
                       ("location is not set"));
    return false;
  }
  if (!is_stored_camera (settings.camera)) {
    GST_ELEMENT_ERROR (self, RESOURCE, SETTINGS,
                       (_ ("\"%s\" cannot be a camera's id; use 1 to 32 of a-z, 0-9 and -."),
                        settings.camera.c_str ()),
                       ("property camera"));
    return false;
  }
  return true;
}

static StoreSettings
writer_settings (const SinkSettings &settings)
{
  StoreSettings result;
  g_autofree char *location = g_canonicalize_filename (settings.location.c_str (), nullptr);
  result.location = location;
  result.camera = settings.camera;
  result.max_queued_frames = settings.max_queued_frames;
  result.max_queued_bytes = settings.max_queued_bytes;
  result.clock_set_us = CAMWARDEN_BUILD_DATE * G_USEC_PER_SEC;
  /* not GLib's generator: a process that forked would draw what its parent draws */
  if (getrandom (&result.run, sizeof result.run, 0) != sizeof result.run)
    result.run = g_random_int ();
  return result;
}

static gboolean
gst_frame_store_sink_start (GstBaseSink *base)
{
  auto *self = GST_FRAME_STORE_SINK (base);
  GstFrameStoreSinkPrivate *priv = self->priv;
  const SinkSettings settings = priv->settings.get ();
  if (!gst_frame_store_sink_check (self, settings))
    return FALSE;
  priv->capture_time = CaptureTime ();
  priv->schedule = StoreInterval ();
  priv->copy = settings.copy;
  priv->skipped = priv->copied = priv->held = 0;
  auto writer
      = std::make_shared<StoreWriter> (writer_settings (settings), limits_of (settings), *priv);
  writer->start ();
  priv->writer.set (writer);
  return TRUE;
}

static gboolean
gst_frame_store_sink_stop (GstBaseSink *base)
{
  GstFrameStoreSinkPrivate *priv = GST_FRAME_STORE_SINK (base)->priv;
  const auto writer = priv->writer.get ();
  writer->stop ();
  priv->last_stats.set (writer->stats ());
  priv->writer.set (nullptr);
  return TRUE;
}

static gboolean
gst_frame_store_sink_unlock (GstBaseSink *base)
{
  if (const auto writer = GST_FRAME_STORE_SINK (base)->priv->writer.get ())
    writer->interrupt (true);
  return TRUE;
}

static gboolean
gst_frame_store_sink_unlock_stop (GstBaseSink *base)
{
  if (const auto writer = GST_FRAME_STORE_SINK (base)->priv->writer.get ())
    writer->interrupt (false);
  return TRUE;
}

/* At the end, what is queued is stored and synchronised first. */
static gboolean
gst_frame_store_sink_event (GstBaseSink *base, GstEvent *event)
{
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS) {
    const auto writer = GST_FRAME_STORE_SINK (base)->priv->writer.get ();
    if (writer && !writer->drain (END_PATIENCE))
      GST_WARNING_OBJECT (base, "the stream ends with frames that are not stored yet");
  }
  return GST_BASE_SINK_CLASS (gst_frame_store_sink_parent_class)->event (base, event);
}

/* So many buffers may wait here, one is being written, one may come. A size is needed, since some
 * producers make a pool of what they read here; compressed frames do not exceed it in practice. */
static gboolean
gst_frame_store_sink_propose_allocation (GstBaseSink *base, GstQuery *query)
{
  GstCaps *caps = nullptr;
  int width = 0, height = 0;
  gst_query_parse_allocation (query, &caps, nullptr);
  if (caps) {
    const GstStructure *structure = gst_caps_get_structure (caps, 0);
    gst_structure_get_int (structure, "width", &width);
    gst_structure_get_int (structure, "height", &height);
  }
  const guint64 size = CLAMP (guint64{ 2 } * width * height, 1 << 16, G_MAXINT);
  const guint queued = GST_FRAME_STORE_SINK (base)->priv->settings.with (
      [] (const SinkSettings &settings) { return settings.max_queued_frames; });
  gst_query_add_allocation_pool (query, nullptr, static_cast<guint> (size), queued + 2, 0);
  return TRUE;
}

/* Is it time for another one? By the stream's own time where it has one. */
static bool
gst_frame_store_sink_is_due (GstFrameStoreSink *self, GstBuffer *buffer)
{
  GstFrameStoreSinkPrivate *priv = self->priv;
  const guint64 interval
      = priv->settings.with ([] (const SinkSettings &settings) { return settings.interval; });
  const GstSegment *segment = &GST_BASE_SINK (self)->segment;
  GstClockTime time = GST_CLOCK_TIME_NONE;
  if (segment->format == GST_FORMAT_TIME)
    time = gst_segment_to_running_time (segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  if (!GST_CLOCK_TIME_IS_VALID (time))
    time = static_cast<GstClockTime> (g_get_monotonic_time ()) * GST_USECOND;
  return priv->schedule.due (interval, time);
}

struct MappedBuffer
{
  GstBuffer *buffer;
  GstMapInfo map;
};

static void
release_mapped (void *owner)
{
  auto *mapped = static_cast<MappedBuffer *> (owner);
  gst_buffer_unmap (mapped->buffer, &mapped->map);
  gst_buffer_unref (mapped->buffer);
  delete mapped;
}

/* The frame's memory, held: the producer's own, or a copy where that one cannot be kept. */
static MappedBuffer *
gst_frame_store_sink_hold (GstFrameStoreSinkPrivate *priv, GstBuffer *buffer)
{
  const bool copy
      = priv->copy == STORE_COPY_ALWAYS || (priv->copy == STORE_COPY_AUTO && !may_be_held (buffer));
  if (copy)
    priv->copied++;
  GstBuffer *held = copy ? gst_buffer_copy_deep (buffer) : gst_buffer_ref (buffer);
  auto *mapped = new MappedBuffer{ held, GST_MAP_INFO_INIT };
  if (held && gst_buffer_map (held, &mapped->map, GST_MAP_READ))
    return mapped;
  gst_clear_buffer (&held);
  delete mapped;
  return nullptr;
}

static GstFlowReturn
gst_frame_store_sink_render (GstBaseSink *base, GstBuffer *buffer)
{
  auto *self = GST_FRAME_STORE_SINK (base);
  GstFrameStoreSinkPrivate *priv = self->priv;
  if (!gst_frame_store_sink_is_due (self, buffer)) {
    priv->skipped++;
    return GST_FLOW_OK;
  }
  if (priv->settings.with ([] (const SinkSettings &settings) { return settings.hold; })) {
    priv->held++;
    return GST_FLOW_OK;
  }
  const auto writer = priv->writer.get ();
  const auto ticket = writer->admit (gst_buffer_get_size (buffer));
  if (!ticket)
    return GST_FLOW_OK; /* it has been counted */
  const Captured captured = priv->capture_time.of (GST_ELEMENT (base), &base->segment, buffer);
  MappedBuffer *mapped = gst_frame_store_sink_hold (priv, buffer);
  if (!mapped) {
    GST_ELEMENT_ERROR (self, RESOURCE, READ, (_ ("A frame's memory cannot be read.")),
                       ("gst_buffer_map() failed"));
    return GST_FLOW_ERROR;
  }
  const FramePayload::Release release = release_mapped;
  writer->push (*ticket, captured.utc, GST_BUFFER_PTS (buffer),
                FramePayload ({ mapped->map.data, mapped->map.size }, mapped, release));
  return GST_FLOW_OK;
}
