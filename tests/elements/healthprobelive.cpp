// SPDX-License-Identifier: LGPL-2.1-or-later
/* healthprobe behind faultysrc, in real time; JPEG; starting and stopping. */
#include "elements/probetest.h"

#include <cstdio>
#include <thread>
#include <unistd.h>

using namespace camwarden;

namespace
{

constexpr GstClockTime S = GST_SECOND;
constexpr gint64 PATIENCE = 30 * G_USEC_PER_SEC;

/* A pipeline with a healthprobe named probe, and what it said. */
class Live
{
public:
  explicit Live (const char *description)
  {
    g_autoptr (GError) error = nullptr;
    pipeline_ = gst_parse_launch (description, &error);
    g_assert_no_error (error);
    bus_ = gst_element_get_bus (pipeline_);
    probe = gst_bin_get_by_name (GST_BIN (pipeline_), "probe");
  }

  ~Live ()
  {
    stop ();
    gst_clear_object (&probe);
    gst_object_unref (bus_);
    gst_object_unref (pipeline_);
  }

  Live (const Live &) = delete;

  void
  play ()
  {
    g_assert_cmpint (gst_element_set_state (pipeline_, GST_STATE_PLAYING), !=,
                     GST_STATE_CHANGE_FAILURE);
  }

  void
  stop ()
  {
    gst_element_set_state (pipeline_, GST_STATE_NULL);
  }

  /* The next message of that type; fails the test when it does not come. */
  [[nodiscard]] GstMessage *
  wait_for (GstMessageType type)
  {
    GstMessage *message = gst_bus_timed_pop_filtered (
        bus_, PATIENCE * 1000, static_cast<GstMessageType> (type | GST_MESSAGE_ERROR));
    g_assert_nonnull (message);
    return message;
  }

  void
  wait_for_end ()
  {
    g_autoptr (GstMessage) message = wait_for (GST_MESSAGE_EOS);
    g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_EOS);
  }

  /* The report of the change to that verdict. */
  ProbeReport
  wait_for_verdict (const std::string &verdict)
  {
    while (true) {
      g_autoptr (GstMessage) message = wait_for (GST_MESSAGE_ELEMENT);
      const GstStructure *fields = gst_message_get_structure (message);
      g_assert_cmpint (GST_MESSAGE_TYPE (message), ==, GST_MESSAGE_ELEMENT);
      if (!gst_structure_has_name (fields, "healthprobe"))
        continue;
      ProbeReport report = ProbeReport::parse (fields);
      if (report.change && report.verdict == verdict)
        return report;
    }
  }

  void
  expect_error (GQuark domain, gint code)
  {
    g_autoptr (GstMessage) message = wait_for (GST_MESSAGE_ERROR);
    g_autoptr (GError) error = nullptr;
    gst_message_parse_error (message, &error, nullptr);
    g_assert_error (error, domain, code);
  }

  [[nodiscard]] guint64
  frames (const char *element) const
  {
    g_autoptr (GstElement) found = gst_bin_get_by_name (GST_BIN (pipeline_), element);
    guint64 value = 0;
    g_object_get (found, "frames", &value, nullptr);
    return value;
  }

  [[nodiscard]] GstElement *
  element (const char *name) const
  {
    return gst_bin_get_by_name (GST_BIN (pipeline_), name);
  }

  GstElement *probe = nullptr;

private:
  GstElement *pipeline_;
  GstBus *bus_;
};

/* Within stall-timeout while events flow; the limit above is for a loaded machine. */
void
test_stall ()
{
  Live live ("faultysrc is-live=true mode=stall at-frame=30 duration=2000000000 "
             "upstream-events=true ! healthprobe name=probe ! fakesink");
  live.play ();
  const ProbeReport stall = live.wait_for_verdict ("stall");
  g_test_message ("told after %.3f s", static_cast<double> (stall.age) / 1e6);
  g_assert_cmpuint (stall.age, >=, 1 * G_USEC_PER_SEC);
  g_assert_cmpuint (stall.age, <=, 1900 * 1000);
  g_assert_cmpuint (stall.frames, ==, 30);
  g_assert_false (stall.blocked);
  const ProbeReport back = live.wait_for_verdict ("ok");
  g_assert_cmpuint (back.frames, ==, 31);
}

