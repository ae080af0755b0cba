// SPDX-License-Identifier: LGPL-2.1-or-later
/* A worker's life. What the recovery orders is in supervisororders.cpp. */
#include "daemon/supervisorimpl.h"

#include "config/livekeys.h"
#include "core/faultrules.h"
#include "daemon/recoverysettings.h"
#include "daemon/workerhealth.h"

#include <algorithm>
#include <array>

namespace camwarden
{

namespace
{

constexpr guint tick_ms = 250;
constexpr size_t evidence_lines = 5;
/* Longer than it takes to find and end a worker that says nothing. */
constexpr int64_t prune_deadline = 60 * G_USEC_PER_SEC; /* of many small files */
constexpr int64_t word_overdue = 60 * G_USEC_PER_SEC;

int64_t
monotonic ()
{
  return g_get_monotonic_time ();
}

/* Never G_LOG_LEVEL_ERROR, which would end the daemon. */
GLogLevelFlags
log_level (int severity)
{
  constexpr std::array levels{ G_LOG_LEVEL_CRITICAL, G_LOG_LEVEL_CRITICAL, G_LOG_LEVEL_CRITICAL,
                               G_LOG_LEVEL_CRITICAL, G_LOG_LEVEL_WARNING,  G_LOG_LEVEL_MESSAGE,
                               G_LOG_LEVEL_INFO,     G_LOG_LEVEL_DEBUG };
  return levels[static_cast<size_t> (severity)];
}

} // namespace

/* ---- life of a worker ---- */

Supervisor::Impl::Impl (const CameraConfig &camera, const RecoveryConfig &numbers,
                        WorkerCommand how, SupervisorSettings given, Events listener)
    : config (camera), recovery (numbers), command (std::move (how)), settings (std::move (given)),
      events (std::move (listener)), watch (settings.watch),
      healer (recovery_settings (recovery, config), settings.state_file, levers ()),
      quality (quality_settings (recovery, config))
{
  health.id = camera.id;
  health.state_since = g_get_real_time ();
}

void
Supervisor::Impl::spawn ()
{
  hung = false;
  wish = Wish::Running;
  watch.started (monotonic ());
  reset_worker_figures (health);
  worker = std::make_unique<WorkerProcess> (config.id, worker_events (), settings.stderr_lines);
  g_autoptr (GError) error = nullptr;
  WorkerCommand now = command;
  now.expect_camera = camera_seen;
  if (worker->start (now, &error)) {
    health.pid = worker->pid ();
    ticker = Timer::every (tick_ms, [this] { tick (); });
    healer.worker_started ();
    update_state ();
    return;
  }
  worker.reset ();
  const WorkerExit exit{ WorkerExit::Kind::Spawn, 0 };
  tell ({ FaultClass::Configuration, Tier::Count, "worker", "not-started", error->message });
  health.last_exit = exit.text ();
  show_exit (exit, error->message);
  healer.worker_ended (exit);
}

WorkerProcess::Events
Supervisor::Impl::worker_events ()
{
  return { .opened = [this] { worker_opened (); },
           .exited = [this] (const WorkerExit &exit) { worker_exited (exit); },
           .unreapable = [this] { worker_unreapable (); },
           .fault = [this] (const Fault &fault) { worker_fault (fault); },
           .health = [this] (GVariant *values) { worker_health (values); },
           .line = [this] (const LogLine &line) { worker_line (line); } };
}

void
Supervisor::Impl::worker_opened ()
{
  ping ();
  if (preview)
    call ("Apply", g_variant_new_parsed ("({'preview': <true>},)"), "()",
          [] (GVariant *, const GError *) {});
  if (weak_power)
    apply_stall_timeout ();
  if (degrade != Degrade{})
    apply_degrade ();
}

void
Supervisor::Impl::worker_exited (const WorkerExit &exit)
{
  old_lines.assign (worker->lines ().begin (), worker->lines ().end ());
  worker.reset ();
  ticker.cancel ();
  health.pid = 0;
  health.last_exit = exit.text ();
  reset_worker_figures (health);
  if (wish == Wish::Stopped) {
    finish_stop ();
    return;
  }
  const bool planned = wish == Wish::Recycling;
  (planned ? health.recycles : health.respawns)++;
  if (planned || wish == Wish::Restarting) {
    spawn ();
    return;
  }
  if (wish == Wish::Replacing) {
    healer.worker_ended (exit);
    spawn ();
    return;
  }
  /* The last line says what is wrong with a configuration; those before it do not matter then. */
  const bool pointless = exit.meaning () == WorkerExit::Meaning::Configuration;
  const std::string words = last_words (pointless ? 1 : evidence_lines);
  if (!hung && exit.meaning () != WorkerExit::Meaning::Locked)
    tell ({ FaultClass::Camera, Tier::Worker, "worker", exit.text (), words });
  show_exit (exit, words);
  healer.worker_ended (exit);
}

/* Until the recovery starts the next one. */
void
Supervisor::Impl::show_exit (const WorkerExit &exit, const std::string &why)
{
  switch (exit.meaning ()) {
  case WorkerExit::Meaning::Configuration:
    set_state (CameraState::Failed, why);
    break;
  case WorkerExit::Meaning::Locked:
    set_state (CameraState::Respawning, "another worker still holds the camera");
    break;
  case WorkerExit::Meaning::Died:
    set_state (watch.absent () ? CameraState::NoCamera : CameraState::Respawning, why);
    break;
  }
}

void
Supervisor::Impl::worker_unreapable ()
{
  hung = true;
  tell ({ FaultClass::Wedged, Tier::Machine, "worker", "unreapable",
          "process " + std::to_string (worker->pid ())
              + " cannot be ended: one of its threads hangs in the kernel" });
  set_state (CameraState::Stalled, "the worker cannot be ended: it hangs in the kernel");
  if (wish == Wish::Stopped) {
    finish_stop ();
    return;
  }
  wish = Wish::Running; /* when it ends after all, it did so by itself */
  healer.worker_unreapable ();
}

void
Supervisor::Impl::worker_fault (const Fault &fault)
{
  /* How long a wrong picture lasts decides what is told of it. */
  if (fault.fault_class == FaultClass::Quality && QualityWatch::judges (fault.code))
    return;
  const Fault known = with_hint (fault);
  watch.fault (known);
  tell (known);
  if (wish == Wish::Running)
    healer.fault (known);
  update_state ();
}

void
Supervisor::Impl::worker_health (GVariant *values)
{
  const char *state = "";
  g_variant_lookup (values, "state", "&s", &state);
  read_worker_health (health, values);
  camera_seen = camera_seen || (health.frames > 0 && health.source != test_picture_source);
  watch.health (monotonic (), state, health.verdict, health.frames);
  if (wish == Wish::Running)
    healer.frames (health.frames, health.verdict != "stall" && health.verdict != "frozen");
  if (wish == Wish::Running && !healer.policy ().open ())
    judge_quality ();
  show_recovery ();
  update_state ();
  changed ();
}

void
Supervisor::Impl::worker_line (const LogLine &line)
{
  if (const auto found = classify_line (line.text)) {
    hint = Fault{ found->fault_class, found->first, "source", std::string (found->code), "" };
    hint_line = line.text;
    hint_at = monotonic ();
  }
  if (events.line)
    return events.line (line.text);
  /* The worker's own texts begin with its name, those of its libraries do not. */
  const std::string name = "camera " + config.id + ": ";
  const bool named = line.text.starts_with (name);
  g_log_structured (G_LOG_DOMAIN, log_level (line.severity), "MESSAGE", "%s%s",
                    named ? "" : name.c_str (), line.text.c_str ());
}

std::string
Supervisor::Impl::last_words (size_t lines) const
{
  std::string words;
  const size_t first = old_lines.size () > lines ? old_lines.size () - lines : 0;
  for (size_t i = first; i < old_lines.size (); i++)
    words += (words.empty () ? "" : "\n") + old_lines[i];
  return words;
}

/* ---- watching ---- */

void
Supervisor::Impl::tick ()
{
  const int64_t now = monotonic ();
  if (watch.hangs (now) && !hung && wish == Wish::Running) {
    hung = true;
    const Fault hang{ FaultClass::Hang, Tier::Worker, "worker", "hang",
                      "process " + std::to_string (worker->pid ()) + " does not answer" };
    worker->kill (settings.kill_after);
    tell (hang);
    healer.fault (hang);
    return;
  }
  if (worker->is_open () && watch.ping_due (now))
    ping ();
  update_state ();
}

void
Supervisor::Impl::ping ()
{
  watch.ping_sent (monotonic ());
  /* An answer that the worker before owed does not count for this one. */
  const auto answered
      = [this, here = alive, pid = worker->pid ()] (GVariant *values, const GError *error) {
          if (!*here || !worker || worker->pid () != pid)
            return;
          if (error) {
            watch.ping_failed ();
            return;
          }
          guint64 progress = 0;
          g_variant_get (values, "(t)", &progress);
          watch.ping_answered (monotonic (), progress);
          update_state ();
        };
  worker->call ("Ping", nullptr, "(t)", settings.watch.ping_deadline, answered);
}

void
Supervisor::Impl::update_state ()
{
  if (!worker || wish != Wish::Running)
    return;
  const CameraState state = watch.state (monotonic ());
  if (state != health.state)
    set_state (state, state == CameraState::NoCamera ? health.last_fault : "");
}

void
Supervisor::Impl::set_state (CameraState state, const std::string &detail)
{
  if (state == health.state && detail == health.detail)
    return;
  if (state != health.state)
    health.state_since = g_get_real_time ();
  health.state = state;
  health.detail = detail;
  changed ();
}

void
Supervisor::Impl::tell (const Fault &fault)
{
  health.last_fault = fault.part + "/" + fault.code;
  healer.announce ();
  if (events.fault)
    events.fault (fault);
}

void
Supervisor::Impl::changed () const
{
  if (events.changed)
    events.changed ();
}

void
Supervisor::Impl::finish_stop ()
{
  set_state (CameraState::Stopped, "");
  for (const auto &done : std::exchange (stopped, {}))
    done ();
}

unsigned
Supervisor::Impl::drain_ms () const
{
  return static_cast<unsigned> (recovery.worker_drain / 1000);
}

void
Supervisor::Impl::restart (Wish why)
{
  if (!worker) {
    spawn ();
    return;
  }
  wish = why;
  if (hung) /* being killed, perhaps in vain: that is told again */
    worker->kill (settings.kill_after);
  else
    worker->end (drain_ms (), settings.kill_after);
}

void
Supervisor::Impl::call (const char *method, GVariant *args, const char *reply_type,
                        WorkerProcess::Answer answer, int64_t deadline)
{
  if (worker) {
    worker->call (method, args, reply_type, deadline ? deadline : settings.call_deadline,
                  std::move (answer));
    return;
  }
  [[maybe_unused]] g_autoptr (GVariant) unused = args ? g_variant_ref_sink (args) : nullptr;
  g_autoptr (GError) error
      = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED, "camera %s: no worker runs (%s)",
                     config.id.c_str (), std::string (camera_state_name (health.state)).c_str ());
  answer (nullptr, error);
}

