// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/rebootguard.h"

#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
constexpr int64_t minute = 60 * second;
constexpr int64_t hour = 60 * minute;
constexpr int64_t day = 24 * hour;
constexpr int64_t built = 1'750'000'000 * second;
constexpr int64_t wall = built + 100 * day;

const Fault wedged{ FaultClass::Wedged, Tier::Machine, "worker", "unreapable", "process 7" };
const Fault other{ FaultClass::Wedged, Tier::Machine, "worker", "blocked task", "vc4" };

RebootLimits
limits ()
{
  RebootLimits result;
  result.allow = true;
  result.built = built;
  return result;
}

RebootMoment
moment (const char *boot, int64_t mono, int64_t at = wall)
{
  return { boot, mono, at };
}

/* A reboot asked for in that boot, so long before `wall`. */
RebootEntry
entry (const char *boot, int64_t ago, RebootOutcome outcome = RebootOutcome::Cured,
       const Fault &fault = wedged)
{
  RebootEntry result = reboot_entry (limits (), fault, "front", moment (boot, hour, wall - ago));
  result.outcome = outcome;
  return result;
}

RebootLog
log_of (std::vector<RebootEntry> entries)
{
  RebootLog log;
  log.entries = std::move (entries);
  return log;
}

void
assert_refused (const RebootDecision &decision, RebootRefusal refusal,
                std::optional<int64_t> wait = {})
{
  g_assert_false (decision.allowed);
  g_assert_true (decision.refusal == refusal);
  g_assert_false (decision.text.empty ());
  g_assert_cmpint (decision.wait.value_or (-1), ==, wait.value_or (-1));
}

void
assert_allowed (const RebootDecision &decision)
{
  ASSERT_TEXT (decision.text, "");
  g_assert_true (decision.allowed && decision.refusal == RebootRefusal::None);
}

/* --- each rule at its border --- */

void
test_off_by_default ()
{
  assert_refused (judge_reboot ({}, {}, wedged, moment ("b", day)), RebootRefusal::Off);
  assert_allowed (judge_reboot (limits (), {}, wedged, moment ("b", day)));
}

void
test_only_wedged ()
{
  for (int i = 0; i <= static_cast<int> (FaultClass::Heat); i++) {
    Fault fault = wedged;
    fault.fault_class = static_cast<FaultClass> (i);
    const RebootDecision decision = judge_reboot (limits (), {}, fault, moment ("b", day));
    if (fault.fault_class == FaultClass::Wedged)
      assert_allowed (decision);
    else
      assert_refused (decision, RebootRefusal::FaultClass);
  }
}

void
test_uptime ()
{
  assert_refused (judge_reboot (limits (), {}, wedged, moment ("b", 600 * second - 1)),
                  RebootRefusal::Uptime, 1);
  assert_allowed (judge_reboot (limits (), {}, wedged, moment ("b", 600 * second)));
  RebootLimits none = limits ();
  none.min_uptime = 0;
  assert_allowed (judge_reboot (none, {}, wedged, moment ("b", 0)));
}

void
test_interval ()
{
  assert_refused (
      judge_reboot (limits (), log_of ({ entry ("a", 6 * hour - 1) }), wedged, moment ("b", hour)),
      RebootRefusal::Interval, 1);
  assert_allowed (
      judge_reboot (limits (), log_of ({ entry ("a", 6 * hour) }), wedged, moment ("b", hour)));
  /* Within a boot the wall clock has no say: the one asked for an hour after its start. */
  const auto same = log_of ({ entry ("b", 300 * day) });
  assert_refused (judge_reboot (limits (), same, wedged, moment ("b", 7 * hour - 1)),
                  RebootRefusal::Interval, 1);
  assert_allowed (judge_reboot (limits (), same, wedged, moment ("b", 7 * hour)));
}

void
test_per_day ()
{
  const auto log = log_of ({ entry ("a", day - 1), entry ("b", 7 * hour) });
  assert_refused (judge_reboot (limits (), log, wedged, moment ("c", hour)), RebootRefusal::Daily,
                  1);
  assert_allowed (judge_reboot (limits (), log_of ({ entry ("a", day), entry ("b", 7 * hour) }),
                                wedged, moment ("c", hour)));
  RebootLimits three = limits ();
  three.per_day = 3;
  assert_allowed (judge_reboot (three, log, wedged, moment ("c", hour)));
  three.per_day = 0;
  assert_refused (judge_reboot (three, {}, wedged, moment ("c", hour)), RebootRefusal::Daily);
}

