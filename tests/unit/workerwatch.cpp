// SPDX-License-Identifier: LGPL-2.1-or-later
/* When a worker is respawned, when it hangs, what state its camera is in. */
#include "core/workerwatch.h"
#include "core/capschoice.h"
#include "core/respawnpolicy.h"

#include <glib.h>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
using Kind = WorkerExit::Kind;
using Why = RespawnPolicy::Why;

} // namespace

static void
test_first_at_once ()
{
  for (unsigned seed = 1; seed < 100; seed++) {
    RandomSource random (seed);
    RespawnPolicy policy;
    g_assert_cmpint (policy.exited ({ Kind::Signal, 9 }, random).delay, ==, 0);
    int64_t longest = 0;
    for (int i = 0; i < 50; i++) {
      const int64_t delay = policy.exited ({ Kind::Code, 75 }, random).delay;
      g_assert_cmpint (delay, >=, second / 4);
      g_assert_cmpint (delay, <=, 30 * second);
      longest = std::max (longest, delay);
    }
    g_assert_cmpint (longest, >, 5 * second);
  }
}

static void
test_only_health_resets ()
{
  RandomSource random (1);
  RespawnPolicy policy;
  (void)policy.exited ({ Kind::Signal, 9 }, random);
  policy.streaming (0);
  policy.streaming (59 * second);
  g_assert_cmpint (policy.exited ({ Kind::Signal, 9 }, random).delay, >, 0);
  policy.streaming (100 * second);
  policy.interrupted ();
  policy.streaming (130 * second);
  policy.streaming (170 * second);
  g_assert_cmpint (policy.exited ({ Kind::Signal, 9 }, random).delay, >, 0);
  policy.streaming (200 * second);
  policy.streaming (261 * second);
  g_assert_cmpint (policy.exited ({ Kind::Signal, 9 }, random).delay, ==, 0);
}

static void
test_special_exits ()
{
  RandomSource random (1);
  RespawnPolicy policy;
  for (int i = 0; i < 10; i++) {
    const auto locked = policy.exited ({ Kind::Code, exitcode::Locked }, random);
    g_assert_true (locked.why == Why::Locked);
    g_assert_cmpint (locked.delay, <, second);
    const auto wrong = policy.exited ({ Kind::Code, exitcode::Configuration }, random);
    g_assert_true (wrong.why == Why::Configuration);
    g_assert_cmpint (wrong.delay, >=, 30 * second);
  }
  /* None of them used up the respawn at once. */
  g_assert_cmpint (policy.exited ({ Kind::Code, 1 }, random).delay, ==, 0);
  g_assert_true ((WorkerExit{ Kind::Signal, 9 }.text () == "signal 9"));
}

static void
test_hang ()
{
  WorkerWatch watch;
  watch.started (0);
  g_assert_false (watch.hangs (9 * second));
  g_assert_true (watch.hangs (10 * second)); /* never answered at all */
  watch.ping_sent (second);
  g_assert_false (watch.ping_due (100 * second)); /* one at a time */
  watch.ping_answered (second, 1);
  g_assert_false (watch.hangs (1000 * second));
  for (int i = 0; i < 3; i++) {
    g_assert_false (watch.hangs (2000 * second));
    watch.ping_sent (2000 * second);
    watch.ping_failed ();
  }
  g_assert_true (watch.hangs (2000 * second));
}

static void
test_state ()
{
  WorkerWatch watch;
  watch.started (0);
  g_assert_true (watch.state (second) == CameraState::Starting);
  watch.health (second, "unknown", 10);
  g_assert_true (watch.state (second) == CameraState::Streaming);
  watch.health (2 * second, "stall", 10);
  g_assert_true (watch.state (2 * second) == CameraState::Stalled);
  watch.health (3 * second, "ok", 20);
  g_assert_true (watch.state (3 * second) == CameraState::Streaming);
  g_assert_true (watch.state (6 * second) == CameraState::Stalled); /* it says nothing */
  watch.fault ("redis", "resource-not-found");
  watch.health (7 * second, "ok", 30);
  g_assert_true (watch.state (7 * second) == CameraState::Streaming);
  watch.fault ("source", "resource-not-found");
  g_assert_true (watch.state (7 * second) == CameraState::NoCamera);
  watch.started (8 * second); /* the next one knows no better until frames come */
  g_assert_true (watch.state (8 * second) == CameraState::NoCamera);
  watch.health (9 * second, "ok", 1);
  g_assert_true (watch.state (9 * second) == CameraState::Streaming);
}

static void
test_caps_order ()
{
  const auto tiers = caps_tiers (
      { .width = 640, .height = 480, .rate_numerator = 30, .rate_denominator = 1, .jpeg = true });
  g_assert_cmpuint (tiers.size (), ==, 4);
  g_assert_true (tiers[0][0] == "image/jpeg,width=640,height=480,framerate=30/1");
  g_assert_true (tiers[0][1] == "video/x-raw,format=I420,width=640,height=480,framerate=30/1");
  g_assert_true (tiers[3].back () == "video/x-raw");
  const auto any = caps_tiers ({ .jpeg = false });
  g_assert_cmpuint (any.size (), ==, 1);
  g_assert_true (any[0].front () == "video/x-raw,format=I420");
  g_assert_true (any[0].back () == "image/jpeg");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/respawn/first-at-once", test_first_at_once);
  g_test_add_func ("/respawn/only-health-resets", test_only_health_resets);
  g_test_add_func ("/respawn/special-exits", test_special_exits);
  g_test_add_func ("/watch/hang", test_hang);
  g_test_add_func ("/watch/state", test_state);
  g_test_add_func ("/caps/order", test_caps_order);
  return g_test_run ();
}
