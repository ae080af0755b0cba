// SPDX-License-Identifier: LGPL-2.1-or-later
/* healthprobe on a simulated clock. */
#include "elements/probetest.h"

using namespace camwarden;

namespace
{

#define GRAY "video/x-raw,format=GRAY8,width=160,height=120,framerate=25/1"
constexpr GstClockTime S = GST_SECOND;

void
test_reports ()
{
  ProbeTest test (GRAY);
  const auto before = static_cast<guint64> (g_get_real_time ());
  test.show (PictureKind::normal, 10 * S);
  g_assert_cmpuint (test.reports.size (), ==, 11); /* one change, one each second */
  const ProbeReport first = test.reports.front (), last = test.reports.back ();
  ASSERT_TEXT (first.verdict, "ok");
  ASSERT_TEXT (first.previous, "unknown");
  g_assert_true (first.change);
  g_assert_cmpuint (first.frames, ==, 1);
  g_assert_cmpuint (first.since, >=, before - 100000);
  g_assert_cmpuint (first.since, <=, static_cast<guint64> (g_get_real_time ()));
  g_assert_false (last.change);
  g_assert_cmpuint (last.since, ==, first.since);
  g_assert_cmpfloat_with_epsilon (last.fps, 25, 0.1);
  g_assert_cmpuint (last.jitter, ==, 0);
  g_assert_cmpuint (last.gap, ==, 40000);
  g_assert_cmpuint (last.frames, >=, 249);
  g_assert_cmpfloat (last.mean, >, 90);
  g_assert_cmpfloat (last.deviation, >, 20);
  g_assert_cmpfloat (last.sharpness, >, 16);
  g_assert_cmpfloat (last.difference, >, 1);
  g_assert_false (last.blocked);
}

void
test_nothing_known_yet ()
{
  ProbeTest test (GRAY);
  const ProbeReport report = test.stats ();
  ASSERT_TEXT (report.verdict, "unknown");
  g_assert_cmpuint (report.age, ==, G_MAXUINT64);
  g_assert_cmpuint (report.frames, ==, 0);
  g_assert_cmpfloat (report.mean, ==, -1);
}

/* Frames counted = frames pushed = frames out; events are none. */
void
test_accounting ()
{
  ProbeTest test (GRAY);
  for (int i = 0; i < 1000; i++) {
    test.push (test.paint (PictureKind::normal));
    gst_harness_push_event (
        test.harness,
        gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty ("anything")));
  }
  g_assert_cmpuint (test.stats ().frames, ==, 1000);
  g_assert_cmpuint (gst_harness_buffers_received (test.harness), ==, 1000);
  for (const ProbeReport &report : test.reports)
    g_assert_cmpuint (report.frames, <=, 1000);
}

void
push_events_both_ways (ProbeTest &test)
{
  gst_harness_push_event (
      test.harness,
      gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_OOB, gst_structure_new_empty ("anything")));
  gst_harness_push_event (test.harness, gst_event_new_gap (0, GST_MSECOND));
  gst_harness_push_upstream_event (test.harness, gst_event_new_reconfigure ());
  gst_harness_push_upstream_event (test.harness,
                                   gst_event_new_navigation (gst_structure_new_empty ("anything")));
}

/* The stock watchdog is fed by any event. */
void
test_stall_while_events_flow ()
{
  ProbeTest test (GRAY);
  test.show (PictureKind::normal, 3 * S);
  ASSERT_TEXT (test.changes (), "ok");
  for (int i = 0; i < 9; i++) {
    test.advance (100 * GST_MSECOND);
    push_events_both_ways (test);
  }
  ASSERT_TEXT (test.verdict (), "ok");
  test.advance (100 * GST_MSECOND);
  ASSERT_TEXT (test.changes (), "stall");
  for (int i = 0; i < 100; i++) {
    test.advance (100 * GST_MSECOND);
    push_events_both_ways (test);
  }
  ASSERT_TEXT (test.changes (), "");
  ASSERT_TEXT (test.verdict (), "stall");
  g_assert_cmpuint (test.stats ().age, ==, 11 * G_USEC_PER_SEC);
  test.push (test.paint (PictureKind::normal));
  ASSERT_TEXT (test.changes (), "ok");
}

