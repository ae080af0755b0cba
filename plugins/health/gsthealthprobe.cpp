// SPDX-License-Identifier: LGPL-2.1-or-later

/**
 * SECTION:element-healthprobe
 * @title: healthprobe
 * @short_description: tells whether a camera's frames come and show something
 * @see_also: redissink, framestoresink
 *
 * Sits right behind a camera, passes every frame on and judges them: do they come, do they change,
 * is the picture dark, bright or blurred. It says so in element messages named `healthprobe`, on
 * each change and once per #GstHealthProbe:interval, and downstream in a sticky event named
 * `camwarden-health`. Only buffers count; events do not hide a stall. Frames without a capture time
 * get one (a #GstReferenceTimestampMeta with the caps timestamp/x-unix).
 *
 * ## Example launch lines
 * |[
 * gst-launch-1.0 -m v4l2src ! healthprobe ! jpegenc ! redissink location=redis://127.0.0.1/cam:a
 * ]|
 * Publishes a camera's pictures and prints its health every second.
 * |[
 * gst-launch-1.0 -m redissrc location=redis://127.0.0.1/cam:a ! healthprobe ! fakesink
 * ]|
 * Judges the same camera from another machine.
 */

#include "buildconfig.h"

#include "health/gsthealthprobe.h"

#include "common/locked.h"
#include "gobject/ref.h"
#include "health/capturestamp.h"
#include "health/framejudge.h"
#include "health/healthproperties.h"
#include "health/jpeglooker.h"
#include "health/lumaframe.h"
#include "health/outbox.h"
#include "health/probetimer.h"

#include <atomic>
#include <memory>

GST_DEBUG_CATEGORY_STATIC (health_probe_debug);
#define GST_CAT_DEFAULT health_probe_debug

using namespace camwarden;

static GstStaticPadTemplate sink_template
    = GST_STATIC_PAD_TEMPLATE ("sink", GST_PAD_SINK, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);
static GstStaticPadTemplate src_template
    = GST_STATIC_PAD_TEMPLATE ("src", GST_PAD_SRC, GST_PAD_ALWAYS, GST_STATIC_CAPS_ANY);

namespace
{

/* Sharpness changes with a knock at the lens, not with the frame. */
constexpr int64_t SHARPNESS_EVERY = 500'000;
/* Frames that could be decoded fail to come for so many decode intervals: nothing is known. */
constexpr int64_t LOOK_LIFETIME = 3;
/* The watch looks up at least so often, so that a shortened timeout counts even while no frame
 * comes. */
constexpr int64_t LONGEST_WAIT = 1'000'000;

enum class Content { other, raw, jpeg };

struct Judging
{
  ProbeSettings settings;
  FrameJudge judge;
  gint64 since_utc = 0; /* us: when the verdict changed */
};

struct Note
{
  HealthReport report;
  gint64 since_utc;
  bool blocked;
};

} // namespace

struct GstHealthProbePrivate
{
  /* constant */
  GstPadChainFunction chain = nullptr;

  /* any thread; the outbox's lock is taken inside this one's, never the other way round */
  Locked<Judging> judging;
  Outbox<Note> outbox;
  ProbeTimer timer;
  std::atomic<bool> blocked{ false };

  /* state changes, and the streaming thread between start and stop */
  Ref<GstClock> clock;

  /* streaming thread only (start and stop too: it does not run then) */
  Content content = Content::other;
  GstVideoInfo info;
  guint component = 0;
  LumaSampler sampler;
  SharpnessMeter meter;
  int64_t next_sharpness = 0;
  std::unique_ptr<JpegLooker> looker;
  int64_t next_decode = 0;
  std::optional<guint64> last_fingerprint;
  CaptureStamp stamp;
  std::optional<Verdict> told_downstream;
};

struct _GstHealthProbe
{
  GstBaseTransform parent;
  GstHealthProbePrivate *priv;
};

static void gst_health_probe_finalize (GObject *object);
static void gst_health_probe_set_property (GObject *object, guint id, const GValue *value,
                                           GParamSpec *pspec);
static void gst_health_probe_get_property (GObject *object, guint id, GValue *value,
                                           GParamSpec *pspec);
static GstStateChangeReturn gst_health_probe_change_state (GstElement *element,
                                                           GstStateChange transition);
