// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/config.h"
#include "daemon/cameraset.h"
#include "daemon/embeddedredis.h"
#include "daemon/httpapi/model.h"
#include "daemon/incidents.h"
#include "daemon/protector.h"
#include "daemon/rebooter.h"
#include "daemon/records.h"
#include "daemon/redismonitor.h"
#include "daemon/safeguards.h"

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace camwarden
{

/* What the daemon consists of at this moment; owned by Daemon, read by the model. */
struct DaemonParts
{
  std::optional<Config> config;
  std::unique_ptr<EmbeddedRedis> redis; /* none: the server is somebody else's */
  std::unique_ptr<RedisMonitor> monitor;
  std::unique_ptr<Records> records;
  std::unique_ptr<Incidents> incidents;
  std::unique_ptr<ServiceControl> services;
  std::unique_ptr<Rebooter> rebooter;
  std::unique_ptr<CameraSet> cameras;
  std::unique_ptr<Protector> protector;   /* as safeguards */
  std::unique_ptr<Safeguards> safeguards; /* none before the cameras, and while stopping */
  int64_t started = 0;                    /* wall, us */
  int64_t started_mono = 0;               /* us */
  bool ready = false;
  std::string configuration_error; /* a reload that was refused */
};

/* Answers the HTTP interface out of the parts. */
class DaemonModel : public ApiModel
{
public:
  explicit DaemonModel (const DaemonParts &parts);
  ~DaemonModel () override;
  DaemonModel (const DaemonModel &) = delete;
  DaemonModel &operator= (const DaemonModel &) = delete;

  [[nodiscard]] DaemonStatus status () const override;
  [[nodiscard]] std::vector<CameraStatus> cameras () const override;
  void snapshot (const std::string &camera, SnapshotDone done) override;
  [[nodiscard]] uint64_t watch_frames (const std::string &camera, FrameArrived arrived) override;
  void unwatch_frames (uint64_t token) override;
  [[nodiscard]] MachineStatus machine () const override;

  /* daemonrecords.cpp: what is kept of what happened. */
  [[nodiscard]] std::vector<Alert> alerts (const AlertQuery &query) const override;
  [[nodiscard]] bool acknowledge (int64_t alert, const std::string &who) override;
  void test_alerts (AlertTested done) override;
  void events (const EventQuery &query, EventsDone done) override;
  void history (const HistoryQuery &query, HistoryDone done) override;
  [[nodiscard]] uint64_t watch (Watch watch) override;
  void unwatch (uint64_t token) override;

  /* daemonorders.cpp: what somebody may ask for. */
  void log (const LogQuery &query, LogDone done) override;
  [[nodiscard]] LogCounts log_counts () const override;
  void test_camera (const std::string &camera, TestDone done) override;
  void graph (const std::string &camera, GraphDone done) override;
  void recover (const std::string &camera, Tier from, const std::string &who,
                OrderDone done) override;
  void restart_services (const std::string &who, OrderDone done) override;
  /* Whether somebody who has ordered a restart may still wait for the answer; asked once. */
  [[nodiscard]] bool
  owes_answer ()
  {
    return std::exchange (owes_answer_, false);
  }
  [[nodiscard]] OrderResult may_reboot () const override;
  void reboot (const std::string &who, OrderDone done) override;
  void clear_reboots (const std::string &who, OrderDone done) override;
  [[nodiscard]] std::string configuration () const override;

private:
  void note_order (const std::string &camera, const char *code, const std::string &text);
  struct Recovery;

  [[nodiscard]] RedisStatus redis () const;
  void look_after (uint64_t number);

  const DaemonParts &parts_;
  /* daemonorders.cpp: recoveries that somebody waits for. */
  uint64_t last_recovery_ = 0;
  std::map<uint64_t, std::unique_ptr<Recovery>> recoveries_;
  bool owes_answer_ = false;
};

/* Where consumers find the server, such as redis://127.0.0.1:6390; "" while that is not known. */
[[nodiscard]] std::string consumer_uri (const DaemonParts &parts);

[[nodiscard]] CameraStatus camera_status (const CameraConfig &config,
                                          const CameraSet::Camera *camera);

} // namespace camwarden