void
test_startup ()
{
  ProbeTest test (GRAY);
  test.advance (9999 * GST_MSECOND);
  ASSERT_TEXT (test.changes (), "");
  test.advance (GST_MSECOND);
  ASSERT_TEXT (test.changes (), "stall");
  test.push (test.paint (PictureKind::normal));
  ASSERT_TEXT (test.changes (), "ok");
}

/* A timeout that is shortened while nothing comes counts within a second. */
void
test_timeout_changed_while_playing ()
{
  ProbeTest test (GRAY);
  g_object_set (test.probe, "stall-timeout", 3600 * S, "interval", guint64{ 0 }, nullptr);
  test.show (PictureKind::normal, 1 * S);
  test.advance (60 * S);
  ASSERT_TEXT (test.changes (), "ok");
  g_object_set (test.probe, "stall-timeout", 30 * S, nullptr);
  test.advance (1 * S);
  ASSERT_TEXT (test.changes (), "stall");
}

void
test_suspended_while_paused ()
{
  ProbeTest test (GRAY);
  test.show (PictureKind::normal, 2 * S);
  ASSERT_TEXT (test.changes (), "ok");
  gst_element_set_state (test.probe, GST_STATE_PAUSED);
  g_assert_cmpuint (gst_test_clock_peek_id_count (test.clock), ==, 0);
  test.advance (600 * S);
  g_assert_cmpuint (test.reports.size (), ==, 0);
  gst_element_set_state (test.probe, GST_STATE_PLAYING);
  g_assert_cmpuint (gst_test_clock_peek_id_count (test.clock), ==, 1);
  test.advance (9 * S);
  ASSERT_TEXT (test.changes (), "");
  test.advance (1 * S);
  ASSERT_TEXT (test.changes (), "stall");
}

void
test_end_of_stream_is_no_stall ()
{
  ProbeTest test (GRAY);
  test.show (PictureKind::normal, 2 * S);
  gst_harness_push_event (test.harness, gst_event_new_eos ());
  test.advance (600 * S);
  ASSERT_TEXT (test.changes (), "ok");
}

void
test_pictures ()
{
  const std::pair<PictureKind, const char *> kinds[] = {
    { PictureKind::black, "dark" },
    { PictureKind::dark, "dark" },
    { PictureKind::bright, "bright" },
    { PictureKind::blur, "blur" },
  };
  const char *const formats[] = { "I420", "YV12", "NV12", "NV21", "NV16",  "Y42B", "Y41B", "Y444",
                                  "YUY2", "UYVY", "YVYU", "AYUV", "GRAY8", "RGB",  "BGR",  "RGBx",
                                  "BGRx", "xRGB", "xBGR", "RGBA", "BGRA",  "ARGB", "GBR" };
  for (const char *format : formats) {
    g_autofree char *caps
        = g_strdup_printf ("video/x-raw,format=%s,width=160,height=120,framerate=5/1", format);
    ProbeTest test (caps, 200 * GST_MSECOND);
    test.show (PictureKind::normal, 2 * S);
    ASSERT_TEXT (test.changes (), "ok");
    for (const auto &[kind, name] : kinds) {
      test.show (kind, 11 * S);
      g_test_message ("%s: %s", format, name);
      ASSERT_TEXT (test.changes (), name);
      test.show (PictureKind::normal, 3 * S);
      ASSERT_TEXT (test.changes (), "ok");
    }
    test.freeze (PictureKind::normal, 7 * S);
    ASSERT_TEXT (test.changes (), "frozen");
    test.show (PictureKind::normal, 3 * S);
    ASSERT_TEXT (test.changes (), "ok");
  }
}

