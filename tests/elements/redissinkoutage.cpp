// SPDX-License-Identifier: LGPL-2.1-or-later
/* redissink while Redis is away in all the ways it can be: the pipeline goes on, one warning tells
 * it, publishing resumes within 2 s, and every frame is accounted for. */
#include "support/redisserver.h"
#include "support/sinkrun.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cstdio>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <unistd.h>

using namespace camwarden;

static constexpr double RESUME_WITHIN = 2.0; /* s */

static bool
long_form ()
{
  return g_getenv ("CAMWARDEN_LONG") != nullptr;
}

static std::string
camera (const std::string &settings)
{
  return "videotestsrc is-live=true pattern=ball ! video/x-raw,format=I420,width=64,height=48,"
         "framerate=30/1 ! jpegenc ! redissink name=sink "
         + settings;
}

static void
expect_publishing (const SinkRun &run)
{
  const guint64 before = run.stat ("published");
  g_assert_true (wait_until (10, [&] { return run.stat ("published") > before + 3; }));
}

/* To be called when the server has just come back. */
static void
expect_resume (const SinkRun &run, const char *what)
{
  const gint64 begin = g_get_monotonic_time ();
  const guint64 before = run.stat ("published");
  g_assert_true (wait_until (15, [&] { return run.stat ("published") > before; }));
  const double seconds = static_cast<double> (g_get_monotonic_time () - begin) / G_USEC_PER_SEC;
  g_test_message ("%s: published again after %.3f s", what, seconds);
  g_assert_cmpfloat (seconds, <=, RESUME_WITHIN);
}

static void
expect_offline (const SinkRun &run)
{
  g_assert_true (wait_until (10, [&] { return run.states ("disconnected") == 1; }));
}

static void
expect_good_end (SinkRun &run, unsigned warnings = 1)
{
  run.stop ();
  run.assert_law ();
  g_assert_cmpuint (run.errors (), ==, 0);
  g_assert_cmpuint (run.warnings (), ==, warnings);
  run.assert_all_sent ();
}

/* A camera before redissink, and its twin before nothing that could hold it up. */
static std::string
twin_cameras (const std::string &caps, const std::string &settings)
{
  const std::string source = "is-live=true pool-size=4 ! " + caps + ",framerate=60/1 ! ";
  return "faultysrc name=watched " + source + "redissink name=sink " + settings
         + " faultysrc name=twin " + source + "fakesink sync=false async=false";
}

static double
frames_of (const SinkRun &run, const char *name)
{
  guint64 frames = 0;
  g_object_get (run.element (name), "frames", &frames, nullptr);
  return static_cast<double> (frames);
}

/* The camera's rate as a part of its twin's: what the machine is busy with slows both. */
static double
rate_beside_twin (const SinkRun &run, double seconds)
{
  const double watched = frames_of (run, "watched"), twin = frames_of (run, "twin");
  g_usleep (static_cast<gulong> (seconds * G_USEC_PER_SEC));
  const double came = frames_of (run, "watched") - watched;
  const double expected = frames_of (run, "twin") - twin;
  g_test_message ("%.0f frames in %.1f s, its twin %.0f", came, seconds, expected);
  return came / std::max (expected, 1.0);
}

static void
outage_lasts (double seconds)
{
  g_usleep (static_cast<gulong> (seconds * G_USEC_PER_SEC));
}

static void
test_killed ()
{
  RedisServer redis;
  SinkRun run (camera ("location=" + redis.location ("c")));
  run.play ();
  expect_publishing (run);
  redis.kill ();
  expect_offline (run);
  outage_lasts (long_form () ? 10 : 2);
  g_assert_cmpuint (run.stat ("queued"), <=, 4);
  redis.start ();
  expect_resume (run, "killed");
  g_assert_cmpuint (run.stat ("reconnects"), ==, 1);
  g_assert_cmpuint (run.stat ("dropped-offline"), >, 0);
  expect_good_end (run);
}

static long
resident_kib ()
{
  long pages = 0;
  if (FILE *file = fopen ("/proc/self/statm", "r")) {
    (void)!fscanf (file, "%*d %ld", &pages);
    fclose (file);
  }
  return pages * (sysconf (_SC_PAGESIZE) / 1024);
}

