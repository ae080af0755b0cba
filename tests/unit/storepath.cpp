// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framestore/storepath.h"
#include "framestore/storeinterval.h"
#include "framestore/storeoutage.h"
#include "support/asserttext.h"

#include <cerrno>
#include <glib.h>
#include <random>

using namespace camwarden;

/* 2026-01-31T23:59:58.000042Z */
static constexpr int64_t NEW_YEAR_2026 = 1'767'225'600'000'000;
static constexpr int64_t SOME_TIME
    = NEW_YEAR_2026 + ((30 * 24 + 23) * 3600 + 59 * 60 + 58) * int64_t{ 1'000'000 } + 42;

static void
test_camera_ids ()
{
  for (const char *good : { "a", "front-door-2", "0", "-", "abcdefghijklmnopqrstuvwxyz012345" })
    g_assert_true (is_stored_camera (good));
  for (const char *bad :
       { "", "Front", "a_b", "a/b", "..", "a b", "\xc3\xa4", "abcdefghijklmnopqrstuvwxyz0123456" })
    g_assert_false (is_stored_camera (bad));
}

static void
test_names ()
{
  const FrameName name{ SOME_TIME, 0x5eed, 7 };
  ASSERT_TEXT (minute_folder (minute_of (SOME_TIME)), "2026/01/31/23/59");
  ASSERT_TEXT (file_name ("front", name), "front_20260131T235958.000042Z_00005eed_00000007.jpg");
  ASSERT_TEXT (part_name ("x.jpg"), ".x.jpg.part");
  ASSERT_TEXT (minute_folder (0), "1970/01/01/00/00");
  ASSERT_TEXT (minute_folder (minute_of (INT64_MAX)), "9999/12/31/23/59");
  ASSERT_TEXT (minute_folder (minute_of (-1)), "1970/01/01/00/00");
  ASSERT_TEXT (minute_folder (minute_of (NEW_YEAR_2026 - 1)), "2025/12/31/23/59");
}

/* What one function writes the other reads, and the order of the names is that of capture. */
static void
test_names_round_trip ()
{
  std::minstd_rand random (g_test_rand_int ());
  FrameName before;
  std::string text_before = file_name ("cam-1", before);
  for (int i = 0; i < 20000; i++) {
    const FrameName name{ std::uniform_int_distribution<int64_t> (0, last_time_us) (random),
                          std::uniform_int_distribution<uint32_t> () (random),
                          std::uniform_int_distribution<uint32_t> (0, 99'999'999) (random) };
    const std::string text = file_name ("cam-1", name);
    const auto parsed = parse_file_name (text, "cam-1");
    g_assert_true (parsed && *parsed == name);
    g_assert_true ((text < text_before) == (name < before));
    g_assert_false (parse_file_name (text, "cam").has_value ());
    const auto hidden = parse_hidden_name (i % 2 ? part_name (text) : bad_name (text), "cam-1");
    g_assert_true (hidden && hidden->name == name);
    g_assert_true (hidden->kind == (i % 2 ? HiddenKind::part : HiddenKind::bad));
    before = name;
    text_before = text;
  }
}

static void
test_foreign_names ()
{
  const char *const foreign[] = {
    "",
    ".",
    "front",
    "front.jpg",
    "front_20260131T235958.000042Z_00005eed_00000007.jpeg",
    "front_20260131T235958.000042Z_00005eed_00000007.jpg~",
    "front_20260131T235958.000042Z_00005eed_0000007.jpg",
    "front_20260131T235958.000042Z_00005eed_000000007.jpg",
    "front_20260131T235958.000042Z_00005eed_99999999999.jpg",
    "front_20260131T235958.000042Z_00005EED_00000007.jpg",
    "front_20260131T235958.000042Z_00005eeg_00000007.jpg",
    "front_20260131T235960.000042Z_00005eed_00000007.jpg",
    "front_20260231T235958.000042Z_00005eed_00000007.jpg",
    "front_20260131T245958.000042Z_00005eed_00000007.jpg",
    "front_20260131 235958.000042Z_00005eed_00000007.jpg",
    "front_19690131T235958.000042Z_00005eed_00000007.jpg",
    "front_20260131T235958.000042Z_00005eed_-0000007.jpg",
    "front_20260131T235958.000042Z_00005eed_+0000007.jpg",
    "back_20260131T235958.000042Z_00005eed_00000007.jpg",
    "front-2_20260131T235958.000042Z_00005eed_00000007.jpg",
    "IMG_0001.jpg",
  };
  for (const char *name : foreign) {
    g_assert_false (parse_file_name (name, "front").has_value ());
    g_assert_false (parse_hidden_name (name, "front").has_value ());
    g_assert_false (parse_hidden_name (part_name (name), "front").has_value ());
  }
  g_assert_false (parse_hidden_name (".part", "front").has_value ());
  g_assert_false (parse_hidden_name (".bad", "front").has_value ());
}

