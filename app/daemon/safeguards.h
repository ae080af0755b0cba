// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/fault.h"
#include "core/memorygroup.h"
#include "core/thresholds.h"
#include "daemon/systemmonitor.h"

#include <functional>
#include <string>
#include <vector>

namespace camwarden
{

struct RecoveryConfig;   /* config/settings.h */
struct ThresholdsConfig; /* config/settings.h */

/* Watches the machine and says when it is in trouble, before that reaches the cameras. It only
 * tells; what is done about it is somebody else's. Main thread. */
class Safeguards
{
public:
  /* Asked before each sample. */
  struct World
  {
    std::function<SystemQuestion ()> question;
    /* Since when Redis is away, monotonic us; 0: it is connected; -1: there is no connection to
     * ask, as while the server starts. */
    std::function<int64_t ()> redis_away_since;
  };
  struct Events
  {
    std::function<void (const SystemSample &)> sample; /* after the changes that it brought */
    std::function<void (const ThresholdChange &)> changed;
    std::function<void (bool weak)> power_changed;
  };
  /* While a level is about to rise the machine is looked at more often. */
  static constexpr int64_t QUICK_INTERVAL = 2'000'000; /* us */

  Safeguards (SystemMonitorSettings settings, const ThresholdsSettings &thresholds, World world,
              Events events);
  Safeguards (const Safeguards &) = delete;
  Safeguards &operator= (const Safeguards &) = delete;

  void start ();
  /* As quickly as while a level rises, whatever the levels do. */
  void hurry (bool on);
  /* Levels stay until the next samples say otherwise. */
  void configure (const ThresholdsSettings &thresholds);

  /* Those that say something about the camera itself are counted. */
  void camera_fault (const std::string &camera, const Fault &fault);
  void camera_removed (const std::string &camera);

  /* The last one; its time is 0 while there was none. */
  [[nodiscard]] const SystemSample &
  sample () const
  {
    return monitor_.sample ();
  }
  [[nodiscard]] const Thresholds &
  thresholds () const
  {
    return thresholds_;
  }
  /* Under-voltage, or throttled, at this moment: everything takes longer than it should. */
  [[nodiscard]] bool
  weak_power () const
  {
    return weak_power_;
  }

private:
  void glance ();
  [[nodiscard]] std::optional<MemoryInfo> glance_at_memory () const;
  void sampled (const SystemSample &sample);
  void hangs (const std::string &file, int64_t since, bool again);
  void judge (int64_t now, ThresholdValues values);
  void tell (const std::vector<ThresholdChange> &changes);
  void check_power (const SystemSample &sample);
  [[nodiscard]] double redis_away (int64_t now);

  const World world_;
  const Events events_;
  const int64_t interval_;
  const std::string root_; /* without the slash at its end */
  const std::optional<MemoryGroup> group_;
  Thresholds thresholds_;
  bool weak_power_ = false;
  bool hurry_ = false;
  int64_t no_redis_since_ = 0; /* without a connection to ask; 0: there is one */
  SourceId glance_;
  SystemMonitor monitor_; /* last: it calls the others */
};

[[nodiscard]] ThresholdsSettings thresholds_settings (const ThresholdsConfig &thresholds,
                                                      const RecoveryConfig &recovery);

/* What the thresholds judge of a sample. File systems are told by their first mount point: a
 * sandbox shows one under several. */
[[nodiscard]] ThresholdValues threshold_values (const SystemSample &sample);

/* The name of a file system among the values; disk: of that sample. */
[[nodiscard]] std::string disk_instance (const SystemSample &sample, const DiskSample &disk);

/* Where the machine is looked at: "/", or with CAMWARDEN_ROOT what a test says. */
[[nodiscard]] std::string system_root ();

} // namespace camwarden