/* Big frames: what is not bounded would show. */
static void
test_frozen ()
{
  RedisServer redis;
  SinkRun run (twin_cameras ("video/x-raw,format=I420,width=640,height=480",
                             "modes=stream max-stream-length=3 location=" + redis.location ("c")));
  run.play ();
  expect_publishing (run);
  const long before = resident_kib ();
  redis.freeze ();
  const double rate = rate_beside_twin (run, long_form () ? 10 : 4);
  g_test_message ("frozen: %+ld KiB", resident_kib () - before);
  expect_offline (run);
  g_assert_cmpfloat (rate, >, 0.8);
  if (!g_getenv ("CAMWARDEN_SANITIZER"))
    g_assert_cmpint (resident_kib () - before, <, 24 * 1024);
  redis.thaw ();
  expect_resume (run, "frozen");
  expect_good_end (run);
}

/* The cancellation must not cut a frame in two for whoever reads on. */
static void
test_subscriber_count ()
{
  RedisServer redis;
  SinkRun run (camera ("location=" + redis.location ("c")));
  Subscriber reader (redis.port (), "c");
  run.play ();
  for (int i = 0; i < 5; i++) {
    expect_publishing (run);
    redis.command ({ "CLIENT", "KILL", "TYPE", "normal" });
    const guint64 times = static_cast<guint64> (i) + 1;
    g_assert_true (wait_until (5, [&] { return run.stat ("reconnects") == times; }));
  }
  expect_publishing (run);
  run.stop ();
  run.assert_law ();
  g_assert_cmpuint (run.errors (), ==, 0);
  /* What was sent without an answer may have arrived all the same. */
  outage_lasts (0.2);
  g_test_message ("published %" G_GUINT64_FORMAT ", received %zu, in doubt %" G_GUINT64_FORMAT,
                  run.stat ("published"), reader.count (), run.stat ("dropped-link"));
  g_assert_cmpuint (reader.count (), >=, run.stat ("published"));
  g_assert_cmpuint (reader.count (), <=,
                    run.stat ("published") + run.stat ("dropped-link")
                        + run.stat ("dropped-stopped"));
}

static void
test_not_there_at_start ()
{
  RedisServer redis;
  redis.kill ();
  SinkRun run (camera ("location=" + redis.location ("c")));
  run.play ();
  expect_offline (run);
  outage_lasts (long_form () ? 10 : 2);
  g_assert_cmpuint (run.stat ("rendered"), >, 10);
  redis.start ();
  expect_resume (run, "not there at start");
  g_assert_cmpuint (run.stat ("reconnects"), ==, 0);
  expect_good_end (run);
}

static void
test_password ()
{
  RedisServer redis;
  g_autofree char *file = nullptr;
  close (g_file_open_tmp ("camwarden-password-XXXXXX", &file, nullptr));
  g_assert_true (g_file_set_contents (file, "wrong\n", -1, nullptr));
  SinkRun run (camera ("location=" + redis.location ("c") + " password-file=" + file));
  redis.command ({ "CONFIG", "SET", "requirepass", "right" });
  run.play ();
  expect_offline (run);
  g_assert_nonnull (strstr (run.last_detail ().c_str (), "WRONGPASS"));
  outage_lasts (1);
  g_assert_true (g_file_set_contents (file, "right\n", -1, nullptr));
  expect_resume (run, "password");
  g_unlink (file);
  expect_good_end (run);
}

/* Demanded where none was: a connection that is there stays, the next one is refused. */
static void
test_password_demanded ()
{
  RedisServer redis;
  SinkRun run (camera ("location=" + redis.location ("c")));
  run.play ();
  expect_publishing (run);
  redis.command ({ "CONFIG", "SET", "requirepass", "secret" });
  redis.kill ();
  RedisServer *server = &redis;
  server->start ();
  expect_publishing (run); /* the restarted server asks for none */
  expect_good_end (run);
}

