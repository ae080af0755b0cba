// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/pacer.h"

#include <glib.h>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000'000;
constexpr int64_t frame = second / 30;

void
test_file_begins_again ()
{
  Pacer pacer;
  const int64_t start = 40 * second;
  for (int64_t i = 0; i < 300; i++)
    g_assert_cmpint (pacer.offset (i * frame, start + i * frame, frame), ==, start);
  pacer.begin ();
  g_assert_cmpint (pacer.offset (0, start + 10 * second, frame), ==, start + 10 * second);
}

void
test_jitter_moves_nothing ()
{
  Pacer pacer;
  g_assert_cmpint (pacer.offset (0, second, frame), ==, second);
  g_assert_cmpint (pacer.offset (frame, second, frame), ==, second);         /* early: it waits */
  g_assert_cmpint (pacer.offset (2 * frame, 2 * second, frame), ==, second); /* late */
}

void
test_stamped_by_the_clock ()
{
  Pacer pacer;
  for (int64_t now = 0; now < 100 * second; now += second / 10)
    g_assert_cmpint (pacer.offset (now, now, 0), ==, 0);
  pacer.begin ();
  g_assert_cmpint (pacer.offset (100 * second, 100 * second, 0), ==, 0);
}

/* Once the time since the machine's start, then the time since the pipeline's. */
void
test_far_ahead_once ()
{
  Pacer pacer;
  const int64_t uptime = 7200 * second;
  g_assert_cmpint (pacer.offset (uptime, 0, frame), ==, -uptime);
  g_assert_cmpint (pacer.offset (frame, frame, frame), ==, 0);
  g_assert_cmpint (pacer.offset (uptime, 2 * frame, frame) + uptime, ==, 2 * frame);
}

/* A held-up source does not run through what it missed. */
void
test_far_behind ()
{
  Pacer pacer;
  g_assert_cmpint (pacer.offset (0, 0, frame), ==, 0);
  g_assert_cmpint (pacer.offset (frame, 60 * second, frame), ==, 60 * second - frame);
}

void
test_slow_pictures ()
{
  Pacer pacer;
  const int64_t minute = 60 * second;
  for (int64_t i = 0; i < 5; i++)
    g_assert_cmpint (pacer.offset (i * minute, i ? (i - 1) * minute : 0, minute), ==, 0);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/pacer/file-begins-again", test_file_begins_again);
  g_test_add_func ("/pacer/jitter-moves-nothing", test_jitter_moves_nothing);
  g_test_add_func ("/pacer/stamped-by-the-clock", test_stamped_by_the_clock);
  g_test_add_func ("/pacer/far-ahead-once", test_far_ahead_once);
  g_test_add_func ("/pacer/far-behind", test_far_behind);
  g_test_add_func ("/pacer/slow-pictures", test_slow_pictures);
  return g_test_run ();
}
