// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/rebootguard.h"

#include <algorithm>

namespace camwarden
{

namespace
{

constexpr int64_t day = 24 * 3600'000'000LL;

/* "2 h 5 min", "40 s": rounded up, so that waiting for so long suffices. */
std::string
duration_text (int64_t us)
{
  const int64_t seconds = (us + 999'999) / 1'000'000;
  if (seconds < 120)
    return std::to_string (seconds) + " s";
  const int64_t minutes = (seconds + 59) / 60;
  if (minutes < 120)
    return std::to_string (minutes) + " min";
  const std::string hours = std::to_string (minutes / 60) + " h";
  return minutes % 60 == 0 ? hours : hours + " " + std::to_string (minutes % 60) + " min";
}

RebootDecision
refuse (RebootRefusal refusal, std::string text, std::optional<int64_t> wait = {})
{
  return { false, refusal, std::move (text), wait };
}

/* What is certain about the time since that reboot. Within one boot the monotonic clock knows. An
 * earlier boot's reboot is at least as old as this boot; it is older only if the wall clock says so
 * and was set both times. A stamp in the future, after the clock went back, proves nothing. */
int64_t
proven_age (const RebootEntry &entry, const RebootLimits &limits, const RebootMoment &now)
{
  if (entry.boot_id == now.boot_id)
    return std::max<int64_t> (0, now.mono - entry.mono);
  if (!entry.wall || now.wall < limits.built)
    return now.mono;
  return std::max (now.mono, now.wall - *entry.wall);
}

/* Of all reboots in the log, youngest first. */
std::vector<int64_t>
proven_ages (const RebootLog &log, const RebootLimits &limits, const RebootMoment &now)
{
  std::vector<int64_t> ages;
  for (const auto &entry : log.entries)
    ages.push_back (proven_age (entry, limits, now));
  std::sort (ages.begin (), ages.end ());
  return ages;
}

RebootDecision
judge_log (const RebootLog &log)
{
  if (log.state == RebootLog::State::Unreadable)
    return refuse (RebootRefusal::LogUnreadable, "the log of reboots cannot be read (" + log.problem
                                                     + "), so nobody knows how many there were");
  if (log.state == RebootLog::State::Corrupt)
    return refuse (RebootRefusal::LogCorrupt,
                   "the log of reboots is corrupt (" + log.problem
                       + "): look after the machine, then clear the log");
  if (const std::string reason = disarming_reason (log); !reason.empty ())
    return refuse (
        RebootRefusal::Disarmed,
        "the last two reboots because of \"" + reason
            + "\" did not cure it: look after the machine, then clear the log of reboots");
  return { true, RebootRefusal::None, {}, {} };
}

RebootDecision
judge_times (const RebootLimits &limits, const RebootLog &log, const RebootMoment &now)
{
  if (limits.per_day == 0)
    return refuse (RebootRefusal::Daily, "reboots-per-day is 0");
  if (now.mono < limits.min_uptime)
    return refuse (RebootRefusal::Uptime,
                   "the machine has been up for less than " + duration_text (limits.min_uptime),
                   limits.min_uptime - now.mono);
  const std::vector<int64_t> ages = proven_ages (log, limits, now);
  /* Both limits may hold; the later one counts. */
  const int64_t by_interval = ages.empty () ? 0 : limits.interval - ages.front ();
  const int64_t by_day = ages.size () < limits.per_day ? 0 : day - ages[limits.per_day - 1];
  if (by_day > 0 && now.wall < limits.built)
    return refuse (RebootRefusal::Clock,
                   "the clock is not set, so all " + std::to_string (ages.size ())
                       + " reboots of the log may have been today",
                   std::max (by_day, by_interval));
  if (by_day > 0 && by_day >= by_interval)
    return refuse (RebootRefusal::Daily,
                   "there were " + std::to_string (limits.per_day)
                       + " reboots within 24 hours; the next one may be in "
                       + duration_text (by_day),
                   by_day);
  if (by_interval > 0)
    return refuse (RebootRefusal::Interval,
                   "two reboots are at least " + duration_text (limits.interval)
                       + " apart; the next one may be in " + duration_text (by_interval),
                   by_interval);
  return { true, RebootRefusal::None, {}, {} };
}

RebootEntry *
newest_unknown (RebootLog &log, const RebootMoment &now, const std::string &camera,
                const std::string *reason)
{
  const auto found
      = std::find_if (log.entries.rbegin (), log.entries.rend (), [&] (const RebootEntry &entry) {
          return entry.camera == camera && (!reason || entry.reason == *reason);
        });
  /* One of this boot has not taken place: it says nothing yet. */
  if (found == log.entries.rend () || found->outcome != RebootOutcome::Unknown
      || found->boot_id == now.boot_id)
    return nullptr;
  return &*found;
}

} // namespace

std::string
disarming_reason (const RebootLog &log)
{
  for (auto last = log.entries.rbegin (); last != log.entries.rend (); ++last) {
    if (last->outcome != RebootOutcome::NotCured)
      continue;
    const auto same = [&] (const RebootEntry &entry) { return entry.reason == last->reason; };
    /* One that cured, or that an operator knows of, in between or later begins the count again. */
    const auto newest = std::find_if (log.entries.rbegin (), log.entries.rend (), same);
    const auto before = std::find_if (std::next (last), log.entries.rend (), same);
    if (newest == last && before != log.entries.rend ()
        && before->outcome == RebootOutcome::NotCured)
      return last->reason;
  }
  return {};
}

RebootDecision
judge_reboot (const RebootLimits &limits, const RebootLog &log, const Fault &fault,
              const RebootMoment &now)
{
  if (fault.fault_class != FaultClass::Wedged)
    return refuse (RebootRefusal::FaultClass,
                   "a fault of class \"" + std::string (fault_class_name (fault.fault_class))
                       + "\" is not cured by a reboot");
  if (!limits.allow)
    return refuse (RebootRefusal::Off, "allow-reboot is false");
  if (now.boot_id.empty ())
    return refuse (RebootRefusal::BootId,
                   "the system does not tell its boot id, so reboots cannot be counted");
  if (RebootDecision decision = judge_log (log); !decision.allowed)
    return decision;
  return judge_times (limits, log, now);
}

bool
note_boot (RebootLog &log, const RebootMoment &now)
{
  if (log.state != RebootLog::State::Good || log.entries.empty () || now.boot_id.empty ())
    return false;
  RebootEntry &last = log.entries.back ();
  if (last.boot_id == now.boot_id || !last.next_boot.empty ())
    return false;
  last.next_boot = now.boot_id;
  return true;
}

bool
note_reboot_wanted (RebootLog &log, const Fault &fault, const std::string &camera,
                    const RebootMoment &now)
{
  if (log.state != RebootLog::State::Good || fault.fault_class != FaultClass::Wedged)
    return false;
  const RebootEntry wanted = reboot_entry ({}, fault, camera, now);
  RebootEntry *entry = newest_unknown (log, now, wanted.camera, &wanted.reason);
  if (entry)
    entry->outcome = RebootOutcome::NotCured;
  return entry;
}

bool
note_camera_healthy (RebootLog &log, const std::string &camera, const RebootMoment &now)
{
  if (log.state != RebootLog::State::Good)
    return false;
  RebootEntry *entry = newest_unknown (log, now, camera, nullptr);
  if (entry)
    entry->outcome = RebootOutcome::Cured;
  return entry;
}

bool
note_cleared (RebootLog &log)
{
  bool changed = log.state != RebootLog::State::Good;
  for (auto &entry : log.entries)
    if (entry.outcome == RebootOutcome::NotCured) {
      entry.outcome = RebootOutcome::Cleared;
      changed = true;
    }
  log.state = RebootLog::State::Good;
  log.problem.clear ();
  return changed;
}

const RebootEntry *
reboot_before (const RebootLog &log, const RebootMoment &now)
{
  if (log.entries.empty () || now.boot_id.empty ())
    return nullptr;
  const RebootEntry &last = log.entries.back ();
  return last.boot_id != now.boot_id && last.next_boot == now.boot_id ? &last : nullptr;
}

} // namespace camwarden