static void
test_full ()
{
  RedisServer redis;
  SinkRun run (camera ("modes=pubsub location=" + redis.location ("c")));
  SinkRun stream (camera ("modes=stream location=" + redis.location ("s")));
  run.play ();
  stream.play ();
  expect_publishing (run);
  expect_publishing (stream);
  redis.command ({ "CONFIG", "SET", "maxmemory", "1" });
  g_assert_true (wait_until (5, [&] { return stream.stat ("dropped-refused") > 3; }));
  expect_publishing (run); /* PUBLISH needs no memory */
  redis.command ({ "CONFIG", "SET", "maxmemory", "0" });
  expect_resume (stream, "full");
  g_assert_cmpuint (stream.stat ("reconnects"), ==, 0);
  g_assert_cmpuint (stream.states ("refused"), ==, 1);
  expect_good_end (run, 0);
  expect_good_end (stream);
}

static void
test_replica ()
{
  RedisServer redis, master;
  SinkRun run (camera ("location=" + redis.location ("c")));
  run.play ();
  expect_publishing (run);
  redis.command ({ "REPLICAOF", "127.0.0.1", std::to_string (master.port ()) });
  /* A replica drops its clients or is found out by ROLE, at the latest after 10 s. */
  g_assert_true (wait_until (15, [&] { return run.states ("disconnected") == 1; }));
  const guint64 before = run.stat ("published");
  outage_lasts (1);
  g_assert_cmpuint (run.stat ("published"), ==, before);
  redis.command ({ "REPLICAOF", "NO", "ONE" });
  expect_resume (run, "replica");
  expect_good_end (run);
}

/* --- stopping ----------------------------------------------------------------------------------
 */

/* A listener with a full backlog: the kernel drops further SYNs, nobody says no. */
struct BlackHole
{
  int port = 0;
  int fds[4] = { -1, -1, -1, -1 };

  BlackHole ()
  {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    auto *raw = reinterpret_cast<sockaddr *> (&address);
    socklen_t length = sizeof address;
    fds[0] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    g_assert_cmpint (bind (fds[0], raw, length), ==, 0);
    getsockname (fds[0], raw, &length);
    listen (fds[0], 0);
    port = ntohs (address.sin_port);
    for (int i = 1; i < 4; i++) {
      fds[i] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      (void)!connect (fds[i], raw, length);
    }
  }
  ~BlackHole ()
  {
    for (const int fd : fds)
      close (fd);
  }
};

struct StopCase
{
  const char *name;
  std::function<void (const SinkRun &)> enter; /* after PLAYING */
  std::function<void ()> leave;
  std::string launch;
};

static double
time_stop (SinkRun &run, const StopCase &state)
{
  run.play ();
  state.enter (run);
  const double ms = run.stop ();
  state.leave ();
  run.assert_law ();
  return ms;
}

/* A worst case may be the scheduler's: it has to show again, twice, to count. */
static double
time_stop_robustly (SinkRun &run, const StopCase &state)
{
  double ms = time_stop (run, state);
  for (int again = 0; again < 2 && ms >= 100; again++) {
    g_test_message ("%s: %.1f ms, once more", state.name, ms);
    ms = std::min (ms, time_stop (run, state));
  }
  return ms;
}