void
test_startup ()
{
  Live live ("faultysrc is-live=true mode=stall upstream-events=true ! healthprobe name=probe "
             "startup-timeout=300000000 ! fakesink");
  live.play ();
  const ProbeReport stall = live.wait_for_verdict ("stall");
  g_assert_cmpuint (stall.age, ==, G_MAXUINT64);
  g_assert_cmpuint (stall.frames, ==, 0);
}

/* Raw and JPEG side by side: the same picture for three seconds. */
void
test_frozen ()
{
  Live raw ("faultysrc is-live=true mode=freeze at-frame=10 pool-size=3 ! healthprobe name=probe ! "
            "fakesink");
  Live jpeg ("faultysrc is-live=true mode=freeze at-frame=10 pool-size=3 ! image/jpeg ! "
             "healthprobe name=probe ! fakesink");
  raw.play ();
  jpeg.play ();
  for (Live *live : { &raw, &jpeg }) {
    const ProbeReport report = live->wait_for_verdict ("frozen");
    ASSERT_TEXT (report.previous, "ok");
    g_assert_cmpuint (report.frames, >=, 40);
  }
}

/* A sink that does not return: no frame comes, and it is said that the source is not to blame. */
void
test_blocked_downstream ()
{
  Live live ("faultysrc is-live=true ! healthprobe name=probe ! fakesink name=sink");
  g_autoptr (GstElement) sink = live.element ("sink");
  g_autoptr (GstPad) pad = gst_element_get_static_pad (sink, "sink");
  live.play ();
  live.wait_for_verdict ("ok");
  const gulong block = gst_pad_add_probe (
      pad, static_cast<GstPadProbeType> (GST_PAD_PROBE_TYPE_BUFFER | GST_PAD_PROBE_TYPE_BLOCK),
      [] (GstPad *, GstPadProbeInfo *, gpointer) { return GST_PAD_PROBE_OK; }, nullptr, nullptr);
  g_assert_true (live.wait_for_verdict ("stall").blocked);
  gst_pad_remove_probe (pad, block);
  live.wait_for_verdict ("ok");
}

/* Every frame made is counted and arrives, through every kind of picture, from two buffers. */
void
test_accounting ()
{
  for (const char *caps : { "video/x-raw,format=I420", "video/x-raw,format=NV12", "image/jpeg" }) {
    g_autofree char *description
        = g_strdup_printf ("faultysrc name=source num-buffers=500 pool-size=2 ! %s ! healthprobe "
                           "name=probe ! fakesink",
                           caps);
    Live live (description);
    live.play ();
    live.wait_for_end ();
    g_assert_cmpuint (live.frames ("source"), ==, 500);
    GstStructure *stats = nullptr;
    g_object_get (live.probe, "stats", &stats, nullptr);
    g_assert_cmpuint (ProbeReport::parse (stats).frames, ==, 500);
    gst_structure_free (stats);
  }
}

void
test_caps_fault ()
{
  Live live ("faultysrc is-live=true num-buffers=60 mode=caps at-frame=10 duration=500000000 ! "
             "healthprobe name=probe ! fakesink");
  live.play ();
  live.wait_for_end ();
}

/* --- JPEG on a simulated clock --- */

GstBuffer *
encode (ProbeTest &test, PictureKind kind)
{
  g_autoptr (GstCaps) raw = gst_video_info_to_caps (&test.info);
  const auto encoder = SyncFilter::make ("jpegenc", nullptr);
  g_assert_true (encoder);
  GstBuffer *jpeg = encoder->run (test.paint (kind), raw);
  g_assert_nonnull (jpeg);
  return jpeg;
}

/* Frames until the verdict is there: the looker's thread answers when it gets the processor. */
void
push_until (ProbeTest &test, PictureKind kind, const char *verdict)
{
  const gint64 begin = g_get_monotonic_time ();
  do {
    g_assert_cmpint (g_get_monotonic_time () - begin, <, PATIENCE);
    test.push (encode (test, kind));
    std::this_thread::yield ();
  } while (test.verdict () != verdict);
}

