// SPDX-License-Identifier: LGPL-2.1-or-later
/* Where each level begins and ends, and that none of them flaps. */
#include "core/thresholds.h"
#include "support/asserttext.h"

#include <cmath>
#include <glib.h>
#include <limits>
#include <random>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
constexpr int64_t minute = 60 * second;
using Level = ThresholdLevel;

/* What the documentation promises, by itself: not out of threshold_settings(). */
struct Promise
{
  Quantity what;
  double warning, critical, warning_leave, critical_leave;
  int64_t warning_after, critical_after;
  double step; /* the least that matters */
};

constexpr Promise promises[] = {
  { Quantity::Cpu, 0.85, 0.95, 0.80, 0.90, 30 * second, 10 * second, 0.001 },
  { Quantity::Memory, 0.90, 0.95, 0.85, 0.90, 2 * second, 2 * second, 0.001 },
  { Quantity::Disk, 0.90, 0.95, 0.85, 0.90, 10 * second, 10 * second, 0.001 },
  { Quantity::Temperature, 70, 80, 65, 75, 10 * second, 10 * second, 0.1 },
  { Quantity::CameraFailures, 5, 10, 5, 10, 0, 0, 1 },
  { Quantity::RedisAway, 10e6, 60e6, 1, 1, 0, 0, 1 },
};

Threshold
threshold (const Promise &promise)
{
  return Threshold (threshold_settings (promise.what, {}));
}

/* The value for so long, once a second; the level after it. */
Level
hold (Threshold &threshold, int64_t &now, double value, int64_t time)
{
  for (const int64_t end = now + time; now < end; now += second)
    (void)threshold.update (now, value);
  (void)threshold.update (now, value);
  return threshold.level ();
}

} // namespace

static void
test_enter ()
{
  for (const Promise &p : promises) {
    Threshold one = threshold (p);
    int64_t now = 0;
    g_assert_true (hold (one, now, p.warning - p.step, minute) == Level::None);
    now += second;
    if (p.warning_after > 0) {
      g_assert_true (hold (one, now, p.warning, p.warning_after - 1 * second) == Level::None);
      /* One value below it, and it begins anew. */
      (void)one.update (now += second, p.warning - p.step);
      now += second;
      g_assert_true (hold (one, now, p.warning, p.warning_after - second) == Level::None);
      now += second - 1;
      g_assert_false (one.update (now, p.warning).has_value ());
      now += 1;
    }
    const auto change = one.update (now, p.warning);
    g_assert_true (change && change->from == Level::None && change->to == Level::Warning);
    g_assert_cmpfloat (change->limit, ==, p.warning);
    g_assert_cmpfloat (change->value, ==, p.warning);
    g_assert_cmpint (one.since (), ==, now);
    now += second;
    g_assert_true (hold (one, now, p.critical - p.step, 2 * minute) == Level::Warning);
    now += second;
    if (p.critical_after > 0) {
      g_assert_true (hold (one, now, p.critical, p.critical_after - second) == Level::Warning);
      now += second;
    }
    const auto worse = one.update (now, p.critical);
    g_assert_true (worse && worse->from == Level::Warning && worse->to == Level::Critical);
    g_assert_cmpfloat (worse->limit, ==, p.critical);
  }
}

/* Straight to critical, which for the processor comes before the warning. */
static void
test_enter_critical ()
{
  for (const Promise &p : promises) {
    Threshold one = threshold (p);
    int64_t now = minute;
    if (p.critical_after > 0 && p.critical_after < p.warning_after) {
      g_assert_true (hold (one, now, p.critical, p.critical_after - second) == Level::None);
      now += second;
    } else if (p.critical_after > 0) {
      (void)hold (one, now, p.critical, p.critical_after - second);
      g_assert_true (one.level () == Level::None);
      now += second;
    }
    const auto change = one.update (now, p.critical);
    g_assert_true (change && change->from == Level::None && change->to == Level::Critical);
  }
}

