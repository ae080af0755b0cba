// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/logring.h"

#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

static constexpr int64_t minute = 60'000'000;

static LogRecord
record (int64_t time, LogLevel level, const std::string &text, const std::string &camera = "")
{
  return { .time = time, .level = level, .camera = camera, .text = text };
}

static void
test_filters ()
{
  LogRing ring;
  ring.add (record (10, LogLevel::Info, "connected to Redis"));
  ring.add (record (20, LogLevel::Warning, "camera front: stall", "front"));
  ring.add (record (30, LogLevel::Error, "the disk is full"));
  ring.add (record (40, LogLevel::Debug, "camera rear: details", "rear"));
  const auto count
      = [&ring] (const LogFilter &filter) { return ring.latest (filter, 100).size (); };
  g_assert_cmpuint (count ({}), ==, 4);
  g_assert_cmpuint (count ({ .topic = LogFilter::Topic::Errors }), ==, 2);
  g_assert_cmpuint (count ({ .topic = LogFilter::Topic::Camera }), ==, 2);
  g_assert_cmpuint (count ({ .topic = LogFilter::Topic::Redis }), ==, 1);
  g_assert_cmpuint (count ({ .least = LogLevel::Warning }), ==, 2);
  g_assert_cmpuint (count ({ .camera = "rear" }), ==, 1);
  g_assert_cmpuint (count ({ .contains = "DISK" }), ==, 1);
  g_assert_cmpuint (count ({ .contains = "nothing of this" }), ==, 0);
  g_assert_cmpuint (count ({ .since = 30 }), ==, 2);
  const auto two = ring.latest ({}, 2);
  g_assert_cmpint (two[0].time, ==, 30);
  g_assert_cmpint (two[1].time, ==, 40);
}

static void
test_following ()
{
  LogRing ring;
  for (int i = 1; i <= 10; i++)
    ring.add (record (i, i % 2 ? LogLevel::Info : LogLevel::Warning, "line"));
  const auto next = ring.after (4, {}, 3);
  g_assert_cmpuint (next.size (), ==, 3);
  g_assert_cmpuint (next.front ().number, ==, 5);
  g_assert_cmpuint (ring.after (4, { .topic = LogFilter::Topic::Errors }, 3).size (), ==, 3);
  g_assert_cmpuint (ring.after (10, {}, 3).size (), ==, 0);
  g_assert_cmpuint (ring.newest (), ==, 10);
}

static void
test_bounds ()
{
  LogRing ring;
  for (size_t i = 0; i < LogRing::most_lines + 10; i++)
    ring.add (record (0, LogLevel::Info, "line"));
  const auto all = ring.latest ({}, SIZE_MAX);
  g_assert_cmpuint (all.size (), ==, LogRing::most_lines);
  g_assert_cmpuint (all.front ().number, ==, 11);
  /* A cut line is still UTF-8. */
  std::string text (LogRing::longest_line - 1, 'x');
  ring.add (record (0, LogLevel::Info, text + "äöü"));
  const std::string cut = ring.latest ({}, 1).front ().text;
  g_assert_true (g_utf8_validate (cut.c_str (), -1, nullptr));
  ASSERT_TEXT (cut, text + "…");
}

static void
test_last_hour ()
{
  LogRing ring;
  const int64_t start = 1'000'000 * minute;
  ring.add (record (start, LogLevel::Warning, "camera front: stall", "front"));
  ring.add (record (start + 10 * minute, LogLevel::Error, "Redis is away"));
  ring.add (record (start + 10 * minute, LogLevel::Info, "Redis is back"));
  const auto at = [&] (int64_t minutes) { return ring.last_hour (start + minutes * minute); };
  g_assert_cmpuint (at (10).warnings, ==, 1);
  g_assert_cmpuint (at (10).errors, ==, 1);
  g_assert_cmpuint (at (10).camera, ==, 1);
  g_assert_cmpuint (at (10).redis, ==, 1);
  g_assert_cmpuint (at (59).warnings, ==, 1);
  g_assert_cmpuint (at (60).warnings, ==, 0);
  g_assert_cmpuint (at (60).errors, ==, 1);
  g_assert_cmpuint (at (70).errors, ==, 0);
  /* The minute's place is taken by a later hour. */
  ring.add (record (start + 60 * minute, LogLevel::Warning, "again"));
  g_assert_cmpuint (at (60).warnings, ==, 1);
  g_assert_cmpuint (at (60).camera, ==, 0);
  /* A clock that went back: what lies ahead does not count. */
  g_assert_cmpuint (at (-5).errors, ==, 0);
}

static void
test_names ()
{
  ASSERT_TEXT (camera_of_line ("camera front: stall"), "front");
  ASSERT_TEXT (camera_of_line ("camera a-1: "), "a-1");
  for (const char *line : { "camera : x", "camera front", "camera Front: x", "a camera front: x",
                            "camera front x: y", "" })
    ASSERT_TEXT (camera_of_line (line), "");
  for (const char *name : { "error", "warning", "info", "debug" })
    ASSERT_TEXT (std::string (log_level_name (parse_log_level (name))), name);
  g_assert_true (parse_log_level ("x") == LogLevel::Debug);
  g_assert_true (parse_log_topic ("redis") == LogFilter::Topic::Redis);
  g_assert_true (parse_log_topic ("x") == LogFilter::Topic::All);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/logring/filters", test_filters);
  g_test_add_func ("/logring/following", test_following);
  g_test_add_func ("/logring/bounds", test_bounds);
  g_test_add_func ("/logring/last-hour", test_last_hour);
  g_test_add_func ("/logring/names", test_names);
  return g_test_run ();
}
