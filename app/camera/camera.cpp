// SPDX-License-Identifier: LGPL-2.1-or-later
/* A worker's life: start, faults, the end. Its orders are in cameraorders.cpp. */
#include "camera/camera.h"

#include "core/exitcodes.h"

#include <glib-unix.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

/* How long a state change may take before the process is given up, in us. */
constexpr int64_t find_deadline = 15 * G_USEC_PER_SEC;
constexpr int64_t play_deadline = 10 * G_USEC_PER_SEC;
constexpr int64_t source_deadline = 5 * G_USEC_PER_SEC;
constexpr int64_t stop_deadline = 3 * G_USEC_PER_SEC;
constexpr int64_t flush_timeout = 200 * 1000;
constexpr unsigned fault_drain_ms = 2000;
/* A source that ends begins anew, but not more often than this. */
constexpr int64_t shortest_run = 100 * 1000;

gboolean
on_signal (gpointer data)
{
  static_cast<Camera *> (data)->stop (fault_drain_ms);
  return G_SOURCE_CONTINUE;
}

} // namespace

Camera::Camera (const CameraConfig &config, CameraOptions options)
    : config_ (config), options_ (options), loop_ (g_main_loop_new (nullptr, FALSE))
{
  states_ = std::make_unique<StateThread> (queue_, [this] (const char *job) {
    report ({ FaultClass::Hang, Tier::Worker, "pipeline", "state-change-hang",
              std::string (job) + " takes too long" });
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
  states_->post (
      "finding the camera", find_deadline,
      [search, config = config_] { search->source = make_source (config, &search->error); },
      [this, search, done] { found (std::move (search->source), search->error, done); });
}

void
Camera::found (std::optional<CameraSource> source, GError *error, const Done &done)
{
  g_autoptr (GError) problem = error;
  if (leaving_)
    return;
  if (source)
    pipeline_ = Pipeline::build (config_, *source, queue_, pipeline_events (), &problem);
  if (!pipeline_) {
    g_warning ("%s", problem->message);
    report (
        { FaultClass::Configuration, Tier::Count, "pipeline", "configuration", problem->message });
    if (done)
      done (problem);
    leave (exitcode::Configuration, 0, true);
    return;
  }
  source_name_ = source->name;
  apply_extras ();
  if (extras_.quality >= 0 && !pipeline_->set_quality (extras_.quality, nullptr))
    g_warning ("camera %s: the encoder takes no quality", config_.id.c_str ());
  begin_anew ();
  source_job_ = true;
  auto good = std::make_shared<bool> (false); /* shared by the two halves of one job */
  states_->post (
      "starting the pipeline", play_deadline, [this, good] { *good = pipeline_->play (); },
      [this, good, done] { playing (*good, done); });
}

void
Camera::playing (bool good, const Done &done)
{
  source_job_ = false;
  playing_ = good;
  if (good) {
    if (done)
      done (nullptr);
    return;
  }
  g_autoptr (GError) problem
      = g_error_new (G_IO_ERROR, G_IO_ERROR_FAILED, "the pipeline does not start");
  if (done)
    done (problem);
  if (leaving_)
    return;
  /* The reason is on its way over the bus. */
  anew_ = Timer::once (200, [this] {
    if (!leaving_)
      error ({ FaultClass::Camera, Tier::Source, "source", "state-change-failed",
               source_name_ + " does not start" });
  });
}

Pipeline::Events
Camera::pipeline_events ()
{
  return { .error = [this] (const Fault &fault) { error (fault); },
           .warning = [this] (const Fault &fault) { warning (fault); },
           .drained = [this] { drained (); },
           .ended = [this] { source_ended (); },
           .message = [this] (const GstStructure *message) { element_message (message); } };
}

/* Ends the pipeline on the state thread, then forgets it. */
void
Camera::teardown (std::function<void ()> done)
{
  playing_ = false;
  states_->post (
      "stopping the pipeline", stop_deadline,
      [this] {
        if (pipeline_)
          pipeline_->stop ();
      },
      std::move (done));
}

/* ---- what happens ---- */

void
Camera::report (const Fault &fault)
{
  g_warning ("camera %s: %s/%s: %s", config_.id.c_str (), fault.part.c_str (), fault.code.c_str (),
             fault.evidence.c_str ());
  if (link_)
    link_->fault (fault);
}

void
Camera::error (const Fault &fault)
{
  /* The first error is the reason, what follows is its echo. */
  if (leaving_)
    return;
  report (fault);
  const bool source = fault.part == "source";
  leave (source ? exitcode::Restart : exitcode::Fault, playing_ ? fault_drain_ms : 0, !source);
}

void
Camera::warning (const Fault &fault)
{
  g_message ("camera %s: warning: %s/%s: %s", config_.id.c_str (), fault.part.c_str (),
             fault.code.c_str (), fault.evidence.c_str ());
}

void
Camera::element_message (const GstStructure *message)
{
  if (gst_structure_has_name (message, "healthprobe"))
    health_message (message);
  else if (gst_structure_has_name (message, "redissink"))
    redis_state_ = gst_structure_get_string (message, "state");
  else
    store_message (message);
}

void
Camera::health_message (const GstStructure *message)
{
  g_clear_pointer (&probe_report_, gst_structure_free);
  probe_report_ = gst_structure_copy (message);
  gboolean change = FALSE;
  gst_structure_get_boolean (message, "change", &change);
  if (change && probe_text ("verdict") == "stall")
    report ({ FaultClass::Camera, Tier::Source, "source", "stall", source_name_ + ": no frames" });
}

void
Camera::store_message (const GstStructure *message)
{
  if (gst_structure_has_name (message, "framestore-resumed")) {
    store_paused_.clear ();
    return;
  }
  if (!gst_structure_has_name (message, "framestore-paused"))
    return;
  const char *reason = gst_structure_get_string (message, "reason");
  const char *detail = gst_structure_get_string (message, "detail");
  store_paused_ = reason ? reason : "io";
  report ({ FaultClass::Storage, Tier::Count, "store", "paused-" + store_paused_,
            detail ? detail : "" });
}

/* ---- a source that ends ---- */

void
Camera::begin_anew ()
{
  begun_ = g_get_monotonic_time ();
  frames_before_ = pipeline_->gate ().frames ();
}

void
Camera::source_ended ()
{
  if (leaving_ || source_job_)
    return;
  if (pipeline_->gate ().frames () == frames_before_) {
    error ({ FaultClass::Camera, Tier::Source, "source", "eos",
             source_name_ + ": ends without a frame" });
    return;
  }
  if (pipeline_->live ())
    report ({ FaultClass::Transient, Tier::Count, "source", "eos",
              source_name_ + ": ends, begins anew" });
  const int64_t early = begun_ + shortest_run - g_get_monotonic_time ();
  anew_ = Timer::once (early > 0 ? static_cast<guint> (early / 1000) : 0,
                       [this] { restart_source ({}); });
}

void
Camera::restart_source (Done done)
{
  if (!pipeline_ || source_job_ || leaving_) {
    g_autoptr (GError) busy = g_error_new (
        G_IO_ERROR, G_IO_ERROR_BUSY, "camera %s is starting or stopping", config_.id.c_str ());
    if (done)
      done (busy);
    return;
  }
  source_job_ = true;
  auto good = std::make_shared<bool> (false); /* shared by the two halves of one job */
  states_->post (
      "restarting the source", source_deadline,
      [this, good] { *good = pipeline_->restart_source (); },
      [this, good, done] {
        begin_anew ();
        playing (*good, done);
      });
}

void
Camera::rebuild_pipeline (Done done)
{
  if (!pipeline_ || source_job_ || leaving_) {
    restart_source (std::move (done)); /* says why not */
    return;
  }
  source_job_ = true;
  teardown ([this, done] {
    old_frames_ += pipeline_->gate ().frames ();
    pipeline_.reset ();
    fail_captures ("the pipeline is rebuilt");
    redis_state_ = "disconnected";
    store_paused_.clear ();
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
  leave (exitcode::Stopped, drain_ms, true);
}

void
Camera::link_closed ()
{
  if (leaving_)
    return;
  g_message ("camera %s: the daemon is gone", config_.id.c_str ());
  leave (exitcode::Stopped, fault_drain_ms, true);
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
    teardown ([this] { quit (); });
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
