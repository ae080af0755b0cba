// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/fault.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* Whether the machine may be rebooted for a camera. A reboot that does not help must not come back
 * in a loop, so each one is in a log that outlives it, and whatever is doubtful about that log or
 * about the clock counts against the next. All times are microseconds. */

/* What became of the fault that a reboot was to cure. */
enum class RebootOutcome {
  Unknown,
  Cured,    /* the camera streamed healthily afterwards */
  NotCured, /* the same fault asked for a reboot again */
  Cleared,  /* not cured, and an operator knows */
};

/* One reboot, as written before it is asked for. */
struct RebootEntry
{
  std::string boot_id;         /* of the boot that asked */
  int64_t mono = 0;            /* since that boot's start */
  std::optional<int64_t> wall; /* UTC; empty when the clock was not set */
  std::string reason;          /* the fault's code */
  std::string camera;
  std::string next_boot; /* the first boot after it that saw the log; empty: none did yet */
  RebootOutcome outcome = RebootOutcome::Unknown;

  bool operator== (const RebootEntry &) const = default;
};

struct RebootLog
{
  enum class State {
    Good,
    Unreadable, /* the file cannot be read */
    Corrupt,    /* it can, but not all of it makes sense; entries: those lines that do */
  };
  State state = State::Good;
  std::string problem;              /* why it is not good */
  std::vector<RebootEntry> entries; /* oldest first */
};

/* One line per reboot between a version line and one with a checksum. Anything that does not fit
 * makes the log corrupt: a file of no bytes, a line too many or too few, a changed digit. */
[[nodiscard]] RebootLog parse_reboot_log (std::string_view text);
/* Of at most the newest 100. */
[[nodiscard]] std::string reboot_log_text (const RebootLog &log);

struct RebootLimits
{
  bool allow = false;
  int64_t min_uptime = 600'000'000;
  int64_t interval = 6 * 3600'000'000LL; /* between two reboots */
  unsigned per_day = 2;                  /* within any 24 hours */
  /* When the program was made. A wall clock before that is not set. */
  int64_t built = 0;

  bool operator== (const RebootLimits &) const = default;
};

/* Now. */
struct RebootMoment
{
  std::string boot_id;
  int64_t mono = 0; /* since the machine's start, suspended time included */
  int64_t wall = 0;
};

enum class RebootRefusal {
  None,
  FaultClass, /* a reboot does not cure this */
  Off,        /* the configuration does not allow it */
  BootId,     /* the boot has no name, so that reboots cannot be told apart */
  LogUnreadable,
  LogCorrupt,
  LogUnwritable, /* not found out here, but by whoever writes the log */
  Disarmed,      /* reboots do not help: until an operator clears it */
  Uptime,
  Interval,
  Daily,
  Clock, /* as Daily, but nobody can tell for how long since the clock is not set */
};

struct RebootDecision
{
  bool allowed = false;
  RebootRefusal refusal = RebootRefusal::None;
  std::string text; /* why not; empty when allowed */
  /* It may be allowed in so long, if nothing else happens; empty: waiting does not help. */
  std::optional<int64_t> wait;
};

[[nodiscard]] RebootDecision judge_reboot (const RebootLimits &limits, const RebootLog &log,
                                           const Fault &fault, const RebootMoment &now);

/* The reason whose last two reboots did not cure; empty: the guard is armed. */
[[nodiscard]] std::string disarming_reason (const RebootLog &log);

/* The entry to write before the reboot is asked for. */
[[nodiscard]] RebootEntry reboot_entry (const RebootLimits &limits, const Fault &fault,
                                        const std::string &camera, const RebootMoment &now);

/* The following change the log as it goes; true: it has to be written. */

/* The program starts: is it the first time after a reboot? */
bool note_boot (RebootLog &log, const RebootMoment &now);
/* The fault asks for a reboot, whether or not it will be allowed: an earlier one for the same fault
 * of the same camera has not helped. */
bool note_reboot_wanted (RebootLog &log, const Fault &fault, const std::string &camera,
                         const RebootMoment &now);
/* The camera streamed healthily for long enough. */
bool note_camera_healthy (RebootLog &log, const std::string &camera, const RebootMoment &now);
/* An operator looked after it. What is not good about the log is forgotten; reboots that are still
 * readable go on counting for the interval and the day. */
bool note_cleared (RebootLog &log);

/* The reboot that this boot came from, if we asked for it. */
[[nodiscard]] const RebootEntry *reboot_before (const RebootLog &log, const RebootMoment &now);

} // namespace camwarden