/* ---- the public side ---- */

Supervisor::Supervisor (const CameraConfig &config, const RecoveryConfig &recovery,
                        WorkerCommand command, SupervisorSettings settings, Events events)
    : impl_ (std::make_unique<Impl> (config, recovery, std::move (command), std::move (settings),
                                     std::move (events)))
{}

Supervisor::~Supervisor ()
{
  *impl_->alive = false;
}

void
Supervisor::start ()
{
  if (impl_->wish == Impl::Wish::Stopped && !impl_->worker)
    impl_->spawn ();
}

void
Supervisor::stop (std::function<void ()> done)
{
  impl_->wish = Impl::Wish::Stopped;
  impl_->healer.abandon ();
  impl_->stopped.push_back (std::move (done));
  if (!impl_->worker)
    impl_->finish_stop ();
  else if (impl_->stopped.size () == 1)
    impl_->worker->end (impl_->drain_ms (), impl_->settings.kill_after);
}

void
Supervisor::reload (const CameraConfig &config, const RecoveryConfig &recovery,
                    WorkerCommand command)
{
  const bool anew = needs_new_worker (impl_->config, config) || command != impl_->command
                    || impl_->health.state == CameraState::Failed;
  g_autoptr (GVariant) changes = g_variant_ref_sink (live_changes (impl_->config, config));
  const bool deadlines = recovery.source.deadline != impl_->recovery.source.deadline
                         || recovery.pipeline.deadline != impl_->recovery.pipeline.deadline;
  impl_->camera_seen = impl_->camera_seen && config.source == impl_->config.source
                       && config.device == impl_->config.device;
  impl_->config = config;
  impl_->recovery = recovery;
  impl_->command = std::move (command);
  impl_->healer.configure (recovery_settings (recovery, config));
  impl_->quality.configure (quality_settings (recovery, config));
  if (impl_->wish != Impl::Wish::Running)
    return; /* stopped, or the next worker starts with it anyway */
  if (anew) {
    impl_->healer.abandon ();
    impl_->restart (Impl::Wish::Restarting);
    return;
  }
  if (deadlines)
    impl_->apply_deadlines ();
  if (!impl_->worker || g_variant_n_children (changes) == 0)
    return;
  /* The next worker has read the new values by itself. */
  impl_->call (
      "Apply", g_variant_new ("(@a{sv})", changes), "()",
      [this, here = impl_->alive, pid = impl_->health.pid] (GVariant *, const GError *error) {
        if (!error || !*here || impl_->wish != Impl::Wish::Running || impl_->health.pid != pid
            || !impl_->worker)
          return;
        impl_->healer.abandon ();
        g_message ("camera %s: %s: starts anew", impl_->config.id.c_str (), error->message);
        impl_->restart (Impl::Wish::Restarting);
      });
  if (impl_->weak_power)
    impl_->apply_stall_timeout ();
}

