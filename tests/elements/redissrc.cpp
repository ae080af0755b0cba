// SPDX-License-Identifier: LGPL-2.1-or-later
/* redissrc against a real server: what it makes of messages and entries, and how it comes through
 * an outage. Frames are published by redissink where their header matters, by hand where not. */
#include "fakes/respserver.h"
#include "gobject/ref.h"
#include "redis/frameheader.h"
#include "support/asserttext.h"
#include "support/redisserver.h"
#include "support/tempdir.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <gst/gst.h>
#include <mutex>
#include <string>
#include <vector>

using namespace camwarden;

static constexpr GstClockTime PATIENCE = 10 * GST_SECOND;

/* A pipeline that runs; its buffers are collected. */
struct Consumer
{
  Ref<GstElement> pipeline;
  Ref<GstElement> source;
  /* A lock that ThreadSanitizer sees, unlike an asynchronous queue's. */
  std::mutex mutex;
  std::condition_variable arrived;
  std::deque<GstSample *> samples;

  explicit Consumer (const std::string &source_description)
  {
    const std::string line
        = source_description + " ! fakesink name=out signal-handoffs=true sync=false";
    GError *error = nullptr;
    pipeline = Ref<GstElement>::adopt (
        GST_ELEMENT (gst_object_ref_sink (gst_parse_launch (line.c_str (), &error))));
    g_assert_no_error (error);
    source = Ref<GstElement>::adopt (gst_bin_get_by_name (GST_BIN (pipeline.get ()), "in"));
    auto sink = Ref<GstElement>::adopt (gst_bin_get_by_name (GST_BIN (pipeline.get ()), "out"));
    g_signal_connect (sink.get (), "handoff", G_CALLBACK (on_buffer), this);
    gst_element_set_state (pipeline.get (), GST_STATE_PLAYING);
  }

  ~Consumer ()
  {
    gst_element_set_state (pipeline.get (), GST_STATE_NULL);
    for (GstSample *sample : samples)
      gst_sample_unref (sample);
  }

  static void
  on_buffer (GstElement *, GstBuffer *buffer, GstPad *pad, gpointer data)
  {
    auto *self = static_cast<Consumer *> (data);
    g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
    const std::lock_guard<std::mutex> lock (self->mutex);
    self->samples.push_back (gst_sample_new (buffer, caps, nullptr, nullptr));
    self->arrived.notify_all ();
  }

  GstSample *
  next (GstClockTime patience = PATIENCE)
  {
    std::unique_lock<std::mutex> lock (mutex);
    if (!arrived.wait_for (lock, std::chrono::nanoseconds (patience),
                           [this] { return !samples.empty (); }))
      return nullptr;
    GstSample *sample = samples.front ();
    samples.pop_front ();
    return sample;
  }

  uint64_t
  count (const char *field)
  {
    GstStructure *stats = nullptr;
    g_object_get (source.get (), "stats", &stats, nullptr);
    guint64 value = 0;
    g_assert_true (gst_structure_get_uint64 (stats, field, &value));
    gst_structure_free (stats);
    return value;
  }
};

static std::string
source_line (const std::string &location, const std::string &properties = "")
{
  return "redissrc name=in location=" + location + " " + properties;
}

/* The smallest thing with a frame header: SOI, SOF0 of 64x48, EOI. */
static std::string
tiny_jpeg (int tag)
{
  std::string jpeg ("\xFF\xD8\xFF\xC0\x00\x0B\x08\x00\x30\x00\x40\x01\x01\x11\x00\xFF\xD9", 17);
  jpeg.insert (jpeg.size () - 2, std::string (static_cast<size_t> (tag), 'x'));
  return jpeg;
}

