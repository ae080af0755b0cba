// SPDX-License-Identifier: LGPL-2.1-or-later
/* Frames on request, and who wants frames. */
#include "redis/frameheader.h"
#include "support/redisserver.h"
#include "support/sinkrun.h"

#include <cstdlib>

using namespace camwarden;

static std::string
camera (const std::string &settings)
{
  return "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=64,height=48,"
         "framerate=30/1 ! jpegenc ! redissink name=sink "
         + settings;
}

static void
ask (const RedisServer &redis, const std::string &text)
{
  g_assert_true (wait_until (5, [&] { return redis.command ({ "PUBLISH", "r", text }) == "1"; }));
}

static FrameHeader
header_of (const std::string &message)
{
  const auto header = parse_frame_header (jpeg_comment (message));
  g_assert_true (header.has_value ());
  return *header;
}

static void
test_one ()
{
  RedisServer redis;
  Subscriber reader (redis.port (), "c");
  SinkRun run (camera ("request-channel=r location=" + redis.location ("c")));
  run.play ();
  g_assert_true (wait_until (5, [&] { return run.buffers () > 5; }));
  g_assert_cmpuint (reader.count (), ==, 0);
  g_assert_false (run.wanted ());
  const gint64 asked = g_get_monotonic_time ();
  ask (redis, R"({"angle": 250})");
  g_assert_true (wait_until (5, [&] { return reader.count () == 1; }));
  g_usleep (300 * 1000);
  g_assert_cmpuint (reader.count (), ==, 1);
  const FrameHeader header = header_of (reader.messages ().front ());
  g_assert_cmpint (header.mono, >=, asked);
  g_assert_cmpuint (header.seq, ==, 1);
  g_assert_nonnull (strstr (reader.messages ().front ().c_str () + 6, R"("req":{"angle": 250})"));
  run.stop ();
  run.assert_law ();
  g_assert_cmpuint (run.stat ("requests"), ==, 1);
}

static void
test_ten_per_second ()
{
  const int count = g_getenv ("CAMWARDEN_LONG") ? 600 : 50;
  RedisServer redis;
  Subscriber reader (redis.port (), "c");
  SinkRun run (camera ("request-channel=r location=" + redis.location ("c")));
  run.play ();
  for (int i = 0; i < count; i++) {
    ask (redis, "{\"n\":" + std::to_string (i) + "}");
    g_usleep (100 * 1000);
  }
  g_assert_true (wait_until (5, [&] { return reader.count () == static_cast<size_t> (count); }));
  int expected = 0;
  for (const auto &message : reader.messages ()) {
    const std::string request = header_of (message).request;
    g_assert_true (request == "{\"n\":" + std::to_string (expected++) + "}");
  }
  run.stop ();
  run.assert_law ();
  g_assert_cmpuint (run.stat ("published"), ==, count);
}

static void
test_invalid ()
{
  RedisServer redis;
  Subscriber reader (redis.port (), "c");
  SinkRun run (camera ("request-channel=r location=" + redis.location ("c")));
  run.play ();
  const std::string bad[] = {
    "",
    "hello",
    "[1]",
    "{\"a\":",
    std::string ("\x80\x04\x95\x0f\x00.", 6),
    "(dp0\nS'angle'\np1\nI250\ns.",
    "{\"a\":\"" + std::string (5000, 'x') + "\"}",
    std::string (100000, '['),
    R"({"a":{"b":{"c":{"d":{"e":{"f":{"g":{"h":{}}}}}}}}})",
    "var x = {\"a\":1};",
    "{\"a\":\"\xff\"}",
  };
  for (const auto &text : bad)
    ask (redis, text);
  g_assert_true (wait_until (5, [&] { return run.stat ("requests-invalid") == std::size (bad); }));
  g_usleep (200 * 1000);
  g_assert_cmpuint (reader.count (), ==, 0);
  ask (redis, "{}");
  g_assert_true (wait_until (5, [&] { return reader.count () == 1; }));
  run.stop ();
  g_assert_cmpuint (run.stat ("requests"), ==, 1);
  g_assert_cmpuint (run.warnings (), ==, 0);
}

