// SPDX-License-Identifier: LGPL-2.1-or-later
#include "common/backoff.h"

#include <glib.h>

using namespace camwarden;

/* Each wait lies in its interval, and the intervals are used from end to end. */
static void
test_full_jitter ()
{
  RandomSource random (1);
  int64_t highest[8] = {};
  for (int round = 0; round < 2000; round++) {
    FullJitter backoff (50, 1500);
    g_assert_cmpint (backoff.next (random), ==, 0);
    int64_t ceiling = 50;
    for (auto &high : highest) {
      const int64_t wait = backoff.next (random);
      g_assert_cmpint (wait, >=, 0);
      g_assert_cmpint (wait, <=, ceiling);
      high = std::max (high, wait);
      ceiling = std::min<int64_t> (1500, ceiling * 2);
    }
    g_assert_cmpuint (backoff.attempts (), ==, 9);
    backoff.reset ();
    g_assert_cmpint (backoff.next (random), ==, 0);
  }
  g_assert_cmpint (highest[0], >, 45);
  g_assert_cmpint (highest[1], >, 90);
  g_assert_cmpint (highest[7], >, 1450);
}

static void
test_full_jitter_for_years ()
{
  RandomSource random (1);
  FullJitter backoff (1, INT64_MAX / 4);
  for (int i = 0; i < 1000; i++)
    g_assert_cmpint (backoff.next (random), >=, 0);
  FullJitter odd (100, 10); /* a cap below the base */
  for (int i = 0; i < 100; i++)
    g_assert_cmpint (odd.next (random), <=, 100);
}

static void
test_decorrelated_jitter ()
{
  RandomSource random (1);
  DecorrelatedJitter backoff (250, 30000);
  int64_t previous = 250, highest = 0;
  for (int i = 0; i < 10000; i++) {
    const int64_t wait = backoff.next (random);
    g_assert_cmpint (wait, >=, 250);
    g_assert_cmpint (wait, <=, std::min<int64_t> (30000, previous * 3));
    previous = wait;
    highest = std::max (highest, wait);
  }
  g_assert_cmpint (highest, >, 15000);
  backoff.reset ();
  g_assert_cmpint (backoff.next (random), <=, 750);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/backoff/full-jitter", test_full_jitter);
  g_test_add_func ("/backoff/full-jitter-for-years", test_full_jitter_for_years);
  g_test_add_func ("/backoff/decorrelated-jitter", test_decorrelated_jitter);
  return g_test_run ();
}