static void
test_stop ()
{
  RedisServer redis;
  BlackHole hole;
  const auto nothing = [] {};
  const auto rendered = [] (const SinkRun &run) {
    (void)wait_until (2, [&] { return run.stat ("rendered") > 0; });
  };
  const std::string closed = "redis://127.0.0.1:" + std::to_string (free_port ()) + "/c";
  const std::string dropped = "redis://127.0.0.1:" + std::to_string (hole.port) + "/c";
  const std::string big
      = "videotestsrc is-live=true ! video/x-raw,format=I420,width=1280,height=720,"
        "framerate=60/1 ! redissink name=sink modes=stream max-stream-length=2 ";
  const StopCase cases[] = {
    { "healthy", expect_publishing, nothing, camera ("location=" + redis.location ("c")) },
    { "refused", rendered, nothing, camera ("location=" + closed) },
    { "black hole", rendered, nothing, camera ("location=" + dropped) },
    { "frozen at start",
      [&] (const SinkRun &run) {
        redis.freeze ();
        rendered (run);
      },
      [&] { redis.thaw (); }, camera ("location=" + redis.location ("c")) },
    { "in the middle of big frames",
      [&] (const SinkRun &run) {
        (void)wait_until (5, [&] { return run.stat ("published") > 0; });
        redis.freeze ();
        (void)wait_until (2, [&] { return run.stat ("queued") > 0; });
      },
      [&] { redis.thaw (); }, big + "location=" + redis.location ("c") },
  };
  std::vector<double> all;
  for (const auto &state : cases) {
    SinkRun run (state.launch);
    std::vector<double> times;
    for (int i = 0; i < 40; i++)
      times.push_back (time_stop_robustly (run, state));
    std::sort (times.begin (), times.end ());
    g_test_message ("%s: median %.2f ms, worst %.2f ms", state.name, times[20], times.back ());
    all.insert (all.end (), times.begin (), times.end ());
    g_assert_cmpuint (run.errors (), ==, 0);
  }
  std::sort (all.begin (), all.end ());
  g_test_message ("set_state(NULL), %zu runs: median %.2f ms, worst %.2f ms", all.size (),
                  all[all.size () / 2], all.back ());
  g_assert_cmpfloat (all[all.size () / 2], <, 20);
  g_assert_cmpfloat (all.back (), <, 100);
}

/* --- a camera with four buffers ----------------------------------------------------------------
 */

static double
rate_while_frozen (const char *copy, guint64 *copied)
{
  RedisServer redis;
  SinkRun run (twin_cameras ("video/x-raw,format=GRAY8,width=640,height=480",
                             std::string ("modes=stream max-stream-length=2 max-queued-frames=8 ")
                                 + "copy=" + copy + " location=" + redis.location ("c")));
  run.play ();
  expect_publishing (run);
  redis.freeze ();
  g_assert_true (wait_until (10, [&] { return run.stat ("queued") > 0; }));
  /* Until the sockets' buffers are full, too, which slow twins take longer for. */
  outage_lasts (g_getenv ("CAMWARDEN_SANITIZER") ? 2 : 0.2);
  g_test_message ("copy=%s", copy);
  const double rate = rate_beside_twin (run, 1);
  *copied = run.stat ("copied");
  redis.thaw ();
  run.stop ();
  run.assert_law ();
  return rate;
}

static void
test_small_pool ()
{
  guint64 copied = 0;
  /* The copy costs more where each access to memory is checked. */
  const double least = g_getenv ("CAMWARDEN_SANITIZER") ? 0.5 : 0.8;
  g_assert_cmpfloat (rate_while_frozen ("auto", &copied), >, least);
  g_assert_cmpuint (copied, >, 0);
  g_assert_cmpfloat (rate_while_frozen ("never", &copied), <, 0.3);
  g_assert_cmpuint (copied, ==, 0);
}

static void
test_error_after_retries ()
{
  SinkRun run (camera ("error-after-retries=3 max-retry-delay=10000000 location=redis://127.0.0.1:"
                       + std::to_string (free_port ()) + "/c"));
  run.play ();
  g_assert_true (wait_until (10, [&] { return run.errors () > 0; }));
  outage_lasts (0.3);
  run.stop ();
  g_assert_cmpuint (run.errors (), ==, 1);
  run.assert_law ();
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/redissink/outage/killed", test_killed);
  g_test_add_func ("/redissink/outage/frozen", test_frozen);
  g_test_add_func ("/redissink/outage/subscriber-count", test_subscriber_count);
  g_test_add_func ("/redissink/outage/not-there-at-start", test_not_there_at_start);
  g_test_add_func ("/redissink/outage/password", test_password);
  g_test_add_func ("/redissink/outage/restart-without-password", test_password_demanded);
  g_test_add_func ("/redissink/outage/full", test_full);
  g_test_add_func ("/redissink/outage/replica", test_replica);
  g_test_add_func ("/redissink/stop", test_stop);
  g_test_add_func ("/redissink/small-pool", test_small_pool);
  g_test_add_func ("/redissink/error-after-retries", test_error_after_retries);
  return g_test_run ();
}
