// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/settings.h"
#include "core/rebootguard.h"
#include "daemon/maincall.h"
#include "daemon/rebootlog.h"
#include "daemon/servicecontrol.h"
#include "gobject/timer.h"

#include <deque>
#include <functional>
#include <string>

namespace camwarden
{

/* Reboots the machine for a camera, if the guard lets it: guard, then the log, then the order. The
 * log is read anew each time, so that removing the file clears it; in the background, one step
 * after the other, and not waited for longer than PATIENCE. Main thread. */
class Rebooter
{
public:
  /* What it knows of the machine and of itself; times in us. */
  struct World
  {
    std::string boot_id;
    int64_t built = 0;              /* when the program was made, UTC */
    std::function<int64_t ()> mono; /* since the machine's start, suspended time included */
    std::function<int64_t ()> wall; /* UTC */

    [[nodiscard]] static World system ();
  };
  /* asked: the order was given. why: what to tell people, in either case. */
  using Done = std::function<void (bool asked, const std::string &why)>;
  using Cleared = std::function<void (const std::string &problem)>; /* "": it is */

  static constexpr int64_t PATIENCE = 5'000'000; /* us: then the disk hangs, and nothing is done */

  /* directory: the state directory, where the log is. services must outlive it. Looks at the log
   * soon, and says why the machine was rebooted if that was our doing. */
  Rebooter (const RecoveryConfig &config, std::string directory, ServiceControl &services,
            World world = World::system ());
  Rebooter (const Rebooter &) = delete;
  Rebooter &operator= (const Rebooter &) = delete;

  void apply (const RecoveryConfig &config);

  /* done is called once, possibly before this returns; not if the object goes before. */
  void request (const Fault &fault, const std::string &camera, Done done);
  /* The same for somebody who asked for it, by the same rules. */
  void order (const std::string &who, Done done);
  /* Reads the log: what the following tell is of the last time it was read. done: it is, or cannot
   * be. */
  void look (std::function<void ()> done = {});
  /* Why order() would be refused now; empty: it would not. */
  [[nodiscard]] std::string refusal () const;
  /* The camera has streamed healthily for healthy-after. */
  void cured (const std::string &camera);
  /* An operator looked after the machine: a disarmed guard is armed, a damaged log begins anew. */
  void clear (Cleared done);

  /* "the machine was rebooted because of \"unreapable\" of camera front"; empty: it was not, or not
   * by us. The same text for as long as this boot lasts. */
  [[nodiscard]] std::string last_reason () const;
  /* What keeps the guard from ever allowing a reboot until an operator acts; empty: nothing. */
  [[nodiscard]] std::string trouble () const;

private:
  struct Asked;
  /* What is done with the log. */
  struct Step
  {
    std::function<bool (RebootLog &log)> change;           /* true: it has to be written */
    std::function<void (const std::string &problem)> done; /* "": it is written, if need be */
    std::function<void ()> too_late = {};                  /* written after done was told not */
  };

  void enqueue (Step step);
  void next ();
  void read (RebootLog log);
  void written (RebootLog log, const std::string &problem);
  void finished (const std::string &problem);
  void late ();

  [[nodiscard]] RebootMoment now () const;
  [[nodiscard]] std::string explain (const RebootDecision &decision) const;
  void noted_boot () const;
  [[nodiscard]] bool decide (RebootLog &log, Asked &asked) const;
  void ask (const RebootEntry &entry, Done done);
  void answered (const RebootEntry &entry, const GError *error, const Done &done);
  void take_back (const RebootEntry &entry);

  RebootLimits limits_;
  RebootLogFile file_;
  ServiceControl &services_;
  World world_;
  RebootLog log_; /* as last read or written */
  std::string last_reason_;
  bool asking_ = false;
  std::deque<Step> steps_; /* the first one is under way */
  bool busy_ = false, late_ = false;
  Timer patience_;
  MainCall life_; /* tells an answer that comes too late */
};

} // namespace camwarden
