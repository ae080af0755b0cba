// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/metrics.h"
#include "core/seriesmerge.h"
#include "support/asserttext.h"

#include <cmath>
#include <glib.h>
#include <limits>

using namespace camwarden;

static constexpr int64_t second = 1'000'000, wall_zero = 1'700'000'100 * second;

static MetricsRow
row (MetricsShape &shape, int64_t mono, int64_t wall, std::optional<double> cpu)
{
  shape.add ("cpu", cpu);
  shape.add ("camera.front.fps", 30);
  return shape.finish (mono, wall);
}

static void
test_names_are_shared ()
{
  MetricsShape shape;
  const auto first = row (shape, 0, 0, 1), next = row (shape, 1, 1, {});
  g_assert_true (first.names == next.names);
  g_assert_cmpuint (next.number, ==, first.number + 1);
  g_assert_true (std::isnan (next.values[0]));
  shape.add ("cpu", 1);
  g_assert_true (shape.finish (2, 2).names != first.names);
}

static void
test_ring ()
{
  MetricsShape shape;
  MetricsRing ring;
  for (int i = 0; i < 1000; i++)
    ring.add (row (shape, i * 10 * second, wall_zero + i * 10 * second, i));
  g_assert_cmpuint (ring.rows ().size (), ==, 360);
  g_assert_cmpfloat (ring.rows ().back ().values[0], ==, 999);
  g_assert_true (ring.reaches (ring.rows ().front ().wall));
  g_assert_false (ring.reaches (ring.rows ().front ().wall - 1));

  /* The clock is turned back: order and number stay. */
  ring.add (row (shape, 10'000 * second, wall_zero, 5));
  g_assert_cmpuint (ring.rows ().size (), ==, 360);
  g_assert_cmpfloat (ring.rows ().back ().values[0], ==, 5);
  g_assert_false (ring.reaches (wall_zero));

  for (int i = 0; i < 10'000; i++) /* time stands still */
    ring.add (row (shape, 10'000 * second, wall_zero, 5));
  g_assert_cmpuint (ring.rows ().size (), <=, MetricsRing::MOST);
}

static void
test_averages ()
{
  MetricsShape shape;
  Averager averager;
  for (int i = 0; i < 30; i++)
    g_assert_false (averager
                        .add (row (shape, 0, wall_zero + i * 10 * second,
                                   i == 7 ? std::nullopt : std::optional<double> (i)))
                        .has_value ());
  const auto full = averager.add (row (shape, 0, wall_zero + 300 * second, 100));
  g_assert_true (full.has_value ());
  g_assert_cmpint (full->wall, ==, wall_zero);
  g_assert_cmpuint (full->count, ==, 30);
  g_assert_cmpfloat_with_epsilon (full->values[0], (435.0 - 7) / 29, 0.001);
  g_assert_cmpfloat (full->values[1], ==, 0);
  g_assert_cmpfloat (full->values[2], ==, 29);

  const auto back = averager.add (row (shape, 0, wall_zero - 300 * second, 1));
  g_assert_true (back.has_value ());
  g_assert_cmpfloat (back->values[0], ==, 100);
  g_assert_cmpuint (averager.finish ()->count, ==, 1);
  g_assert_false (averager.finish ().has_value ());
}

static void
test_up_share_and_counters ()
{
  UpShare share;
  g_assert_false (share.take (0).has_value ());
  share.set (0, true);
  share.set (5 * second, false);
  share.set (8 * second, true);
  g_assert_cmpfloat_with_epsilon (*share.take (10 * second), 0.7, 1e-9);
  g_assert_cmpfloat_with_epsilon (*share.take (20 * second), 1, 1e-9);

  CounterStep counter;
  g_assert_false (counter.take (100).has_value ());
  g_assert_cmpfloat (*counter.take (150), ==, 50);
  g_assert_cmpfloat (*counter.take (20), ==, 20);
}

static void
test_steps ()
{
  const auto step = [] (int64_t span, size_t points, int64_t wanted = 0) {
    HistoryQuery query;
    query.points = points;
    query.step = wanted * second;
    return choose_step (query, 0, span * second) / second;
  };
  g_assert_cmpint (step (900, 300), ==, 10);
  g_assert_cmpint (step (3600, 300), ==, 20);
  g_assert_cmpint (step (86400, 300), ==, 300);
  g_assert_cmpint (step (7 * 86400, 300), ==, 3600);
  g_assert_cmpint (step (365 * 86400, 300), ==, 2 * 86400);
  g_assert_cmpint (step (86400, 99999), ==, 60);
  g_assert_cmpint (step (86400, 300, 10), ==, 60); /* 8640 points are too many */
  g_assert_cmpint (step (86400, 300, 77), ==, 77);
  g_assert_cmpint (step (1'000'000'000, 300), >, 30 * 86400);
}

static void
test_merge ()
{
  MetricsShape shape;
  SeriesMerge merge (wall_zero, wall_zero + 600 * second, 300 * second, { "cpu", "camera.*" });
  shape.add ("memory", 1);
  shape.add ("cpu", 10);
  merge.add (shape.finish (0, wall_zero + 299 * second));
  merge.add (row (shape, 0, wall_zero, 20));
  merge.add (row (shape, 0, wall_zero, {}));
  merge.add (row (shape, 0, wall_zero + 600 * second, 99)); /* not part of it */
  merge.add (row (shape, 0, wall_zero - 1, 99));
  const float averages[] = { 50, 1, 90, 30, 30, 30 };
  shape.add ("cpu", 0);
  shape.add ("camera.front.fps", 0);
  const MetricNames names = shape.finish (0, 0).names;
  merge.add_average (wall_zero, names, averages, 2);
  const auto answer = merge.finish ();
  g_assert_cmpuint (answer.times.size (), ==, 1);
  g_assert_cmpint (answer.times[0], ==, wall_zero);
  g_assert_cmpuint (answer.series.size (), ==, 2);
  ASSERT_TEXT (answer.series[0].name, "cpu");
  g_assert_cmpfloat_with_epsilon (answer.series[0].average[0], (10 + 20 + 2 * 50) / 4.0, 1e-6);
  g_assert_cmpfloat (answer.series[0].least[0], ==, 1);
  g_assert_cmpfloat (answer.series[0].most[0], ==, 90);
  ASSERT_TEXT (answer.series[1].name, "camera.front.fps");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/metrics/names", test_names_are_shared);
  g_test_add_func ("/metrics/ring", test_ring);
  g_test_add_func ("/metrics/averages", test_averages);
  g_test_add_func ("/metrics/up-share-and-counters", test_up_share_and_counters);
  g_test_add_func ("/metrics/steps", test_steps);
  g_test_add_func ("/metrics/merge", test_merge);
  return g_test_run ();
}
