// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/degradeladder.h"

#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
using Room = DegradeCauses::Room;

/* A ladder and its clock. */
struct Bench
{
  DegradeLadder ladder;
  DegradeCauses causes;
  int64_t now = 0;

  /* At once, then each second; how many changes there were. */
  unsigned
  pass (int seconds)
  {
    unsigned changes = 0;
    for (int i = 0; i < seconds; i++) {
      changes += static_cast<unsigned> (ladder.update (now, causes).size ());
      now += second;
    }
    return changes;
  }
};

void
test_a_warning_takes_three_steps ()
{
  Bench bench;
  bench.causes.cpu = ThresholdLevel::Warning;
  g_assert_cmpuint (bench.pass (1), ==, 1);
  g_assert_true (bench.ladder.current () == (Degrade{ .preview_off = true }));
  g_assert_cmpuint (bench.pass (9), ==, 0);
  g_assert_cmpuint (bench.pass (1), ==, 1);
  g_assert_cmpuint (bench.ladder.current ().quality_less, ==, 15);
  g_assert_cmpuint (bench.pass (600), ==, 1);
  const Degrade end = bench.ladder.current ();
  g_assert_cmpuint (end.rate_divisor, ==, 2);
  g_assert_cmpuint (end.size_divisor, ==, 1);
  g_assert_cmpuint (end.step (), ==, 3);
  g_assert_false (end.store_paused || end.one_per_second);
  ASSERT_TEXT (bench.ladder.cause (), "cpu");
  ASSERT_TEXT (end.text (), "no previews, JPEG quality less 15, half the frame rate");
}

void
test_critical_takes_all_and_returns ()
{
  Bench bench;
  bench.causes.temperature = ThresholdLevel::Critical;
  g_assert_cmpuint (bench.pass (41), ==, 5);
  g_assert_true (bench.ladder.current ().one_per_second);
  g_assert_false (bench.ladder.current ().store_paused);
  bench.causes.temperature = ThresholdLevel::Warning;
  g_assert_cmpuint (bench.pass (60), ==, 0);
  g_assert_cmpuint (bench.pass (1), ==, 1);
  g_assert_cmpuint (bench.ladder.current ().step (), ==, 4);
  g_assert_cmpuint (bench.pass (600), ==, 1);
  g_assert_cmpuint (bench.ladder.current ().step (), ==, 3);
  bench.causes.temperature = ThresholdLevel::None;
  g_assert_cmpuint (bench.pass (181), ==, 3);
  g_assert_true (bench.ladder.current () == Degrade{});
  g_assert_true (bench.ladder.cause ().empty ());
}

/* A cause that returns within the minute holds everything where it is. */
void
test_a_short_calm_gives_nothing_back ()
{
  Bench bench;
  bench.causes.memory = ThresholdLevel::Warning;
  bench.pass (30);
  for (int i = 0; i < 10; i++) {
    bench.causes.memory = ThresholdLevel::None;
    g_assert_cmpuint (bench.pass (59), ==, 0);
    bench.causes.memory = ThresholdLevel::Warning;
    g_assert_cmpuint (bench.pass (1), ==, 0);
  }
}

void
test_a_full_disk_touches_no_picture ()
{
  Bench bench;
  bench.causes.disk = ThresholdLevel::Warning;
  bench.causes.room = Room::Between;
  g_assert_cmpuint (bench.pass (100), ==, 0);
  bench.causes.disk = ThresholdLevel::Critical;
  bench.causes.room = Room::Full;
  g_assert_cmpuint (bench.pass (10), ==, 1);
  g_assert_true (bench.ladder.current () == (Degrade{ .store_paused = true }));
  ASSERT_TEXT (bench.ladder.current ().text (), "nothing is stored");
  g_assert_cmpuint (bench.pass (100), ==, 1);
  g_assert_true (bench.ladder.current () == (Degrade{ .store_paused = true, .prune = true }));
  g_assert_cmpuint (bench.ladder.current ().step (), ==, 6);
}

void
test_the_store_goes_on_with_the_first_room ()
{
  Bench bench;
  bench.causes.disk = ThresholdLevel::Critical;
  bench.causes.room = Room::Full;
  bench.pass (15);
  bench.causes.room = Room::Between;
  g_assert_cmpuint (bench.pass (100), ==, 0);
  bench.causes.room = Room::Enough; /* the level stays critical for a minute */
  g_assert_cmpuint (bench.pass (1), ==, 1);
  g_assert_true (bench.ladder.current () == Degrade{});
  bench.causes.room = Room::Full;
  g_assert_cmpuint (bench.pass (9), ==, 0);
  g_assert_cmpuint (bench.pass (1), ==, 1);
  g_assert_true (bench.ladder.current ().store_paused);
}

void
test_both_at_once ()
{
  Bench bench;
  bench.causes = { .cpu = ThresholdLevel::Warning,
                   .memory = ThresholdLevel::Warning,
                   .disk = ThresholdLevel::Critical,
                   .room = Room::Full };
  g_assert_cmpuint (bench.pass (1), ==, 2);
  ASSERT_TEXT (bench.ladder.cause (), "cpu,memory,disk");
  ASSERT_TEXT (bench.ladder.current ().text (), "no previews, nothing is stored");
}

void
test_settings ()
{
  Bench bench;
  bench.ladder.configure ({ .step_up = 2 * second, .step_down = 3 * second, .quality = 40 });
  bench.causes.cpu = ThresholdLevel::Critical;
  g_assert_cmpuint (bench.pass (9), ==, 5);
  g_assert_cmpuint (bench.ladder.current ().quality_less, ==, 40);
  bench.causes.cpu = ThresholdLevel::None;
  g_assert_cmpuint (bench.pass (16), ==, 5);
}

void
test_switched_off ()
{
  Bench bench;
  bench.causes
      = { .cpu = ThresholdLevel::Critical, .disk = ThresholdLevel::Critical, .room = Room::Full };
  bench.pass (100);
  g_assert_cmpuint (bench.ladder.current ().step (), ==, 6);
  bench.ladder.configure ({ .enabled = false });
  g_assert_cmpuint (bench.pass (1), ==, 1);
  g_assert_cmpuint (bench.ladder.current ().step (), ==, 5);
  bench.pass (400);
  g_assert_true (bench.ladder.current () == Degrade{});
  g_assert_cmpuint (bench.pass (400), ==, 0);
}

void
test_names ()
{
  g_assert_true (degrade_step_name (DegradeStep::None) == "none");
  g_assert_true (degrade_step_name (DegradeStep::Least) == "least");
  g_assert_true (degrade_step_name (DegradeStep::Prune) == "prune");
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/degradeladder/warning", test_a_warning_takes_three_steps);
  g_test_add_func ("/degradeladder/critical", test_critical_takes_all_and_returns);
  g_test_add_func ("/degradeladder/short-calm", test_a_short_calm_gives_nothing_back);
  g_test_add_func ("/degradeladder/disk", test_a_full_disk_touches_no_picture);
  g_test_add_func ("/degradeladder/room", test_the_store_goes_on_with_the_first_room);
  g_test_add_func ("/degradeladder/both", test_both_at_once);
  g_test_add_func ("/degradeladder/settings", test_settings);
  g_test_add_func ("/degradeladder/off", test_switched_off);
  g_test_add_func ("/degradeladder/names", test_names);
  return g_test_run ();
}
