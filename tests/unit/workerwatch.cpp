// SPDX-License-Identifier: LGPL-2.1-or-later
/* How a worker ended, when it hangs, what state its camera is in. */
#include "core/workerwatch.h"
#include "core/capschoice.h"
#include "core/exitcodes.h"
#include "core/workerexit.h"

#include <glib.h>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
using Kind = WorkerExit::Kind;

} // namespace

static void
test_exits ()
{
  using Meaning = WorkerExit::Meaning;
  g_assert_true ((WorkerExit{ Kind::Signal, 9 }.text () == "signal 9"));
  g_assert_true ((WorkerExit{ Kind::Code, 75 }.text () == "exit 75"));
  g_assert_true ((WorkerExit{ Kind::Signal, 65 }.meaning () == Meaning::Died));
  g_assert_true ((WorkerExit{ Kind::Code, exitcode::Restart }.meaning () == Meaning::Died));
  g_assert_true ((WorkerExit{ Kind::Code, exitcode::Locked }.meaning () == Meaning::Locked));
  for (const int pointless : { exitcode::Usage, exitcode::Configuration })
    g_assert_true ((WorkerExit{ Kind::Code, pointless }.meaning () == Meaning::Configuration));
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
  watch.health (second, "streaming", "unknown", 10);
  g_assert_true (watch.state (second) == CameraState::Streaming);
  watch.health (2 * second, "streaming", "stall", 10);
  g_assert_true (watch.state (2 * second) == CameraState::Stalled);
  watch.health (3 * second, "streaming", "ok", 20);
  g_assert_true (watch.state (3 * second) == CameraState::Streaming);
  g_assert_true (watch.state (6 * second) == CameraState::Stalled); /* it says nothing */
  watch.fault ({ FaultClass::Redis, Tier::Count, "redis", "resource-not-found", "" });
  watch.health (7 * second, "streaming", "ok", 30);
  g_assert_true (watch.state (7 * second) == CameraState::Streaming);
  watch.fault ({ FaultClass::Absent, Tier::Source, "source", "resource-not-found", "" });
  g_assert_true (watch.state (7 * second) == CameraState::NoCamera);
  watch.started (8 * second); /* the next one knows no better until frames come */
  g_assert_true (watch.state (8 * second) == CameraState::NoCamera);
  watch.health (9 * second, "streaming", "ok", 1);
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
  g_test_add_func ("/workerwatch/exits", test_exits);
  g_test_add_func ("/watch/hang", test_hang);
  g_test_add_func ("/watch/state", test_state);
  g_test_add_func ("/caps/order", test_caps_order);
  return g_test_run ();
}
