// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/logdigest.h"

#include "core/faultrules.h"
#include "ctl/logadvice.h"
#include "support/asserttext.h"

#include <cstdlib>
#include <ctime>
#include <glib.h>

using namespace camwarden;

namespace
{

constexpr int64_t second = G_USEC_PER_SEC;
constexpr int64_t noon = 1767268800 * second; /* 2026-01-01 12:00 UTC */

int
utc_hour (int64_t time)
{
  return static_cast<int> (time / second / 3600 % 24);
}

LogDigest
digest_of (LogWish wish = {})
{
  return LogDigest (std::move (wish), utc_hour);
}

void
test_parse ()
{
  LogLineParser parser;
  const auto entry = parser.parse ("2026-01-01 12:00:01.250 warning: Redis is away: x");
  g_assert_true (entry.has_value ());
  g_assert_cmpint (entry->time, ==, noon + second + 250000);
  g_assert_true (entry->level == LogLevel::Warning);
  ASSERT_TEXT (entry->text, "Redis is away: x");
  /* The hour before and behind the one that is remembered. */
  g_assert_cmpint (parser.parse ("2026-01-01 11:59:59.999 error: x")->time, ==, noon - 1000);
  g_assert_cmpint (parser.parse ("2026-01-01 12:00:00.000 debug: ")->time, ==, noon);
  g_assert_cmpint (parser.parse ("2025-12-31 12:00:00.000 info: y")->time, ==,
                   noon - 86400 * second);
}

void
test_parse_nonsense ()
{
  LogLineParser parser;
  for (const char *line :
       { "", "2026-01-01", "    continued", "2026-01-01 12:00:00 warning: no millis",
         "2026-01-01 12:00:00.000 loud: x", "2026-13-01 12:00:00.000 error: x",
         "2026-01-01 25:00:00.000 error: x", "2026-01-01 1x:00:00.000 error: x",
         "2026-01-01 12:0x:00.000 error: x", "2026-01-01 12:00:00.00x error: x",
         "2026-01-01 12:00:00.000 error", "xxxxxxxxxxxxx:xx:xx.xxx error: xxxxxxx" })
    g_assert_false (parser.parse (line).has_value ());
}

void
check_mask (const char *line, const char *pattern)
{
  std::array<char, 512> buffer;
  ASSERT_TEXT (std::string (mask_line (line, buffer)), pattern);
}

void
test_mask ()
{
  check_mask ("process 4711 after 12.5 s", "process # after # s");
  check_mask ("from 192.168.1.17:6379 and [fe80::1a2b]", "from # and [#]");
  check_mask ("v4l2src0: /dev/video12 h264 0x1f", "v4l2src#: /dev/video# h# #");
  check_mask ("run 5f2e90ab11 of dead beef, added", "run # of dead beef, added");
  check_mask ("1280x720 at 2026-01-31", "# at #");
  check_mask ("camera front: fault source/stall", "camera front: fault source/stall");
  check_mask ("50% of 3 GB, -7, end 5.", "#% of # GB, -#, end #.");
  check_mask ("", "");
  std::array<char, 512> buffer;
  g_assert_cmpuint (mask_line (std::string (100000, 'x'), buffer).size (), ==, 400);
  g_assert_cmpuint (mask_line (std::string (100000, '\xff'), buffer).size (), ==, 400);
}

void
test_camera ()
{
  g_assert_true (names_camera ("camera front: x", "front"));
  g_assert_true (names_camera ("because of camera front", "front"));
  g_assert_true (names_camera ("camera rear, camera front: x", "front"));
  for (const char *line : { "camera front-2: x", "camera f: x", "front: x", "", "camera " })
    g_assert_false (names_camera (line, "front"));
}

void
test_groups ()
{
  LogDigest digest = digest_of ();
  for (int i = 0; i < 5; i++)
    digest.add (
        { noon + i * second, LogLevel::Warning, i == 4 ? "process 7 hangs" : "process 6 hangs" });
  digest.add ({ noon - 3600 * second, LogLevel::Error, "no space on 3" });
  digest.add ({ noon, LogLevel::Info, "all is well" });
  const auto groups = digest.groups ();
  g_assert_cmpuint (groups.size (), ==, 2);
  ASSERT_TEXT (groups[0].pattern, "process # hangs");
  ASSERT_TEXT (groups[0].latest, "process 7 hangs");
  g_assert_cmpuint (groups[0].count, ==, 5);
  g_assert_cmpint (groups[0].first, ==, noon);
  g_assert_cmpint (groups[0].last, ==, noon + 4 * second);
  g_assert_cmpuint (groups[0].hours[12], ==, 5);
  g_assert_cmpuint (groups[1].hours[11], ==, 1);
  g_assert_cmpuint (digest.total (), ==, 7);
  g_assert_cmpuint (digest.lines (LogLevel::Info), ==, 1);
  g_assert_cmpint (digest.first (), ==, noon - 3600 * second);
  g_assert_true (peak_hours (digest.hours (), 1) == std::vector<int>{ 12 });
  g_assert_true (peak_hours (digest.hours (), 3) == (std::vector<int>{ 12, 11 }));
  g_assert_true (peak_hours ({}, 3).empty ());
}

void
test_wishes ()
{
  LogDigest digest
      = digest_of ({ .since = noon, .camera = "front", .least = LogLevel::Info, .recent = 2 });
  digest.add ({ noon - 1, LogLevel::Error, "camera front: too old" });
  digest.add ({ noon, LogLevel::Error, "camera rear: another" });
  for (const char *text : { "camera front: a", "camera front: b", "camera front: c" })
    digest.add ({ noon, LogLevel::Info, text });
  g_assert_cmpuint (digest.total (), ==, 3);
  g_assert_cmpuint (digest.groups ().size (), ==, 3);
  g_assert_cmpuint (digest.recent ().size (), ==, 2);
  ASSERT_TEXT (digest.recent ().back ().text, "camera front: c");
}

void
test_bounded ()
{
  LogDigest digest = digest_of ();
  for (size_t i = 0; i < LogDigest::most_groups + 50; i++) {
    std::string text;
    for (size_t n = i; text.empty () || n > 0; n /= 26)
      text += static_cast<char> ('a' + n % 26);
    digest.add ({ noon, LogLevel::Error, text + " is new" });
  }
  g_assert_cmpuint (digest.groups ().size (), ==, LogDigest::most_groups);
  g_assert_cmpuint (digest.ungrouped (), ==, 50);
  g_assert_cmpuint (digest.total (), ==, LogDigest::most_groups + 50);
}

/* Whatever a worker can report, an operator is told what to do about it. */
void
test_every_code_has_advice ()
{
  for (const FaultCode &code : fault_codes ()) {
    const std::string name (code.code);
    g_test_message ("%s", name.c_str ());
    const char *advice = advice_for_code (name);
    g_assert_nonnull (advice);
    const std::string line = "camera front: fault source/" + name + ", class camera";
    g_assert_true (advice_for_line (line) == advice);
  }
}

void
test_advice ()
{
  g_assert_null (advice_for_line ("all is well"));
  g_assert_null (advice_for_line (""));
  g_assert_null (advice_for_line ("/"));
  g_assert_nonnull (strstr (advice_for_line ("Redis: NOAUTH Authentication required"), "password"));
  g_assert_nonnull (strstr (advice_for_line ("/var/x/stall-1: No space left on device"), "space"));
}

void
test_priorities ()
{
  g_assert_true (log_level_of_priority (0) == LogLevel::Error);
  g_assert_true (log_level_of_priority (4) == LogLevel::Warning);
  g_assert_true (log_level_of_priority (5) == LogLevel::Message);
  g_assert_true (log_level_of_priority (7) == LogLevel::Debug);
  g_assert_true (log_level_of_priority (99) == LogLevel::Message);
}

} // namespace

int
main (int argc, char **argv)
{
  setenv ("TZ", "UTC", 1);
  tzset ();
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/logdigest/parse", test_parse);
  g_test_add_func ("/logdigest/nonsense", test_parse_nonsense);
  g_test_add_func ("/logdigest/mask", test_mask);
  g_test_add_func ("/logdigest/camera", test_camera);
  g_test_add_func ("/logdigest/groups", test_groups);
  g_test_add_func ("/logdigest/wishes", test_wishes);
  g_test_add_func ("/logdigest/bounded", test_bounded);
  g_test_add_func ("/logdigest/every-code", test_every_code_has_advice);
  g_test_add_func ("/logdigest/advice", test_advice);
  g_test_add_func ("/logdigest/priorities", test_priorities);
  return g_test_run ();
}
