// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/systemsample.h"
#include "daemon/cameraset.h"
#include "daemon/evidence.h"
#include "daemon/faultreport.h"
#include "daemon/maincall.h"

#include <map>
#include <set>

namespace camwarden
{

/* Writes down what befalls the cameras and what is done about it: a line in the log with fields, an
 * event on cam:ID:event, and for the first fault of an incident a folder with the evidence. Main
 * thread. */
class Incidents
{
public:
  struct World
  {
    std::string root = "/";
    std::function<const SystemSample *()> sample;                     /* NULL: none yet */
    std::function<void (const std::vector<std::string> &words)> send; /* a command to Redis */
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
  };
  struct Gathering
  {
    FaultReport report;
    std::string channel;
    EvidenceItems items;
  };

  [[nodiscard]] FaultReport report (const CameraSet::Camera &camera, const Fault &fault) const;
  void gather (const CameraSet::Camera &camera, const FaultReport &report);
  void keep (const std::shared_ptr<Gathering> &gathering);
  void publish (const std::string &id, const std::string &channel, const std::string &json) const;

  const World world_;
  EvidenceStore store_;
  std::map<std::string, Said> said_;
  MainCall life_; /* tells an answer that comes too late */
};

} // namespace camwarden
