// SPDX-License-Identifier: LGPL-2.1-or-later
/* A worker's life: start, restarts, the end. What happens to it is in camerafaults.cpp, its orders
 * are in cameraorders.cpp. */
#include "camera/camera.h"

#include "core/exitcodes.h"
#include "core/faultrules.h"

#include <algorithm>
#include <glib-unix.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

/* How long a state change may take before the process is given up, in us. */
constexpr int64_t find_deadline = 15 * G_USEC_PER_SEC;
constexpr int64_t stop_deadline = 3 * G_USEC_PER_SEC;
constexpr int64_t flush_timeout = 200 * 1000;
/* What is left of a deadline that has passed. */
constexpr int64_t shortest_deadline = 100 * 1000;

gboolean
on_signal (gpointer data)
{
  static_cast<Camera *> (data)->stop (Camera::fault_drain_ms);
  return G_SOURCE_CONTINUE;
}

} // namespace

Camera::Camera (const CameraConfig &config, CameraOptions options)
    : config_ (config), options_ (options), loop_ (g_main_loop_new (nullptr, FALSE)),
      expect_camera_ (options.expect_camera)
{
  extras_.source_deadline = options.source_deadline;
  extras_.pipeline_deadline = options.pipeline_deadline;
  states_ = std::make_unique<StateThread> (queue_, [this] (const char *job) {
    report (fault_of ("state-change-hang", "pipeline", std::string (job) + " takes too long"));
    die (leaving_ ? code_ : exitcode::Restart);
  });
  sigterm_ = SourceId (g_unix_signal_add (SIGTERM, on_signal, this));
  sigint_ = SourceId (g_unix_signal_add (SIGINT, on_signal, this));
}

Camera::~Camera ()
{
  g_clear_pointer (&probe_report_, gst_structure_free);
  g_main_loop_unref (loop_);
}

int
Camera::run ()
{
  if (options_.link_fd >= 0)
    link_ = std::make_unique<ControlLink> (options_.link_fd, *this);
  tick_ = Timer::every (1000, [this] { tick (); });
  start ({});
  g_main_loop_run (loop_);
  fail_captures ("the worker stops");
  if (link_)
    link_->flush (flush_timeout);
  if (!tidy_)
    die (code_);
  link_.reset ();
  states_.reset ();
  pipeline_.reset ();
  return code_;
}

/* ---- start ---- */

/* An order has one deadline for all its steps. */
int64_t
Camera::budget (int64_t own) const
{
  if (!job_end_)
    return own;
  return std::max (job_end_ - g_get_monotonic_time (), shortest_deadline);
}

void
Camera::start (Done done)
{
  /* Probing for devices may hang as well as starting one. */
  struct Search
  {
    std::optional<CameraSource> source;
    GError *error = nullptr;
  };
  auto search = std::make_shared<Search> (); /* shared by the two halves of one job */
  source_job_ = true;
  states_->post (
      "finding the camera", budget (find_deadline),
      [search, config = config_, expect = expect_camera_] {
        search->source = make_source (config, expect, &search->error);
      },
      [this, search, done = std::move (done)] {
        found (std::move (search->source), search->error, done);
      });
}

void
Camera::found (std::optional<CameraSource> source, GError *error, const Done &done)
{
  g_autoptr (GError) problem = error;
  if (leaving_)
    return;
  if (source)
    pipeline_ = Pipeline::build (config_, *source, { queue_, log_, pictures_ }, pipeline_events (),
                                 &problem);
  if (!pipeline_) {
    cannot_build (problem, done);
    return;
  }
  built_ = true;
  source_name_ = source->name;
  restarted_ = false;
  apply_extras ();
  if (extras_.quality >= 0 && !pipeline_->set_quality (extras_.quality, nullptr))
    g_warning ("camera %s: the encoder takes no quality", config_.id.c_str ());
  auto outcome = std::make_shared<Outcome> (); /* shared by the two halves of one job */
  states_->post (
      "starting the pipeline", budget (extras_.pipeline_deadline),
      [this, outcome] {
        outcome->sinks = pipeline_->play ();
        outcome->source = outcome->sinks && pipeline_->start_source ();
      },
      [this, outcome, done] { started (*outcome, done); });
}

/* A wrong description stays wrong: the daemon has to know that from the exit code. What may be
 * there the next time is waited for. */
void
Camera::cannot_build (const GError *problem, const Done &done)
{
  source_job_ = false;
  job_end_ = 0;
  no_source (problem);
  if (done)
    done (problem);
  const bool absent = g_error_matches (problem, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  if (!leaving_ && !(link_ && (absent || built_)))
    leave (absent ? exitcode::Restart : exitcode::Configuration, 0, true);
}

void
Camera::started (const Outcome &outcome, const Done &done)
{
  /* Why it failed comes before the answer that it has. */
  pipeline_->handle_messages ();
  source_job_ = false;
  job_end_ = 0;
  playing_ = outcome.sinks;
  const auto source = pipeline_->source ();
  source_name_ = source.name;
  expect_camera_ = expect_camera_ || source.found;
  if (!leaving_ && outcome.error)
    no_source (outcome.error);
  else if (!leaving_ && !outcome.source && !failed_)
    error (fault_of (outcome.sinks ? "state-change-failed" : "element-failed",
                     outcome.sinks ? "source" : "pipeline", source_name_ + " does not start"));
  if (ended_early_)
    source_ended ();
  if (!done)
    return;
  g_autoptr (GError) problem = nullptr;
  if (failed_ || !outcome.source)
    problem = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "camera %s: %s: does not start",
                           config_.id.c_str (), fault_ ? fault_->code.c_str () : "");
  done (problem);
}