void
test_formats_it_cannot_look_into ()
{
  for (const char *caps :
       { "video/x-raw,format=I420_10LE,width=160,height=120,framerate=25/1",
         "video/x-raw,format=RGB16,width=160,height=120,framerate=25/1",
         "video/x-raw(memory:DMABuf),format=NV12,width=160,height=120,framerate=25/1",
         "video/x-h264,width=160,height=120,framerate=25/1", "application/x-anything" }) {
    ProbeTest test (GRAY);
    test.set_caps (caps);
    for (int i = 0; i < 500; i++)
      test.push (gst_buffer_new_allocate (nullptr, 160 * 120 * 4, nullptr));
    ASSERT_TEXT (test.changes (), "");
    ASSERT_TEXT (test.verdict (), "unknown");
    test.advance (1 * S);
    ASSERT_TEXT (test.changes (), "stall");
    test.push (gst_buffer_new_allocate (nullptr, 160 * 120 * 4, nullptr));
    ASSERT_TEXT (test.changes (), "unknown");
  }
}

/* A night of an hour: noise only. Dark is told once, frozen never, one report a second, and never
 * more than one wait on the clock (advance() looks). */
void
test_an_hour_of_night ()
{
  ProbeTest test (GRAY, 500 * GST_MSECOND);
  test.show (PictureKind::dark, 3600 * S);
  g_assert_cmpuint (test.reports.size (), >=, 3600);
  g_assert_cmpuint (test.reports.size (), <=, 3603);
  g_assert_cmpfloat (test.reports.back ().difference, >, 0.1);
  ASSERT_TEXT (test.changes (), "ok dark");
  test.show (PictureKind::normal, 10 * S);
  ASSERT_TEXT (test.changes (), "ok");
}

void
test_caps_change ()
{
  ProbeTest test (GRAY);
  test.show (PictureKind::normal, 5 * S);
  test.set_caps ("video/x-raw,format=NV12,width=320,height=240,framerate=25/1");
  test.show (PictureKind::normal, 5 * S);
  test.set_caps ("video/x-raw,format=I420,width=80,height=60,framerate=25/1");
  test.show (PictureKind::normal, 5 * S);
  ASSERT_TEXT (test.changes (), "ok");
  test.set_caps ("video/x-raw,format=I420,width=80,height=60,framerate=2/1");
  test.push (test.paint (PictureKind::normal));
  test.advance (4900 * GST_MSECOND); /* ten intervals of the new rate */
  ASSERT_TEXT (test.changes (), "");
  test.advance (100 * GST_MSECOND);
  ASSERT_TEXT (test.changes (), "stall");
}

std::string
last_health_event (GstHarness *harness)
{
  g_autoptr (GstPad) pad = gst_pad_get_peer (harness->sinkpad);
  std::string text;
  for (guint i = 0;; i++) {
    g_autoptr (GstEvent) event
        = gst_pad_get_sticky_event (pad, GST_EVENT_CUSTOM_DOWNSTREAM_STICKY, i);
    if (!event)
      return text;
    const GstStructure *fields = gst_event_get_structure (event);
    guint64 since = 0;
    if (!gst_structure_has_name (fields, "camwarden-health"))
      continue;
    g_assert_true (gst_structure_get_uint64 (fields, "since", &since));
    g_assert_cmpuint (since, >, 0);
    text = gst_structure_get_string (fields, "verdict");
  }
}

