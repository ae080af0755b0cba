// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/settings.h"
#include "core/rebootguard.h"
#include "daemon/maincall.h"
#include "daemon/rebootlog.h"
#include "daemon/servicecontrol.h"

#include <functional>
#include <string>

namespace camwarden
{

/* Reboots the machine for a camera, if the guard lets it: guard, then the log, then the order. The
 * log is read anew each time, so that removing the file clears it. Main thread. */
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

  /* directory: the state directory, where the log is. services must outlive it. Looks at the log at
   * once, and says why the machine was rebooted if that was our doing. */
  Rebooter (const RecoveryConfig &config, std::string directory, ServiceControl &services,
            World world = World::system ());
  Rebooter (const Rebooter &) = delete;
  Rebooter &operator= (const Rebooter &) = delete;

  void apply (const RecoveryConfig &config);

  /* done is called once, possibly before this returns; not if the object goes before. */
  void request (const Fault &fault, const std::string &camera, Done done);
  /* The same for somebody who asked for it, by the same rules. */
  void order (const std::string &who, Done done);
  /* Why order() would be refused now; empty: it would not. */
  [[nodiscard]] std::string refusal () const;
  /* The camera has streamed healthily for healthy-after. */
  void cured (const std::string &camera);
  /* An operator looked after the machine: a disarmed guard is armed, a damaged log begins anew. */
  bool clear (GError **error);

  /* "the machine was rebooted because of \"unreapable\" of camera front"; empty: it was not, or not
   * by us. The same text for as long as this boot lasts. */
  [[nodiscard]] std::string last_reason () const;
  /* What keeps the guard from ever allowing a reboot until an operator acts; empty: nothing. */
  [[nodiscard]] std::string trouble () const;

private:
  [[nodiscard]] RebootMoment now () const;
  [[nodiscard]] std::string explain (const RebootDecision &decision) const;
  void keep (const RebootLog &log) const;
  void ask (RebootLog log, const Fault &fault, const std::string &camera, Done done);
  void answered (const RebootEntry &entry, const GError *error, const Done &done);
  void take_back (const RebootEntry &entry) const;

  RebootLimits limits_;
  RebootLogFile file_;
  ServiceControl &services_;
  World world_;
  std::string last_reason_;
  bool asking_ = false;
  MainCall life_; /* tells an answer that comes too late */
};

} // namespace camwarden