static gboolean gst_health_probe_start (GstBaseTransform *base);
static gboolean gst_health_probe_stop (GstBaseTransform *base);
static gboolean gst_health_probe_set_caps (GstBaseTransform *base, GstCaps *in, GstCaps *out);
static gboolean gst_health_probe_sink_event (GstBaseTransform *base, GstEvent *event);
static GstFlowReturn gst_health_probe_prepare_output_buffer (GstBaseTransform *base, GstBuffer *in,
                                                             GstBuffer **out);
static GstFlowReturn gst_health_probe_transform_ip (GstBaseTransform *base, GstBuffer *buffer);
static GstFlowReturn gst_health_probe_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer);

G_DEFINE_TYPE (GstHealthProbe, gst_health_probe, GST_TYPE_BASE_TRANSFORM)
GST_ELEMENT_REGISTER_DEFINE (healthprobe, "healthprobe", GST_RANK_NONE, GST_TYPE_HEALTH_PROBE)

static void
gst_health_probe_class_init (GstHealthProbeClass *klass)
{
  auto *object_class = G_OBJECT_CLASS (klass);
  auto *element_class = GST_ELEMENT_CLASS (klass);
  auto *base_class = GST_BASE_TRANSFORM_CLASS (klass);

  GST_DEBUG_CATEGORY_INIT (health_probe_debug, "healthprobe", 0, "camera health probe");

  object_class->finalize = gst_health_probe_finalize;
  object_class->set_property = gst_health_probe_set_property;
  object_class->get_property = gst_health_probe_get_property;
  install_health_properties (object_class);

  element_class->change_state = gst_health_probe_change_state;
  base_class->start = gst_health_probe_start;
  base_class->stop = gst_health_probe_stop;
  base_class->set_caps = gst_health_probe_set_caps;
  base_class->sink_event = gst_health_probe_sink_event;
  base_class->prepare_output_buffer = gst_health_probe_prepare_output_buffer;
  base_class->transform_ip = gst_health_probe_transform_ip;
  base_class->transform_ip_on_passthrough = TRUE;

  gst_element_class_add_static_pad_template (element_class, &sink_template);
  gst_element_class_add_static_pad_template (element_class, &src_template);
  gst_element_class_set_static_metadata (element_class, "Health probe", "Filter/Analyzer/Video",
                                         "Tells whether a camera's frames come and show something",
                                         "The Camwarden developers");
}

static void
gst_health_probe_init (GstHealthProbe *self)
{
  auto *base = GST_BASE_TRANSFORM (self);
  self->priv = new GstHealthProbePrivate;
  gst_video_info_init (&self->priv->info);
  /* Allocation queries and caps pass through untouched. */
  gst_base_transform_set_in_place (base, TRUE);
  gst_base_transform_set_passthrough (base, TRUE);
  GstPad *pad = GST_BASE_TRANSFORM_SINK_PAD (base);
  self->priv->chain = GST_PAD_CHAINFUNC (pad);
  gst_pad_set_chain_function (pad, gst_health_probe_chain);
}

static void
gst_health_probe_finalize (GObject *object)
{
  delete GST_HEALTH_PROBE (object)->priv;
  G_OBJECT_CLASS (gst_health_probe_parent_class)->finalize (object);
}

/* --- reports -----------------------------------------------------------------------------------
 */

static int64_t
now_us (GstClock *clock)
{
  return static_cast<int64_t> (gst_clock_get_time (clock) / GST_USECOND);
}

/* Called under the lock of judging, which makes the order of the reports. */
static void
note (GstHealthProbe *self, Judging &judging, int64_t now, bool change, bool blocked)
{
  const HealthReport report = judging.judge.report (now, change);
  if (change)
    judging.since_utc = g_get_real_time () - report.verdict_age;
  self->priv->outbox.put ({ report, judging.since_utc, blocked });
}

/* Called without a lock. */
static void
send_notes (GstHealthProbe *self)
{
  self->priv->outbox.send ([self] (const Note &item) {
    if (item.report.change)
      GST_INFO_OBJECT (self, "%s -> %s after %" G_GUINT64_FORMAT " frames",
                       verdict_name (item.report.previous), verdict_name (item.report.verdict),
                       static_cast<guint64> (item.report.frames));
    GstStructure *fields = health_structure (item.report, item.since_utc, item.blocked);
    gst_element_post_message (GST_ELEMENT (self),
                              gst_message_new_element (GST_OBJECT (self), fields));
  });
}

static gboolean gst_health_probe_on_timer (GstClock *clock, GstClockTime time, GstClockID id,
                                           gpointer weak);