#define GRAY "video/x-raw,format=GRAY8,width=160,height=120,framerate=5/1"
#define JPEG "image/jpeg,width=160,height=120,framerate=5/1"

void
test_jpeg ()
{
  ProbeTest test (GRAY, 200 * GST_MSECOND);
  test.set_caps (JPEG);
  ASSERT_TEXT (test.verdict (), "unknown");
  push_until (test, PictureKind::normal, "ok");
  push_until (test, PictureKind::dark, "dark");
  push_until (test, PictureKind::normal, "ok");
  push_until (test, PictureKind::bright, "bright");
  push_until (test, PictureKind::blur, "blur");
  const ProbeReport report = test.stats ();
  g_assert_cmpfloat (report.sharpness, <, 8);
  g_autoptr (GstBuffer) frame = encode (test, PictureKind::normal);
  for (int i = 0; i < 40; i++)
    test.push (gst_buffer_copy_deep (frame));
  ASSERT_TEXT (test.verdict (), "frozen");
}

/* Frames come, but nothing can be decoded: unknown, never ok. */
void
test_broken_jpeg ()
{
  ProbeTest test (GRAY, 200 * GST_MSECOND);
  test.set_caps (JPEG);
  for (int i = 0; i < 200; i++) {
    GstBuffer *buffer = gst_buffer_new_allocate (nullptr, 5000, nullptr);
    gst_buffer_memset (buffer, 0, static_cast<guint8> (i), 5000);
    test.push (buffer);
    std::this_thread::yield ();
  }
  ASSERT_TEXT (test.verdict (), "unknown");
  ASSERT_TEXT (test.changes (), "");
}

void
test_jpeg_never_decoded ()
{
  ProbeTest test (GRAY, 200 * GST_MSECOND);
  g_object_set (test.probe, "decode-interval", guint64{ 0 }, nullptr);
  test.set_caps (JPEG);
  for (int i = 0; i < 100; i++)
    test.push (encode (test, PictureKind::normal));
  ASSERT_TEXT (test.verdict (), "unknown");
  test.advance (2 * S);
  ASSERT_TEXT (test.verdict (), "stall");
}

/* --- starting and stopping --- */

/* With timers that fire in the middle of it: what deadlocks the stock watchdog. */
void
test_ten_thousand_starts ()
{
  GstElement *probe = gst_element_factory_make ("healthprobe", nullptr);
  gst_object_ref_sink (probe);
  g_autoptr (GstBus) bus = gst_bus_new ();
  gst_element_set_bus (probe, bus);
  g_object_set (probe, "startup-timeout", GST_MSECOND, "interval", 200 * GST_USECOND, nullptr);
  guint fired = 0;
  for (int i = 0; i < 10000; i++) {
    g_assert_cmpint (gst_element_set_state (probe, GST_STATE_PLAYING), ==,
                     GST_STATE_CHANGE_SUCCESS);
    if (i % 8 == 0) {
      const gint64 until = g_get_monotonic_time () + g_test_rand_int_range (100, 1200);
      while (g_get_monotonic_time () < until)
        std::this_thread::yield ();
    }
    g_assert_cmpint (gst_element_set_state (probe, i % 2 ? GST_STATE_NULL : GST_STATE_READY), ==,
                     GST_STATE_CHANGE_SUCCESS);
    fired += static_cast<guint> (take_reports (bus).size ());
  }
  g_test_message ("%u reports", fired);
  g_assert_cmpuint (fired, >, 500);
  gst_element_set_state (probe, GST_STATE_NULL);
  gst_element_set_bus (probe, nullptr);
  gst_object_unref (probe);
}

