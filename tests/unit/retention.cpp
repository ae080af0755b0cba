// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framestore/retention.h"

#include <algorithm>
#include <glib.h>
#include <map>
#include <random>

using namespace camwarden;

static constexpr int64_t SECOND = 1'000'000;
static constexpr int64_t NOW = 1'800'000'000 * SECOND;

static StoredFrame
frame_at (int64_t time, uint32_t size, uint32_t seq = 1, uint32_t run = 1)
{
  return { { time, run, seq }, size };
}

static void
test_keep_free ()
{
  g_assert_cmpuint (parse_keep_free ("")->target (1000), ==, 0);
  g_assert_cmpuint (parse_keep_free ("0")->target (1000), ==, 0);
  g_assert_cmpuint (parse_keep_free ("12345")->target (1000), ==, 12345);
  g_assert_cmpuint (parse_keep_free ("2k")->target (1000), ==, 2048);
  g_assert_cmpuint (parse_keep_free ("3G")->target (1000), ==, uint64_t{ 3 } << 30);
  g_assert_cmpuint (parse_keep_free ("5%")->target (1000), ==, 50);
  for (const char *bad : { "x", "-1", "5 %", "100%", "5%%", "k", "1kB", "1.5G", " 1",
                           "99999999999999999999", "99999999999999T" })
    g_assert_false (parse_keep_free (bad).has_value ());
}

static void
test_quota ()
{
  Retention store;
  for (uint32_t i = 0; i < 10; i++)
    g_assert_true (store.add (frame_at (NOW - (10 - i) * SECOND, 100, i)));
  g_assert_cmpuint (store.bytes (), ==, 1000);
  g_assert_false (store.take_over_quota (0, 500, NOW).has_value ());
  g_assert_false (store.take_over_quota (1000, 0, NOW).has_value ());
  const auto victim = store.take_over_quota (1000, 1, NOW);
  g_assert_true (victim && victim->name.seq == 0 && victim->size == 100);
  g_assert_false (store.take_over_quota (1000, 1, NOW).has_value ());
  while (store.take_over_quota (1000, 5000, NOW)) {
  }
  g_assert_cmpuint (store.count (), ==, 0); /* a frame above the quota leaves room for itself */
}

static void
test_known_frame_is_counted_once ()
{
  Retention store;
  g_assert_true (store.add (frame_at (NOW, 100)));
  g_assert_false (store.add (frame_at (NOW, 40)));
  g_assert_cmpuint (store.count (), ==, 1);
  g_assert_cmpuint (store.bytes (), ==, 40);
  g_assert_true (store.remove ({ NOW, 1, 1 }));
  g_assert_false (store.remove ({ NOW, 1, 1 }));
  g_assert_false (store.holds (minute_of (NOW)));
  g_assert_cmpuint (store.bytes (), ==, 0);
}

static void
test_age ()
{
  Retention store;
  store.add (frame_at (NOW - 100 * SECOND, 1, 1));
  store.add (frame_at (NOW - 50 * SECOND, 1, 2));
  g_assert_false (store.take_expired (0, NOW, 0).has_value ());
  g_assert_false (store.take_expired (100 * SECOND, NOW, 0).has_value ());
  g_assert_cmpuint (store.take_expired (99 * SECOND, NOW, 0)->name.seq, ==, 1);
  g_assert_false (store.take_expired (99 * SECOND, NOW, 0).has_value ());
}

/* A clock that is set wrong must not empty the store. */
static void
test_clock_forward ()
{
  Retention store;
  const int64_t year = 365 * 24 * 3600 * SECOND, mono = 1000 * SECOND;
  for (uint32_t i = 0; i < 100; i++)
    store.add (frame_at (NOW - i * SECOND, 1, i));
  store.observe_clock (NOW, mono);
  store.observe_clock (NOW + year, mono + SECOND);
  g_assert_false (store.take_expired (3600 * SECOND, NOW + year, mono + SECOND).has_value ());
  /* somebody corrects it: nothing is lost, and the rule holds again some time after */
  store.observe_clock (NOW + 2 * SECOND, mono + 2 * SECOND);
  const int64_t later = Retention::age_hold_us + 3 * SECOND;
  store.observe_clock (NOW + later, mono + later);
  g_assert_cmpuint (store.count (), ==, 100);
  g_assert_true (store.take_expired (SECOND, NOW + later, mono + later).has_value ());
}

