// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/recoverypolicy.h"

#include <algorithm>
#include <glib.h>
#include <vector>

/* The recovery policy in a simulated world: a camera, its worker and a clock that costs no time. */

namespace camwarden
{

inline constexpr int64_t ms = 1000;
inline constexpr int64_t second = 1000 * ms;
inline constexpr int64_t minute = 60 * second;
inline constexpr int64_t hour = 60 * minute;
inline constexpr int64_t rate = 30;

inline const Fault source_error{ FaultClass::Camera, Tier::Source, "source", "resource-read", "" };
inline const Fault stall{ FaultClass::Camera, Tier::Source, "source", "stall", "" };
inline const Fault absent{ FaultClass::Absent, Tier::Source, "source", "resource-not-found", "" };
inline const Fault busy{ FaultClass::Busy, Tier::Source, "source", "resource-busy", "" };
inline const Fault wedged_hint{ FaultClass::Wedged, Tier::Worker, "source", "kernel-hang", "" };

/* What an order does to the simulated camera. */
enum class Outcome {
  Cures,  /* frames come */
  Errors, /* it says the fault again, at once */
  Silent, /* no frame, no word: the probe tells a stall after 10 s */
  Hangs,  /* the order does not return */
  Dies,   /* the worker dies under it */
  Stays,  /* Worker only: the process cannot be ended */
  Same,   /* frames come, as bad as before */
};

struct Done
{
  int64_t at;
  Tier tier;
  bool alive; /* a worker was running */
};

class World
{
public:
  explicit World (RecoverySettings settings = {}, RandomSource::result_type seed = 1)
      : policy (settings, seed)
  {
    policy.worker_started (now);
  }

  /* The camera fails with this fault, until an order of at least this tier. */
  void
  fail (const Fault &with, Tier cure, Outcome otherwise = Outcome::Errors)
  {
    fault = with;
    cured_by = cure;
    failing = otherwise;
    broken = true;
    policy.fault (now, with);
    turn ();
  }

  void
  run (int64_t time)
  {
    const int64_t end = now + time;
    while (now < end) {
      now = std::min ({ end, next_second (), std::max (policy.wakeup (), now), word_at });
      if (now == word_at)
        speak ();
      if (now % second == 0)
        tick ();
      turn ();
    }
  }

  [[nodiscard]] std::vector<Done>
  orders (Tier tier) const
  {
    std::vector<Done> found;
    std::copy_if (done.begin (), done.end (), std::back_inserter (found),
                  [tier] (const Done &one) { return one.tier == tier; });
    return found;
  }
  [[nodiscard]] size_t
  count (Tier tier) const
  {
    return orders (tier).size ();
  }

  RecoveryPolicy policy;
  int64_t now = hour;
  bool worker = true, broken = false, reboot_allowed = false;
  Fault fault;
  Tier cured_by = Tier::Source;
  Outcome failing = Outcome::Errors;
  double speed = 1; /* of the frames, against the wanted rate */
  std::vector<Done> done;
  std::vector<RecoveryAction> cured;
  unsigned given_up = 0;
  int64_t first_frame_at = -1; /* after the last fault */

private:
  [[nodiscard]] int64_t
  next_second () const
  {
    return (now / second + 1) * second;
  }

  void
  tick ()
  {
    if (!worker)
      return;
    if (!broken || failing == Outcome::Same)
      frames += static_cast<uint64_t> (rate * speed);
    policy.frames (now, frames, !broken);
  }

  /* The stall that the probe tells when the first frame does not come. */
  void
  speak ()
  {
    word_at = INT64_MAX;
    if (broken && worker)
      policy.fault (now, stall);
  }

  void
  turn ()
  {
    unsigned rounds = 0;
    while (const auto action = policy.due (now)) {
      g_assert_cmpuint (++rounds, <, 100);
      switch (action->kind) {
      case RecoveryAction::Kind::Order:
        carry_out (action->tier);
        break;
      case RecoveryAction::Kind::Cured:
        cured.push_back (*action);
        break;
      case RecoveryAction::Kind::GivenUp:
        given_up++;
        break;
      }
    }
  }

  void
  carry_out (Tier tier)
  {
    done.push_back ({ now, tier, worker });
    word_at = INT64_MAX;
    if (tier == Tier::Machine)
      return policy.order_done (now, reboot_allowed);
    const bool cures = broken && tier >= cured_by && failing != Outcome::Stays;
    if (cures)
      broken = false;
    const Outcome outcome = broken ? failing : Outcome::Cures;
    if (tier == Tier::Worker)
      replace (outcome);
    else
      restart (outcome);
  }

  void
  replace (Outcome outcome)
  {
    if (outcome == Outcome::Stays)
      return policy.worker_unreapable (now);
    if (worker)
      policy.worker_ended (now, { WorkerExit::Kind::Code, 0 });
    frames = 0;
    worker = true;
    policy.worker_started (now);
    after (outcome, false);
  }

  void
  restart (Outcome outcome)
  {
    if (outcome == Outcome::Hangs)
      return;
    if (outcome == Outcome::Dies) {
      worker = false;
      return policy.worker_ended (now, { WorkerExit::Kind::Signal, 6 });
    }
    after (outcome, true);
  }

  void
  after (Outcome outcome, bool answers)
  {
    const bool error = outcome == Outcome::Errors;
    if (error)
      policy.fault (now, fault);
    if (answers)
      policy.order_done (now, !error);
    if (outcome == Outcome::Silent)
      word_at = now + 10 * second;
    if (outcome == Outcome::Dies && !answers) {
      worker = false;
      policy.worker_ended (now, { WorkerExit::Kind::Signal, 6 });
    }
  }

  uint64_t frames = 0;
  int64_t word_at = INT64_MAX;
};

[[nodiscard]] inline bool
within_budget (const std::vector<Done> &orders, unsigned attempts, int64_t window)
{
  for (size_t i = attempts; i < orders.size (); i++)
    if (orders[i].at - orders[i - attempts].at < window)
      return false;
  return true;
}

} // namespace camwarden
