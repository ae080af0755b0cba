// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/trend.h"

#include <cmath>
#include <glib.h>
#include <random>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;

/* So many hours of samples, each 10 s; value of (hours). */
template <typename Value>
Trend
fed (double hours, const Value &value)
{
  Trend trend;
  for (int64_t now = 0; static_cast<double> (now) < hours * 3600e6; now += 10 * second)
    trend.add (now, value (static_cast<double> (now) / 3600e6));
  return trend;
}

void
test_too_early ()
{
  g_assert_false (Trend ().slope ());
  g_assert_false (fed (1.9, [] (double) { return 1.0; }).slope ());
  g_assert_true (fed (2.2, [] (double) { return 1.0; }).slope ());
}

void
test_a_leak_is_seen ()
{
  std::mt19937 random (7);
  std::normal_distribution<double> noise (0, 3);
  const auto slope
      = fed (6, [&] (double at) { return 100 + 4 * at + std::abs (noise (random)); }).slope ();
  g_assert_cmpfloat_with_epsilon (slope->per_hour, 4, 0.3);
  g_assert_cmpfloat_with_epsilon (slope->share, 0.036, 0.006);
  g_assert_cmpfloat_with_epsilon (slope->growth, 24, 3);
  g_assert_cmpfloat (slope->steady, >, 0.9);
}

/* Neither noise, nor what comes and goes, nor a single step is a trend. */
void
test_noise_is_not ()
{
  std::mt19937 random (8);
  std::normal_distribution<double> noise (0, 10);
  const auto flat = fed (6, [&] (double) { return 200 + noise (random); }).slope ();
  g_assert_cmpfloat (std::abs (flat->share), <, 0.005);
  g_assert_cmpfloat (std::abs (flat->steady), <, 0.4);
  const auto waves = fed (6, [] (double at) { return 100 + 30 * std::sin (at * 20); }).slope ();
  g_assert_cmpfloat (std::abs (waves->share), <, 0.005);
  const auto peaks
      = fed (6, [] (double at) { return std::fmod (at, 0.5) > 0.4 ? 500.0 : 100.0; }).slope ();
  g_assert_cmpfloat (peaks->per_hour, ==, 0);
  const auto step = fed (6, [] (double at) { return at < 5 ? 100.0 : 150.0; }).slope ();
  g_assert_cmpfloat (step->per_hour, ==, 0);
}

/* What is long ago does not count. */
void
test_it_ends ()
{
  const auto slope = fed (13, [] (double at) { return 100 + 10 * std::min (at, 6.0); }).slope ();
  g_assert_cmpfloat (slope->per_hour, ==, 0);
  g_assert_cmpfloat (slope->steady, ==, 0);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/trend/too-early", test_too_early);
  g_test_add_func ("/trend/leak", test_a_leak_is_seen);
  g_test_add_func ("/trend/noise", test_noise_is_not);
  g_test_add_func ("/trend/over", test_it_ends);
  return g_test_run ();
}