/* Both hold: the later one is told. */
void
test_longer_wait ()
{
  const auto fresh = log_of ({ entry ("a", 20 * hour), entry ("b", hour) });
  assert_refused (judge_reboot (limits (), fresh, wedged, moment ("c", hour)),
                  RebootRefusal::Interval, 5 * hour);
  const auto busy = log_of ({ entry ("a", 8 * hour), entry ("b", hour) });
  assert_refused (judge_reboot (limits (), busy, wedged, moment ("c", hour)), RebootRefusal::Daily,
                  16 * hour);
}

void
test_future_is_now ()
{
  const auto log = log_of ({ entry ("a", -300 * day) });
  /* It was before this boot, which is the most that is known. */
  assert_refused (judge_reboot (limits (), log, wedged, moment ("b", hour)),
                  RebootRefusal::Interval, 5 * hour);
  assert_refused (judge_reboot (limits (), log, wedged, moment ("b", 6 * hour - 1)),
                  RebootRefusal::Interval, 1);
  assert_allowed (judge_reboot (limits (), log, wedged, moment ("b", 6 * hour)));
}

void
test_clock_not_set ()
{
  const RebootMoment early = moment ("c", 6 * hour, built - 1);
  assert_allowed (judge_reboot (limits (), {}, wedged, early));
  const auto one = log_of ({ entry ("a", 90 * day) });
  assert_allowed (judge_reboot (limits (), one, wedged, early));
  assert_refused (judge_reboot (limits (), one, wedged, moment ("c", 6 * hour - 1, built - 1)),
                  RebootRefusal::Interval, 1);
  const auto two = log_of ({ entry ("a", 90 * day), entry ("b", 80 * day) });
  assert_refused (judge_reboot (limits (), two, wedged, early), RebootRefusal::Clock, 18 * hour);
  assert_allowed (judge_reboot (limits (), two, wedged, moment ("c", 6 * hour, built + 95 * day)));
  assert_allowed (judge_reboot (limits (), two, wedged, moment ("c", day, 0)));
}

/* An entry of a boot whose clock was not set is as old as this boot, whatever the clock says now.
 */
void
test_entry_without_a_clock ()
{
  const auto log
      = log_of ({ reboot_entry (limits (), wedged, "front", moment ("a", hour, built - 1)) });
  g_assert_false (log.entries[0].wall.has_value ());
  g_assert_true (reboot_entry (limits (), wedged, "front", moment ("a", hour, built)).wall
                 == built);
  assert_refused (judge_reboot (limits (), log, wedged, moment ("b", 6 * hour - 1)),
                  RebootRefusal::Interval, 1);
  assert_allowed (judge_reboot (limits (), log, wedged, moment ("b", 6 * hour)));
}

void
test_bad_logs ()
{
  assert_refused (judge_reboot (limits (), parse_reboot_log (""), wedged, moment ("b", day)),
                  RebootRefusal::LogCorrupt);
  RebootLog log;
  log.state = RebootLog::State::Unreadable;
  log.problem = "Input/output error";
  assert_refused (judge_reboot (limits (), log, wedged, moment ("b", day)),
                  RebootRefusal::LogUnreadable);
  assert_refused (judge_reboot (limits (), {}, wedged, moment ("", day)), RebootRefusal::BootId);
}

/* --- cured or not --- */

