// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/recoverypolicy.h"
#include "gobject/timer.h"

#include <functional>
#include <memory>
#include <string>

namespace camwarden
{

/* Lets one camera's RecoveryPolicy act: gives it the time, carries its orders to the levers, wakes
 * it when it wants to be woken. Main thread. */
class Healer
{
public:
  struct Levers
  {
    /* Source, Pipeline, Device and Machine. done: once, unless the healer goes before. */
    std::function<void (Tier tier, std::function<void (bool good)> done)> order;
    /* Ends the worker, if there is one, and starts the next. */
    std::function<void ()> replace_worker;
    /* What was ordered, or became of it; reason: the incident's fault. */
    std::function<void (const RecoveryAction &action, const Fault &reason)> tell;
  };

  /* state_file: keeps what a daemon that starts again has to know; empty: nothing is kept. */
  Healer (RecoverySettings settings, std::string state_file, Levers levers);
  ~Healer ();
  Healer (const Healer &) = delete;
  Healer &operator= (const Healer &) = delete;

  void configure (const RecoverySettings &settings);

  /* A fault will be told: the incident gets its name before anybody hears of it. */
  void announce ();

  /* As RecoveryPolicy's. */
  bool fault (const Fault &fault);
  void requested (Tier tier, std::string_view why);
  void worker_started ();
  void worker_ended (const WorkerExit &exit);
  void worker_unreapable ();
  void frames (uint64_t count, bool fresh);
  void device_arrived ();
  void abandon ();

  [[nodiscard]] const RecoveryPolicy &
  policy () const
  {
    return policy_;
  }
  /* Of the incident that is open, or was last: the wall time of its first fault, us. 0: none. */
  [[nodiscard]] int64_t
  incident () const
  {
    return incident_;
  }

private:
  void turn ();
  void carry_out (const RecoveryAction &action);
  void save ();

  const std::string state_file_;
  std::string saved_; /* is in it */
  const Levers levers_;
  RecoveryPolicy policy_;
  int64_t incident_ = 0;
  unsigned order_ = 0; /* the newest: answers to older ones come too late */
  bool turning_ = false;
  Timer alarm_;
  /* Ends with this object: answers that come later are not for it. */
  std::shared_ptr<bool> alive_ = std::make_shared<bool> (true);
};

} // namespace camwarden