static void
set_timer (GstHealthProbe *self, std::optional<int64_t> deadline, int64_t now)
{
  if (!deadline)
    return;
  const int64_t at = std::max<int64_t> (std::min (*deadline, now + LONGEST_WAIT), 0);
  self->priv->timer.set (static_cast<GstClockTime> (at) * GST_USECOND, gst_health_probe_on_timer,
                         self);
}

/* On the clock's thread. */
static gboolean
gst_health_probe_on_timer (GstClock *clock, GstClockTime, GstClockID id, gpointer weak)
{
  auto element = Ref<GstHealthProbe>::adopt (
      static_cast<GstHealthProbe *> (g_weak_ref_get (static_cast<GWeakRef *> (weak))));
  GstHealthProbe *self = element.get ();
  if (!self || !self->priv->timer.fired (id))
    return TRUE;
  const int64_t now = now_us (clock);
  const auto deadline = self->priv->judging.with ([&] (Judging &j) {
    const bool changed = j.judge.tick (now);
    const bool due = j.judge.take_report_due (now);
    if (changed || due)
      note (self, j, now, changed, self->priv->blocked);
    if (due)
      j.judge.close_window ();
    return j.judge.next_deadline ();
  });
  send_notes (self);
  set_timer (self, deadline, now);
  return TRUE;
}

/* --- start and stop ----------------------------------------------------------------------------
 */

static gboolean
gst_health_probe_start (GstBaseTransform *base)
{
  GstHealthProbe *self = GST_HEALTH_PROBE (base);
  auto *priv = self->priv;
  priv->judging.with ([priv] (Judging &j) {
    j.judge.start ();
    j.since_utc = g_get_real_time ();
    priv->clock = j.settings.clock;
  });
  if (!priv->clock)
    priv->clock = Ref<GstClock>::adopt (gst_system_clock_obtain ());
  priv->outbox.clear ();
  priv->blocked = false;
  priv->content = Content::other;
  priv->sampler.forget ();
  priv->next_sharpness = priv->next_decode = 0;
  priv->last_fingerprint.reset ();
  priv->stamp = CaptureStamp ();
  priv->told_downstream.reset ();
  return TRUE;
}

static gboolean
gst_health_probe_stop (GstBaseTransform *base)
{
  auto *priv = GST_HEALTH_PROBE (base)->priv;
  priv->looker.reset ();
  priv->clock.reset ();
  return TRUE;
}

static void
begin_watch (GstHealthProbe *self)
{
  auto *priv = self->priv;
  const int64_t now = now_us (priv->clock.get ());
  priv->timer.start (priv->clock.get ());
  const auto deadline = priv->judging.with ([now] (Judging &j) {
    j.judge.resume (now);
    return j.judge.next_deadline ();
  });
  set_timer (self, deadline, now);
}

static void
end_watch (GstHealthProbe *self)
{
  self->priv->timer.stop ();
  self->priv->judging.with ([] (Judging &j) { j.judge.suspend (); });
}

static GstStateChangeReturn
gst_health_probe_change_state (GstElement *element, GstStateChange transition)
{
  GstHealthProbe *self = GST_HEALTH_PROBE (element);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING)
    begin_watch (self);
  if (transition == GST_STATE_CHANGE_PLAYING_TO_PAUSED)
    end_watch (self);
  const auto result
      = GST_ELEMENT_CLASS (gst_health_probe_parent_class)->change_state (element, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_PLAYING && result == GST_STATE_CHANGE_FAILURE)
    end_watch (self);
  return result;
}

/* --- properties --------------------------------------------------------------------------------
 */