static void
test_leave ()
{
  for (const Promise &p : promises) {
    Threshold one = threshold (p);
    int64_t now = 0;
    g_assert_true (hold (one, now, p.critical, minute) == Level::Critical);
    now += second;
    g_assert_true (hold (one, now, p.critical_leave, 5 * minute) == Level::Critical);
    if (p.critical_leave > p.warning_leave) {
      const double below = p.critical_leave - p.step;
      now += second;
      g_assert_true (hold (one, now, below, 59 * second) == Level::Critical);
      now += second;
      const auto better = one.update (now, below);
      g_assert_true (better && better->from == Level::Critical && better->to == Level::Warning);
      g_assert_cmpfloat_with_epsilon (better->limit, p.critical_leave, 1e-9);
    }
    now += second;
    g_assert_true (hold (one, now, p.warning_leave, 5 * minute) != Level::None);
    const double below = p.warning_leave - p.step;
    now += second;
    g_assert_true (hold (one, now, below, 59 * second) != Level::None);
    (void)one.update (now += second / 2, p.warning_leave); /* begins anew */
    now += second;
    g_assert_true (hold (one, now, below, 59 * second) != Level::None);
    now += second;
    const auto change = one.update (now, below);
    g_assert_true (change && change->to == Level::None);
    g_assert_cmpfloat_with_epsilon (change->limit, p.warning_leave, 1e-9);
    g_assert_cmpint (one.since (), ==, now);
  }
}

/* A fall far down passes the warning by: one change, not two. */
static void
test_leave_far ()
{
  for (const Promise &p : promises) {
    Threshold one = threshold (p);
    int64_t now = 0;
    (void)hold (one, now, p.critical, minute);
    now += second;
    g_assert_true (hold (one, now, 0, 59 * second) == Level::Critical);
    now += second;
    const auto change = one.update (now, 0);
    g_assert_true (change && change->from == Level::Critical && change->to == Level::None);
  }
}

static void
test_unknown ()
{
  Threshold one (threshold_settings (Quantity::Temperature, {}));
  int64_t now = 0;
  (void)hold (one, now, 81, 9 * second);
  one.unknown ();
  g_assert_false (one.update (now += second, 81).has_value ());
  g_assert_true (one.rising ());
  g_assert_false (one.update (now += second, std::nan ("")).has_value ());
  g_assert_false (one.update (now, std::numeric_limits<double>::infinity ()).has_value ());
  g_assert_cmpfloat (one.value (), ==, 81);
  g_assert_false (one.update (now - 20 * second, 81).has_value ()); /* of the past */
  g_assert_true (one.update (now += 9 * second, 81).has_value ());
  g_assert_false (one.rising ());
  one.unknown ();
  g_assert_true (one.level () == Level::Critical); /* a lost sensor is no all-clear */
  /* The machine slept: what was before says nothing of the time between. */
  (void)one.update (now += second, 20);
  g_assert_false (one.update (now += 61 * second, 20).has_value ());
  g_assert_false (one.update (now += 59 * second, 20).has_value ());
  g_assert_true (one.update (now += second, 20).has_value ());
}

static void
test_configure ()
{
  ThresholdsSettings settings;
  Threshold one (threshold_settings (Quantity::Disk, settings));
  int64_t now = 0;
  g_assert_true (hold (one, now, 0.92, 10 * second) == Level::Warning);
  settings.disk = { 0.5, 0.6 };
  one.configure (threshold_settings (Quantity::Disk, settings));
  g_assert_true (one.level () == Level::Warning);
  now += second;
  g_assert_true (hold (one, now, 0.92, 9 * second) == Level::Warning);
  now += second;
  g_assert_true (hold (one, now, 0.92, 0) == Level::Critical);
  settings.disk = { 0.93, 0.99 };
  one.configure (threshold_settings (Quantity::Disk, settings));
  now += second;
  g_assert_true (hold (one, now, 0.92, 59 * second) == Level::Critical);
  now += second;
  g_assert_true (hold (one, now, 0.92, 0) == Level::None);
  /* Once: then the margin counts again. */
  now += second;
  g_assert_true (hold (one, now, 0.93, 10 * second) == Level::Warning);
  now += second;
  g_assert_true (hold (one, now, 0.92, 5 * minute) == Level::Warning);
  now += second;
  g_assert_true (hold (one, now, 0.87, minute) == Level::None);
  /* Small limits can be left too, and the critical one is never the lower one. */
  settings.disk = { 0.04, 0.02 };
  const ThresholdSettings small = threshold_settings (Quantity::Disk, settings);
  g_assert_cmpfloat (small.warning_leave, ==, 0.02);
  one.configure (small);
  now += second;
  g_assert_true (hold (one, now, 0.03, 10 * minute) == Level::None);
}

