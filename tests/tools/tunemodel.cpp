// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/tunemodel.h"

#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

namespace
{

constexpr PictureSize small{ 640, 480 }, large{ 1920, 1080 };

/* A frame of `cost` seconds in all, of 50 kB. */
TuneSample
sample (const PictureSize &size, unsigned quality, double cost)
{
  return { .size = size,
           .quality = quality,
           .probe = cost / 10,
           .encode = cost * 7 / 10,
           .publish = cost / 10,
           .store = cost / 10,
           .bytes = 50000 };
}

void
test_predict ()
{
  const auto rows = predict ({ sample (small, 85, 0.01) }, { 10, 30 }, { .cores = 2 });
  g_assert_cmpuint (rows.size (), ==, 2);
  g_assert_cmpfloat_with_epsilon (rows[1].cpu, 0.3, 1e-9);
  g_assert_cmpfloat_with_epsilon (rows[1].redis, 1.5e6, 1e-3);
  g_assert_cmpfloat_with_epsilon (rows[1].disk, 1.5e6, 1e-3);
  g_assert_true (rows[0].fits && rows[1].fits);
}

void
test_limits ()
{
  const std::vector<TuneSample> samples{ sample (small, 85, 0.01) };
  /* 0.3 of a processor each, and one processor may be used. */
  g_assert_true (predict (samples, { 30 }, { .cores = 2, .cameras = 3 })[0].fits);
  g_assert_false (predict (samples, { 30 }, { .cores = 2, .cameras = 4 })[0].fits);
  g_assert_false (predict (samples, { 30 }, { .cores = 2, .network = 1e6 })[0].fits);
  /* One encoder cannot use more than one processor, however many there are. */
  g_assert_false (predict ({ sample (large, 85, 0.04) }, { 30 }, { .cores = 64 })[0].fits);
}

void
test_recommend ()
{
  const std::vector<TuneSample> samples{ sample (small, 70, 0.004), sample (small, 85, 0.005),
                                         sample (large, 70, 0.03), sample (large, 85, 0.035) };
  const std::vector<double> rates{ 5, 15, 30, 60 };
  const auto one = recommend (predict (samples, rates, { .cores = 2 }));
  g_assert_true (one && one->fits && one->size == large);
  g_assert_cmpfloat (one->rate, ==, 30);
  g_assert_cmpuint (one->quality, ==, 70); /* 85 would need more than 0.9 of a processor */
  const auto three = recommend (predict (samples, rates, { .cores = 2, .cameras = 3 }));
  g_assert_true (three && three->size == small);
  g_assert_cmpfloat (three->rate, ==, 30);
  g_assert_cmpuint (three->quality, ==, 85);
  /* A large picture that hardly moves is worse than a small one that does. */
  const auto four = recommend (predict (samples, rates, { .cores = 2, .cameras = 4 }));
  g_assert_true (four && four->size == small);
}

void
test_too_slow ()
{
  const auto best = recommend (
      predict ({ sample (small, 85, 1), sample (large, 85, 5) }, { 5, 30 }, { .cores = 1 }));
  g_assert_true (best && !best->fits && best->size == small);
  g_assert_cmpfloat (best->rate, ==, 5);
  g_assert_false (recommend ({}).has_value ());
}

void
test_drop_in ()
{
  const TuneRow row{ .size = large, .rate = 15, .quality = 85 };
  ASSERT_TEXT (drop_in_text (row, { "a", "b" }),
               "# Written by camwardenctl tune --apply.\n"
               "[camera:a]\nwidth=1920\nheight=1080\nframerate=15\nencoder=jpegenc quality=85\n"
               "[camera:b]\nwidth=1920\nheight=1080\nframerate=15\nencoder=jpegenc quality=85\n");
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/tunemodel/predict", test_predict);
  g_test_add_func ("/tunemodel/limits", test_limits);
  g_test_add_func ("/tunemodel/recommend", test_recommend);
  g_test_add_func ("/tunemodel/too-slow", test_too_slow);
  g_test_add_func ("/tunemodel/drop-in", test_drop_in);
  return g_test_run ();
}