void
Supervisor::set_preview (bool on)
{
  if (impl_->preview == on)
    return;
  impl_->preview = on;
  if (!impl_->worker || !impl_->worker->is_open ())
    return;
  GVariant *settings = g_variant_new_parsed ("({'preview': <%b>},)", on);
  impl_->call ("Apply", settings, "()", [] (GVariant *, const GError *) {});
}

void
Supervisor::snapshot (ImageDone done)
{
  impl_->call ("Snapshot", nullptr, "(ay)",
               [done = std::move (done)] (GVariant *values, const GError *error) {
                 if (error) {
                   done (nullptr, error);
                   return;
                 }
                 g_autoptr (GVariant) bytes = g_variant_get_child_value (values, 0);
                 g_autoptr (GBytes) jpeg = g_variant_get_data_as_bytes (bytes);
                 done (jpeg, nullptr);
               });
}

void
Supervisor::set_weak_power (bool weak)
{
  if (std::exchange (impl_->weak_power, weak) != weak && impl_->worker)
    impl_->apply_stall_timeout ();
}

void
Supervisor::protect (const Degrade &degrade, const std::string &emergency)
{
  const bool other = std::exchange (impl_->degrade, degrade) != degrade;
  impl_->health.degrade = degrade.step ();
  impl_->health.emergency = emergency;
  if (other && impl_->worker && impl_->worker->is_open ())
    impl_->apply_degrade ();
  impl_->changed ();
}

