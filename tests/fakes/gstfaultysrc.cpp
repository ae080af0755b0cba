// SPDX-License-Identifier: LGPL-2.1-or-later
/* faultysrc: a camera with faults to order, for tests only.
 *
 *   gst-launch-1.0 faultysrc is-live=true mode=stall at-frame=90 ! healthprobe ! fakesink -m
 *
 * A moving, textured scene with the noise of a sensor, as I420, NV12, GRAY8 or image/jpeg. The
 * fault begins with the frame `at-frame` (counted from each start) and ends after `duration`; every
 * property can be set while it runs, and also from another process: `control-file` names a file
 * with lines "property=value" that is read again whenever it changes, or, with `control-once`, is
 * removed when it has been read, so that the next start, in whichever process, is without a fault.
 */
#include <glib/gstdio.h>
#include <gst/base/gstpushsrc.h>
#include <gst/video/gstvideopool.h>
#include <gst/video/video.h>
#include <sys/stat.h>

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "buildconfig.h"
#include "common/locked.h"
#include "fakes/fakecameras.h"
#include "fakes/faultplan.h"
#include "fakes/faultysettings.h"
#include "fakes/testpicture.h"
#include "gobject/syncfilter.h"

using namespace camwarden;

GST_DEBUG_CATEGORY_STATIC (faulty_src_debug);
/* Where V4L2 logs an errno that it tells nowhere else. */
GST_DEBUG_CATEGORY_STATIC (v4l2_debug);
#define GST_CAT_DEFAULT faulty_src_debug

#define RAW_CAPS GST_VIDEO_CAPS_MAKE ("{ I420, NV12, GRAY8 }")
#define JPEG_CAPS                                                                                  \
  "image/jpeg, width = (int) [ 1, max ], height = (int) [ 1, max ], "                              \
  "framerate = (fraction) [ 0, max ]"

