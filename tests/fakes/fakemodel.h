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

  [[nodiscard]] DaemonStatus status () const override;
  [[nodiscard]] std::vector<CameraStatus> cameras () const override;
  void snapshot (const std::string &camera, SnapshotDone done) override;
  [[nodiscard]] uint64_t watch_frames (const std::string &camera, FrameArrived arrived) override;
  void unwatch_frames (uint64_t token) override;

private:
  struct BytesFree
  {
    void
    operator() (GBytes *bytes) const
    {
      g_bytes_unref (bytes);
    }
  };
  struct Watch
  {
    std::string camera;
    FrameArrived arrived;
  };

  void answer (const SnapshotDone &done) const;

  std::unique_ptr<GBytes, BytesFree> picture_;
  std::vector<SnapshotDone> held_;
  uint64_t last_token_ = 0;
  std::map<uint64_t, Watch> watches_;
};

/* A camera in good order. */
[[nodiscard]] CameraStatus healthy_camera (const std::string &id);

} // namespace camwarden
