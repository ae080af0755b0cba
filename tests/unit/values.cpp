// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/values.h"
#include "support/asserttext.h"

using namespace camwarden;

static void
test_durations ()
{
  const struct
  {
    const char *text;
    int64_t us;
  } good[] = {
    { "0", 0 },          { "0s", 0 },           { "20us", 20 },         { "500ms", 500000 },
    { "2s", 2000000 },   { " 2 s ", 2000000 },  { "1.5s", 1500000 },    { "10min", 600000000 },
    { "3m", 180000000 }, { "6h", 21600000000 }, { "7d", 604800000000 }, { "+1s", 1000000 }
  };
  for (const auto &one : good)
    g_assert_cmpint (parse_duration (one.text).value_or (-1), ==, one.us);
  for (const char *text : { "", "5", "s", "5 x", "5s5", "1e3s", "nan", "infs", "0x10s", "5S",
                            "--1s", "1,5s", "99999999999999999d" })
    g_assert_false (parse_duration (text).has_value ());
  for (const int64_t us : { int64_t (0), int64_t (1), int64_t (1500000), int64_t (3600000000),
                            int64_t (86400000000), int64_t (90000000) })
    g_assert_cmpint (parse_duration (format_duration (us)).value_or (-1), ==, us);
  ASSERT_TEXT (format_duration (90000000), "90s");
  ASSERT_TEXT (format_duration (3600000000), "1h");
}

static void
test_sizes ()
{
  const struct
  {
    const char *text;
    uint64_t bytes;
  } good[] = { { "0", 0 },
               { "1000", 1000 },
               { "12B", 12 },
               { "2k", 2048 },
               { "2kB", 2000 },
               { "2KiB", 2048 },
               { "64MiB", 67108864 },
               { "1.5GiB", 1610612736 },
               { "2GB", 2000000000 },
               { "1T", 1099511627776 } };
  for (const auto &one : good)
    g_assert_cmpuint (parse_size (one.text).value_or (77), ==, one.bytes);
  for (const char *text : { "", "-1", "MiB", "5 parsecs", "1e3", "99999999999999TiB" })
    g_assert_false (parse_size (text).has_value ());
  ASSERT_TEXT (format_size (67108864), "64MiB");
  ASSERT_TEXT (format_size (1000), "1000");
}

static void
test_numbers ()
{
  g_assert_cmpint (parse_integer ("-12").value_or (0), ==, -12);
  g_assert_cmpint (parse_integer ("+12").value_or (0), ==, 12);
  for (const char *text : { "", "+", "+-1", "1.0", "0x10", "1 2", "99999999999999999999" })
    g_assert_false (parse_integer (text).has_value ());
  g_assert_cmpfloat (parse_number ("12.5").value_or (0), ==, 12.5);
  for (const char *text : { "", ".", "nan", "inf", "1e5", "1..2", "12 volts" })
    g_assert_false (parse_number (text).has_value ());
  g_assert_cmpfloat (parse_share ("85 %").value_or (0), ==, 0.85);
  for (const char *text : { "85", "%", "85%%", "0.85" })
    g_assert_false (parse_share (text).has_value ());
  g_assert_true (parse_bool ("on").value_or (false));
  g_assert_false (parse_bool ("no").value_or (true));
  g_assert_false (parse_bool ("maybe").has_value ());
  const auto amount = parse_size_or_share ("500MiB");
  g_assert_true (amount && !amount->is_share && amount->bytes == 524288000);
  g_assert_true (parse_size_or_share ("10%") == (SizeOrShare{ true, 0, 0.1 }));
}

static void
test_fractions ()
{
  const struct
  {
    const char *text;
    unsigned numerator, denominator;
  } good[] = { { "30", 30, 1 },
               { "15/2", 15, 2 },
               { "30000/1001", 30000, 1001 },
               { "29.97", 30000, 1001 },
               { "59.94", 60000, 1001 },
               { "7.5", 15, 2 },
               { "0", 0, 1 },
               { "60/2", 30, 1 } };
  for (const auto &one : good)
    g_assert_true (parse_fraction (one.text) == (Fraction{ one.numerator, one.denominator }));
  for (const char *text : { "", "1/0", "-5", "5/-1", "a/b", "1/2/3", "99999999999/1" })
    g_assert_false (parse_fraction (text).has_value ());
}

static void
test_closest_word ()
{
  const std::vector<std::string> words{ "width", "height", "framerate", "store", "stream" };
  ASSERT_TEXT (closest_word ("wdith", words), "width");
  ASSERT_TEXT (closest_word ("frame-rate", words), "framerate");
  ASSERT_TEXT (closest_word ("sotre", words), "store");
  ASSERT_TEXT (closest_word ("zzz", words), "");
  ASSERT_TEXT (closest_word ("", words), "");
  ASSERT_TEXT (closest_word (std::string (100000, 'w'), words), "");
}

static void
test_split ()
{
  const auto words = split_words (" a, b;;c+d ", ",;+");
  g_assert_true (words == (std::vector<std::string>{ "a", "b", "c", "d" }));
  g_assert_true (split_words ("", ",").empty ());
  g_assert_true (split_words (",,", ",").empty ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/values/durations", test_durations);
  g_test_add_func ("/values/sizes", test_sizes);
  g_test_add_func ("/values/numbers", test_numbers);
  g_test_add_func ("/values/fractions", test_fractions);
  g_test_add_func ("/values/closest-word", test_closest_word);
  g_test_add_func ("/values/split", test_split);
  return g_test_run ();
}
