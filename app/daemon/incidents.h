// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/systemsample.h"
#include "daemon/cameraset.h"
#include "daemon/evidence.h"
#include "daemon/faultreport.h"
#include "daemon/maincall.h"
#include "daemon/records.h"

#include <map>
#include <set>

namespace camwarden
{

/* Writes down what befalls the cameras and what is done about it: an event for each, and for the
 * first fault of an incident a folder with the evidence. Main thread. */
class Incidents
{
public:
  struct World
  {
    std::string root = "/";
    std::function<const SystemSample *()> sample; /* NULL: none yet */
    std::function<void (EventReport)> event;      /* tells everybody */
    /* What is being done about a camera, or has been. */
    std::function<void (const std::string &camera, const std::string &what)> cured;
  };

  Incidents (World world, EvidenceSettings evidence);
  Incidents (const Incidents &) = delete;
  Incidents &operator= (const Incidents &) = delete;

  void fault (const CameraSet::Camera &camera, const Fault &fault);
  void recovery (const CameraSet::Camera &camera, const RecoveryAction &action,
                 const Fault &reason);
  void removed (const std::string &camera);

private:
  /* What was said about a camera's incident: a probe that finds the same again is no news. */
  struct Said
  {
    int64_t incident = 0;
    std::set<std::string> faults;
    Tier tier = Tier::Count;
    unsigned cures = 0;
  };
  struct Gathering
  {
    FaultReport report;
    EvidenceItems items;
  };

  [[nodiscard]] FaultReport report (const CameraSet::Camera &camera, const Fault &fault) const;
  void gather (const CameraSet::Camera &camera, const FaultReport &report);
  void keep (const std::shared_ptr<Gathering> &gathering);

  const World world_;
  EvidenceStore store_;
  std::map<std::string, Said> said_;
  MainCall life_; /* tells an answer that comes too late */
};

} // namespace camwarden
