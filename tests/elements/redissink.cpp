// SPDX-License-Identifier: LGPL-2.1-or-later
/* redissink against a server that is well: what it publishes, and how it reaches it. */
#include "redis/frameheader.h"
#include "redis/rediscommands.h"
#include "support/redisserver.h"
#include "support/sinkrun.h"

#include <glib/gstdio.h>

using namespace camwarden;

/* Flat out, faster than any camera: the queue has room for all, lest a busy machine drops some. */
static const std::string PICTURES
    = "videotestsrc num-buffers=%d pattern=ball ! video/x-raw,format=I420,width=64,height=48,"
      "framerate=30/1 ! jpegenc ! redissink name=sink max-queued-frames=300 ";

static std::string
pictures (int count)
{
  std::string text = PICTURES;
  return text.replace (text.find ("%d"), 2, std::to_string (count));
}

static bool
is_jpeg (const std::string &text)
{
  return text.size () > 4 && text.substr (0, 2) == "\xFF\xD8"
         && text.substr (text.size () - 2) == "\xFF\xD9";
}

static FrameHeader
header_of (const std::string &message)
{
  const auto header = parse_frame_header (jpeg_comment (message));
  g_assert_true (header.has_value ());
  return *header;
}

/* A picture that jpegdec decodes, for a message that is one. */
static unsigned
decode_all (const std::vector<std::string> &messages)
{
  g_autoptr (GstElement) pipeline = gst_parse_launch (
      "appsrc name=src format=time caps=image/jpeg,width=64,height=48,framerate=30/1 ! jpegdec ! "
      "fakesink name=out sync=false signal-handoffs=true",
      nullptr);
  g_autoptr (GstElement) src = gst_bin_get_by_name (GST_BIN (pipeline), "src");
  g_autoptr (GstElement) out = gst_bin_get_by_name (GST_BIN (pipeline), "out");
  std::atomic<unsigned> pictures{ 0 };
  g_signal_connect (out, "handoff",
                    G_CALLBACK (+[] (GstElement *, GstBuffer *, GstPad *, gpointer data) {
                      (*static_cast<std::atomic<unsigned> *> (data))++;
                    }),
                    &pictures);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  GstFlowReturn flow = GST_FLOW_OK;
  for (const auto &text : messages) {
    GstBuffer *buffer = gst_buffer_new_memdup (text.data (), text.size ());
    g_signal_emit_by_name (src, "push-buffer", buffer, &flow);
    gst_buffer_unref (buffer);
  }
  g_signal_emit_by_name (src, "end-of-stream", &flow);
  g_autoptr (GstBus) bus = gst_element_get_bus (pipeline);
  g_autoptr (GstMessage) message = gst_bus_timed_pop_filtered (
      bus, 30 * GST_SECOND, static_cast<GstMessageType> (GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  g_assert_true (message && GST_MESSAGE_TYPE (message) == GST_MESSAGE_EOS);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  return pictures;
}

static void
test_end_to_end ()
{
  RedisServer redis;
  Subscriber reader (redis.port (), "cam:x:frame");
  const gint64 begin = g_get_real_time (), mono = g_get_monotonic_time ();
  SinkRun run (pictures (300) + "camera=x location=" + redis.location ("cam:x:frame"));
  g_assert_true (run.run_to_end (30));
  g_assert_true (wait_until (5, [&] { return reader.count () == 300; }));
  run.assert_law ();
  g_assert_cmpuint (run.stat ("published"), ==, 300);
  g_assert_cmpuint (run.buffers (), ==, 300);
  g_assert_cmpuint (run.warnings (), ==, 0);

  guint64 seq = 0, bytes = 0;
  std::string name;
  for (const auto &message : reader.messages ()) {
    g_assert_true (is_jpeg (message));
    const FrameHeader header = header_of (message);
    g_assert_cmpuint (header.seq, ==, ++seq);
    g_assert_cmpstr (header.camera.c_str (), ==, "x");
    g_assert_cmpuint (header.run.size (), ==, 8);
    g_assert_true (name.empty () || name == header.run);
    name = header.run;
    g_assert_cmpint (header.width, ==, 64);
    g_assert_cmpint (header.height, ==, 48);
    g_assert_cmpfloat (header.fps, ==, 30);
    g_assert_true (header.caps.starts_with ("image/jpeg"));
    g_assert_cmpstr (header.health.c_str (), ==, "unknown");
    g_assert_cmpint (header.ts, >=, begin);
    g_assert_cmpint (header.ts, <=, g_get_real_time ());
    g_assert_cmpint (header.mono, >=, mono);
    g_assert_cmpint (header.mono, <=, g_get_monotonic_time ());
    g_assert_cmpuint (header.dropped, ==, 0);
    bytes += message.size () - jpeg_comment (message).size () - 4;
  }
  g_assert_cmpuint (run.stat ("bytes"), ==, bytes);
  g_assert_cmpuint (decode_all (reader.messages ()), ==, 300);
}

static void
test_health_in_the_header ()
{
  RedisServer redis;
  Subscriber reader (redis.port (), "c");
  SinkRun run ("appsrc name=src format=time is-live=true caps=image/jpeg,width=8,height=8,"
               "framerate=30/1 ! redissink name=sink location="
               + redis.location ("c"));
  run.play ();
  GstElement *src = run.element ("src");
  GstFlowReturn flow;
  for (const char *verdict : { "frozen", "ok" }) {
    g_autoptr (GstPad) pad = gst_element_get_static_pad (src, "src");
    gst_pad_push_event (pad,
                        gst_event_new_custom (GST_EVENT_CUSTOM_DOWNSTREAM_STICKY,
                                              gst_structure_new ("camwarden-health", "verdict",
                                                                 G_TYPE_STRING, verdict, nullptr)));
    g_autoptr (GstBuffer) buffer = gst_buffer_new_memdup ("\xFF\xD8\xFF\xD9", 4);
    const size_t before = reader.count ();
    g_signal_emit_by_name (src, "push-buffer", buffer, &flow);
    g_assert_true (wait_until (5, [&] { return reader.count () > before; }));
    g_assert_true (header_of (reader.messages ().back ()).health == verdict);
  }
}

/* Every mode by itself and all at once, as many frames as an hour has. */
static void
test_modes ()
{
  const bool complete = g_getenv ("CAMWARDEN_LONG") != nullptr;
  const int frames = complete ? 108000 : 6000;
  RedisServer redis;
  for (const char *modes :
       { "pubsub", "sharded-pubsub", "stream", "key", "pubsub+sharded-pubsub+stream+key" }) {
    const bool all = strchr (modes, '+') != nullptr;
    SinkRun run ("videotestsrc num-buffers=" + std::to_string (all ? frames : 100)
                 + " ! video/x-raw,format=I420,width=16,height=16,framerate=30/1 ! jpegenc ! "
                   "redissink name=sink max-queued-frames=1000 modes="
                 + modes + " location=" + redis.location ("cam:x:frame"));
    g_assert_true (run.run_to_end (300));
    run.assert_law ();
    g_assert_cmpuint (run.stat ("published"), ==, all ? frames : 100);
    g_assert_cmpuint (run.stat ("refusals"), ==, 0);
    g_assert_cmpuint (run.warnings (), ==, 0);
  }
  g_assert_true (redis.command ({ "TYPE", "cam:x:frame:stream" }) == "stream");
  /* Trimmed by whole nodes, which hold several of these tiny frames, but only one of a camera. */
  const int length = atoi (redis.command ({ "XLEN", "cam:x:frame:stream" }).c_str ());
  g_assert_cmpint (length, >=, 30);
  g_assert_cmpint (length, <, 40);
  g_assert_true (redis.command ({ "TYPE", "cam:x:frame:last" }) == "string");
  g_assert_true (redis.command ({ "TTL", "cam:x:frame:last" }) == "-1");
  g_assert_true (is_jpeg (redis.command ({ "GET", "cam:x:frame:last" })));
  g_assert_true (redis.command ({ "GET", "cam:x:frame:caps" }).starts_with ("image/jpeg"));
  const int ttl = atoi (redis.command ({ "TTL", "cam:x:frame:caps" }).c_str ());
  g_assert_cmpint (ttl, >, 0);
  g_assert_cmpint (ttl, <=, 60);
  const std::string errors = redis.command ({ "INFO", "errorstats" });
  g_assert_null (strstr (errors.c_str (), "WRONGTYPE"));
}

static void
test_key_and_stream_options ()
{
  RedisServer redis;
  SinkRun run (
      "videotestsrc num-buffers=50 pattern=snow ! video/x-raw,width=320,height=240 ! "
      "jpegenc ! redissink name=sink max-queued-frames=50 modes=stream+key key-ttl=90000000000 "
      "max-stream-length=7 location="
      + redis.location ("c"));
  g_assert_true (run.run_to_end (30));
  const int ttl = atoi (redis.command ({ "PTTL", "c:last" }).c_str ());
  g_assert_cmpint (ttl, >, 60000);
  g_assert_cmpint (ttl, <=, 90000);
  g_assert_true (redis.command ({ "XLEN", "c:stream" }) == "7");
}

/* A key of another type in the way: said once, counted, and no reason to reconnect. */
static void
test_wrong_type ()
{
  RedisServer redis;
  redis.command ({ "SET", "c:stream", "mine" });
  SinkRun run (pictures (50) + "modes=pubsub+stream location=" + redis.location ("c"));
  g_assert_true (run.run_to_end (30));
  run.assert_law ();
  g_assert_cmpuint (run.stat ("published"), ==, 50);
  g_assert_cmpuint (run.stat ("refusals"), ==, 50);
  g_assert_cmpuint (run.states ("refused"), ==, 1);
  g_assert_cmpuint (run.warnings (), ==, 1);
  g_assert_cmpuint (run.states ("connected"), ==, 1);
  g_assert_true (redis.command ({ "GET", "c:stream" }) == "mine");

  SinkRun alone (pictures (50) + "modes=stream location=" + redis.location ("c"));
  g_assert_true (alone.run_to_end (30));
  alone.assert_law ();
  g_assert_cmpuint (alone.stat ("dropped-refused"), ==, 50);
}

static void
test_raw ()
{
  RedisServer redis;
  const std::string raw = "videotestsrc num-buffers=5 ! video/x-raw,format=GRAY8,width=16,height=8,"
                          "framerate=30/1 ! redissink name=sink location="
                          + redis.location ("c");
  SinkRun refused (raw);
  g_assert_false (refused.run_to_end (10));
  g_assert_cmpuint (refused.errors (), >=, 1);
  SinkRun taken (raw + " modes=stream max-queued-frames=10");
  g_assert_true (taken.run_to_end (10));
  taken.assert_law ();
  g_assert_cmpuint (taken.stat ("published"), ==, 5);
  g_assert_true (redis.command ({ "XLEN", "c:stream" }) == "5");
  const std::string entry = redis.command ({ "XREVRANGE", "c:stream", "+", "-", "COUNT", "1" });
  g_assert_nonnull (strstr (entry.c_str (), "video/x-raw"));
}

/* The error says what to do; a peer that has no caps at all is told so too. */
static void
test_raw_error_text ()
{
  SinkRun run ("videotestsrc ! video/x-raw ! redissink name=sink location=redis://127.0.0.1:1/c");
  g_assert_false (run.run_to_end (10));
  g_assert_cmpuint (run.errors (), >=, 1);
}

static void
test_without_metadata ()
{
  RedisServer redis;
  Subscriber reader (redis.port (), "c");
  g_autofree char *folder = g_dir_make_tmp ("camwarden-sink-XXXXXX", nullptr);
  SinkRun run (
      "videotestsrc num-buffers=3 ! video/x-raw,format=I420,width=64,height=48 ! jpegenc ! "
      "tee name=t ! queue ! multifilesink location="
      + std::string (folder)
      + "/%d.jpg t. ! queue ! redissink name=sink max-queued-frames=10 metadata=false location="
      + redis.location ("c"));
  g_assert_true (run.run_to_end (10));
  g_assert_true (wait_until (5, [&] { return reader.count () == 3; }));
  for (int i = 0; i < 3; i++) {
    const std::string path = std::string (folder) + "/" + std::to_string (i) + ".jpg";
    g_autofree char *text = nullptr;
    gsize length = 0;
    g_assert_true (g_file_get_contents (path.c_str (), &text, &length, nullptr));
    g_assert_true (reader.messages ()[static_cast<size_t> (i)] == std::string (text, length));
    g_unlink (path.c_str ());
  }
  g_rmdir (folder);
}

static void
test_not_a_jpeg ()
{
  RedisServer redis;
  SinkRun run ("fakesrc num-buffers=10 sizetype=fixed sizemax=100 filltype=zero ! "
               "capsfilter caps=image/jpeg ! redissink name=sink location="
               + redis.location ("c"));
  g_assert_true (run.run_to_end (10));
  run.assert_law ();
  g_assert_cmpuint (run.stat ("dropped-invalid"), ==, 10);
}

/* Buffers whose segment is not in time. */
static void
test_bytes ()
{
  RedisServer redis;
  SinkRun run ("filesrc location=/proc/self/exe num-buffers=5 ! redissink name=sink modes=stream "
               "max-queued-frames=10 location="
               + redis.location ("c"));
  g_assert_true (run.run_to_end (10));
  run.assert_law ();
  g_assert_cmpuint (run.stat ("published"), ==, 5);
}

static void
test_client_name_and_database ()
{
  RedisServer redis;
  SinkRun run ("videotestsrc is-live=true ! jpegenc ! redissink name=sink camera=door modes=key "
               "location=redis://127.0.0.1:"
               + std::to_string (redis.port ()) + "/5/c");
  run.play ();
  g_assert_true (wait_until (5, [&] { return run.stat ("published") > 0; }));
  const std::string clients = redis.command ({ "CLIENT", "LIST" });
  g_assert_nonnull (strstr (clients.c_str (), "name=camwarden-sink-door "));
  g_assert_nonnull (strstr (clients.c_str (), " db=5 "));
  g_assert_true (redis.command ({ "EXISTS", "c:last" }) == "0");
}

static void
test_unix_socket ()
{
  RedisServer redis;
  SinkRun run (pictures (50) + "location=redis+unix://" + redis.socket_path ()
               + "?channel=c&db=2 modes=pubsub+key");
  g_assert_true (run.run_to_end (10));
  run.assert_law ();
  g_assert_cmpuint (run.stat ("published"), ==, 50);
}

/* All that it does, with the permissions of the generated user and no more. */
static void
test_as_worker ()
{
  RedisServer redis;
  const std::string rules = acl_rules (RedisUser::Worker);
  g_auto (GStrv) words = g_strsplit (rules.c_str (), " ", -1);
  std::string arguments;
  std::vector<std::string> command{ "ACL", "SETUSER", "worker", "on", ">secret" };
  for (char **word = words; *word; word++)
    command.emplace_back (*word);
  g_assert_true (redis.command (command) == "OK");
  redis.command ({ "ACL", "SETUSER", "default", "resetpass", ">other" });

  g_autofree char *file = nullptr;
  const int fd = g_file_open_tmp ("camwarden-password-XXXXXX", &file, nullptr);
  close (fd);
  g_assert_true (g_file_set_contents (file, "secret\n", -1, nullptr));
  SinkRun run (
      "videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,framerate=30/1"
      " ! jpegenc ! redissink name=sink track-demand=true "
      "modes=pubsub+sharded-pubsub+stream+key location=redis://worker@127.0.0.1:"
      + std::to_string (redis.port ()) + "/1/cam:x:frame password-file=" + file);
  run.play ();
  g_assert_true (wait_until (10, [&] { return run.stat ("published") >= 45; }));
  run.stop ();
  g_unlink (file);
  run.assert_law ();
  g_assert_cmpuint (run.stat ("refusals"), ==, 0);
  g_assert_cmpuint (run.warnings (), ==, 0);
}

static void
test_bad_settings ()
{
  for (const char *settings :
       { "location=http://x/y", "location=redis://h", "location=redis://u:p@h/c", "modes=0" }) {
    SinkRun run (std::string ("fakesrc ! redissink name=sink ") + settings);
    g_assert_cmpint (gst_element_set_state (run.sink (), GST_STATE_PAUSED), ==,
                     GST_STATE_CHANGE_FAILURE);
    gst_element_set_state (run.sink (), GST_STATE_NULL);
    g_assert_cmpuint (run.errors (), >=, 1);
  }
}

/* The frames under way at the end arrive before the end is told. */
static void
test_end_drains ()
{
  RedisServer redis;
  redis.command ({ "CLIENT", "PAUSE", "300", "ALL" });
  SinkRun run (pictures (20) + "location=" + redis.location ("c"));
  g_assert_true (run.run_to_end (10));
  run.assert_law ();
  g_assert_cmpuint (run.stat ("published"), ==, 20);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/redissink/end-to-end", test_end_to_end);
  g_test_add_func ("/redissink/health-in-the-header", test_health_in_the_header);
  g_test_add_func ("/redissink/modes", test_modes);
  g_test_add_func ("/redissink/key-and-stream-options", test_key_and_stream_options);
  g_test_add_func ("/redissink/wrong-type", test_wrong_type);
  g_test_add_func ("/redissink/raw", test_raw);
  g_test_add_func ("/redissink/raw-error-text", test_raw_error_text);
  g_test_add_func ("/redissink/without-metadata", test_without_metadata);
  g_test_add_func ("/redissink/not-a-jpeg", test_not_a_jpeg);
  g_test_add_func ("/redissink/bytes", test_bytes);
  g_test_add_func ("/redissink/client-name-and-database", test_client_name_and_database);
  g_test_add_func ("/redissink/unix-socket", test_unix_socket);
  g_test_add_func ("/redissink/as-worker", test_as_worker);
  g_test_add_func ("/redissink/bad-settings", test_bad_settings);
  g_test_add_func ("/redissink/end-drains", test_end_drains);
  return g_test_run ();
}
