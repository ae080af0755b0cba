// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/recoverypolicy.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace camwarden
{

namespace
{

constexpr int64_t never = INT64_MAX;
constexpr int64_t reboot_retry = 60'000'000; /* the guard may allow later what it refuses now */
constexpr int64_t reboot_late = 600'000'000; /* what was promised, and did not come */
constexpr unsigned lock_soon = 10;           /* retries at the first pace */

size_t
slot (Tier tier)
{
  return static_cast<size_t> (tier) - static_cast<size_t> (Tier::Source);
}

bool
waits_for_a_device (FaultClass fault_class)
{
  return fault_class == FaultClass::Absent || fault_class == FaultClass::Busy;
}

SlidingBudget
fresh (const RecoverySettings::Budget &budget)
{
  return { budget.attempts, budget.window };
}

} // namespace

RecoveryPolicy::RecoveryPolicy (RecoverySettings settings, RandomSource::result_type seed)
    : settings_ (settings),
      random_ (seed), budgets_{ fresh (settings.source), fresh (settings.pipeline),
                                fresh (settings.device), fresh (settings.worker) },
      jitter_ (settings.backoff, settings.backoff_max), spell_ (settings.healthy)
{}

void
RecoveryPolicy::configure (const RecoverySettings &settings)
{
  if (settings.backoff != settings_.backoff || settings.backoff_max != settings_.backoff_max)
    jitter_ = DecorrelatedJitter (settings.backoff, settings.backoff_max);
  settings_ = settings;
  spell_.configure (settings.healthy);
  const RecoverySettings::Budget *all[]
      = { &settings.source, &settings.pipeline, &settings.device, &settings.worker };
  for (size_t i = 0; i < budgets_.size (); i++)
    budgets_[i].configure (all[i]->attempts, all[i]->window);
}

/* ---- what happens ---- */

bool
RecoveryPolicy::fault (int64_t now, const Fault &fault)
{
  const bool refused = fault.fault_class == FaultClass::Configuration && fault.part == "source";
  if (!refused && (tier_cap (fault.fault_class) == Tier::Count || fault.first == Tier::Count))
    return false;
  spell_.interrupted ();
  switch (phase_) {
  case Phase::Steady:
    begin (now, fault);
    plan (now);
    return true;
  case Phase::Waiting:
    /* An echo, unless it says that the process itself is at fault. */
    if (fault.first < Tier::Worker || tier_ >= Tier::Worker)
      return false;
    fault_ = fault;
    failed (now, fault.first);
    return true;
  case Phase::Acting:
    fault_ = fault; /* why the order will fail, or a last word of what it ended */
    return true;
  case Phase::Verifying: {
    const bool silent = fault.code == "stall" && frames_ == frames_base_;
    fault_ = fault;
    failed (now, silent ? above (tier_) : tier_);
    return true;
  }
  case Phase::Stuck:
    break;
  }
  return false;
}

void
RecoveryPolicy::requested (int64_t now, Tier tier, std::string_view why)
{
  const Fault wish{ FaultClass::Camera, tier, "source", std::string (why), "" };
  if (phase_ == Phase::Stuck || phase_ == Phase::Acting)
    return; /* what can be done is being done */
  if (phase_ == Phase::Steady)
    begin (now, wish);
  fault_ = wish;
  given_up_ = false;
  floor_ = std::clamp (tier, Tier::Source, Tier::Worker);
  wait (usable (floor_) ? floor_ : above (floor_), now);
}

void
RecoveryPolicy::order_done (int64_t now, bool good)
{
  if (phase_ == Phase::Stuck) {
    at_ = now + (good ? reboot_late : reboot_retry);
    return;
  }
  if (phase_ != Phase::Acting || tier_ == Tier::Worker)
    return;
  if (good)
    return verify_from (now);
  if (fault_.fault_class == FaultClass::Quality)
    fault_.fault_class = FaultClass::Camera; /* it gave frames before the order */
  failed (now, tier_);
}

void
RecoveryPolicy::worker_started (int64_t now)
{
  worker_ = true;
  frames_ = 0;
  spell_.interrupted ();
  if (phase_ == Phase::Acting)
    verify_from (now);
}

void
RecoveryPolicy::worker_ended (int64_t now, const WorkerExit &exit)
{
  const bool expected = phase_ == Phase::Acting && tier_ == Tier::Worker && worker_;
  worker_ = false;
  spell_.interrupted ();
  if (expected)
    return; /* the next one is being started */
  const Fault death{ FaultClass::Camera, Tier::Worker, "worker", exit.text (), "" };
  if (phase_ == Phase::Steady)
    begin (now, death);
  switch (exit.meaning ()) {
  case WorkerExit::Meaning::Locked:
    return wait (Tier::Worker, now + lock_pause ());
  case WorkerExit::Meaning::Configuration:
    fault_ = death;
    fault_.fault_class = FaultClass::Configuration;
    return plan (now);
  case WorkerExit::Meaning::Died:
    break;
  }
  if (phase_ == Phase::Waiting && tier_ == Tier::Worker)
    return; /* its end was due anyway */
  /* An absent camera stays absent; a process that dies under an order has escalated it. */
  if (!waits_for_a_device (fault_.fault_class))
    fault_ = death;
  failed (now, Tier::Worker);
}

void
RecoveryPolicy::worker_unreapable (int64_t now)
{
  if (phase_ == Phase::Stuck)
    return; /* the reboot is waited for already */
  const Fault wedged{ FaultClass::Wedged, Tier::Machine, "worker", "unreapable", "" };
  if (phase_ == Phase::Steady)
    begin (now, wedged);
  fault_ = wedged;
  phase_ = Phase::Stuck;
  tier_ = Tier::Machine;
  at_ = now + settings_.wedged_after;
}

void
RecoveryPolicy::frames (int64_t now, uint64_t count, bool fresh)
{
  const bool came = count > frames_;
  frames_ = count;
  spell_.frames (now, count);
  if (spell_.healthy ()) {
    jitter_.reset ();
    fresh_start_ = true;
    level_ = Tier::Source;
  }
  const bool by_itself
      = phase_ == Phase::Waiting && worker_ && fault_.fault_class != FaultClass::Quality;
  if (phase_ != Phase::Verifying && !by_itself)
    return;
  if (!fresh) {
    if (std::exchange (good_since_, -1) >= 0)
      deadline_ = now + settings_.first_frame;
    return;
  }
  if (!came) { /* a slow camera has not each time one more */
    if (by_itself)
      good_since_ = -1;
    return;
  }
  deadline_ = now + longest_gap ();
  if (good_since_ < 0)
    good_since_ = now;
  if (now - good_since_ >= settings_.verify)
    cured (now, by_itself ? Tier::Count : tier_);
}

void
RecoveryPolicy::cured (int64_t now, Tier by)
{
  if (attempts_ > 1 && !waits_for_a_device (fault_.fault_class))
    level_ = std::max (level_, std::min (by, Tier::Worker)); /* less did not do */
  say (RecoveryAction::Kind::Cured, by, now - since_);
  close ();
}

void
RecoveryPolicy::device_arrived (int64_t now)
{
  if (phase_ != Phase::Waiting) {
    arrived_ = open (); /* perhaps too late for the attempt that is under way */
    return;
  }
  if (!waits_for_a_device (fault_.fault_class))
    return;
  probe_ = 0;
  at_ = std::min (at_, now + settings_.arrival_delay);
}

void
RecoveryPolicy::abandon ()
{
  close ();
  out_.clear ();
}

/* ---- the incident ---- */

void
RecoveryPolicy::begin (int64_t now, const Fault &fault)
{
  fault_ = fault;
  floor_ = Tier::Source;
  since_ = now;
  attempts_ = 0;
  probe_ = 0;
  arrived_ = false;
  given_up_ = false;
}

void
RecoveryPolicy::close ()
{
  phase_ = Phase::Steady;
  tier_ = Tier::Count;
  given_up_ = false;
  locked_ = 0;
}

void
RecoveryPolicy::failed (int64_t now, Tier floor)
{
  locked_ = 0;
  floor_ = std::max (floor_, floor);
  plan (now);
}

void
RecoveryPolicy::plan (int64_t now)
{
  good_since_ = -1;
  if (waits_for_a_device (fault_.fault_class))
    return plan_probe (now);
  if (fault_.fault_class == FaultClass::Configuration) {
    /* Somebody has to change something, and nobody may tell when. */
    if (!std::exchange (given_up_, true))
      say (RecoveryAction::Kind::GivenUp, Tier::Count);
    return wait (worker_ ? Tier::Source : Tier::Worker, now + settings_.configuration_retry);
  }
  if (fault_.fault_class == FaultClass::Quality
      && (attempts_ > 0 || budget (Tier::Source).free_at () == never))
    return close (); /* once is enough: the picture may be right */
  if (!worker_) {
    /* What is dead has to be started; its budget only says when that is called hopeless. */
    if (!budget (Tier::Worker).allows (now) && !std::exchange (given_up_, true))
      say (RecoveryAction::Kind::GivenUp, Tier::Worker);
    return wait (Tier::Worker, now + pause ());
  }
  const Tier from = std::min (cap (), std::max ({ floor_, fault_.first, level_ }));
  const auto tier = affordable (from, now);
  if (!tier)
    return plan_quietly (now);
  wait (*tier, now + (given_up_ ? settings_.backoff_max : pause ()));
}

/* Longer and longer waits; the device's arrival cuts them short. */
void
RecoveryPolicy::plan_probe (int64_t now)
{
  const bool busy = fault_.fault_class == FaultClass::Busy;
  const int64_t longest = busy ? settings_.busy_probe_max : settings_.absent_probe_max;
  const Tier tier = worker_ ? Tier::Source : Tier::Worker;
  if (std::exchange (arrived_, false)) {
    probe_ = 0;
    return wait (tier, now + settings_.arrival_delay);
  }
  probe_ = std::min (longest, probe_ == 0 ? settings_.probe_min : probe_ * 2);
  wait (tier, now + probe_);
}

void
RecoveryPolicy::plan_quietly (int64_t now)
{
  if (!std::exchange (given_up_, true))
    say (RecoveryAction::Kind::GivenUp, std::min (cap (), Tier::Worker));
  int64_t free_at = never;
  for (Tier tier = Tier::Source; tier <= std::min (cap (), Tier::Worker); tier = above (tier)) {
    if (usable (tier))
      free_at = std::min (free_at, budget (tier).free_at ());
    if (tier == Tier::Worker)
      break;
  }
  wait (Tier::Source, std::max (free_at, now + settings_.backoff_max));
}

void
RecoveryPolicy::wait (Tier tier, int64_t until)
{
  phase_ = Phase::Waiting;
  tier_ = tier;
  at_ = until;
}

void
RecoveryPolicy::act (int64_t now)
{
  const bool probing = waits_for_a_device (fault_.fault_class);
  if (!worker_)
    tier_ = Tier::Worker;
  else if (given_up_ && !probing && fault_.fault_class != FaultClass::Configuration) {
    /* What the incident needs, if there is budget for it again; else the least that there is. */
    const auto tier = affordable (std::min (cap (), std::max (floor_, fault_.first)), now);
    tier_ = tier ? *tier : affordable (Tier::Source, now).value_or (Tier::Count);
    if (tier_ == Tier::Count)
      return plan_quietly (now);
  }
  const bool waiting = probing || fault_.fault_class == FaultClass::Configuration || locked_ > 0;
  if (!waiting)
    budget (tier_).spend (now);
  attempts_++;
  phase_ = Phase::Acting;
  deadline_ = now + deadline_of (tier_);
  say (RecoveryAction::Kind::Order, tier_);
}

void
RecoveryPolicy::verify_from (int64_t now)
{
  phase_ = Phase::Verifying;
  good_since_ = -1;
  frames_base_ = frames_;
  deadline_ = now + settings_.first_frame;
}

/* ---- what is due ---- */

std::optional<RecoveryAction>
RecoveryPolicy::due (int64_t now)
{
  if (out_.empty () && now >= wakeup ()) {
    if (phase_ == Phase::Waiting) {
      act (now);
    } else if (phase_ == Phase::Stuck) {
      at_ = now + reboot_late;
      attempts_++;
      say (RecoveryAction::Kind::Order, Tier::Machine);
    } else if (phase_ == Phase::Acting) {
      /* Nothing inside this process will bring it back. */
      fault_ = { FaultClass::Hang, Tier::Worker, "pipeline", "order-hang", "" };
      if (tier_ == Tier::Worker)
        deadline_ = never; /* it is being killed: its end, or that it has none, will be told */
      else
        failed (now, Tier::Worker);
    } else if (phase_ == Phase::Verifying) {
      const bool silent = fault_.fault_class == FaultClass::Quality && frames_ == frames_base_;
      if (silent || waits_for_a_device (fault_.fault_class))
        fault_.fault_class = FaultClass::Camera; /* it is there, and silent */
      failed (now, above (tier_));
    }
    if (out_.empty () && now >= wakeup ())
      return due (now);
  }
  if (out_.empty ())
    return {};
  const RecoveryAction action = out_.front ();
  out_.pop_front ();
  return action;
}

int64_t
RecoveryPolicy::wakeup () const
{
  if (!out_.empty ())
    return INT64_MIN;
  switch (phase_) {
  case Phase::Waiting:
  case Phase::Stuck:
    return at_;
  case Phase::Acting:
  case Phase::Verifying:
    return deadline_;
  case Phase::Steady:
    break;
  }
  return never;
}

int64_t
RecoveryPolicy::next_attempt () const
{
  return phase_ == Phase::Waiting ? at_ : never;
}

void
RecoveryPolicy::say (RecoveryAction::Kind kind, Tier tier, int64_t took)
{
  out_.push_back ({ kind, tier, attempts_, took });
}

/* ---- tiers and their budgets ---- */

int64_t
RecoveryPolicy::pause ()
{
  return std::exchange (fresh_start_, false) ? 0 : jitter_.next (random_);
}

/* The orphan of a killed daemon goes soon; one that hangs in the kernel holds its lock for ever. */
int64_t
RecoveryPolicy::lock_pause ()
{
  int64_t pause = settings_.lock_retry;
  for (unsigned i = lock_soon; i < locked_ && pause < settings_.backoff_max; i++)
    pause *= 2;
  locked_++;
  return std::min (pause, std::max (settings_.backoff_max, settings_.lock_retry));
}

/* Frames that stay away for longer have stopped, even if nobody says so. */
int64_t
RecoveryPolicy::longest_gap () const
{
  const double rate = settings_.healthy.rate;
  const int64_t ten_frames = rate > 0 ? static_cast<int64_t> (10 * 1e6 / rate) : 0;
  return std::max (settings_.first_frame, ten_frames);
}

Tier
RecoveryPolicy::cap () const
{
  return tier_cap (fault_.fault_class);
}

bool
RecoveryPolicy::usable (Tier tier) const
{
  return tier != Tier::Device || settings_.device_reset;
}

Tier
RecoveryPolicy::above (Tier tier) const
{
  const Tier next
      = tier >= Tier::Worker ? Tier::Worker : static_cast<Tier> (static_cast<int> (tier) + 1);
  return usable (next) ? next : Tier::Worker;
}

std::optional<Tier>
RecoveryPolicy::affordable (Tier from, int64_t now) const
{
  const Tier last = std::min (cap (), Tier::Worker);
  for (int i = static_cast<int> (from); i <= static_cast<int> (last); i++) {
    const auto tier = static_cast<Tier> (i);
    if (usable (tier) && budget (tier).allows (now))
      return tier;
  }
  return {};
}

int64_t
RecoveryPolicy::deadline_of (Tier tier) const
{
  switch (tier) {
  case Tier::Source:
    return settings_.source.deadline;
  case Tier::Pipeline:
    return settings_.pipeline.deadline;
  case Tier::Device:
    return settings_.device.deadline + settings_.source.deadline; /* it is opened, too */
  default:
    return settings_.worker.deadline;
  }
}

SlidingBudget &
RecoveryPolicy::budget (Tier tier)
{
  return budgets_[slot (tier)];
}

const SlidingBudget &
RecoveryPolicy::budget (Tier tier) const
{
  return budgets_[slot (tier)];
}

/* ---- over the end of the daemon ---- */

std::string
RecoveryPolicy::save (std::string_view boot_id) const
{
  std::string text = "boot " + std::string (boot_id) + "\n";
  for (const Tier tier : { Tier::Device, Tier::Worker })
    for (const int64_t at : budget (tier).acts ())
      text += std::string (tier_name (tier)) + " " + std::to_string (at) + "\n";
  return text;
}

void
RecoveryPolicy::restore (std::string_view text, std::string_view boot_id, int64_t now)
{
  bool ours = false;
  while (!text.empty ()) {
    const size_t end = std::min (text.find ('\n'), text.size ());
    const std::string_view line = text.substr (0, end);
    text.remove_prefix (std::min (end + 1, text.size ()));
    const size_t space = std::min (line.find (' '), line.size ());
    const std::string_view name = line.substr (0, space);
    const std::string_view value = line.substr (std::min (space + 1, line.size ()));
    if (name == "boot")
      ours = value == boot_id; /* another boot's clock says nothing here */
    int64_t at = 0;
    const auto tier = tier_from_name (name);
    const auto read = std::from_chars (value.data (), value.data () + value.size (), at);
    const bool good = ours && tier && (*tier == Tier::Device || *tier == Tier::Worker)
                      && read.ec == std::errc () && at <= now;
    if (good)
      budget (*tier).spend (at);
  }
}

} // namespace camwarden