static std::string
message (uint64_t seq, const std::string &run = "abcd")
{
  FrameHeader header;
  header.camera = "x";
  header.run = run;
  header.seq = seq;
  header.ts = 1700000000000000 + static_cast<int64_t> (seq);
  header.width = 64;
  header.height = 48;
  header.fps = 25;
  header.caps = "image/jpeg, width=(int)64, height=(int)48, framerate=(fraction)25/1";
  return jpeg_head (to_json (header)) + tiny_jpeg (3).substr (2);
}

static void
wait_subscribed (const RedisServer &server, const std::string &channel)
{
  for (int i = 0; i < 1000; i++) {
    if (server.command ({ "PUBSUB", "NUMSUB", channel }) == channel + "\n1")
      return;
    g_usleep (5000);
  }
  g_error ("nobody subscribed to %s", channel.c_str ());
}

static std::string
bytes_of (GstSample *sample)
{
  GstMapInfo map;
  g_assert_true (gst_buffer_map (gst_sample_get_buffer (sample), &map, GST_MAP_READ));
  std::string bytes (reinterpret_cast<const char *> (map.data), map.size);
  gst_buffer_unmap (gst_sample_get_buffer (sample), &map);
  return bytes;
}

static std::string
caps_of (GstSample *sample)
{
  return take_string (gst_caps_to_string (gst_sample_get_caps (sample)));
}

static const char *const FULL_CAPS
    = "image/jpeg, width=(int)64, height=(int)48, framerate=(fraction)25/1";

static void
test_message ()
{
  RedisServer server;
  Consumer consumer (source_line (server.location ("cam:x:frame")));
  wait_subscribed (server, "cam:x:frame");
  server.command ({ "PUBLISH", "cam:x:frame", message (7) });
  g_autoptr (GstSample) sample = consumer.next ();
  g_assert_nonnull (sample);
  ASSERT_TEXT (caps_of (sample), FULL_CAPS);
  g_assert_true (bytes_of (sample) == message (7));
  GstBuffer *buffer = gst_sample_get_buffer (sample);
  g_assert_true (GST_BUFFER_FLAG_IS_SET (buffer, GST_BUFFER_FLAG_DISCONT));
  g_assert_cmpuint (GST_BUFFER_OFFSET (buffer), ==, 7);
  g_assert_cmpuint (GST_BUFFER_DURATION (buffer), ==, 40 * GST_MSECOND);
  g_assert_true (GST_BUFFER_PTS_IS_VALID (buffer));
  g_autoptr (GstCaps) unix_time = gst_caps_new_empty_simple ("timestamp/x-unix");
  const auto *meta = gst_buffer_get_reference_timestamp_meta (buffer, unix_time);
  g_assert_nonnull (meta);
  g_assert_cmpuint (meta->timestamp, ==, 1700000000000007 * GST_USECOND);
}

static void
test_plain_jpeg_and_nonsense ()
{
  RedisServer server;
  Consumer consumer (source_line (server.location ("x")));
  wait_subscribed (server, "x");
  for (const char *nonsense : { "", "hello", "\xFF\xD8", "\x80\x04\x95", "{\"angle\": 250}" })
    server.command ({ "PUBLISH", "x", nonsense });
  server.command ({ "PUBLISH", "x", tiny_jpeg (0) });
  g_autoptr (GstSample) sample = consumer.next ();
  g_assert_nonnull (sample);
  ASSERT_TEXT (caps_of (sample),
               "image/jpeg, width=(int)64, height=(int)48, framerate=(fraction)0/1");
  g_assert_cmpuint (consumer.count ("invalid"), ==, 5);
  g_assert_cmpuint (consumer.count ("received"), ==, 1);
}

static void
test_gap ()
{
  RedisServer server;
  Consumer consumer (source_line (server.location ("x")));
  wait_subscribed (server, "x");
  for (const uint64_t seq : { 1, 2, 5, 6 })
    server.command ({ "PUBLISH", "x", message (seq) });
  server.command ({ "PUBLISH", "x", message (1, "efgh") });
  std::string disconts;
  for (int i = 0; i < 5; i++) {
    g_autoptr (GstSample) sample = consumer.next ();
    g_assert_nonnull (sample);
    disconts += GST_BUFFER_FLAG_IS_SET (gst_sample_get_buffer (sample), GST_BUFFER_FLAG_DISCONT)
                    ? 'D'
                    : '-';
  }
  ASSERT_TEXT (disconts, "D-D-D");
  g_assert_cmpuint (consumer.count ("lost"), ==, 2);
}

