// SPDX-License-Identifier: LGPL-2.1-or-later
/* Small pieces: passwords in texts, the own unit, ages of frames. */
#include "core/agehistogram.h"
#include "core/cgroupunit.h"
#include "core/secrettext.h"
#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

static void
test_passwords ()
{
  static const std::pair<const char *, const char *> rows[] = {
    { "rtspsrc location=rtsp://me:secret@cam/1 latency=0",
      "rtspsrc location=rtsp://me:***@cam/1 latency=0" },
    { "rtsp://me:a:b@cam and http://you:x@host", "rtsp://me:***@cam and http://you:***@host" },
    { "rtsp://me:p@ss@cam/1", "rtsp://me:***@cam/1" },
    { "redis://:secret@host:6379", "redis://:***@host:6379" },
    { "location=\\\"rtsp://me:secret@cam\\\"", "location=\\\"rtsp://me:***@cam\\\"" },
    { "redis://host:6379/a@b", "redis://host:6379/a@b" },
    { "rtsp://me@cam/", "rtsp://me@cam/" },
    { "videotestsrc is-live=true", "videotestsrc is-live=true" },
    { "://", "://" },
    { "", "" },
  };
  for (const auto &[text, expected] : rows)
    ASSERT_TEXT (without_passwords (text), expected);
}

static void
test_own_unit ()
{
  static const std::pair<const char *, const char *> rows[] = {
    { "0::/system.slice/camwarden.service\n", "camwarden.service" },
    { "0::/system.slice/camwarden.service/worker", "camwarden.service" },
    { "0::/system.slice/system-camwarden.slice/camwarden@a.service\n", "camwarden@a.service" },
    { "12:pids:/x\n1:name=systemd:/system.slice/camwarden.service\n0::/\n", "camwarden.service" },
    { "0::/user.slice/user-1000.slice/user@1000.service/app.slice/x.service\n", "" },
    { "0::/user.slice/user-1000.slice/session-2.scope\n", "" },
    { "0::/system.slice\n", "" },
    { "0::/\n", "" },
    { "\n\n", "" },
    { "", "" },
  };
  for (const auto &[text, expected] : rows)
    ASSERT_TEXT (unit_of_cgroup (text).value_or (""), expected);
}

static void
test_ages ()
{
  AgeHistogram ages;
  for (const int64_t age : { 0, 10'000, 10'001, 60'000'000 })
    ages.add (age);
  g_assert_cmpuint (ages.count (0), ==, 2);
  g_assert_cmpuint (ages.count (1), ==, 1);
  g_assert_cmpuint (ages.count (AgeHistogram::bounds.size ()), ==, 1);
  g_assert_cmpint (ages.sum (), ==, 60'020'001);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/plaintexts/passwords", test_passwords);
  g_test_add_func ("/plaintexts/own-unit", test_own_unit);
  g_test_add_func ("/plaintexts/ages", test_ages);
  return g_test_run ();
}
