// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/camerahealth.h"
#include "core/degradeladder.h"
#include "core/fault.h"
#include "core/recoverypolicy.h"
#include "core/workerwatch.h"

#include <functional>
#include <gio/gio.h>
#include <memory>
#include <string>
#include <vector>

namespace camwarden
{

struct CameraConfig;   /* config/settings.h */
struct RecoveryConfig; /* config/settings.h */

/* How to start a camera's worker. */
struct WorkerCommand
{
  std::string program;             /* empty: $CAMWARDEN_WORKER, else the installed one */
  std::string config_file;         /* --config; empty: the usual files */
  std::string redis_uri;           /* --redis: the server of the embedded default; may be empty */
  std::string redis_password_file; /* --redis-password-file; may be empty */
  bool expect_camera = false;      /* --expect-camera: source=auto had one before */

  bool operator== (const WorkerCommand &) const = default;
};

struct SupervisorSettings
{
  WorkerWatch::Settings watch;
  std::string state_file; /* what the next daemon must know of the recovery; empty: nothing */
  int64_t call_deadline = 3'000'000; /* us: of every D-Bus call */
  int64_t kill_after
      = 1'000'000; /* us: from SIGTERM to SIGKILL, and from there to "cannot be reaped" */
  unsigned stderr_lines = 50; /* kept */
};

/* Keeps one camera streaming: starts its worker, watches it by Ping and Health, and carries out
 * what the recovery orders when a fault is told. Lives on the default main context; nothing here
 * blocks.
 */
class Supervisor
{
public:
  struct Events
  {
    std::function<void ()> changed; /* health(): another state, or a Health signal came (1/s) */
    /* As the worker told it, or about the worker itself (part "worker"). */
    std::function<void (const Fault &)> fault;
    /* The recovery orders something, has cured, or has used up every tier. */
    std::function<void (const RecoveryAction &, const Fault &reason)> recovery;
    /* Switches the device, such as /dev/video0, off and on; error is NULL on success. Empty: it
     * cannot be done. */
    std::function<void (const std::string &device, int64_t deadline_us,
                        std::function<void (const GError *error)> done)>
        reset_device;
    /* The last tier: asks for a reboot; done tells whether it comes. Empty: it never comes. */
    std::function<void (const Fault &reason, std::function<void (bool asked)> done)> reboot;
    /* A line the worker wrote to its stderr. Empty: it goes to the log, with the camera's id. */
    std::function<void (const std::string &)> line;
  };
  /* error is NULL on success. */
  using ImageDone = std::function<void (GBytes *jpeg, const GError *error)>;
  using ValuesDone = std::function<void (GVariant *values, const GError *error)>; /* a{sv} */
  using TextDone = std::function<void (const std::string &text, const GError *error)>;
  using NumberDone = std::function<void (uint64_t number, const GError *error)>;

  Supervisor (const CameraConfig &config, const RecoveryConfig &recovery, WorkerCommand command,
              SupervisorSettings settings, Events events);
  ~Supervisor (); /* without stop() before: the worker is killed */
  Supervisor (const Supervisor &) = delete;
  Supervisor &operator= (const Supervisor &) = delete;

  void start ();
  /* Queued frames are stored and published, then the worker goes. done is called when it is gone,
   * or when it cannot be reaped (< worker-drain + 2 x kill_after + 1 s in any case). */
  void stop (std::function<void ()> done);
  /* A worker that streams takes over what it can; any other change starts a new one. */
  void reload (const CameraConfig &config, const RecoveryConfig &recovery, WorkerCommand command);
  /* Somebody looks at the picture and Redis cannot bring it: keep encoding. */
  void set_preview (bool on);
  /* The power is weak: a camera may take longer before it counts as stalled. */
  void set_weak_power (bool weak);
  /* What the machine cannot afford; emergency: its cause, empty: there is none. Each worker is
   * told, the next ones too. */
  void protect (const Degrade &degrade, const std::string &emergency);
  /* Another worker in place of a sound one. False: this is no moment for it, something is wrong
   * with the camera or somebody looks. */
  [[nodiscard]] bool recycle ();
  /* A device node appeared: what waits for one tries again, and a test picture makes room. */
  void device_arrived ();
  /* On request: from this tier on. */
  void recover (Tier tier);

  void snapshot (ImageDone done);
  void test (ValuesDone done);
  void stats (ValuesDone done);
  void graph (TextDone done);
  void evidence (ValuesDone done); /* what the worker keeps of its latest fault */
  void prune (uint64_t bytes, NumberDone done);

  /* It is known how the worker is, or what comes next is planned: false would mean that nobody
   * watches over this camera any more. */
  [[nodiscard]] bool supervises () const;
  [[nodiscard]] const CameraHealth &health () const;
  /* Of the incident that is open, or was last: the wall time of its first fault, us. 0: none. */
  [[nodiscard]] int64_t incident () const;
  [[nodiscard]] std::vector<std::string> last_lines () const; /* of stderr, oldest first */

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

} // namespace camwarden