/* Sticky, never "stall", and before the frame it speaks of. */
void
test_event_downstream ()
{
  ProbeTest test (GRAY);
  ASSERT_TEXT (last_health_event (test.harness), "");
  test.push (test.paint (PictureKind::normal));
  ASSERT_TEXT (last_health_event (test.harness), "ok");
  test.show (PictureKind::dark, 11 * S);
  ASSERT_TEXT (last_health_event (test.harness), "dark");
  test.advance (5 * S);
  ASSERT_TEXT (test.verdict (), "stall");
  ASSERT_TEXT (last_health_event (test.harness), "dark");
  test.show (PictureKind::normal, 2 * S);
  ASSERT_TEXT (last_health_event (test.harness), "ok");
  guint events = 0;
  while (GstEvent *event = gst_harness_try_pull_event (test.harness)) {
    events += gst_event_has_name (event, "camwarden-health");
    gst_event_unref (event);
  }
  g_assert_cmpuint (events, ==, 3);
}

GstClockTime
stamp_of (GstBuffer *buffer)
{
  g_autoptr (GstCaps) unix_time = gst_caps_new_empty_simple ("timestamp/x-unix");
  const auto *meta = gst_buffer_get_reference_timestamp_meta (buffer, unix_time);
  return meta ? meta->timestamp : GST_CLOCK_TIME_NONE;
}

GstBuffer *
pass (ProbeTest &test, GstBuffer *buffer)
{
  g_assert_cmpint (gst_harness_push (test.harness, buffer), ==, GST_FLOW_OK);
  return gst_harness_pull (test.harness);
}

/* A buffer nobody shares goes through as it is, with a stamp. */
void
test_stamp ()
{
  ProbeTest test (GRAY);
  GstBuffer *in = test.paint (PictureKind::normal);
  const auto before = static_cast<GstClockTime> (g_get_real_time ()) * 1000;
  g_autoptr (GstBuffer) out = pass (test, in);
  g_assert_true (out == in);
  g_assert_cmpuint (stamp_of (out), >=, before);
  g_assert_cmpuint (stamp_of (out), <=, static_cast<GstClockTime> (g_get_real_time ()) * 1000);
}

void
test_stamp_of_a_live_source ()
{
  ProbeTest test (GRAY);
  gst_harness_set_upstream_latency (test.harness, 0);
  g_autoptr (GstClock) system = gst_system_clock_obtain ();
  gst_element_set_clock (test.probe, system);
  gst_element_set_base_time (test.probe, gst_clock_get_time (system) - 10 * S);
  GstBuffer *in = test.paint (PictureKind::normal);
  GST_BUFFER_PTS (in) = 8 * S; /* captured two seconds ago */
  g_autoptr (GstBuffer) out = pass (test, in);
  const auto now = static_cast<GstClockTime> (g_get_real_time ()) * 1000;
  g_assert_cmpuint (now - stamp_of (out), >=, 2 * S - 10 * GST_MSECOND);
  g_assert_cmpuint (now - stamp_of (out), <=, 4 * S);
}

void
test_stamp_is_kept ()
{
  ProbeTest test (GRAY);
  g_autoptr (GstCaps) unix_time = gst_caps_new_empty_simple ("timestamp/x-unix");
  GstBuffer *in = test.paint (PictureKind::normal);
  gst_buffer_add_reference_timestamp_meta (in, unix_time, 4711, GST_CLOCK_TIME_NONE);
  GstBuffer *shared = gst_buffer_ref (in);
  g_autoptr (GstBuffer) out = pass (test, in);
  g_assert_true (out == shared);
  g_assert_cmpuint (stamp_of (out), ==, 4711);
  gst_buffer_unref (shared);
}

/* Somebody else holds the buffer: its metadata are copied, its memory is shared. */
void
test_stamp_of_a_shared_buffer ()
{
  ProbeTest test (GRAY);
  g_autoptr (GstBuffer) in = test.paint (PictureKind::normal);
  GST_BUFFER_PTS (in) = 5 * S;
  g_autoptr (GstBuffer) out = pass (test, gst_buffer_ref (in));
  g_assert_true (out != in);
  g_assert_true (gst_buffer_peek_memory (out, 0) == gst_buffer_peek_memory (in, 0));
  g_assert_cmpuint (GST_BUFFER_PTS (out), ==, 5 * S);
  g_assert_cmpuint (stamp_of (out), !=, GST_CLOCK_TIME_NONE);
  g_assert_cmpuint (stamp_of (in), ==, GST_CLOCK_TIME_NONE);
}

