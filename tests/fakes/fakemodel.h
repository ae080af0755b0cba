// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/model.h"

#include <map>
#include <memory>

namespace camwarden
{

/* A daemon for the HTTP interface's tests: its state is the test's to change. */
class FakeModel : public ApiModel
{
public:
  FakeModel ();

  DaemonStatus daemon;
  std::vector<CameraStatus> list;

  /* What snapshot() answers: the picture, or an error when it is NULL; at once, or when
   * answer_snapshots() is called. */
  void set_picture (GBytes *jpeg);
  bool hold_snapshots = false;
  void answer_snapshots ();
  [[nodiscard]] size_t
  held_snapshots () const
  {
    return held_.size ();
  }

  /* A new frame for everybody who watches this camera. */
  void push (const std::string &camera, GBytes *jpeg);
  [[nodiscard]] size_t
  watchers () const
  {
    return watches_.size ();
  }

  /* What the rest answers; every order succeeds unless `order` says otherwise. */
  MachineStatus sampled;
  std::vector<Alert> alert_list;
  std::vector<Event> event_list; /* oldest first */
  HistoryAnswer history_answer;
  LogAnswer log_answer;
  LogCounts log_counted;
  CameraTest test_result;
  bool hold_tests = false; /* test_camera() answers at answer_tests() */
  void answer_tests ();
  OrderResult reboot_allowed;
  std::string dot = "digraph pipeline { source -> sink }"; /* empty: there is none */
  OrderResult order;
  std::vector<std::string> orders; /* those that came, such as "recover front pipeline by admin" */
  std::string configuration_json = "{}";
  void tell (const Event &event);
  void tell (const Alert &alert);

  [[nodiscard]] DaemonStatus status () const override;
  [[nodiscard]] std::vector<CameraStatus> cameras () const override;
  void snapshot (const std::string &camera, SnapshotDone done) override;
  [[nodiscard]] uint64_t watch_frames (const std::string &camera, FrameArrived arrived) override;
  void unwatch_frames (uint64_t token) override;
  [[nodiscard]] MachineStatus machine () const override;
  [[nodiscard]] std::vector<Alert> alerts (const AlertQuery &query) const override;
  [[nodiscard]] bool acknowledge (int64_t alert, const std::string &who) override;
  void test_alerts (AlertTested done) override;
  void events (const EventQuery &query, EventsDone done) override;
  void history (const HistoryQuery &query, HistoryDone done) override;
  void log (const LogQuery &query, LogDone done) override;
  [[nodiscard]] LogCounts log_counts () const override;
  [[nodiscard]] uint64_t watch (Watch watch) override;
  void unwatch (uint64_t token) override;
  void test_camera (const std::string &camera, TestDone done) override;
  void graph (const std::string &camera, GraphDone done) override;
  void recover (const std::string &camera, Tier from, const std::string &who,
                OrderDone done) override;
  void restart_services (const std::string &who, OrderDone done) override;
  [[nodiscard]] OrderResult may_reboot () const override;
  void reboot (const std::string &who, OrderDone done) override;
  void clear_reboots (const std::string &who, OrderDone done) override;
  [[nodiscard]] std::string configuration () const override;

private:
  struct BytesFree
  {
    void
    operator() (GBytes *bytes) const
    {
      g_bytes_unref (bytes);
    }
  };
  struct FrameWatch
  {
    std::string camera;
    FrameArrived arrived;
  };

  void answer (const SnapshotDone &done) const;

  std::unique_ptr<GBytes, BytesFree> picture_;
  std::vector<SnapshotDone> held_;
  std::vector<TestDone> held_tests_;
  uint64_t last_token_ = 0;
  std::map<uint64_t, FrameWatch> watches_;
  std::map<uint64_t, Watch> listeners_;
};

/* A camera in good order. */
[[nodiscard]] CameraStatus healthy_camera (const std::string &id);

} // namespace camwarden
