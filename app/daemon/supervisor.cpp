// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/supervisor.h"

#include "config/livekeys.h"
#include "config/settings.h"
#include "core/faultrules.h"
#include "core/qualitywatch.h"
#include "daemon/healer.h"
#include "daemon/recoverysettings.h"
#include "daemon/workerhealth.h"
#include "daemon/workerprocess.h"

#include <algorithm>
#include <array>

namespace camwarden
{

namespace
{

constexpr guint tick_ms = 250;
constexpr const char *test_picture = "test picture";
constexpr size_t evidence_lines = 5;
/* The worker gives up by itself before. */
/* Longer than it takes to find and end a worker that says nothing. */
constexpr int64_t word_overdue = 60 * G_USEC_PER_SEC;
constexpr int64_t hint_lasts = 15 * G_USEC_PER_SEC;
constexpr int64_t order_margin = 3 * G_USEC_PER_SEC;

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

struct Supervisor::Impl
{
  enum class Wish {
    Stopped,
    Running,
    Restarting, /* with another configuration */
    Replacing,  /* the recovery wants another worker */
  };

  Impl (const CameraConfig &camera, const RecoveryConfig &numbers, WorkerCommand how,
        SupervisorSettings given, Events listener)
      : config (camera), recovery (numbers), command (std::move (how)),
        settings (std::move (given)), events (std::move (listener)), watch (settings.watch),
        healer (recovery_settings (recovery, config), settings.state_file, levers ()),
        quality (quality_settings (recovery, config))
  {
    health.id = camera.id;
    health.state_since = g_get_real_time ();
  }

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
  void restart (Wish why);
  void order (Tier tier, std::function<void (bool good)> done);
  void reset_device (std::function<void (bool good)> done);
  void told (const RecoveryAction &action, const Fault &reason);
  void show_recovery ();
  void apply_deadlines ();
  void apply_stall_timeout ();
  void call (const char *method, GVariant *args, const char *reply_type,
             WorkerProcess::Answer answer, int64_t deadline = 0);
  [[nodiscard]] std::string last_words () const;
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

/* ---- life of a worker ---- */

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
  health.respawns++;
  if (wish == Wish::Restarting) {
    spawn ();
    return;
  }
  if (wish == Wish::Replacing) {
    healer.worker_ended (exit);
    spawn ();
    return;
  }
  const std::string words = last_words ();
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

/* libcamera says why a camera stalls on stderr, and nowhere else. */
Fault
Supervisor::Impl::with_hint (const Fault &fault) const
{
  Fault known = fault;
  if (fault.code != "stall" || !hint || monotonic () - hint_at > hint_lasts)
    return known;
  const Tier cap = tier_cap (hint->fault_class);
  if (cap <= fault.first)
    return known;
  known.fault_class = hint->fault_class;
  known.first = std::max (fault.first, std::min ({ hint->first, cap, Tier::Worker }));
  known.evidence += "; it said: " + hint_line;
  return known;
}

void
Supervisor::Impl::judge_quality ()
{
  for (const Fault &fault :
       quality.update (monotonic (), health.verdict, health.fps, config.framerate.value ())) {
    tell (fault);
    healer.fault (fault);
  }
}

void
Supervisor::Impl::worker_health (GVariant *values)
{
  const char *state = "";
  g_variant_lookup (values, "state", "&s", &state);
  read_worker_health (health, values);
  camera_seen = camera_seen || (health.frames > 0 && health.source != test_picture);
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
Supervisor::Impl::last_words () const
{
  std::string words;
  const size_t first = old_lines.size () > evidence_lines ? old_lines.size () - evidence_lines : 0;
  for (size_t i = first; i < old_lines.size (); i++)
    words += (words.empty () ? "" : "\n") + old_lines[i];
  return words;
}

/* ---- recovery ---- */

Healer::Levers
Supervisor::Impl::levers ()
{
  return { .order = [this] (Tier tier, auto done) { order (tier, std::move (done)); },
           .replace_worker = [this] { restart (Wish::Replacing); },
           .tell = [this] (const RecoveryAction &action,
                           const Fault &reason) { told (action, reason); } };
}

void
Supervisor::Impl::order (Tier tier, std::function<void (bool good)> done)
{
  const auto answered = [done] (GVariant *, const GError *error) { done (!error); };
  switch (tier) {
  case Tier::Source:
    call ("RestartSource", nullptr, "()", answered, recovery.source.deadline + order_margin);
    return;
  case Tier::Pipeline:
    call ("RebuildPipeline", nullptr, "()", answered, recovery.pipeline.deadline + order_margin);
    return;
  case Tier::Device:
    reset_device (std::move (done));
    return;
  case Tier::Machine:
    if (events.reboot)
      events.reboot (healer.policy ().reason (), done);
    else
      done (false);
    return;
  case Tier::Count:
  case Tier::Worker:
    break;
  }
  done (false);
}

/* What comes back is a new device: the source has to open it. */
void
Supervisor::Impl::reset_device (std::function<void (bool good)> done)
{
  if (!events.reset_device || health.device.empty ()) {
    done (false);
    return;
  }
  events.reset_device (health.device, recovery.device.deadline,
                       [this, here = alive, done] (const GError *error) {
                         if (!*here)
                           return;
                         if (error)
                           g_warning ("camera %s: %s", config.id.c_str (), error->message);
                         if (error)
                           done (false);
                         else
                           order (Tier::Source, done);
                       });
}

void
Supervisor::Impl::told (const RecoveryAction &action, const Fault &reason)
{
  if (action.kind == RecoveryAction::Kind::Order)
    quality.restarted ();
  if (action.kind == RecoveryAction::Kind::Order)
    health.cures[static_cast<size_t> (action.tier) - 1]++;
  if (action.kind == RecoveryAction::Kind::Cured)
    health.cured++;
  show_recovery ();
  if (events.recovery)
    events.recovery (action, reason);
  changed ();
}

void
Supervisor::Impl::show_recovery ()
{
  const RecoveryPolicy &policy = healer.policy ();
  health.healthy = policy.healthy ();
  health.recovery = policy.open () ? std::string (tier_name (policy.tier ())) : "";
  health.given_up = policy.given_up ();
  const int64_t next = policy.next_attempt ();
  health.next_attempt = next == INT64_MAX ? 0 : g_get_real_time () + next - monotonic ();
}

void
Supervisor::Impl::apply_deadlines ()
{
  GVariantBuilder deadlines;
  g_variant_builder_init (&deadlines, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&deadlines, "{sv}", "source-deadline",
                         g_variant_new_int64 (recovery.source.deadline));
  g_variant_builder_add (&deadlines, "{sv}", "pipeline-deadline",
                         g_variant_new_int64 (recovery.pipeline.deadline));
  call ("Apply", g_variant_new ("(a{sv})", &deadlines), "()", [] (GVariant *, const GError *) {});
}

void
Supervisor::Impl::apply_stall_timeout ()
{
  GVariantBuilder settings_to_change;
  g_variant_builder_init (&settings_to_change, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&settings_to_change, "{sv}", "stall-timeout",
                         g_variant_new_int64 (stall_timeout (recovery, config, weak_power)));
  call ("Apply", g_variant_new ("(a{sv})", &settings_to_change), "()",
        [] (GVariant *, const GError *) {});
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

void
Supervisor::Impl::restart (Wish why)
{
  if (!worker) {
    spawn ();
    return;
  }
  wish = why;
  if (!hung) /* it is being killed already */
    worker->end (settings.drain_ms, settings.kill_after);
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
    impl_->worker->end (impl_->settings.drain_ms, impl_->settings.kill_after);
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
  impl_->call ("Apply", g_variant_new ("(@a{sv})", changes), "()",
               [this, here = impl_->alive] (GVariant *, const GError *error) {
                 if (!error || !*here || impl_->wish != Impl::Wish::Running)
                   return;
                 g_message ("camera %s: %s: starts anew", impl_->config.id.c_str (),
                            error->message);
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
Supervisor::device_arrived ()
{
  if (impl_->health.source == test_picture && impl_->wish == Impl::Wish::Running)
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
               }));
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