void
test_unshareable_memory_is_not_copied ()
{
  ProbeTest test (GRAY);
  g_autoptr (GstBuffer) in = test.paint (PictureKind::normal);
  GST_MINI_OBJECT_FLAG_SET (gst_buffer_peek_memory (in, 0), GST_MEMORY_FLAG_NO_SHARE);
  g_autoptr (GstBuffer) out = pass (test, gst_buffer_ref (in));
  g_assert_true (out == in);
  g_assert_cmpuint (stamp_of (out), ==, GST_CLOCK_TIME_NONE);
}

/* A pool of one buffer that the application also holds: the copy keeps it out of the pool as long
 * as it lives, and not longer. */
void
test_pool_gets_its_buffer_back ()
{
  ProbeTest test (GRAY);
  g_autoptr (GstBufferPool) pool = gst_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, nullptr, 160 * 120, 1, 1);
  g_assert_true (gst_buffer_pool_set_config (pool, config));
  gst_buffer_pool_set_active (pool, TRUE);
  GstBufferPoolAcquireParams params = {};
  params.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
  for (int i = 0; i < 10; i++) {
    GstBuffer *in = nullptr, *none = nullptr;
    g_assert_cmpint (gst_buffer_pool_acquire_buffer (pool, &in, &params), ==, GST_FLOW_OK);
    GstBuffer *out = pass (test, gst_buffer_ref (in));
    g_assert_true (out != in);
    gst_buffer_unref (in);
    g_assert_cmpint (gst_buffer_pool_acquire_buffer (pool, &none, &params), ==, GST_FLOW_EOS);
    gst_buffer_unref (out);
  }
  gst_buffer_pool_set_active (pool, FALSE);
}

void
test_latency_is_untouched ()
{
  ProbeTest test (GRAY);
  gst_harness_set_upstream_latency (test.harness, 70 * GST_MSECOND);
  g_assert_cmpuint (gst_harness_query_latency (test.harness), ==, 70 * GST_MSECOND);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  gst_init (&argc, &argv);
  const std::pair<const char *, void (*) ()> tests[] = {
    { "/healthprobe/reports", test_reports },
    { "/healthprobe/nothing-known-yet", test_nothing_known_yet },
    { "/healthprobe/accounting", test_accounting },
    { "/healthprobe/stall/events-flow", test_stall_while_events_flow },
    { "/healthprobe/stall/startup", test_startup },
    { "/healthprobe/stall/timeout-changed", test_timeout_changed_while_playing },
    { "/healthprobe/stall/paused", test_suspended_while_paused },
    { "/healthprobe/stall/end-of-stream", test_end_of_stream_is_no_stall },
    { "/healthprobe/pictures", test_pictures },
    { "/healthprobe/other-formats", test_formats_it_cannot_look_into },
    { "/healthprobe/an-hour-of-night", test_an_hour_of_night },
    { "/healthprobe/caps-change", test_caps_change },
    { "/healthprobe/event-downstream", test_event_downstream },
    { "/healthprobe/stamp/given", test_stamp },
    { "/healthprobe/stamp/live", test_stamp_of_a_live_source },
    { "/healthprobe/stamp/kept", test_stamp_is_kept },
    { "/healthprobe/stamp/shared", test_stamp_of_a_shared_buffer },
    { "/healthprobe/stamp/unshareable", test_unshareable_memory_is_not_copied },
    { "/healthprobe/stamp/pool", test_pool_gets_its_buffer_back },
    { "/healthprobe/latency", test_latency_is_untouched },
  };
  for (const auto &[path, function] : tests)
    g_test_add_func (path, function);
  return g_test_run ();
}