static void
gst_health_probe_set_property (GObject *object, guint id, const GValue *value, GParamSpec *pspec)
{
  const bool known = GST_HEALTH_PROBE (object)->priv->judging.with ([&] (Judging &j) {
    const bool stored = store_health_property (j.settings, id, value);
    j.judge.settings = j.settings.judge;
    return stored;
  });
  if (!known)
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

static GstStructure *
make_stats (GstHealthProbe *self)
{
  auto clock = self->priv->judging.with ([] (Judging &j) { return j.settings.clock; });
  if (!clock)
    clock = Ref<GstClock>::adopt (gst_system_clock_obtain ());
  const int64_t now = now_us (clock.get ());
  return self->priv->judging.with ([&] (const Judging &j) {
    return health_structure (j.judge.report (now, false), j.since_utc, self->priv->blocked);
  });
}

static void
gst_health_probe_get_property (GObject *object, guint id, GValue *value, GParamSpec *pspec)
{
  GstHealthProbe *self = GST_HEALTH_PROBE (object);
  if (id == HEALTH_PROP_STATS)
    g_value_take_boxed (value, make_stats (self));
  else if (!load_health_property (
               self->priv->judging.with ([] (const Judging &j) { return j.settings; }), id, value))
    G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
}

/* --- the way of a frame ------------------------------------------------------------------------
 */

static int64_t
frame_interval (const GstStructure *caps)
{
  gint numerator = 0, denominator = 1;
  if (!gst_structure_get_fraction (caps, "framerate", &numerator, &denominator) || numerator <= 0)
    return 0;
  return static_cast<int64_t> (gst_util_uint64_scale (
      G_USEC_PER_SEC, static_cast<guint64> (denominator), static_cast<guint64> (numerator)));
}

static Content
parse_content (GstHealthProbe *self, GstCaps *caps)
{
  auto *priv = self->priv;
  if (gst_structure_has_name (gst_caps_get_structure (caps, 0), "image/jpeg"))
    return Content::jpeg;
  GstCapsFeatures *features = gst_caps_get_features (caps, 0);
  if (features && !gst_caps_features_is_equal (features, GST_CAPS_FEATURES_MEMORY_SYSTEM_MEMORY))
    return Content::other;
  if (!gst_structure_has_name (gst_caps_get_structure (caps, 0), "video/x-raw")
      || !gst_video_info_from_caps (&priv->info, caps))
    return Content::other;
  const auto component = luma_component (priv->info.finfo);
  priv->component = component.value_or (0);
  return component ? Content::raw : Content::other;
}

static gboolean
gst_health_probe_set_caps (GstBaseTransform *base, GstCaps *in, GstCaps *)
{
  GstHealthProbe *self = GST_HEALTH_PROBE (base);
  auto *priv = self->priv;
  const Content before = priv->content;
  priv->content = parse_content (self, in);
  priv->sampler.forget ();
  priv->last_fingerprint.reset ();
  priv->next_sharpness = priv->next_decode = 0;
  const bool judgeable = priv->content == Content::raw
                         || (priv->content == Content::jpeg && JpegLooker::is_available ());
  if (!judgeable)
    GST_INFO_OBJECT (self, "cannot look into the pictures of %" GST_PTR_FORMAT,
                     static_cast<void *> (in));
  const int64_t interval = frame_interval (gst_caps_get_structure (in, 0));
  priv->judging.with (
      [&] (Judging &j) { j.judge.set_format (interval, judgeable, priv->content != before); });
  return TRUE;
}

/* The end of the stream is no stall. */
static gboolean
gst_health_probe_sink_event (GstBaseTransform *base, GstEvent *event)
{
  GstHealthProbe *self = GST_HEALTH_PROBE (base);
  if (GST_EVENT_TYPE (event) == GST_EVENT_EOS)
    self->priv->judging.with ([] (Judging &j) { j.judge.end (); });
  return GST_BASE_TRANSFORM_CLASS (gst_health_probe_parent_class)->sink_event (base, event);
}

static FrameLook
look_at_raw (GstHealthProbe *self, GstBuffer *buffer, int64_t now)
{
  auto *priv = self->priv;
  FrameLook look;
  /* Several memories without a layout would be merged, that is copied, to be mapped. */
  if (gst_buffer_n_memory (buffer) != 1 && !gst_buffer_get_video_meta (buffer))
    return look;
  GstVideoFrame frame;
  const auto flags
      = static_cast<GstMapFlags> (int (GST_MAP_READ) | int (GST_VIDEO_FRAME_MAP_FLAG_NO_REF));
  if (!gst_video_frame_map (&frame, &priv->info, buffer, flags))
    return look;
  const LumaView view = luma_view (&frame, priv->component);
  const LumaNumbers numbers = priv->sampler.measure (view);
  PictureNumbers picture{ numbers.mean, numbers.deviation, false, std::nullopt };
  if (now >= priv->next_sharpness) {
    priv->next_sharpness = now + SHARPNESS_EVERY;
    picture.sharpness_measured = true;
    picture.sharpness = priv->meter.measure (view);
  }
  gst_video_frame_unmap (&frame);
  look.picture = picture;
  if (numbers.comparable) {
    look.identical = numbers.identical;
    look.difference = numbers.difference;
  }
  return look;
}

/* On the looker's thread: the report goes out with the next frame, so that the thread can always
 * be waited for. */
static void
take_answer (GstHealthProbe *self, const PictureNumbers &numbers)
{
  self->priv->judging.with ([&] (Judging &j) {
    const auto now = j.judge.last_frame ();
    if (now && j.judge.picture (*now, numbers))
      note (self, j, *now, true, false);
  });
}

static void
decode_now_and_then (GstHealthProbe *self, GstBuffer *buffer, int64_t now)
{
  auto *priv = self->priv;
  if (now < priv->next_decode || !JpegLooker::is_available ())
    return;
  const int64_t interval = priv->judging.with ([] (Judging &j) {
    j.judge.set_look_lifetime (LOOK_LIFETIME * j.settings.decode_interval);
    return j.settings.decode_interval;
  });
  if (!priv->looker)
    priv->looker = std::make_unique<JpegLooker> (
        [self] (const PictureNumbers &numbers) { take_answer (self, numbers); });
  if (interval > 0 && priv->looker->look (buffer))
    priv->next_decode = now + interval;
}

static guint64
fingerprint (GstBuffer *buffer)
{
  guint64 result = 0;
  for (guint i = 0; i < gst_buffer_n_memory (buffer); i++) {
    GstMemory *memory = gst_buffer_peek_memory (buffer, i);
    GstMapInfo map;
    if (!gst_memory_map (memory, &map, GST_MAP_READ))
      continue;
    result = result * 31 + jpeg_fingerprint (map.data, map.size);
    gst_memory_unmap (memory, &map);
  }
  return result;
}

static FrameLook
look_at_jpeg (GstHealthProbe *self, GstBuffer *buffer, int64_t now)
{
  auto *priv = self->priv;
  FrameLook look;
  const guint64 print = fingerprint (buffer);
  if (priv->last_fingerprint)
    look.identical = print == *priv->last_fingerprint;
  priv->last_fingerprint = print;
  decode_now_and_then (self, buffer, now);
  return look;
}

static FrameLook
look_at (GstHealthProbe *self, GstBuffer *buffer, int64_t now)
{
  if (gst_buffer_get_size (buffer) == 0 || GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_GAP))
    return {};
  switch (self->priv->content) {
  case Content::raw:
    return look_at_raw (self, buffer, now);
  case Content::jpeg:
    return look_at_jpeg (self, buffer, now);
  case Content::other:
    break;
  }
  return {};
}