static void
test_sliding_count ()
{
  SlidingCount count (10 * minute, second);
  for (int i = 0; i < 5; i++)
    count.add (i * minute);
  count.add (4 * minute + second - 1); /* the same one, told again */
  g_assert_cmpuint (count.count (5 * minute), ==, 5);
  g_assert_cmpuint (count.count (10 * minute - 1), ==, 5);
  g_assert_cmpuint (count.count (10 * minute), ==, 4);
  g_assert_cmpuint (count.count (14 * minute - 1), ==, 1);
  g_assert_cmpuint (count.count (14 * minute), ==, 0);
  for (int i = 0; i < 200'000; i++)
    count.add (20 * minute + i * second);
  g_assert_cmpuint (count.count (20 * minute + 199'999 * second), ==, 600);
}

static void
test_cameras ()
{
  Thresholds all;
  int64_t now = 100 * second;
  for (int i = 0; i < 4; i++)
    all.camera_failed ("front", now += 2 * second);
  all.camera_failed ("back", now);
  g_assert_true (all.update (now, {}).empty ());
  all.camera_failed ("front", now += 2 * second);
  auto changes = all.update (now, {});
  g_assert_cmpuint (changes.size (), ==, 1);
  ASSERT_TEXT (changes[0].instance, "front");
  g_assert_true (changes[0].what == Quantity::CameraFailures && changes[0].to == Level::Warning);
  g_assert_true (all.level (Quantity::CameraFailures, "back") == Level::None);
  for (int i = 0; i < 5; i++)
    all.camera_failed ("front", now += 2 * second);
  changes = all.update (now, {});
  g_assert_true (changes.size () == 1 && changes[0].to == Level::Critical);
  g_assert_true (all.worst (Quantity::CameraFailures) == Level::Critical);
  /* Quiet from now on. The window empties one by one, and a minute later it is over. */
  const int64_t quiet = now;
  Level level = Level::Critical;
  int64_t over = 0;
  while (now < quiet + 20 * minute && !over) {
    now += second;
    for (const auto &change : all.update (now, {})) {
      g_assert_true (change.from == level);
      level = change.to;
      over = level == Level::None ? now : 0;
    }
  }
  /* The fifth last failure, 8 s before the last one, leaves the window after ten minutes. */
  g_assert_cmpint (over - quiet, >=, 10 * minute - 8 * second + minute);
  g_assert_cmpint (over - quiet, <=, 10 * minute + 2 * minute);
  for (int i = 0; i < 5; i++)
    all.camera_failed ("front", now += 2 * second);
  (void)all.update (now, {});
  changes = all.forget_camera ("front");
  g_assert_true (changes.size () == 1 && changes[0].to == Level::None);
  g_assert_null (all.find (Quantity::CameraFailures, "front"));
  g_assert_true (all.forget_camera ("front").empty ());
}

static void
test_set ()
{
  Thresholds all;
  ThresholdValues values{ .cpu = 0.96,
                          .memory = 0.91,
                          .temperature = std::nullopt,
                          .disks = { { "/", 0.5 }, { "/srv", 0.99 }, { "/mnt", std::nullopt } },
                          .redis_away = 0 };
  g_assert_true (all.update (0, values).empty ());
  g_assert_true (all.rising ());
  auto changes = all.update (10 * second, values);
  g_assert_cmpuint (changes.size (), ==, 3);
  g_assert_true (all.level (Quantity::Cpu) == Level::Critical);
  g_assert_true (all.level (Quantity::Memory) == Level::Warning);
  g_assert_true (all.level (Quantity::Disk, "/srv") == Level::Critical);
  g_assert_true (all.level (Quantity::Disk, "/") == Level::None);
  g_assert_null (all.find (Quantity::Disk, "/mnt"));
  g_assert_null (all.find (Quantity::Temperature));
  g_assert_false (all.rising ());
  values.redis_away = 1;
  (void)all.update (11 * second, values);
  g_assert_true (all.rising ());
  values.redis_away = 10e6;
  changes = all.update (21 * second, values);
  g_assert_true (changes.size () == 1 && changes[0].what == Quantity::RedisAway);
  /* A disk that is not in use any more takes its level along. */
  values.disks.erase ("/srv");
  changes = all.update (22 * second, values);
  g_assert_true (changes.size () == 1 && changes[0].instance == "/srv");
  g_assert_true (changes[0].from == Level::Critical && changes[0].to == Level::None);
  ASSERT_TEXT (quantity_name (changes[0].what), "disk");
  ASSERT_TEXT (threshold_level_name (changes[0].from), "critical");
}

namespace
{

/* A walk that likes to linger around the limits, at uneven times. */
class Walk
{
public:
  Walk (const Promise &promise, uint32_t seed) : p_ (promise), random_ (seed) {}

  double
  next ()
  {
    const double width = p_.critical - p_.warning_leave;
    if (one_of (20)) {
      const double limits[] = { 0, p_.warning_leave, p_.warning, p_.critical_leave, p_.critical };
      value_ = limits[random_ () % 5];
    }
    value_ += std::normal_distribution<double> (0, width / 8) (random_);
    return value_;
  }

  int64_t
  pause ()
  {
    if (one_of (200))
      return std::uniform_int_distribution<int64_t> (0, 3 * minute) (random_);
    return std::uniform_int_distribution<int64_t> (1, 11 * second) (random_);
  }

  bool
  one_of (unsigned many)
  {
    return random_ () % many == 0;
  }

private:
  const Promise &p_;
  std::mt19937 random_;
  double value_ = 0;
};

/* The time that a change asks for. */
int64_t
dwell (const Promise &p, Level from, Level to)
{
  if (to < from)
    return minute;
  return to == Level::Critical ? p.critical_after : p.warning_after;
}

void
check_change (const Promise &p, const Threshold::Change &change, double value)
{
  g_assert_true (change.from != change.to);
  g_assert_cmpfloat (change.value, ==, value);
  if (change.to == Level::Critical)
    g_assert_cmpfloat (value, >=, p.critical);
  else if (change.to == Level::None)
    g_assert_cmpfloat (value, <, p.warning_leave);
  else if (change.from == Level::None)
    g_assert_cmpfloat (value, >=, p.warning);
  else
    g_assert_cmpfloat (value, <, p.critical_leave);
}

unsigned
walk (const Promise &p, uint32_t seed)
{
  Walk walk (p, seed);
  Threshold one = threshold (p);
  Level level = Level::None;
  int64_t now = 0, changed = -1;
  unsigned changes = 0;
  for (int i = 0; i < 200; i++) {
    now += walk.pause ();
    if (walk.one_of (100))
      one.unknown ();
    const double value = walk.next ();
    if (const auto change = one.update (now, value)) {
      g_assert_true (change->from == level);
      check_change (p, *change, value);
      if (changed >= 0)
        g_assert_cmpint (now - changed, >=, dwell (p, change->from, change->to));
      level = change->to;
      changed = now;
      changes++;
    }
    g_assert_true (one.level () == level);
    g_assert_cmpint (one.since (), ==, changed < 0 ? 0 : changed);
  }
  return changes;
}

} // namespace

static void
test_random_walks ()
{
  const uint32_t first = g_test_rand_int ();
  for (const Promise &p : promises) {
    unsigned changes = 0;
    for (uint32_t i = 0; i < 10'000; i++)
      changes += walk (p, first + i);
    g_test_message ("%s: 10000 walks from seed %u, %u changes",
                    std::string (quantity_name (p.what)).c_str (), first, changes);
    g_assert_cmpuint (changes, >, 10'000); /* the walks do meet the limits */
  }
}

/* It was critical, and then its zone went away. */
static void
test_sensor_that_is_gone ()
{
  Thresholds all;
  ThresholdValues hot;
  hot.temperature = 90;
  int64_t now = 0;
  for (; now <= 20 * second; now += 2 * second)
    (void)all.update (now, hot);
  g_assert_true (all.level (Quantity::Temperature) == ThresholdLevel::Critical);
  for (; now <= 615 * second; now += 2 * second)
    g_assert_cmpuint (all.update (now, {}).size (), ==, 0);
  g_assert_true (all.level (Quantity::Temperature) == ThresholdLevel::Critical);
  std::vector<ThresholdChange> changes;
  for (; now <= 630 * second && changes.empty (); now += 2 * second)
    changes = all.update (now, {});
  g_assert_cmpuint (changes.size (), ==, 1);
  g_assert_true (changes[0].to == ThresholdLevel::None);
  g_assert_null (all.find (Quantity::Temperature));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/threshold/enter", test_enter);
  g_test_add_func ("/threshold/enter-critical", test_enter_critical);
  g_test_add_func ("/threshold/leave", test_leave);
  g_test_add_func ("/threshold/leave-far", test_leave_far);
  g_test_add_func ("/threshold/unknown", test_unknown);
  g_test_add_func ("/threshold/configure", test_configure);
  g_test_add_func ("/threshold/random-walks", test_random_walks);
  g_test_add_func ("/thresholds/sliding-count", test_sliding_count);
  g_test_add_func ("/thresholds/cameras", test_cameras);
  g_test_add_func ("/thresholds/set", test_set);
  g_test_add_func ("/thresholds/sensor-that-is-gone", test_sensor_that_is_gone);
  return g_test_run ();
}
