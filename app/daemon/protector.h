// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/clockwatch.h"
#include "core/degradeladder.h"
#include "core/emergency.h"
#include "core/event.h"
#include "core/healthreport.h"
#include "core/processwatch.h"
#include "core/redisfigures.h"
#include "core/systemsample.h"
#include "core/thresholds.h"
#include "daemon/diskusers.h"
#include "daemon/maincall.h"
#include "daemon/topprocesses.h"

#include <functional>
#include <string>
#include <vector>

namespace camwarden
{

struct RecoveryConfig;   /* config/settings.h */
struct ThresholdsConfig; /* config/settings.h */

struct ProtectorSettings
{
  DegradeSettings degrade;
  EmergencySettings emergency;
  ProcessWatchSettings processes;
  double prune_target = 0.8; /* share of the file system in use at which deleting stops */
  bool recycle = false;      /* workers whose memory grows */
};

[[nodiscard]] ProtectorSettings protector_settings (const ThresholdsConfig &thresholds,
                                                    const RecoveryConfig &recovery);

/* Does less, deletes and tells when the machine is in trouble. It decides with what is in app/core;
 * what it decides is carried out by its levers. Main thread. */
class Protector
{
public:
  struct Levers
  {
    /* To all cameras, present and future. emergency: its cause; empty: there is none. */
    std::function<void (const Degrade &degrade, const std::string &emergency)> apply;
    /* The machine is to be looked at more often. */
    std::function<void (bool)> hurry;
    /* Our own files that are of no use any more; how many bytes went. */
    std::function<void (std::function<void (uint64_t)>)> clean;
    /* Oldest stored frames of all cameras. */
    std::function<void (uint64_t bytes, std::function<void (uint64_t)>)> prune;
    /* Replaces a camera's worker if nobody misses it at the moment. */
    std::function<bool (const std::string &camera)> recycle;
  };
  struct Events
  {
    std::function<void (const Event &)> event;
    std::function<void ()> changed; /* what the getters tell */
  };

  Protector (std::string root, const ProtectorSettings &settings, Levers levers, Events events);
  Protector (const Protector &) = delete;
  Protector &operator= (const Protector &) = delete;

  void configure (const ProtectorSettings &settings);

  /* After the thresholds have been brought up to date with it. */
  void sampled (const SystemSample &sample, const Thresholds &thresholds);
  void redis_figures (const RedisFigures &figures);
  void redis_gone ();

  [[nodiscard]] Degrade
  degrade () const
  {
    return ladder_.current ();
  }
  /* "half the frame rate (cpu)"; empty: nothing is held back. */
  [[nodiscard]] std::string degrade_text () const;
  [[nodiscard]] bool
  emergency () const
  {
    return emergency_.active ();
  }
  /* us UTC; 0: there is none. */
  [[nodiscard]] int64_t emergency_since () const;
  /* What is critical, and who uses most of it. */
  [[nodiscard]] std::string emergency_cause () const;
  /* Processes, Redis, who fills a disk. Levels of the machine, the emergency and what is held back
   * are the caller's to add. */
  [[nodiscard]] std::vector<HealthIssue> issues () const;

private:
  struct FramesDisk
  {
    std::string mount;
    uint64_t total = 0, available = 0;
    double used = 0;
    bool known = false;
  };

  void look_at_clock (const SystemSample &sample);
  void look_at_ladder (int64_t now, const Thresholds &thresholds);
  void look_at_emergency (int64_t now, const Thresholds &thresholds);
  void look_at_disk (int64_t now, const Thresholds &thresholds);
  void look_at_growth ();
  void entered (const Thresholds &thresholds);
  void find_consumers ();
  void find_disk_users (const std::string &mount);
  void prune (int64_t now);
  void pruned (uint64_t own, uint64_t frames);
  void ladder_changed (const DegradeLadder::Change &change);
  void apply ();
  void tell (const char *kind, Severity severity, const std::string &code, const std::string &text);

  const std::string root_;
  ProtectorSettings settings_;
  const Levers levers_;
  const Events events_;
  DegradeLadder ladder_;
  Emergency emergency_;
  ProcessWatch processes_;
  RedisWatch redis_;
  ClockWatch clock_;

  FramesDisk frames_;
  int64_t emergency_wall_ = 0;
  std::string cause_;     /* of the emergency, without who */
  std::string consumers_; /* who */
  struct Filled
  {
    std::string mount;
    std::string users; /* "": not known yet */
    int64_t looked = 0;
  };
  Filled filled_; /* the disk that is critical; no mount: none is */
  bool looking_ = false, pruning_ = false;
  int64_t prune_after_ = 0;
  MainCall main_;
};

} // namespace camwarden