static void
test_large_frames ()
{
  RedisServer server;
  Consumer consumer (source_line (server.location ("x")));
  wait_subscribed (server, "x");
  for (const int size : { 0, 1, 16 * 1024 - 100, 16 * 1024, 3 * 1024 * 1024 }) {
    const std::string jpeg = tiny_jpeg (size);
    server.command ({ "PUBLISH", "x", jpeg });
    g_autoptr (GstSample) sample = consumer.next ();
    g_assert_nonnull (sample);
    g_assert_true (bytes_of (sample) == jpeg);
  }
}

static void
add_entry (const RedisServer &server, uint64_t seq)
{
  FrameHeader header;
  header.run = "r";
  header.seq = seq;
  header.caps = "video/x-raw, format=(string)GRAY8, width=(int)4, height=(int)2, "
                "framerate=(fraction)10/1";
  header.fps = 10;
  server.command ({ "XADD", "x:stream", "*", "m", to_json (header), "d", "01234567", "more", "?" });
}

/* Begins with what comes from now on, and after an outage goes on where it was. */
static void
test_stream_resumes ()
{
  RedisServer server;
  add_entry (server, 1);
  Consumer consumer (source_line (server.location ("x"), "mode=stream"));
  while (server.command ({ "CLIENT", "LIST" }).find ("cmd=xread ") == std::string::npos)
    g_usleep (5000);
  add_entry (server, 2);
  g_autoptr (GstSample) first = consumer.next ();
  g_assert_nonnull (first);
  g_assert_cmpuint (GST_BUFFER_OFFSET (gst_sample_get_buffer (first)), ==, 2);
  g_assert_true (bytes_of (first) == "01234567");
  g_assert_true (caps_of (first).starts_with ("video/x-raw, format=(string)GRAY8"));
  server.command ({ "CLIENT", "KILL", "TYPE", "normal" });
  for (uint64_t seq = 3; seq <= 5; seq++)
    add_entry (server, seq);
  for (uint64_t seq = 3; seq <= 5; seq++) {
    g_autoptr (GstSample) sample = consumer.next ();
    g_assert_nonnull (sample);
    g_assert_cmpuint (GST_BUFFER_OFFSET (gst_sample_get_buffer (sample)), ==, seq);
  }
  g_assert_cmpuint (consumer.count ("lost"), ==, 0);
}

static unsigned
take_warnings (GstElement *pipeline)
{
  unsigned warnings = 0;
  auto bus = Ref<GstBus>::adopt (gst_element_get_bus (pipeline));
  const auto types = static_cast<GstMessageType> (GST_MESSAGE_WARNING | GST_MESSAGE_ERROR);
  while (g_autoptr (GstMessage) found = gst_bus_pop_filtered (bus.get (), types)) {
    g_assert_cmpint (GST_MESSAGE_TYPE (found), ==, GST_MESSAGE_WARNING);
    warnings++;
  }
  return warnings;
}