static void
test_folder_numbers ()
{
  g_assert_cmpint (*minute_from_parts (2026, 1, 31, 23, 59), ==, minute_of (SOME_TIME));
  g_assert_true (minute_from_parts (2024, 2, 29, 0, 0).has_value ());
  g_assert_false (minute_from_parts (2026, 2, 29, 0, 0).has_value ());
  g_assert_false (minute_from_parts (2026, 13, 1, 0, 0).has_value ());
  g_assert_false (minute_from_parts (2026, 1, 1, 24, 0).has_value ());
  g_assert_false (minute_from_parts (2026, 1, 1, 0, 60).has_value ());
  g_assert_false (minute_from_parts (1969, 1, 1, 0, 0).has_value ());
  g_assert_cmpint (*parse_digits ("07", 2), ==, 7);
  g_assert_false (parse_digits ("7", 2).has_value ());
  g_assert_false (parse_digits ("+7", 2).has_value ());
}

static void
test_interval ()
{
  StoreInterval interval;
  g_assert_true (interval.due (0, 5));
  g_assert_true (interval.due (0, 5));
  g_assert_true (interval.due (10, 100)); /* the first */
  g_assert_false (interval.due (10, 109));
  g_assert_true (interval.due (10, 113)); /* late, */
  g_assert_true (interval.due (10, 120)); /* the grid stays */
  g_assert_true (interval.due (10, 500)); /* a gap: a new grid */
  g_assert_false (interval.due (10, 509));
  g_assert_true (interval.due (10, 3)); /* the time went back */
  g_assert_false (interval.due (10, 12));
  g_assert_true (interval.due (10, 13));
  g_assert_true (interval.due (2, 15)); /* a shorter interval counts at once */
  g_assert_true (interval.due (100, 17));
  g_assert_false (interval.due (100, 116));
}

/* How many tries an outage of that many seconds sees, asked every 10 ms. */
static int
count_tries (int error, int seconds)
{
  StoreOutage outage;
  int tries = 0;
  outage.failed (outage_reason_of (error), error, 0);
  for (int64_t now = 0; now < seconds * int64_t{ 1'000'000 }; now += 10'000) {
    if (outage.may_try (now)) {
      outage.failed (outage_reason_of (error), error, now);
      tries++;
    }
  }
  return tries;
}

static void
test_outages ()
{
  g_assert_true (outage_reason_of (EDQUOT) == OutageReason::full);
  g_assert_true (outage_reason_of (EROFS) == OutageReason::readonly);
  g_assert_true (outage_reason_of (ENOENT) == OutageReason::missing);
  g_assert_true (outage_reason_of (EACCES) == OutageReason::permission);
  g_assert_true (outage_reason_of (EIO) == OutageReason::io);
  g_assert_true (outage_reason_of (ENOMEM) == OutageReason::io);

  StoreOutage outage;
  g_assert_true (outage.may_try (0));
  g_assert_true (outage.failed (OutageReason::full, ENOSPC, 0));
  g_assert_false (outage.failed (OutageReason::full, ENOSPC, 1));
  g_assert_true (outage.failed (OutageReason::readonly, EROFS, 2));
  outage.end ();
  g_assert_true (outage.may_try (3) && !outage.active ());

  g_assert_cmpint (count_tries (ENOSPC, 60), >=, 55); /* each second, */
  g_assert_cmpint (count_tries (ENOSPC, 60), <=, 65);
  g_assert_cmpint (count_tries (EIO, 300), ==, 4);    /* a minute each, */
  g_assert_cmpint (count_tries (EROFS, 600), <=, 30); /* soon half a minute */
  g_assert_cmpint (count_tries (EROFS, 1), >=, 2);
}

static void
test_outage_waits ()
{
  StoreOutage outage;
  outage.configure (100, 1000);
  outage.failed (OutageReason::readonly, EROFS, 0);
  g_assert_false (outage.may_try (99));
  g_assert_true (outage.may_try (100));
  for (int i = 0; i < 5; i++)
    outage.failed (OutageReason::readonly, EROFS, 0);
  g_assert_false (outage.may_try (999));
  g_assert_true (outage.may_try (1000));
  outage.failed (OutageReason::io, EIO, 0);
  g_assert_false (outage.may_try (999));
  g_assert_true (outage.may_try (1000));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/store/camera-ids", test_camera_ids);
  g_test_add_func ("/store/names", test_names);
  g_test_add_func ("/store/names-round-trip", test_names_round_trip);
  g_test_add_func ("/store/foreign-names", test_foreign_names);
  g_test_add_func ("/store/folder-numbers", test_folder_numbers);
  g_test_add_func ("/store/interval", test_interval);
  g_test_add_func ("/store/outages", test_outages);
  g_test_add_func ("/store/outage-waits", test_outage_waits);
  return g_test_run ();
}
