// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/gate.h"

#include <cstdlib>
#include <functional>
#include <glib.h>
#include <tuple>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;

/* How many of the frames of so many seconds pass. */
int
passed (Gate &gate, double rate, int seconds, const std::function<Demand (int64_t now)> &demand,
        int64_t start = 0)
{
  int count = 0;
  for (int i = 0; i < rate * seconds; i++) {
    const int64_t now = start + static_cast<int64_t> (i * second / rate);
    count += gate.pass (now, demand (now));
  }
  return count;
}

Demand
nobody (int64_t)
{
  return {};
}

Demand
subscriber (int64_t)
{
  return { .redis = true };
}

} // namespace

static void
test_heartbeat ()
{
  Gate gate;
  g_assert_cmpint (passed (gate, 30, 10, nobody), ==, 10);
}

static void
test_demand ()
{
  Gate gate;
  g_assert_true (gate.pass (0, {}));
  g_assert_false (gate.pass (1, {}));
  g_assert_true (gate.pass (2, { .redis = true }));
  g_assert_true (gate.pass (3, { .preview = true }));
  g_assert_true (gate.pass (4, { .capture = true }));
  g_assert_false (gate.pass (5, {}));
  gate.configure ({ .always = true });
  g_assert_true (gate.pass (6, {}));
}

static void
test_store ()
{
  Gate every (GateSettings{ .store = true });
  g_assert_cmpint (passed (every, 30, 10, nobody), ==, 300);
  Gate some (GateSettings{ .store = true, .store_interval = second / 2 });
  g_assert_cmpint (passed (some, 30, 10, nobody), ==, 20);
  /* A frame that passes for somebody else and is due is stored as well. */
  Gate rare (GateSettings{ .store = true, .store_interval = 5 * second, .heartbeat = 60 * second });
  g_assert_cmpint (passed (rare, 10, 20, nobody), ==, 4);
}

static void
test_rate_limit ()
{
  for (const auto &[rate, limit, expected] :
       { std::tuple{ 60.0, 30, 300 }, { 50.0, 30, 300 }, { 100.0, 30, 300 }, { 10.0, 30, 100 } }) {
    Gate gate (GateSettings{ .min_interval = second / limit });
    g_assert_cmpint (std::abs (passed (gate, rate, 10, subscriber) - expected), <=, 4);
  }
  /* A capture does not wait for the limit. */
  Gate slow (GateSettings{ .min_interval = 10 * second });
  g_assert_true (slow.pass (0, {}));
  g_assert_false (slow.pass (second, { .redis = true }));
  g_assert_true (slow.pass (second, { .capture = true }));
}

static void
test_pause ()
{
  /* Hours without frames are no debt. */
  Gate gate (GateSettings{ .min_interval = second / 10 });
  g_assert_cmpint (passed (gate, 30, 1, subscriber), <=, 11);
  const int after = passed (gate, 30, 1, subscriber, 3600 * second);
  g_assert_cmpint (after, >=, 9);
  g_assert_cmpint (after, <=, 11);
}

static void
test_held_back ()
{
  GateSettings settings{ .always = true };
  settings.keep_every = 2;
  Gate gate (settings);
  int held = 0, passed_frames = 0;
  for (int i = 0; i < 300; i++) {
    passed_frames += gate.pass (i * second / 30, {});
    held += gate.held_back ();
  }
  g_assert_cmpint (passed_frames, ==, 150);
  g_assert_cmpint (held, ==, 150);
  settings.least_interval = second;
  gate.configure (settings);
  const int slow = passed (gate, 30, 10, subscriber, 10 * second);
  g_assert_true (slow == 10 || slow == 11);
  settings.keep_every = 1;
  settings.least_interval = 0;
  gate.configure (settings);
  g_assert_cmpint (passed (gate, 30, 10, subscriber, 20 * second), ==, 300);
}

/* What nobody wants is not held back, and who asks for one frame gets it. */
static void
test_held_back_for_nobody ()
{
  Gate gate ({ .keep_every = 2, .least_interval = 10 * second });
  g_assert_true (gate.pass (0, {}));
  g_assert_false (gate.pass (second / 30, {}));
  g_assert_false (gate.held_back ());
  g_assert_true (gate.pass (second / 15, { .capture = true }));
  g_assert_false (gate.pass (second / 10, { .redis = true }));
  g_assert_true (gate.held_back ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/gate/heartbeat", test_heartbeat);
  g_test_add_func ("/gate/demand", test_demand);
  g_test_add_func ("/gate/store", test_store);
  g_test_add_func ("/gate/rate-limit", test_rate_limit);
  g_test_add_func ("/gate/pause", test_pause);
  g_test_add_func ("/gate/held-back", test_held_back);
  g_test_add_func ("/gate/held-back-for-nobody", test_held_back_for_nobody);
  return g_test_run ();
}