/* Killed and started again: frames within 2 s, one warning, a DISCONT, the loss counted. */
static void
test_outage ()
{
  RedisServer server;
  Consumer consumer (source_line (server.location ("x")));
  wait_subscribed (server, "x");
  server.command ({ "PUBLISH", "x", message (1) });
  g_autoptr (GstSample) before = consumer.next ();
  g_assert_nonnull (before);
  server.kill ();
  g_usleep (1500 * 1000);
  server.start ();
  const int64_t up = g_get_monotonic_time ();
  wait_subscribed (server, "x");
  const int64_t took = g_get_monotonic_time () - up;
  g_test_message ("subscribed again after %" G_GINT64_FORMAT " ms", took / 1000);
  g_assert_cmpint (took, <, 2 * G_USEC_PER_SEC);
  server.command ({ "PUBLISH", "x", message (40) });
  g_autoptr (GstSample) after = consumer.next ();
  g_assert_nonnull (after);
  g_assert_true (GST_BUFFER_FLAG_IS_SET (gst_sample_get_buffer (after), GST_BUFFER_FLAG_DISCONT));
  g_assert_cmpuint (consumer.count ("lost"), ==, 38);
  g_assert_cmpuint (consumer.count ("reconnects"), ==, 1);
  g_assert_cmpuint (take_warnings (consumer.pipeline.get ()), ==, 1);
}

/* A frozen server says nothing at all: it is asked, and left when it does not answer. */
static void
test_frozen ()
{
  RedisServer server;
  Consumer consumer (source_line (server.location ("x"), "command-timeout=300000000"));
  wait_subscribed (server, "x");
  server.freeze ();
  g_usleep (2500 * 1000);
  server.thaw ();
  g_assert_cmpuint (take_warnings (consumer.pipeline.get ()), ==, 1);
  server.command ({ "PING" });
  wait_subscribed (server, "x");
  server.command ({ "PUBLISH", "x", message (1) });
  g_autoptr (GstSample) sample = consumer.next ();
  g_assert_nonnull (sample);
}

static std::string
word (const std::string &text)
{
  return "$" + std::to_string (text.size ()) + "\r\n" + text + "\r\n";
}

/* A link so slow that one frame takes longer than the timeout for silence: it is no silence. */
static void
test_slow_link ()
{
  const std::string jpeg = tiny_jpeg (60 * 1024);
  RespServer::Script script;
  script.bytes = "*3\r\n" + word ("message") + word ("x") + word (jpeg);
  script.greet = script.wait = true;
  script.close = false;
  script.piece = 3000;
  script.pause = 50 * 1000;
  RespServer server (script);
  const std::string location = "redis://127.0.0.1:" + std::to_string (server.port ()) + "/x";
  Consumer consumer (source_line (location, "command-timeout=500000000"));
  g_autoptr (GstSample) sample = consumer.next ();
  g_assert_nonnull (sample);
  g_assert_true (bytes_of (sample) == jpeg);
  g_assert_cmpuint (server.connections (), ==, 1);
}

/* One that stops in the middle of a frame is left. */
static void
test_half_frame ()
{
  RespServer::Script script;
  script.bytes = "*3\r\n" + word ("message") + word ("x") + "$60000\r\n" + std::string (30000, 'x');
  script.greet = script.wait = true;
  script.close = false;
  RespServer server (script);
  const std::string location = "redis://127.0.0.1:" + std::to_string (server.port ()) + "/x";
  Consumer consumer (source_line (location, "command-timeout=200000000"));
  g_assert_null (consumer.next (1500 * GST_MSECOND));
  g_assert_cmpuint (server.connections (), >=, 2);
  g_assert_cmpuint (take_warnings (consumer.pipeline.get ()), >=, 1);
}

static void
test_error_after_retries ()
{
  const std::string location = "redis://127.0.0.1:" + std::to_string (free_port ()) + "/x";
  Consumer consumer (source_line (location, "error-after-retries=3 max-retry-delay=10000000"));
  auto bus = Ref<GstBus>::adopt (gst_element_get_bus (consumer.pipeline.get ()));
  g_autoptr (GstMessage) found
      = gst_bus_timed_pop_filtered (bus.get (), PATIENCE, GST_MESSAGE_ERROR);
  g_assert_nonnull (found);
  g_autoptr (GError) error = nullptr;
  gst_message_parse_error (found, &error, nullptr);
  g_assert_error (error, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_OPEN_READ);
}