/* No frame comes: 64 wait, the oldest go; then one frame answers them all. */
static void
test_too_many ()
{
  RedisServer redis;
  Subscriber reader (redis.port (), "c");
  SinkRun run ("appsrc name=src is-live=true do-timestamp=true format=time caps=image/jpeg ! "
               "redissink name=sink max-queued-frames=100 request-channel=r location="
               + redis.location ("c"));
  run.play ();
  for (int i = 0; i < 100; i++)
    ask (redis, "{\"n\":" + std::to_string (i) + "}");
  g_assert_true (wait_until (5, [&] { return run.stat ("requests") == 100; }));
  g_assert_cmpuint (run.stat ("requests-dropped"), ==, 36);
  g_assert_true (run.wanted ());
  GstFlowReturn flow;
  g_autoptr (GstBuffer) buffer = gst_buffer_new_memdup ("\xFF\xD8\xFF\xD9", 4);
  g_signal_emit_by_name (run.element ("src"), "push-buffer", buffer, &flow);
  (void)wait_until (5, [&] { return reader.count () == 64; });
  g_test_message ("%" G_GUINT64_FORMAT " published", run.stat ("published"));
  g_assert_cmpuint (reader.count (), ==, 64);
  int expected = 36;
  for (const auto &message : reader.messages ()) {
    g_assert_true (header_of (message).request == "{\"n\":" + std::to_string (expected++) + "}");
    g_assert_cmpuint (header_of (message).seq, ==, 1);
  }
  g_assert_false (run.wanted ());
}

static void
expect_wanted (const SinkRun &run, bool wanted)
{
  g_assert_true (wait_until (5, [&] { return run.wanted () == wanted; }));
}

static void
test_demand ()
{
  RedisServer redis;
  SinkRun run (camera ("track-demand=true location=" + redis.location ("c")));
  std::atomic<unsigned> notified{ 0 };
  g_signal_connect (run.sink (), "notify::wanted",
                    G_CALLBACK (+[] (GObject *, GParamSpec *, gpointer data) {
                      (*static_cast<std::atomic<unsigned> *> (data))++;
                    }),
                    &notified);
  run.play ();
  g_assert_true (wait_until (5, [&] { return run.stat ("published") > 3; }));
  expect_wanted (run, false);
  {
    Subscriber reader (redis.port (), "c");
    expect_wanted (run, true);
  }
  expect_wanted (run, false);
  {
    Subscriber reader (redis.port (), "", "?");
    expect_wanted (run, true);
  }
  expect_wanted (run, false);
  {
    Subscriber reader (redis.port (), "c");
    expect_wanted (run, true);
    redis.kill ();
    expect_wanted (run, false);
    redis.start ();
  }
  g_assert_cmpuint (notified, >=, 6);
  run.stop ();
  SinkRun stream (camera ("modes=stream location=" + redis.location ("s")));
  stream.play ();
  expect_wanted (stream, true);
}

/* A server that lets frames out but no requests in: said once, not at each new attempt. */
static void
test_refused_channel ()
{
  RedisServer redis;
  redis.command ({ "ACL", "SETUSER", "default", "resetchannels", "&c" });
  SinkRun run (camera ("request-channel=r location=" + redis.location ("c")));
  run.play ();
  g_assert_true (wait_until (5, [&] { return run.states ("refused") == 1; }));
  g_usleep (1500 * 1000);
  g_assert_cmpuint (run.states ("refused"), ==, 1);
  g_assert_cmpuint (run.warnings (), ==, 1);
  g_assert_cmpuint (run.errors (), ==, 0);
  run.stop ();
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/redissink/requests/one", test_one);
  g_test_add_func ("/redissink/requests/ten-per-second", test_ten_per_second);
  g_test_add_func ("/redissink/requests/invalid", test_invalid);
  g_test_add_func ("/redissink/requests/too-many", test_too_many);
  g_test_add_func ("/redissink/requests/refused-channel", test_refused_channel);
  g_test_add_func ("/redissink/demand", test_demand);
  return g_test_run ();
}