bool
Supervisor::recycle ()
{
  const CameraHealth &now = impl_->health;
  const bool read = now.wanted && now.receivers != 0;
  if (impl_->wish != Impl::Wish::Running || !impl_->worker || impl_->hung || impl_->preview || read
      || now.state != CameraState::Streaming || impl_->healer.policy ().open ())
    return false;
  impl_->restart (Impl::Wish::Recycling);
  return true;
}

void
Supervisor::device_arrived ()
{
  if (impl_->health.source == test_picture_source && impl_->wish == Impl::Wish::Running)
    impl_->healer.requested (Tier::Pipeline, "device-arrived");
  else
    impl_->healer.device_arrived ();
}

void
Supervisor::recover (Tier tier)
{
  if (impl_->wish == Impl::Wish::Running)
    impl_->healer.requested (tier, "requested");
}

static WorkerProcess::Answer
first_value (Supervisor::ValuesDone done)
{
  return [done = std::move (done)] (GVariant *tuple, const GError *error) {
    g_autoptr (GVariant) values = error ? nullptr : g_variant_get_child_value (tuple, 0);
    done (values, error);
  };
}

void
Supervisor::test (ValuesDone done)
{
  impl_->call ("Test", nullptr, "(a{sv})", first_value (std::move (done)));
}

void
Supervisor::stats (ValuesDone done)
{
  impl_->call ("GetStats", nullptr, "(a{sv})", first_value (std::move (done)));
}

void
Supervisor::graph (TextDone done)
{
  impl_->call ("DumpGraph", nullptr, "(s)",
               first_value ([done = std::move (done)] (GVariant *text, const GError *error) {
                 done (error ? "" : g_variant_get_string (text, nullptr), error);
               }));
}

void
Supervisor::evidence (ValuesDone done)
{
  impl_->call ("Evidence", nullptr, "(a{sv})", first_value (std::move (done)));
}

void
Supervisor::prune (uint64_t bytes, NumberDone done)
{
  impl_->call ("Prune", g_variant_new ("(t)", static_cast<guint64> (bytes)), "(t)",
               first_value ([done = std::move (done)] (GVariant *number, const GError *error) {
                 done (error ? 0 : g_variant_get_uint64 (number), error);
               }),
               prune_deadline);
}

bool
Supervisor::supervises () const
{
  const RecoveryPolicy &policy = impl_->healer.policy ();
  return impl_->wish != Impl::Wish::Running || policy.given_up ()
         || (policy.open () && policy.wakeup () != INT64_MAX)
         || (impl_->worker && impl_->watch.heard_within (monotonic (), word_overdue));
}

const CameraHealth &
Supervisor::health () const
{
  return impl_->health;
}

int64_t
Supervisor::incident () const
{
  return impl_->healer.incident ();
}

std::vector<std::string>
Supervisor::last_lines () const
{
  if (!impl_->worker || impl_->worker->lines ().empty ())
    return impl_->old_lines;
  return { impl_->worker->lines ().begin (), impl_->worker->lines ().end () };
}

} // namespace camwarden