/* Nobody knows how old a frame is that was captured before the clock was set. */
static void
test_clock_never_set ()
{
  Retention store;
  store.add (frame_at (3600 * SECOND, 1, 1, 1)); /* 1970 */
  store.add (frame_at (NOW - 100 * SECOND, 1, 1, 2));
  store.add (frame_at (NOW, 1, 2, 2));
  const auto expired = store.take_expired (60 * SECOND, NOW, 0);
  g_assert_true (expired && expired->name.run == 2 && expired->name.seq == 1);
  g_assert_false (store.take_expired (60 * SECOND, NOW, 0));
  g_assert_cmpuint (store.count (), ==, 2);
  g_assert_true (store.take_over_quota (1, 0, NOW)->name.run == 1);
}

/* A clock set back leaves frames in the future: they are not there until their time comes. */
static void
test_clock_back ()
{
  Retention store;
  for (uint32_t i = 0; i < 100; i++)
    store.add (frame_at (NOW + 3600 * SECOND + i * SECOND, 1000, i));
  g_assert_false (store.take_over_quota (500, 100, NOW).has_value ());
  g_assert_false (store.take_for_space (NOW).has_value ());
  g_assert_false (store.take_expired (1, NOW, 0).has_value ());
  store.add (frame_at (NOW, 300, 7));
  g_assert_false (store.take_over_quota (500, 100, NOW).has_value ());
  g_assert_cmpint (store.take_over_quota (500, 300, NOW)->name.time_us, ==, NOW);
  g_assert_false (store.take_over_quota (500, 300, NOW).has_value ());
  g_assert_cmpuint (store.count (), ==, 100);
  g_assert_true (store.take_over_quota (500, 0, NOW + 7200 * SECOND).has_value ());
}

/* Random scripts against the plainest model. */
class Model
{
public:
  explicit Model (uint32_t seed) : random_ (seed) {}

  void
  run (int steps)
  {
    for (int i = 0; i < steps; i++) {
      now_ += pick (0, 5 * SECOND) - (pick (0, 50) == 0 ? pick (0, 600 * SECOND) : 0);
      step (pick (0, 9));
      g_assert_cmpuint (store_.count (), ==, frames_.size ());
      g_assert_cmpuint (store_.bytes (), ==, bytes (INT64_MAX));
    }
  }

private:
  int64_t
  pick (int64_t low, int64_t high)
  {
    return std::uniform_int_distribution<int64_t> (low, high) (random_);
  }

  uint64_t
  bytes (int64_t until) const
  {
    uint64_t sum = 0;
    for (const auto &[name, size] : frames_)
      sum += name.time_us <= until ? size : 0;
    return sum;
  }

  int64_t
  newest () const
  {
    int64_t newest = INT64_MIN / 2; /* none */
    for (const auto &[name, size] : frames_)
      newest = name.time_us <= now_ ? std::max (newest, name.time_us) : newest;
    return newest;
  }

  /* Whatever goes is the oldest, and never of the future. */
  void
  gone (const StoredFrame &victim)
  {
    g_assert_true (victim.name == frames_.begin ()->first);
    g_assert_cmpuint (victim.size, ==, frames_.begin ()->second);
    g_assert_cmpint (victim.name.time_us, <=, now_);
    frames_.erase (frames_.begin ());
  }