/* Into NULL from any state: median < 20 ms, worst < 100 ms. */
static void
test_stopping ()
{
  RedisServer alive;
  RedisServer frozen;
  frozen.freeze ();
  const std::string locations[] = { alive.location ("x"), frozen.location ("x"),
                                    "redis://127.0.0.1:1/x", "redis://no-such-host.invalid/x" };
  std::vector<int64_t> times;
  for (int i = 0; i < 200; i++) {
    const std::string line = source_line (locations[i % 4], i % 8 < 4 ? "" : "mode=stream");
    GstElement *pipeline = gst_parse_launch ((line + " ! fakesink").c_str (), nullptr);
    gst_element_set_state (pipeline, GST_STATE_PLAYING);
    g_usleep (g_random_int_range (0, 15000));
    const int64_t begun = g_get_monotonic_time ();
    gst_element_set_state (pipeline, GST_STATE_NULL);
    times.push_back (g_get_monotonic_time () - begun);
    gst_object_unref (pipeline);
  }
  frozen.thaw ();
  std::sort (times.begin (), times.end ());
  g_test_message ("median %" G_GINT64_FORMAT " us, worst %" G_GINT64_FORMAT " us", times[100],
                  times.back ());
  g_assert_cmpint (times[100], <, 20 * 1000);
  g_assert_cmpint (times.back (), <, 100 * 1000);
}

/* The whole way: a camera, redissink, redissrc, a file that can be read again. */
static void
test_recording ()
{
  RedisServer server;
  const std::string location = server.location ("cam:x:frame");
  auto camera = Ref<GstElement>::adopt (gst_parse_launch (
      ("videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=30/1 ! jpegenc ! "
       "redissink location="
       + location)
          .c_str (),
      nullptr));
  gst_element_set_state (camera.get (), GST_STATE_PLAYING);
  const TempDir directory;
  const std::string path = directory.path ("recording.mkv");
  auto recorder
      = Ref<GstElement>::adopt (gst_parse_launch (("redissrc num-buffers=20 location=" + location
                                                   + " ! matroskamux ! filesink location=" + path)
                                                      .c_str (),
                                                  nullptr));
  gst_element_set_state (recorder.get (), GST_STATE_PLAYING);
  auto bus = Ref<GstBus>::adopt (gst_element_get_bus (recorder.get ()));
  const auto ends = static_cast<GstMessageType> (GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
  g_autoptr (GstMessage) end = gst_bus_timed_pop_filtered (bus.get (), PATIENCE, ends);
  g_assert_nonnull (end);
  g_assert_cmpint (GST_MESSAGE_TYPE (end), ==, GST_MESSAGE_EOS);
  gst_element_set_state (recorder.get (), GST_STATE_NULL);
  gst_element_set_state (camera.get (), GST_STATE_NULL);

  const std::string line = "filesrc location=" + path + " ! matroskademux ! jpegdec";
  Consumer player (line);
  for (int i = 0; i < 20; i++) {
    g_autoptr (GstSample) sample = player.next ();
    g_assert_nonnull (sample);
  }
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/redissrc/message", test_message);
  g_test_add_func ("/redissrc/plain-jpeg-and-nonsense", test_plain_jpeg_and_nonsense);
  g_test_add_func ("/redissrc/gap", test_gap);
  g_test_add_func ("/redissrc/large-frames", test_large_frames);
  g_test_add_func ("/redissrc/stream-resumes", test_stream_resumes);
  g_test_add_func ("/redissrc/outage", test_outage);
  g_test_add_func ("/redissrc/frozen", test_frozen);
  g_test_add_func ("/redissrc/slow-link", test_slow_link);
  g_test_add_func ("/redissrc/half-frame", test_half_frame);
  g_test_add_func ("/redissrc/error-after-retries", test_error_after_retries);
  g_test_add_func ("/redissrc/stopping", test_stopping);
  g_test_add_func ("/redissrc/recording", test_recording);
  return g_test_run ();
}