Pipeline::Events
Camera::pipeline_events ()
{
  return { .error = [this] (const Fault &fault) { error (fault); },
           .warning = [this] (const Fault &fault) { report (fault); },
           .remark = [this] (const std::string &text) { remark (text); },
           .drained = [this] { drained (); },
           .began = [this] { run_began (); },
           .ended = [this] { source_ended (); },
           .message = [this] (const GstStructure *message) { element_message (message); } };
}

/* Ends the pipeline on the state thread, then forgets it. */
void
Camera::teardown (int64_t deadline, std::function<void ()> done)
{
  playing_ = false;
  states_->post (
      "stopping the pipeline", deadline,
      [this] {
        if (pipeline_)
          pipeline_->stop ();
      },
      std::move (done));
}

/* ---- again ---- */

bool
Camera::refuse_order (const Done &done) const
{
  if (!source_job_ && !leaving_)
    return false;
  g_autoptr (GError) busy = g_error_new (G_IO_ERROR, G_IO_ERROR_BUSY,
                                         "camera %s is starting or stopping", config_.id.c_str ());
  if (done)
    done (busy);
  return true;
}

void
Camera::restart_source (Done done)
{
  if (refuse_order (done))
    return;
  if (!pipeline_) {
    rebuild_pipeline (std::move (done));
    return;
  }
  ordered_ = true;
  restart_source_again (std::move (done));
}

void
Camera::restart_source_again (Done done)
{
  anew_.cancel ();
  source_job_ = true;
  /* What did not help once will not help twice: then a new element. */
  const bool renew = restarted_ && !pipeline_->gave_frames ();
  restarted_ = true;
  auto outcome = std::make_shared<Outcome> (); /* shared by the two halves of one job */
  outcome->sinks = playing_;
  states_->post (
      "restarting the source", extras_.source_deadline,
      [this, outcome, renew, expect = expect_camera_] {
        outcome->source = pipeline_->restart_source (renew, expect, &outcome->error);
      },
      [this, outcome, done = std::move (done)] { started (*outcome, done); });
}

void
Camera::rebuild_pipeline (Done done)
{
  if (refuse_order (done))
    return;
  anew_.cancel ();
  ordered_ = true;
  source_job_ = true;
  job_end_ = g_get_monotonic_time () + extras_.pipeline_deadline;
  teardown (budget (extras_.pipeline_deadline), [this, done] {
    if (leaving_)
      return;
    if (pipeline_)
      old_frames_ += pipeline_->gate ().frames ();
    pipeline_.reset ();
    fail_captures ("the pipeline is rebuilt");
    redis_state_ = "disconnected";
    store_paused_.clear ();
    g_clear_pointer (&probe_report_, gst_structure_free);
    start (done);
  });
}

/* ---- the end ---- */

void
Camera::stop (unsigned drain_ms)
{
  if (leaving_ && gone_)
    return;
  if (leaving_)
    die (code_); /* told twice: at once */
  leave (exitcode::Stopped, drain_ms, !unsafe_source_);
}

void
Camera::link_closed ()
{
  if (leaving_)
    return;
  g_message ("camera %s: the daemon is gone", config_.id.c_str ());
  leave (exitcode::Stopped, fault_drain_ms, !unsafe_source_);
}

void
Camera::leave (int code, unsigned drain_ms, bool tidy)
{
  leaving_ = true;
  code_ = code;
  tidy_ = tidy;
  anew_.cancel ();
  last_resort_ = Timer::once (drain_ms + 900, [this] { die (code_); });
  if (!playing_ || drain_ms == 0) {
    drained ();
    return;
  }
  drain_timer_ = Timer::once (drain_ms, [this] { drained (); });
  /* The end of the stream waits in the sinks until their queues are empty. */
  const int64_t deadline = static_cast<int64_t> (drain_ms) * 1000 + G_USEC_PER_SEC;
  states_->post ("draining", deadline, [this] { pipeline_->drain (); }, {});
}

void
Camera::drained ()
{
  if (!leaving_ || gone_)
    return;
  gone_ = true;
  drain_timer_.cancel ();
  /* Stopping a source that has failed may abort or hang (libcamera does): the process ends anyway
   * and the kernel closes what it held. */
  if (tidy_)
    teardown (stop_deadline, [this] { quit (); });
  else
    quit ();
}

void
Camera::quit ()
{
  last_resort_.cancel ();
  g_main_loop_quit (loop_);
}

void
Camera::die (int code)
{
  if (link_)
    link_->flush (flush_timeout);
  _exit (code);
}

} // namespace camwarden
