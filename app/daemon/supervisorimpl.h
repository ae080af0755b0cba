// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/settings.h"
#include "core/qualitywatch.h"
#include "daemon/healer.h"
#include "daemon/supervisor.h"
#include "daemon/workerprocess.h"

#include <initializer_list>
#include <utility>

namespace camwarden
{

struct Supervisor::Impl
{
  enum class Wish {
    Stopped,
    Running,
    Restarting, /* with another configuration */
    Recycling,  /* as planned, since its memory grows */
    Replacing,  /* the recovery wants another worker */
  };

  Impl (const CameraConfig &camera, const RecoveryConfig &numbers, WorkerCommand how,
        SupervisorSettings given, Events listener);

  void spawn ();
  void show_exit (const WorkerExit &exit, const std::string &why);
  void worker_exited (const WorkerExit &exit);
  void worker_unreapable ();
  void worker_fault (const Fault &fault);
  void worker_health (GVariant *values);
  void worker_line (const LogLine &line);
  void judge_quality ();
  [[nodiscard]] Fault with_hint (const Fault &fault) const;
  void worker_opened ();
  void tick ();
  void ping ();
  void update_state ();
  void set_state (CameraState state, const std::string &detail);
  void tell (const Fault &fault);
  void changed () const;
  void finish_stop ();
  [[nodiscard]] unsigned drain_ms () const; /* for queued frames of a worker that has to stop */
  void restart (Wish why);
  void order (Tier tier, std::function<void (bool good)> done);
  void reset_device (const std::function<void (bool good)> &done);
  void told (const RecoveryAction &action, const Fault &reason);
  void show_recovery ();
  void apply_times (std::initializer_list<std::pair<const char *, int64_t>> times); /* us */
  void apply_deadlines ();
  void apply_stall_timeout ();
  void apply_degrade ();
  void call (const char *method, GVariant *args, const char *reply_type,
             WorkerProcess::Answer answer, int64_t deadline = 0);
  [[nodiscard]] std::string last_words (size_t lines) const;
  [[nodiscard]] WorkerProcess::Events worker_events ();
  [[nodiscard]] Healer::Levers levers ();

  CameraConfig config;
  RecoveryConfig recovery;
  WorkerCommand command;
  const SupervisorSettings settings;
  const Events events;
  WorkerWatch watch;
  Healer healer;
  QualityWatch quality;
  CameraHealth health;

  Wish wish = Wish::Stopped;
  bool preview = false;
  bool weak_power = false;
  Degrade degrade;
  bool camera_seen = false; /* a real one: it is waited for instead of showing the test picture */
  bool hung = false;        /* the present worker was killed since it did not answer */
  std::unique_ptr<WorkerProcess> worker;
  std::vector<std::string> old_lines; /* of the worker before */
  std::optional<Fault> hint;          /* what its last telling line points to */
  std::string hint_line;
  int64_t hint_at = 0;
  Timer ticker;
  std::vector<std::function<void ()>> stopped;
  /* Ends with this object: answers that come later are not for it. */
  std::shared_ptr<bool> alive = std::make_shared<bool> (true);
};

} // namespace camwarden