/* Whole pipelines with frames under way, raw and JPEG, stopped at any moment. */
void
test_pipelines_stopped_at_any_moment ()
{
  for (const char *caps : { "video/x-raw", "image/jpeg" }) {
    g_autofree char *description
        = g_strdup_printf ("faultysrc is-live=true pool-size=2 ! %s,width=64,height=48,"
                           "framerate=500/1 ! healthprobe name=probe stall-timeout=2000000 "
                           "startup-timeout=1000000 interval=1000000 decode-interval=3000000 ! "
                           "fakesink",
                           caps);
    Live live (description);
    for (int i = 0; i < 150; i++) {
      live.play ();
      const gint64 until = g_get_monotonic_time () + g_test_rand_int_range (0, 8000);
      while (g_get_monotonic_time () < until)
        std::this_thread::yield ();
      live.stop ();
    }
  }
}

/* An element that goes away while its wait is still with the clock. */
void
test_destroyed_while_waiting ()
{
  GstClock *clock = gst_test_clock_new ();
  GstElement *probe = gst_element_factory_make ("healthprobe", nullptr);
  gst_object_ref_sink (probe);
  gpointer gone = probe;
  g_object_add_weak_pointer (G_OBJECT (probe), &gone);
  g_object_set (probe, "clock", clock, nullptr);
  gst_element_set_state (probe, GST_STATE_PLAYING);
  gst_element_set_state (probe, GST_STATE_NULL);
  gst_object_unref (probe);
  g_assert_null (gone);
  gst_object_unref (clock);
}

/* --- the camera itself --- */

void
test_camera_errors ()
{
  const struct
  {
    const char *mode;
    GQuark domain;
    gint code;
  } faults[] = {
    { "mode=error at-frame=3", GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ },
    { "mode=error error-domain=stream error-code=1", GST_STREAM_ERROR, GST_STREAM_ERROR_FAILED },
    { "mode=nodevice at-frame=2", GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND },
    { "mode=busy at-frame=2", GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_BUSY },
    { "mode=nospace", GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NO_SPACE_LEFT },
  };
  for (const auto &fault : faults) {
    g_autofree char *description = g_strdup_printf ("faultysrc %s ! fakesink", fault.mode);
    Live live (description);
    live.play ();
    live.expect_error (fault.domain, fault.code);
  }
}

/* Once in error, well after a restart; and told from outside what to do next. */
void
test_camera_is_cured_by_a_restart ()
{
  g_autofree char *path = nullptr;
  close (g_file_open_tmp ("faultysrc-XXXXXX", &path, nullptr));
  g_autofree char *description
      = g_strdup_printf ("faultysrc name=source is-live=true mode=error at-frame=5 times=1 "
                         "control-file=%s ! healthprobe name=probe ! fakesink",
                         path);
  Live live (description);
  live.play ();
  live.expect_error (GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_READ);
  live.stop ();
  live.play ();
  live.wait_for_verdict ("ok");
  g_file_set_contents (path, "times=0\nerror-code=6\nat-frame=0\nmode=error\n", -1, nullptr);
  live.expect_error (GST_RESOURCE_ERROR, 6);
  unlink (path);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  gst_init (&argc, &argv);
  const std::pair<const char *, void (*) ()> tests[] = {
    { "/faultysrc/errors", test_camera_errors },
    { "/faultysrc/restart", test_camera_is_cured_by_a_restart },
    { "/healthprobe/live/stall", test_stall },
    { "/healthprobe/live/startup", test_startup },
    { "/healthprobe/live/frozen", test_frozen },
    { "/healthprobe/live/blocked-downstream", test_blocked_downstream },
    { "/healthprobe/live/accounting", test_accounting },
    { "/healthprobe/live/caps-fault", test_caps_fault },
    { "/healthprobe/jpeg/pictures", test_jpeg },
    { "/healthprobe/jpeg/broken", test_broken_jpeg },
    { "/healthprobe/jpeg/never-decoded", test_jpeg_never_decoded },
    { "/healthprobe/start-stop/ten-thousand", test_ten_thousand_starts },
    { "/healthprobe/start-stop/pipelines", test_pipelines_stopped_at_any_moment },
    { "/healthprobe/start-stop/destroyed", test_destroyed_while_waiting },
  };
  for (const auto &[path, function] : tests)
    g_test_add_func (path, function);
  return g_test_run ();
}