void
test_two_in_vain ()
{
  using enum RebootOutcome;
  const auto judge = [] (std::vector<RebootEntry> entries) {
    return judge_reboot (limits (), log_of (std::move (entries)), other, moment ("z", day));
  };
  const RebootEntry older = entry ("a", 90 * day, NotCured),
                    newer = entry ("b", 80 * day, NotCured);
  assert_allowed (judge ({ older }));
  assert_refused (judge ({ older, newer }), RebootRefusal::Disarmed); /* for other reasons too */
  assert_refused (judge ({ older, entry ("c", 85 * day, Cured, other), newer }),
                  RebootRefusal::Disarmed);
  assert_allowed (judge ({ older, entry ("b", 80 * day, NotCured, other) }));
  assert_allowed (judge ({ older, entry ("b", 85 * day, Cured), newer }));
  assert_allowed (judge ({ older, entry ("b", 80 * day, Unknown) }));
  ASSERT_TEXT (disarming_reason (log_of ({ older, newer })), "unreapable");

  RebootLog log = log_of ({ older, newer });
  g_assert_true (note_cleared (log));
  assert_allowed (judge (log.entries));
  g_assert_false (note_cleared (log));
  log.entries.push_back (entry ("c", 70 * day, NotCured));
  assert_allowed (judge (log.entries));
  log.entries.push_back (entry ("d", 60 * day, NotCured));
  assert_refused (judge (log.entries), RebootRefusal::Disarmed);
}

void
test_outcome ()
{
  RebootLog log = log_of ({ entry ("a", hour, RebootOutcome::Unknown) });
  const auto outcome = [&log] { return log.entries.back ().outcome; };
  /* Not before it took place, nor for another camera or reason. */
  g_assert_false (note_camera_healthy (log, "front", moment ("a", 2 * hour)));
  g_assert_false (note_reboot_wanted (log, wedged, "front", moment ("a", 2 * hour)));
  g_assert_false (note_camera_healthy (log, "rear", moment ("b", hour)));
  g_assert_false (note_reboot_wanted (log, wedged, "rear", moment ("b", hour)));
  g_assert_false (note_reboot_wanted (log, other, "front", moment ("b", hour)));
  g_assert_true (outcome () == RebootOutcome::Unknown);

  g_assert_true (note_reboot_wanted (log, wedged, "front", moment ("b", hour)));
  g_assert_true (outcome () == RebootOutcome::NotCured);
  g_assert_false (note_camera_healthy (log, "front", moment ("b", hour))); /* too late */
  g_assert_true (outcome () == RebootOutcome::NotCured);

  log.entries.back ().outcome = RebootOutcome::Unknown;
  g_assert_true (note_camera_healthy (log, "front", moment ("b", hour)));
  g_assert_false (note_reboot_wanted (log, wedged, "front", moment ("b", hour)));
  g_assert_true (outcome () == RebootOutcome::Cured);
}

/* Only the boot right after it came from our reboot. */
void
test_rebooted_because ()
{
  RebootLog log = log_of ({ entry ("a", hour) });
  g_assert_false (note_boot (log, moment ("a", 2 * hour))); /* the daemon alone started again */
  g_assert_null (reboot_before (log, moment ("a", 2 * hour)));
  g_assert_true (note_boot (log, moment ("b", minute)));
  ASSERT_TEXT (reboot_before (log, moment ("b", minute))->reason, "unreapable");
  g_assert_false (note_boot (log, moment ("b", hour)));
  g_assert_nonnull (reboot_before (log, moment ("b", hour)));
  g_assert_false (note_boot (log, moment ("c", minute))); /* a power cut */
  g_assert_null (reboot_before (log, moment ("c", minute)));
  RebootLog empty;
  g_assert_false (note_boot (empty, moment ("c", minute)));
  g_assert_null (reboot_before (empty, moment ("c", minute)));
}

/* --- text --- */

void
test_text ()
{
  RebootLog log
      = log_of ({ entry ("0f-1a", hour), entry ("b", 0, RebootOutcome::NotCured, other) });
  log.entries[0].next_boot = "b";
  log.entries[1].wall.reset ();
  const std::string text = reboot_log_text (log);
  g_assert_true (text.starts_with (
      "camwarden-reboots 1\nreboot 0f-1a 3600000000 1758636400000000 unreapable front b cured\n"
      "reboot b 3600000000 - blocked-task front - not-cured\nend 2 "));
  const RebootLog back = parse_reboot_log (text);
  ASSERT_TEXT (back.problem, "");
  g_assert_true (back.entries == log.entries);
  g_assert_true (parse_reboot_log (reboot_log_text ({})).state == RebootLog::State::Good);
}

