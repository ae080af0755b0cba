// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/backoff.h"
#include "core/fault.h"
#include "core/healthyspell.h"
#include "core/slidingbudget.h"
#include "core/workerexit.h"

#include <array>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

namespace camwarden
{

struct RecoverySettings
{
  struct Budget
  {
    unsigned attempts; /* 0: the tier is left out */
    int64_t window;
    int64_t deadline; /* of one attempt; of a device's, without opening it */
  };
  Budget source{ 5, 60'000'000, 5'000'000 };
  Budget pipeline{ 3, 300'000'000, 10'000'000 };
  Budget device{ 2, 3'600'000'000, 10'000'000 };
  Budget worker{ 3, 3'600'000'000, 20'000'000 };
  bool device_reset = false;

  int64_t backoff = 250'000;
  int64_t backoff_max = 30'000'000;
  int64_t first_frame = 11'000'000; /* a cure that brings no frame until then has failed */
  int64_t verify = 2'000'000;       /* frames must come for this long before it is called a cure */
  HealthySpell::Settings healthy;

  int64_t probe_min = 1'000'000;            /* for a device that is absent, doubling ... */
  int64_t absent_probe_max = 30'000'000;    /* ... up to this */
  int64_t busy_probe_max = 1'500'000;       /* nobody tells when it is free again */
  int64_t arrival_delay = 300'000;          /* a new device node gets its owner and group first */
  int64_t lock_retry = 300'000;             /* an orphan drains in 2 s */
  int64_t configuration_retry = 30'000'000; /* a missing plugin may get installed */
  int64_t wedged_after = 30'000'000;        /* a process that cannot be reaped for this long */
};

/* What the supervisor is to do, or to tell. */
struct RecoveryAction
{
  enum class Kind {
    Order,   /* carry out `tier`; for Worker: end the present one, if any, and start the next */
    Cured,   /* by `tier`, after `attempts`; Count: by itself, while an attempt was waited for */
    GivenUp, /* every tier is used up: from now on only a quiet try now and then */
  };
  Kind kind = Kind::Order;
  Tier tier = Tier::Count;
  unsigned attempts = 0; /* of the incident so far, this one included */
  int64_t took = 0;      /* Cured: us since the first fault */
};

/* Decides what is done about one camera's faults. Knows no clock and does nothing: events go in,
 * with the monotonic time in us, actions come out of due().
 *
 * An incident begins with a fault and ends when frames come again for `verify`. Its class caps the
 * tier. An attempt that ends in another error is repeated, with growing waits, while the tier's
 * budget lasts; one that brings no frame in time, or does not return, goes on to the next tier. A
 * tier that cured where less did not stays the first one to be tried until the camera was healthy
 * for a minute. When
 * all budgets are used up the camera is tried again as soon as one of them allows, at most every
 * `backoff_max`. */
class RecoveryPolicy
{
public:
  RecoveryPolicy (RecoverySettings settings, RandomSource::result_type seed);

  void configure (const RecoverySettings &settings);

  /* A fault of a class that caps at Tier::Count changes nothing here, but a source that refuses its
   * configuration is tried again every configuration_retry. False: it belongs to the incident that
   * is open, or needs no cure. */
  bool fault (int64_t now, const Fault &fault);
  /* Somebody's wish: from this tier on, at once. why: the code that is told. */
  void requested (int64_t now, Tier tier, std::string_view why);
  void order_done (int64_t now, bool good); /* of Source, Pipeline, Device, Machine */
  void worker_started (int64_t now);
  void worker_ended (int64_t now, const WorkerExit &exit);
  void worker_unreapable (int64_t now); /* killed, and still there */
  /* Out of the source, counted by this worker; fresh: neither stalled nor frozen. */
  void frames (int64_t now, uint64_t count, bool fresh);
  void device_arrived (int64_t now);
  /* The worker is ended or replaced for another reason: what was planned is void. */
  void abandon ();

  /* To be called after each event and at wakeup(), until it gives nothing more. */
  [[nodiscard]] std::optional<RecoveryAction> due (int64_t now);
  [[nodiscard]] int64_t wakeup () const; /* INT64_MAX: nothing is waited for */

  [[nodiscard]] bool
  open () const
  {
    return phase_ != Phase::Steady;
  }
  /* The tier that is tried, or waited for, now. */
  [[nodiscard]] Tier
  tier () const
  {
    return open () ? tier_ : Tier::Count;
  }
  [[nodiscard]] const Fault &
  reason () const
  {
    return fault_;
  }
  /* Streams well for healthy_after. */
  [[nodiscard]] bool
  healthy () const
  {
    return spell_.healthy ();
  }
  [[nodiscard]] bool
  given_up () const
  {
    return open () && given_up_;
  }
  /* When the next attempt comes, monotonic us; INT64_MAX: none is planned. */
  [[nodiscard]] int64_t next_attempt () const;

  /* The costly tiers' budgets, for a daemon that starts again while the machine runs on. */
  [[nodiscard]] std::string save (std::string_view boot_id) const;
  void restore (std::string_view text, std::string_view boot_id, int64_t now);

private:
  enum class Phase {
    Steady,
    Waiting,   /* for at_ */
    Acting,    /* an order is under way, until deadline_ */
    Verifying, /* it has been carried out; the first frame is due at deadline_ */
    Stuck,     /* the process cannot be ended: only its end, or a reboot, goes on from here */
  };

  void begin (int64_t now, const Fault &fault);
  void close ();
  void plan (int64_t now);
  void plan_probe (int64_t now);
  void plan_quietly (int64_t now);
  void cured (int64_t now, Tier by);
  void failed (int64_t now, Tier floor);
  void wait (Tier tier, int64_t until);
  void act (int64_t now);
  void verify_from (int64_t now);
  [[nodiscard]] int64_t pause ();
  [[nodiscard]] int64_t lock_pause ();
  [[nodiscard]] int64_t longest_gap () const;
  [[nodiscard]] Tier cap () const;
  [[nodiscard]] bool usable (Tier tier) const;
  [[nodiscard]] std::optional<Tier> affordable (Tier from, int64_t now) const;
  [[nodiscard]] Tier above (Tier tier) const;
  [[nodiscard]] int64_t deadline_of (Tier tier) const;
  [[nodiscard]] SlidingBudget &budget (Tier tier);
  [[nodiscard]] const SlidingBudget &budget (Tier tier) const;
  void say (RecoveryAction::Kind kind, Tier tier, int64_t took = 0);

  RecoverySettings settings_;
  RandomSource random_;
  std::array<SlidingBudget, 4> budgets_; /* Source to Worker */
  DecorrelatedJitter jitter_;
  HealthySpell spell_;
  bool fresh_start_ = true; /* healthy since the last attempt: the next one comes at once */
  Tier level_ = Tier::Source;

  Phase phase_ = Phase::Steady;
  bool worker_ = false;
  /* of the incident */
  Fault fault_;
  Tier floor_ = Tier::Source, tier_ = Tier::Count;
  int64_t since_ = 0, at_ = 0, deadline_ = 0;
  int64_t probe_ = 0;    /* the last wait for an absent device; 0: none yet */
  bool arrived_ = false; /* a device did, while an attempt was under way */
  unsigned attempts_ = 0;
  unsigned locked_ = 0; /* workers in a row that found another process holding the camera */
  bool given_up_ = false;
  int64_t good_since_ = -1;
  uint64_t frames_ = 0, frames_base_ = 0;

  std::deque<RecoveryAction> out_;
};

} // namespace camwarden
