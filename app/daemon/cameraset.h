// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/settings.h"
#include "core/agehistogram.h"
#include "daemon/preview.h"
#include "daemon/supervisor.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace camwarden
{

/* The enabled cameras, each with the supervisor of its worker and its preview. Main thread. */
class CameraSet
{
public:
  struct Camera
  {
    CameraConfig config;
    std::unique_ptr<Supervisor> supervisor;
    std::unique_ptr<Preview> preview;
    std::string last_error; /* one line for a person */
    int64_t last_error_time = 0;
    std::string holder; /* who had the device when it was busy */
    int64_t verdict_since = 0;
    int64_t worker_started = 0;
    unsigned failures = 0; /* faults that needed a cure, in a row: until one has cured */
    AgeHistogram ages;     /* of the last frame, at each report */
    std::map<std::string, uint64_t> faults; /* told, by code */
    /* as the last health had them */
    std::string verdict;
    int pid = 0;
  };
  struct Events
  {
    std::function<void (const Camera &)> changed; /* another state, or new figures */
    std::function<void (const std::string &id)> removed;
    std::function<void (const Camera &, const Fault &)> fault;
    std::function<void (const Camera &, const RecoveryAction &, const Fault &reason)> recovery;
    /* As the supervisor's: the two levers that reach beyond a camera's own process. */
    decltype (Supervisor::Events::reset_device) reset_device;
    std::function<void (const std::string &id, const Fault &reason,
                        std::function<void (bool asked)> done)>
        reboot;
    std::string root = "/"; /* where /proc is: tests have their own */
    /* What one daemon's recovery leaves to the next, a file per camera; empty: nothing. */
    std::string state_directory;
  };

  explicit CameraSet (Events events) : events_ (std::move (events)) {}
  CameraSet (const CameraSet &) = delete;
  CameraSet &operator= (const CameraSet &) = delete;

  /* Cameras that are new are started, those that are gone stopped, changed ones told. */
  void apply (const std::vector<CameraConfig> &configs, const RecoveryConfig &recovery,
              const WorkerCommand &command);
  /* All at the same time; done is called when the last worker is gone. */
  void stop (std::function<void ()> done);

  void set_weak_power (bool weak);
  void device_arrived ();
  /* See Supervisor; cameras that come later are told too, and previews stop and go on. */
  void protect (const Degrade &degrade, const std::string &emergency);
  /* False: this is no moment for it, or there is no such camera. */
  [[nodiscard]] bool recycle (const std::string &id);

  [[nodiscard]] const Camera *find (const std::string &id) const;
  /* In the order of their ids. */
  [[nodiscard]] const std::map<std::string, std::unique_ptr<Camera>> &
  all () const
  {
    return cameras_;
  }

  /* 0: there is no such camera. */
  [[nodiscard]] uint64_t watch (const std::string &id, Preview::FrameArrived arrived);
  void unwatch (uint64_t token);

private:
  void add (const CameraConfig &config, const RecoveryConfig &recovery,
            const WorkerCommand &command);
  void retire (std::unique_ptr<Camera> camera);
  void changed (const std::string &id);
  void fault (const std::string &id, const Fault &fault);
  void recovery (const std::string &id, const RecoveryAction &action, const Fault &reason);
  void name_holder (const std::string &id);
  [[nodiscard]] Supervisor::Events supervisor_events (const std::string &id);
  [[nodiscard]] static Preview::Ways preview_ways (Camera &camera);

  Events events_;
  uint64_t next_token_ = 1;
  std::map<std::string, std::unique_ptr<Camera>> cameras_;
  std::vector<std::unique_ptr<Camera>> leaving_; /* their workers are being stopped */
  std::function<void ()> stopped_;
  bool weak_power_ = false;
  Degrade degrade_;
  std::string emergency_;
  MainCall main_;
};

} // namespace camwarden
