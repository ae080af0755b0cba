// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/metricssampler.h"

#include <cmath>
#include <glib.h>

using namespace camwarden;

static constexpr int64_t second = 1'000'000;

static double
value_of (const MetricsRow &row, const char *name)
{
  for (size_t i = 0; i < row.names->size (); i++)
    if ((*row.names)[i] == name)
      return row.values[i];
  g_error ("no value is called %s", name);
}

struct World
{
  MetricsSampler sampler;
  SystemSample sample;
  RedisStatus redis;
  std::vector<CameraStatus> cameras{ 1 };
  int64_t now = 100 * second;

  World () { cameras[0].id = "front"; }

  MetricsRow
  after (int64_t seconds)
  {
    now += seconds * second;
    return sampler.take (sample, redis, cameras, now, now);
  }
  void
  camera (CameraState state)
  {
    cameras[0].state = state;
    sampler.camera ("front", state, now);
  }
};

static void
test_start_is_no_outage ()
{
  World world;
  world.camera (CameraState::Starting);
  MetricsRow row = world.after (2);
  g_assert_true (std::isnan (value_of (row, "camera.front.up")));
  g_assert_true (std::isnan (value_of (row, "redis_up")));
  world.redis.connected = true;
  world.camera (CameraState::Streaming);
  row = world.after (2);
  g_assert_cmpfloat (value_of (row, "camera.front.up"), ==, 1);
  g_assert_cmpfloat (value_of (row, "redis_up"), ==, 1);
  world.redis.connected = false;
  world.now += second;
  world.camera (CameraState::Starting); /* a new worker, amid the day */
  row = world.after (1);
  g_assert_cmpfloat (value_of (row, "camera.front.up"), ==, 0.5);
  g_assert_cmpfloat (value_of (row, "redis_up"), ==, 0);
}

static void
test_never_there ()
{
  World world;
  world.camera (CameraState::Starting);
  (void)world.after (2);
  world.camera (CameraState::NoCamera);
  (void)world.after (2);
  const MetricsRow row = world.after (2);
  g_assert_cmpfloat (value_of (row, "camera.front.up"), ==, 0);
  g_assert_true (std::isnan (value_of (row, "redis_up")));
  g_assert_cmpfloat (value_of (world.after (2), "redis_up"), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/metricssampler/start-is-no-outage", test_start_is_no_outage);
  g_test_add_func ("/metricssampler/never-there", test_never_there);
  return g_test_run ();
}