static GstStaticPadTemplate src_template = GST_STATIC_PAD_TEMPLATE (
    "src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS (RAW_CAPS "; " JPEG_CAPS));

namespace
{
constexpr auto STALL_POLL = std::chrono::milliseconds (20);
constexpr gint64 STALL_EVENT_US = 100 * 1000;
} // namespace

typedef struct _GstFaultySrc GstFaultySrc;
typedef struct _GstFaultySrcClass GstFaultySrcClass;

struct GstFaultySrcPrivate
{
  /* settings */
  Locked<FaultySettings> settings;

  /* any thread */
  std::atomic<guint64> frames{ 0 };

  /* guarded by lock: what unlock() needs to wake the streaming thread */
  std::mutex lock;
  std::condition_variable wake;
  bool flushing = false;
  GstClockID clock_id = nullptr;
  GstBufferPool *pool = nullptr;

  /* streaming thread only (start and stop too: it does not run then) */
  FaultPlan plan;
  GstVideoInfo info;
  bool jpeg = false;
  GstCaps *full_caps = nullptr; /* while the fault "caps" lasts: what to go back to */
  std::unique_ptr<TestPicture> picture;
  std::unique_ptr<SyncFilter> encoder;
  GstCaps *raw_caps = nullptr;
  guint64 frozen_index = 0;
  FaultMode last_fault = FaultMode::none;
  GstClockTime next_pts = 0;
  gint64 next_event_us = 0;
  struct timespec control_changed = {};
  std::vector<std::vector<char>> leaked; /* kept until the element goes */
};

struct _GstFaultySrc
{
  GstPushSrc parent;
  GstFaultySrcPrivate *priv;
};

struct _GstFaultySrcClass
{
  GstPushSrcClass parent_class;
};

GType gst_faulty_src_get_type (void);
G_DEFINE_TYPE (GstFaultySrc, gst_faulty_src, GST_TYPE_PUSH_SRC)
#define GST_FAULTY_SRC(obj)                                                                        \
  (G_TYPE_CHECK_INSTANCE_CAST ((obj), gst_faulty_src_get_type (), GstFaultySrc))

static void
gst_faulty_src_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  GstFaultySrc *self = GST_FAULTY_SRC (object);
  bool known = true;
  if (id == PROP_IS_LIVE)
    gst_base_src_set_live (GST_BASE_SRC (self), g_value_get_boolean (value));
  else
    known = self->priv->settings.with (
        [&] (FaultySettings &s) { return faulty_settings_set (s, id, value); });
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static void
gst_faulty_src_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstFaultySrc *self = GST_FAULTY_SRC (object);
  if (id == PROP_IS_LIVE)
    g_value_set_boolean (value, gst_base_src_is_live (GST_BASE_SRC (self)));
  else if (id == PROP_FRAMES)
    g_value_set_uint64 (value, self->priv->frames);
  else if (!faulty_settings_get (self->priv->settings.get (), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/* A file that is not there changes nothing. */
static void
read_control_file (GstFaultySrc *self)
{
  const FaultySettings settings = self->priv->settings.get ();
  const std::string &path = settings.control_file;
  struct stat st;
  if (path.empty () || stat (path.c_str (), &st) != 0)
    return;
  struct timespec &seen = self->priv->control_changed;
  if (st.st_mtim.tv_sec == seen.tv_sec && st.st_mtim.tv_nsec == seen.tv_nsec)
    return;
  seen = st.st_mtim;
  g_autofree char *text = nullptr;
  if (!g_file_get_contents (path.c_str (), &text, nullptr, nullptr))
    return;
  if (settings.control_once)
    g_unlink (path.c_str ());
  g_auto (GStrv) lines = g_strsplit_set (text, "\n ", -1);
  for (char **line = lines; *line; line++) {
    char *equals = strchr (*line, '=');
    if (!equals)
      continue;
    *equals = '\0';
    gst_util_set_object_arg (G_OBJECT (self), *line, equals + 1);
  }
}

/* As its driver's library would, before the element posts anything. */
static void
complain (GstFaultySrc *self, const FaultySettings &settings)
{
  if (!settings.complaint.empty ())
    fprintf (stderr, "%s\n", settings.complaint.c_str ());
  if (settings.log_error.empty ())
    return;
  GST_CAT_ERROR_OBJECT (v4l2_debug, self, "%s", settings.log_error.c_str ());
}

static void
post (GstFaultySrc *self, GQuark domain, int code, const char *text, const char *details)
{
  gst_element_message_full (GST_ELEMENT (self), GST_MESSAGE_ERROR, domain, code, g_strdup (text),
                            g_strdup (details), __FILE__, GST_FUNCTION, __LINE__);
}

static bool
post_first (GstFaultySrc *self, const FaultySettings &settings, FaultMode fault)
{
  switch (fault) {
  case FaultMode::error:
    post (self, error_domain_quark (settings.error_domain), settings.error_code,
          "The test ordered an error.",
          settings.error_debug.empty () ? "The test ordered it." : settings.error_debug.c_str ());
    return true;
  case FaultMode::nodevice:
    post (self, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND,
          "Cannot identify device '/dev/video0'.", "system error: No such file or directory");
    return true;
  case FaultMode::busy:
    post (self, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY, "Device '/dev/video0' is busy",
          "Call to S_FMT failed: Device or resource busy");
    return true;
  case FaultMode::nospace:
    post (self, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT, "Failed to allocate a buffer",
          "No space left on device (28)");
    return true;
  default:
    return false;
  }
}

/* Posts what a V4L2 or libcamera source would; false: this fault is not one with a message. */
static bool
post_fault (GstFaultySrc *self, const FaultySettings &settings, FaultMode fault)
{
  if (!post_first (self, settings, fault))
    return false;
  for (guint i = 0; i < settings.echoes; i++)
    post (self, GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED, "Internal data stream error.",
          "streaming stopped, reason error (-5)");
  return true;
}

static void
sleep_for_ever_or (int64_t duration_us)
{
  const gint64 begin = g_get_monotonic_time ();
  while (duration_us < 0 || g_get_monotonic_time () - begin < duration_us)
    g_usleep (10 * 1000);
}

static gboolean
gst_faulty_src_start (GstBaseSrc *base)
{
  GstFaultySrc *self = GST_FAULTY_SRC (base);
  auto *priv = self->priv;
  read_control_file (self);
  const FaultySettings settings = priv->settings.get ();
  priv->frames = 0;
  priv->next_pts = 0;
  priv->last_fault = FaultMode::none;
  priv->plan.started (settings.order);
  if (!is_device_fault (settings.order.mode))
    return TRUE;
  const FaultMode fault = priv->plan.at (settings.order, 0, g_get_monotonic_time ());
  if (fault != FaultMode::none)
    complain (self, settings);
  if (fault == FaultMode::hang_on_start)
    sleep_for_ever_or (settings.order.duration);
  return !post_fault (self, settings, fault);
}

static void
drop_pool (GstFaultySrc *self)
{
  GstBufferPool *pool = nullptr;
  {
    std::lock_guard<std::mutex> lock (self->priv->lock);
    std::swap (pool, self->priv->pool);
  }
  if (pool) {
    gst_buffer_pool_set_active (pool, FALSE);
    gst_object_unref (pool);
  }
}

static gboolean
gst_faulty_src_stop (GstBaseSrc *base)
{
  GstFaultySrc *self = GST_FAULTY_SRC (base);
  auto *priv = self->priv;
  const FaultySettings settings = priv->settings.get ();
  if (priv->last_fault == FaultMode::abort_on_stop)
    abort ();
  if (priv->last_fault == FaultMode::hang_on_stop)
    sleep_for_ever_or (settings.order.duration);
  priv->picture.reset ();
  priv->encoder.reset ();
  gst_clear_caps (&priv->raw_caps);
  gst_clear_caps (&priv->full_caps);
  drop_pool (self);
  return TRUE;
}

static gboolean
gst_faulty_src_unlock (GstBaseSrc *base)
{
  auto *priv = GST_FAULTY_SRC (base)->priv;
  std::lock_guard<std::mutex> lock (priv->lock);
  priv->flushing = true;
  priv->wake.notify_all ();
  if (priv->clock_id)
    gst_clock_id_unschedule (priv->clock_id);
  if (priv->pool)
    gst_buffer_pool_set_flushing (priv->pool, TRUE);
  return TRUE;
}

static gboolean
gst_faulty_src_unlock_stop (GstBaseSrc *base)
{
  auto *priv = GST_FAULTY_SRC (base)->priv;
  std::lock_guard<std::mutex> lock (priv->lock);
  priv->flushing = false;
  if (priv->pool)
    gst_buffer_pool_set_flushing (priv->pool, FALSE);
  return TRUE;
}

static GstCaps *
gst_faulty_src_fixate (GstBaseSrc *base, GstCaps *caps)
{
  caps = gst_caps_make_writable (gst_caps_truncate (caps));
  GstStructure *s = gst_caps_get_structure (caps, 0);
  gst_structure_fixate_field_nearest_int (s, "width", 320);
  gst_structure_fixate_field_nearest_int (s, "height", 240);
  gst_structure_fixate_field_nearest_fraction (s, "framerate", 30, 1);
  return GST_BASE_SRC_CLASS (gst_faulty_src_parent_class)->fixate (base, caps);
}

static bool
make_pool (GstFaultySrc *self, GstCaps *caps, guint size)
{
  drop_pool (self);
  if (size == 0)
    return true;
  GstBufferPool *pool = self->priv->jpeg ? gst_buffer_pool_new () : gst_video_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, caps, GST_VIDEO_INFO_SIZE (&self->priv->info), size,
                                     size);
  if (!gst_buffer_pool_set_config (pool, config) || !gst_buffer_pool_set_active (pool, TRUE)) {
    gst_object_unref (pool);
    return false;
  }
  std::lock_guard<std::mutex> lock (self->priv->lock);
  self->priv->pool = pool;
  return true;
}

static gboolean
gst_faulty_src_set_caps (GstBaseSrc *base, GstCaps *caps)
{
  GstFaultySrc *self = GST_FAULTY_SRC (base);
  auto *priv = self->priv;
  const GstStructure *s = gst_caps_get_structure (caps, 0);
  const FaultySettings settings = priv->settings.get ();
  priv->jpeg = gst_structure_has_name (s, "image/jpeg");
  if (priv->jpeg) {
    int width = 0, height = 0, num = 0, denom = 1;
    gst_structure_get_int (s, "width", &width);
    gst_structure_get_int (s, "height", &height);
    gst_structure_get_fraction (s, "framerate", &num, &denom);
    gst_video_info_set_format (&priv->info, GST_VIDEO_FORMAT_I420, width, height);
    priv->info.fps_n = num;
    priv->info.fps_d = denom;
    gst_clear_caps (&priv->raw_caps);
    priv->raw_caps = gst_video_info_to_caps (&priv->info);
    priv->encoder = SyncFilter::make ("jpegenc", nullptr);
    if (!priv->encoder)
      return FALSE;
  } else if (!gst_video_info_from_caps (&priv->info, caps)) {
    return FALSE;
  }
  priv->picture
      = std::make_unique<TestPicture> (priv->info.width, priv->info.height, settings.seed);
  return make_pool (self, caps, settings.pool_size);
}

static void
paint (GstFaultySrc *self, GstBuffer *buffer, FaultMode fault)
{
  auto *priv = self->priv;
  const guint64 index = fault == FaultMode::freeze ? priv->frozen_index : priv->frames.load ();
  PictureKind kind = PictureKind::normal;
  if (fault == FaultMode::black)
    kind = PictureKind::black;
  else if (fault == FaultMode::dark)
    kind = PictureKind::dark;
  else if (fault == FaultMode::bright)
    kind = PictureKind::bright;
  else if (fault == FaultMode::blur)
    kind = PictureKind::blur;
  GstVideoFrame frame;
  if (!gst_video_frame_map (&frame, &priv->info, buffer, GST_MAP_WRITE))
    return;
  priv->picture->paint (static_cast<uint8_t *> (GST_VIDEO_FRAME_PLANE_DATA (&frame, 0)),
                        GST_VIDEO_FRAME_PLANE_STRIDE (&frame, 0), kind, index);
  for (guint plane = 1; plane < GST_VIDEO_FRAME_N_PLANES (&frame); plane++)
    memset (GST_VIDEO_FRAME_PLANE_DATA (&frame, plane), 128,
            size_t (GST_VIDEO_FRAME_PLANE_STRIDE (&frame, plane))
                * GST_VIDEO_FRAME_COMP_HEIGHT (&frame, plane));
  gst_video_frame_unmap (&frame);
}

/* An empty buffer of the given size, from the pool when there is one. */
static GstFlowReturn
take_buffer (GstFaultySrc *self, gsize size, GstBuffer **buffer)
{
  if (self->priv->pool)
    return gst_buffer_pool_acquire_buffer (self->priv->pool, buffer, nullptr);
  *buffer = gst_buffer_new_allocate (nullptr, size, nullptr);
  return GST_FLOW_OK;
}

static GstFlowReturn
make_jpeg (GstFaultySrc *self, FaultMode fault, GstBuffer **buffer)
{
  auto *priv = self->priv;
  GstBuffer *raw = gst_buffer_new_allocate (nullptr, GST_VIDEO_INFO_SIZE (&priv->info), nullptr);
  paint (self, raw, fault);
  GstBuffer *encoded = priv->encoder->run (raw, priv->raw_caps);
  if (!encoded)
    return GST_FLOW_ERROR;
  GstMapInfo map;
  gst_buffer_map (encoded, &map, GST_MAP_READ);
  const GstFlowReturn result = take_buffer (self, map.size, buffer);
  if (result == GST_FLOW_OK) {
    gst_buffer_fill (*buffer, 0, map.data, map.size);
    gst_buffer_set_size (*buffer, static_cast<gssize> (map.size));
  }
  gst_buffer_unmap (encoded, &map);
  gst_buffer_unref (encoded);
  return result;
}

static GstFlowReturn
make_raw (GstFaultySrc *self, FaultMode fault, GstBuffer **buffer)
{
  const GstFlowReturn result = take_buffer (self, GST_VIDEO_INFO_SIZE (&self->priv->info), buffer);
  if (result == GST_FLOW_OK)
    paint (self, *buffer, fault);
  return result;
}

/* A live camera: waits for the frame's time, and skips the times that passed meanwhile. */
static GstFlowReturn
wait_for_frame_time (GstFaultySrc *self, GstClockTime interval)
{
  auto *priv = self->priv;
  GstClock *clock = gst_element_get_clock (GST_ELEMENT (self));
  if (!clock || !gst_base_src_is_live (GST_BASE_SRC (self))) {
    gst_clear_object (&clock);
    return GST_FLOW_OK;
  }
  const GstClockTime base = gst_element_get_base_time (GST_ELEMENT (self));
  const GstClockTime now = gst_clock_get_time (clock);
  const GstClockTime running = now > base ? now - base : 0;
  if (running > priv->next_pts + interval)
    priv->next_pts = running / interval * interval;
  GstClockID id = gst_clock_new_single_shot_id (clock, base + priv->next_pts);
  bool flushing;
  {
    std::lock_guard<std::mutex> lock (priv->lock);
    priv->clock_id = id;
    flushing = priv->flushing;
  }
  if (!flushing)
    gst_clock_id_wait (id, nullptr);
  {
    std::lock_guard<std::mutex> lock (priv->lock);
    priv->clock_id = nullptr;
    flushing = priv->flushing;
  }
  gst_clock_id_unref (id);
  gst_object_unref (clock);
  return flushing ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

static GstFlowReturn
produce (GstFaultySrc *self, const FaultySettings &settings, FaultMode fault, GstBuffer **out)
{
  auto *priv = self->priv;
  const GstClockTime frame_time
      = priv->info.fps_n > 0
            ? gst_util_uint64_scale (GST_SECOND, priv->info.fps_d, priv->info.fps_n)
            : GST_SECOND / 30;
  const GstClockTime interval = frame_time * (fault == FaultMode::slow ? settings.slow_by : 1);
  GstFlowReturn result = wait_for_frame_time (self, interval);
  if (result == GST_FLOW_OK)
    result = priv->jpeg ? make_jpeg (self, fault, out) : make_raw (self, fault, out);
  if (result != GST_FLOW_OK)
    return result;
  const guint64 index = priv->frames++;
  GST_BUFFER_PTS (*out) = GST_BUFFER_DTS (*out) = priv->next_pts;
  GST_BUFFER_DURATION (*out) = interval;
  GST_BUFFER_OFFSET (*out) = index;
  GST_BUFFER_OFFSET_END (*out) = index + 1;
  priv->next_pts += interval;
  return GST_FLOW_OK;
}

/* Goes to half the size when the fault begins and back when it ends. */
static bool
follow_caps_fault (GstFaultySrc *self, bool active)
{
  auto *priv = self->priv;
  if (active == (priv->full_caps != nullptr))
    return true;
  if (!active) {
    g_autoptr (GstCaps) full = priv->full_caps;
    priv->full_caps = nullptr;
    return gst_base_src_set_caps (GST_BASE_SRC (self), full);
  }
  priv->full_caps = gst_pad_get_current_caps (GST_BASE_SRC_PAD (self));
  g_autoptr (GstCaps) half = gst_caps_copy (priv->full_caps);
  gst_caps_set_simple (half, "width", G_TYPE_INT, MAX (priv->info.width / 4 * 2, 2), "height",
                       G_TYPE_INT, MAX (priv->info.height / 4 * 2, 2), nullptr);
  return gst_base_src_set_caps (GST_BASE_SRC (self), half);
}

/* No frame for a moment. Events go on flowing when ordered: they must not pass for frames. */
static GstFlowReturn
stall (GstFaultySrc *self, const FaultySettings &settings)
{
  auto *priv = self->priv;
  const gint64 now = g_get_monotonic_time ();
  if (settings.upstream_events && now >= priv->next_event_us) {
    priv->next_event_us = now + STALL_EVENT_US;
    gst_pad_push_event (GST_BASE_SRC_PAD (self),
                        gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM,
                                              gst_structure_new_empty ("faultysrc-alive")));
    gst_pad_push_event (GST_BASE_SRC_PAD (self),
                        gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_OOB,
                                              gst_structure_new_empty ("faultysrc-alive-oob")));
  }
  std::unique_lock<std::mutex> lock (priv->lock);
  priv->wake.wait_for (lock, STALL_POLL, [priv] { return priv->flushing; });
  return priv->flushing ? GST_FLOW_FLUSHING : GST_FLOW_OK;
}

static void
note_fault (GstFaultySrc *self, const FaultySettings &settings, FaultMode fault)
{
  auto *priv = self->priv;
  if (fault == priv->last_fault)
    return;
  GST_INFO_OBJECT (self, "fault %d -> %d at frame %" G_GUINT64_FORMAT, int (priv->last_fault),
                   int (fault), priv->frames.load ());
  priv->last_fault = fault;
  priv->frozen_index = priv->frames > 0 ? priv->frames - 1 : 0;
  if (fault != FaultMode::none)
    complain (self, settings);
}

static GstFlowReturn
gst_faulty_src_create (GstPushSrc *push, GstBuffer **out)
{
  GstFaultySrc *self = GST_FAULTY_SRC (push);
  auto *priv = self->priv;
  while (true) {
    read_control_file (self);
    const FaultySettings settings = priv->settings.get ();
    const FaultMode fault = priv->plan.at (settings.order, priv->frames, g_get_monotonic_time ());
    note_fault (self, settings, fault);
    if (post_fault (self, settings, fault))
      return GST_FLOW_ERROR;
    if (fault == FaultMode::abort)
      abort ();
    if (fault == FaultMode::hang)
      g_usleep (10 * 1000); /* on purpose deaf to unlock() */
    else if (fault == FaultMode::stall || fault == FaultMode::abort_on_stop) {
      if (stall (self, settings) != GST_FLOW_OK)
        return GST_FLOW_FLUSHING;
    } else {
      if (!follow_caps_fault (self, fault == FaultMode::caps))
        return GST_FLOW_NOT_NEGOTIATED;
      if (settings.leak > 0)
        priv->leaked.emplace_back (settings.leak, 1);
      return produce (self, settings, fault, out);
    }
  }
}

static void
gst_faulty_src_init (GstFaultySrc *self)
{
  self->priv = new GstFaultySrcPrivate ();
  gst_video_info_init (&self->priv->info);
  gst_base_src_set_format (GST_BASE_SRC (self), GST_FORMAT_TIME);
}

static void
gst_faulty_src_finalize (GObject *object)
{
  GstFaultySrc *self = GST_FAULTY_SRC (object);
  /* A message may hold the last reference, in another thread than the one that stopped this: the
   * lock that stop() took last orders the two. */
  drop_pool (self);
  delete self->priv;
  G_OBJECT_CLASS (gst_faulty_src_parent_class)->finalize (object);
}

static void
gst_faulty_src_class_init (GstFaultySrcClass *klass)
{
  auto *object = G_OBJECT_CLASS (klass);
  auto *element = GST_ELEMENT_CLASS (klass);
  auto *base = GST_BASE_SRC_CLASS (klass);
  GST_DEBUG_CATEGORY_INIT (faulty_src_debug, "faultysrc", 0, "test camera with faults");
  GST_DEBUG_CATEGORY_INIT (v4l2_debug, "v4l2allocator", 0, "what V4L2 would log");
  object->set_property = gst_faulty_src_set_property;
  object->get_property = gst_faulty_src_get_property;
  object->finalize = gst_faulty_src_finalize;
  faulty_settings_install (object);
  gst_element_class_add_static_pad_template (element, &src_template);
  gst_element_class_set_static_metadata (element, "Faulty camera", "Source/Video",
                                         "A test camera with faults to order", "Camwarden");
  base->start = gst_faulty_src_start;
  base->stop = gst_faulty_src_stop;
  base->unlock = gst_faulty_src_unlock;
  base->unlock_stop = gst_faulty_src_unlock_stop;
  base->fixate = gst_faulty_src_fixate;
  base->set_caps = gst_faulty_src_set_caps;
  GST_PUSH_SRC_CLASS (klass)->create = gst_faulty_src_create;
}

/* The same under the name of a real source, for a test that has told GStreamer not to look for the
 * real ones: a type has one factory, so each gets a type of its own. */
static gboolean
register_as (GstPlugin *plugin, const char *factory)
{
  GTypeInfo info = {};
  info.class_size = sizeof (GstFaultySrcClass);
  info.instance_size = sizeof (GstFaultySrc);
  g_autofree char *name = g_strconcat ("GstFaulty-", factory, nullptr);
  const GType type = g_type_register_static (gst_faulty_src_get_type (), name, &info,
                                             static_cast<GTypeFlags> (0));
  return gst_element_register (plugin, factory, GST_RANK_NONE, type);
}

static gboolean
plugin_init (GstPlugin *plugin)
{
  if (g_getenv ("CAMWARDEN_FAKE_CAMERAS")
      && !(register_as (plugin, "v4l2src") && register_as (plugin, "libcamerasrc")
           && register_fake_cameras (plugin)))
    return FALSE;
  return gst_element_register (plugin, "faultysrc", GST_RANK_NONE, gst_faulty_src_get_type ());
}

GST_PLUGIN_DEFINE (GST_VERSION_MAJOR, GST_VERSION_MINOR, faulty, "Test camera with faults to order",
                   plugin_init, CAMWARDEN_VERSION, "LGPL", CAMWARDEN_PACKAGE, CAMWARDEN_ORIGIN)
