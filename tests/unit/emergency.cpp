// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/emergency.h"

#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
constexpr EmergencySigns bad{ .critical = true, .calm = false };
constexpr EmergencySigns between{ .critical = false, .calm = false };
constexpr EmergencySigns calm{};

/* Seconds until it changes, at most `most`; -1: it did not. */
int
until_change (Emergency &emergency, int64_t &now, const EmergencySigns &signs, int most)
{
  for (int i = 0; i <= most; i++, now += second)
    if (emergency.update (now, signs))
      return i;
  return -1;
}

void
test_entry_and_exit ()
{
  Emergency emergency;
  int64_t now = 5 * second;
  g_assert_cmpint (until_change (emergency, now, between, 100), ==, -1);
  g_assert_cmpint (until_change (emergency, now, bad, 0), ==, 0);
  g_assert_true (emergency.active ());
  g_assert_cmpint (emergency.since (), ==, now);
  /* Never before two minutes, however calm it is. */
  g_assert_cmpint (until_change (emergency, now, calm, 500), ==, 120);
  g_assert_false (emergency.active ());
}

void
test_calm_has_to_last ()
{
  Emergency emergency;
  int64_t now = 0;
  until_change (emergency, now, bad, 0);
  until_change (emergency, now, between, 300);
  for (int i = 0; i < 5; i++) {
    g_assert_cmpint (until_change (emergency, now, calm, 50), ==, -1);
    g_assert_cmpint (until_change (emergency, now, between, 0), ==, -1);
  }
  g_assert_cmpint (until_change (emergency, now, calm, 100), ==, 60);
}

void
test_the_fourth_within_an_hour_stays ()
{
  Emergency emergency;
  int64_t now = 0;
  for (int i = 0; i < 3; i++) {
    g_assert_cmpint (until_change (emergency, now, bad, 0), ==, 0);
    g_assert_cmpint (until_change (emergency, now, calm, 500), >=, 0);
  }
  g_assert_cmpint (until_change (emergency, now, bad, 0), ==, 0);
  g_assert_cmpint (until_change (emergency, now, calm, 7200), >=, 0);
  g_assert_cmpint (now, ==, 3600 * second); /* the first one was at 0 */
}

void
test_settings ()
{
  Emergency emergency;
  emergency.configure ({ .min_dwell = 3 * second, .leave_after = second, .per_hour = 1 });
  int64_t now = 0;
  until_change (emergency, now, bad, 0);
  g_assert_cmpint (until_change (emergency, now, calm, 10), ==, -1);
  emergency.configure ({ .min_dwell = 3 * second, .leave_after = second, .per_hour = 2 });
  g_assert_cmpint (until_change (emergency, now, calm, 10), ==, 0);
}

void
test_signs_and_cause ()
{
  Thresholds thresholds;
  ThresholdValues values;
  values.memory = 0.97;
  values.disks["/srv"] = 0.5;
  values.redis_away = 120e6;
  g_assert_true (emergency_signs (thresholds).calm);
  for (int64_t now = 0; now <= 4 * second; now += second)
    (void)thresholds.update (now, values);
  EmergencySigns signs = emergency_signs (thresholds);
  g_assert_true (signs.critical && !signs.calm);
  ASSERT_TEXT (emergency_cause (thresholds), "memory 97.0 %");
  /* Below the warning, but not by the margin. */
  values.memory = 0.87;
  for (int64_t now = 5 * second; now <= 100 * second; now += second)
    (void)thresholds.update (now, values);
  signs = emergency_signs (thresholds);
  g_assert_false (signs.critical || signs.calm);
  values.memory = 0.84;
  values.temperature = 81;
  for (int64_t now = 101 * second; now <= 200 * second; now += second)
    (void)thresholds.update (now, values);
  g_assert_true (emergency_signs (thresholds).critical);
  ASSERT_TEXT (emergency_cause (thresholds), "temperature 81.0 C");
}

/* What happens to Redis or to a camera is no emergency of the machine. */
void
test_what_does_not_count ()
{
  Thresholds thresholds;
  ThresholdValues values;
  values.redis_away = 3600e6;
  for (int i = 0; i < 20; i++)
    thresholds.camera_failed ("front", i * 2 * second);
  for (int64_t now = 0; now < 60 * second; now += second)
    (void)thresholds.update (now, values);
  g_assert_true (thresholds.worst (Quantity::CameraFailures) == ThresholdLevel::Critical);
  g_assert_false (emergency_signs (thresholds).critical);
  g_assert_true (emergency_signs (thresholds).calm);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/emergency/entry-and-exit", test_entry_and_exit);
  g_test_add_func ("/emergency/calm", test_calm_has_to_last);
  g_test_add_func ("/emergency/cap", test_the_fourth_within_an_hour_stays);
  g_test_add_func ("/emergency/settings", test_settings);
  g_test_add_func ("/emergency/signs", test_signs_and_cause);
  g_test_add_func ("/emergency/others", test_what_does_not_count);
  return g_test_run ();
}