  void
  add ()
  {
    /* mostly in order, at times late (a scan), at times before the clock was set back */
    const int64_t away = pick (0, 9) == 0 ? pick (-3600 * SECOND, 600 * SECOND) : 0;
    const StoredFrame frame{ { now_ + away, static_cast<uint32_t> (pick (0, 3)), seq_++ },
                             static_cast<uint32_t> (pick (0, 100'000)) };
    g_assert_true (store_.add (frame));
    frames_[frame.name] = frame.size;
  }

  void
  keep_quota ()
  {
    const auto max = static_cast<uint64_t> (pick (1, 5'000'000));
    const auto incoming = static_cast<uint64_t> (pick (0, 100'000));
    while (const auto victim = store_.take_over_quota (max, incoming, now_)) {
      g_assert_cmpuint (bytes (now_) + incoming, >, max);
      gone (*victim);
    }
    g_assert_true (bytes (now_) + incoming <= max || bytes (now_) == 0);
  }

  void
  keep_age ()
  {
    const int64_t age = pick (1, 7200 * SECOND);
    while (const auto victim = store_.take_expired (age, now_, 0)) {
      g_assert_cmpint (victim->name.time_us, <, now_ - age);
      gone (*victim);
    }
    g_assert_true (frames_.empty () || frames_.begin ()->first.time_us >= now_ - age);
  }

  void
  make_space ()
  {
    const int64_t protect = pick (0, 1) ? Retention::protected_us : pick (0, 600 * SECOND);
    const int64_t guarded = newest () - protect;
    for (int64_t i = pick (0, 20); i > 0; i--) {
      const auto victim = store_.take_for_space (now_, protect);
      if (!victim) {
        g_assert_true (frames_.empty () || frames_.begin ()->first.time_us > guarded);
        return;
      }
      g_assert_cmpint (victim->name.time_us, <=, guarded);
      gone (*victim);
    }
  }

  void
  remove_one ()
  {
    if (frames_.empty ())
      return;
    auto one = std::next (frames_.begin (), pick (0, static_cast<int64_t> (frames_.size ()) - 1));
    g_assert_true (store_.remove (one->first));
    frames_.erase (one);
  }

  void
  step (int64_t kind)
  {
    if (kind <= 5)
      add ();
    else if (kind == 6)
      keep_quota ();
    else if (kind == 7)
      keep_age ();
    else if (kind == 8)
      make_space ();
    else
      remove_one ();
  }

  std::minstd_rand random_;
  Retention store_;
  std::map<FrameName, uint32_t> frames_;
  int64_t now_ = NOW;
  uint32_t seq_ = 0;
};

static void
test_random_scripts ()
{
  for (int script = 0; script < 100; script++)
    Model (g_test_rand_int ()).run (1000);
}

/* 100,000 frames are added and taken in no time, also when they come in no order at all. */
static void
test_size ()
{
  Retention store;
  const int64_t start = g_get_monotonic_time ();
  for (uint32_t i = 0; i < 100'000; i++)
    store.add (frame_at (NOW - (i * 7919 % 100'000) * SECOND / 30, 1, i));
  g_assert_cmpuint (store.count (), ==, 100'000);
  int64_t before = 0;
  while (const auto victim = store.take_over_quota (1, 1, NOW)) {
    g_assert_cmpint (victim->name.time_us, >=, before);
    before = victim->name.time_us;
  }
  g_assert_cmpuint (store.count (), ==, 0);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * SECOND);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/retention/keep-free", test_keep_free);
  g_test_add_func ("/retention/quota", test_quota);
  g_test_add_func ("/retention/counted-once", test_known_frame_is_counted_once);
  g_test_add_func ("/retention/age", test_age);
  g_test_add_func ("/retention/clock-forward", test_clock_forward);
  g_test_add_func ("/retention/clock-back", test_clock_back);
  g_test_add_func ("/retention/clock-never-set", test_clock_never_set);
  g_test_add_func ("/retention/random-scripts", test_random_scripts);
  g_test_add_func ("/retention/size", test_size);
  return g_test_run ();
}