/* Whatever is cut off, doubled, or changed by one bit. */
void
test_damage ()
{
  const std::string text
      = reboot_log_text (log_of ({ entry ("a", hour), entry ("b", 0, RebootOutcome::NotCured) }));
  for (size_t i = 0; i < text.size (); i++) {
    g_assert_true (parse_reboot_log (text.substr (0, i)).state == RebootLog::State::Corrupt);
    for (int bit = 0; bit < 8; bit++) {
      std::string damaged = text;
      damaged[i] = static_cast<char> (damaged[i] ^ (1 << bit));
      g_assert_true (parse_reboot_log (damaged).state == RebootLog::State::Corrupt);
    }
  }
  for (const std::string &more : { std::string ("\n"), std::string ("x"), text,
                                   std::string ("reboot\n"), std::string (1, '\0') })
    g_assert_true (parse_reboot_log (text + more).state == RebootLog::State::Corrupt);
}

/* What is still readable goes on counting. */
void
test_cleared_damage ()
{
  std::string text = reboot_log_text (log_of ({ entry ("a", 3 * hour), entry ("b", hour) }));
  text[text.find ("reboot a")] = 'R';
  RebootLog log = parse_reboot_log (text);
  g_assert_false (note_reboot_wanted (log, wedged, "front", moment ("c", hour)));
  g_assert_true (note_cleared (log));
  log = parse_reboot_log (reboot_log_text (log));
  g_assert_true (log.state == RebootLog::State::Good);
  assert_refused (judge_reboot (limits (), log, wedged, moment ("c", hour)),
                  RebootRefusal::Interval, 5 * hour);
}

void
test_strange_words ()
{
  Fault fault = wedged;
  fault.code = "signal 9\nreboot \xff";
  fault.code += std::string (200, 'x');
  RebootLog log = log_of ({ reboot_entry (limits (), fault, "", moment ("a", -5)) });
  const RebootLog back = parse_reboot_log (reboot_log_text (log));
  ASSERT_TEXT (back.problem, "");
  g_assert_true (back.entries == log.entries);
  g_assert_true (back.entries[0].reason.starts_with ("signal-9-reboot--xxx"));
  /* The same fault is recognised all the same. */
  g_assert_true (note_reboot_wanted (log, fault, "", moment ("b", hour)));
}

void
test_bounded ()
{
  RebootLog log;
  for (int i = 0; i < 150; i++)
    log.entries.push_back (entry (("boot-" + std::to_string (i)).c_str (), (150 - i) * day));
  const RebootLog back = parse_reboot_log (reboot_log_text (log));
  g_assert_cmpuint (back.entries.size (), ==, 100);
  ASSERT_TEXT (back.entries.back ().boot_id, "boot-149");
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/rebootguard/off-by-default", test_off_by_default);
  g_test_add_func ("/rebootguard/only-wedged", test_only_wedged);
  g_test_add_func ("/rebootguard/uptime", test_uptime);
  g_test_add_func ("/rebootguard/interval", test_interval);
  g_test_add_func ("/rebootguard/per-day", test_per_day);
  g_test_add_func ("/rebootguard/longer-wait", test_longer_wait);
  g_test_add_func ("/rebootguard/future-is-now", test_future_is_now);
  g_test_add_func ("/rebootguard/clock-not-set", test_clock_not_set);
  g_test_add_func ("/rebootguard/entry-without-a-clock", test_entry_without_a_clock);
  g_test_add_func ("/rebootguard/bad-logs", test_bad_logs);
  g_test_add_func ("/rebootguard/two-in-vain", test_two_in_vain);
  g_test_add_func ("/rebootguard/outcome", test_outcome);
  g_test_add_func ("/rebootguard/rebooted-because", test_rebooted_because);
  g_test_add_func ("/rebootguard/text", test_text);
  g_test_add_func ("/rebootguard/damage", test_damage);
  g_test_add_func ("/rebootguard/cleared-damage", test_cleared_damage);
  g_test_add_func ("/rebootguard/strange-words", test_strange_words);
  g_test_add_func ("/rebootguard/bounded", test_bounded);
  return g_test_run ();
}