/* The verdict goes before the frame that changed it. */
static void
tell_downstream (GstHealthProbe *self, Verdict verdict, int64_t age)
{
  if (self->priv->told_downstream == verdict)
    return;
  self->priv->told_downstream = verdict;
  const auto since = static_cast<guint64> (g_get_real_time () - age);
  GstStructure *fields
      = gst_structure_new ("camwarden-health", "verdict", G_TYPE_STRING, verdict_name (verdict),
                           "since", G_TYPE_UINT64, since, nullptr);
  gst_pad_push_event (GST_BASE_TRANSFORM_SRC_PAD (self),
                      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, fields));
}

static GstFlowReturn
gst_health_probe_prepare_output_buffer (GstBaseTransform *, GstBuffer *in, GstBuffer **out)
{
  *out = CaptureStamp::is_wanted (in) ? CaptureStamp::make_writable (in) : in;
  return GST_FLOW_OK;
}

static GstFlowReturn
gst_health_probe_transform_ip (GstBaseTransform *base, GstBuffer *buffer)
{
  GstHealthProbe *self = GST_HEALTH_PROBE (base);
  auto *priv = self->priv;
  const int64_t now = now_us (priv->clock.get ());
  if (CaptureStamp::is_wanted (buffer) && gst_buffer_is_writable (buffer))
    priv->stamp.stamp (GST_ELEMENT (self), &base->segment, buffer);
  const FrameLook look = look_at (self, buffer, now);

  Verdict verdict = Verdict::unknown;
  int64_t verdict_age = 0;
  const auto deadline = priv->judging.with ([&] (Judging &j) {
    if (j.judge.frame (now, look))
      note (self, j, now, true, false);
    verdict = j.judge.picture_verdict ();
    verdict_age = now - j.judge.picture_since ();
    return j.judge.next_deadline ();
  });
  send_notes (self);
  set_timer (self, deadline, now);
  tell_downstream (self, verdict, verdict_age);
  return GST_FLOW_OK;
}

/* Around the base class's, to know while a frame is held up downstream. */
static GstFlowReturn
gst_health_probe_chain (GstPad *pad, GstObject *parent, GstBuffer *buffer)
{
  auto *priv = GST_HEALTH_PROBE (parent)->priv;
  priv->blocked = true;
  const GstFlowReturn result = priv->chain (pad, parent, buffer);
  priv->blocked = false;
  return result;
}
