// SPDX-License-Identifier: LGPL-2.1-or-later
/* A network that swallows everything and says nothing, in a network namespace of this process. */
#include "redis/frameheader.h"
#include "support/redisserver.h"
#include "support/sinkrun.h"

#include <cerrno>
#include <cstring>
#include <sched.h>

using namespace camwarden;

static const char *obstacle = nullptr; /* why there is no private network */

static bool
run_line (const std::string &line)
{
  g_autofree char *errors = nullptr;
  int status = -1;
  g_spawn_command_line_sync (line.c_str (), nullptr, &errors, &status, nullptr);
  if (status != 0)
    g_test_message ("%s: %s", line.c_str (), errors ? errors : "?");
  return status == 0;
}

/* Both directions of one port on the loopback. */
static bool
cut (const char *action, int port)
{
  bool good = true;
  for (const char *side : { "--dport", "--sport" })
    good = run_line (std::string ("iptables -w ") + action + " INPUT -p tcp " + side + " "
                     + std::to_string (port) + " -j DROP")
           && good;
  return good;
}

static void
test_partition ()
{
  if (obstacle) {
    g_test_skip (obstacle);
    return;
  }
  RedisServer redis;
  SinkRun camera ("videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,"
                  "framerate=30/1 ! jpegenc ! redissink name=sink location="
                  + redis.location ("c"));
  camera.play ();
  g_assert_true (wait_until (10, [&] { return camera.stat ("published") > 5; }));
  const gint64 begin = g_get_monotonic_time ();
  if (!cut ("-A", redis.port ())) {
    g_test_skip ("iptables does not work here");
    return;
  }
  g_assert_true (wait_until (10, [&] { return camera.states ("disconnected") == 1; }));
  g_test_message ("noticed after %.1f s",
                  static_cast<double> (g_get_monotonic_time () - begin) / 1e6);
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 6 * G_USEC_PER_SEC);
  g_usleep ((g_getenv ("CAMWARDEN_LONG") ? 30 : 3) * G_USEC_PER_SEC);
  g_assert_cmpuint (camera.stat ("queued"), <=, 4);
  const guint64 published = camera.stat ("published");
  g_assert_true (cut ("-D", redis.port ()));
  const gint64 healed = g_get_monotonic_time ();
  g_assert_true (wait_until (15, [&] { return camera.stat ("published") > published; }));
  const double seconds = static_cast<double> (g_get_monotonic_time () - healed) / 1e6;
  g_test_message ("published again after %.3f s", seconds);
  g_assert_cmpfloat (seconds, <=, 2);
  g_assert_true (cut ("-A", redis.port ()));
  const double ms = camera.stop ();
  g_test_message ("stopped in %.1f ms", ms);
  g_assert_cmpfloat (ms, <, 100);
  camera.assert_law ();
  camera.assert_all_sent ();
  g_assert_cmpuint (camera.errors (), ==, 0);
  g_assert_cmpuint (camera.warnings (), ==, 1);
}

/* What the network could not bring before it was given up must not come after newer frames. */
static void
test_order ()
{
  if (obstacle) {
    g_test_skip (obstacle);
    return;
  }
  RedisServer redis;
  SinkRun camera ("videotestsrc is-live=true ! video/x-raw,format=I420,width=64,height=48,"
                  "framerate=30/1 ! jpegenc ! redissink name=sink command-timeout=500000000 "
                  "max-retry-delay=20000000 location="
                  + redis.location ("c"));
  Subscriber reader (redis.port (), "c");
  camera.play ();
  for (unsigned i = 1; i <= 3; i++) {
    const guint64 published = camera.stat ("published");
    g_assert_true (wait_until (10, [&] { return camera.stat ("published") > published + 5; }));
    if (!cut ("-A", redis.port ())) {
      g_test_skip ("iptables does not work here");
      return;
    }
    g_assert_true (wait_until (10, [&] { return camera.states ("disconnected") == i; }));
    g_assert_true (cut ("-D", redis.port ()));
    g_assert_true (wait_until (10, [&] { return camera.states ("connected") == i + 1; }));
    g_usleep (2 * G_USEC_PER_SEC); /* the system sends again after 0.2, 0.6, 1.4 s */
  }
  camera.stop ();
  guint64 before = 0;
  for (const auto &message : reader.messages ()) {
    const auto header = parse_frame_header (jpeg_comment (message));
    g_assert_true (header.has_value ());
    g_assert_cmpuint (header->seq, >, before);
    before = header->seq;
  }
}

/* Before any thread is there: threads belong to the network they were made in. */
int
main (int argc, char **argv)
{
  if (unshare (CLONE_NEWNET) != 0)
    obstacle = strerror (errno);
  else if (!run_line ("ip link set lo up"))
    obstacle = "no loopback in the private network";
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/redissink/outage/partition", test_partition);
  g_test_add_func ("/redissink/outage/order", test_order);
  return g_test_run ();
}
