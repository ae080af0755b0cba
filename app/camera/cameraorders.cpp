// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the daemon can ask a worker for. */
#include "camera/camera.h"
#include "camera/variants.h"
#include "config/livekeys.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr guint capture_timeout_ms = 2000;

uint64_t
resident_bytes ()
{
  unsigned long long total = 0, resident = 0;
  FILE *file = fopen ("/proc/self/statm", "re");
  if (!file)
    return 0;
  const int fields = fscanf (file, "%llu %llu", &total, &resident);
  fclose (file);
  return fields == 2 ? resident * static_cast<uint64_t> (sysconf (_SC_PAGESIZE)) : 0;
}

struct Values
{
  Values () { g_variant_builder_init (&builder, G_VARIANT_TYPE_VARDICT); }

  void
  add (const char *name, GVariant *value)
  {
    g_variant_builder_add (&builder, "{sv}", name, value);
  }
  void
  text (const char *name, const std::string &value)
  {
    add (name, g_variant_new_string (value.c_str ()));
  }
  [[nodiscard]] GVariant *
  end ()
  {
    return g_variant_builder_end (&builder);
  }

  GVariantBuilder builder;
};

GVariant *
element_stats (GstStructure *stats)
{
  GVariant *values = structure_to_vardict (stats);
  g_clear_pointer (&stats, gst_structure_free);
  return values;
}

} // namespace

uint64_t
Camera::progress () const
{
  return old_frames_ + (pipeline_ ? pipeline_->gate ().frames () : 0);
}

/* ---- pictures ---- */

void
Camera::capture (PictureDone done)
{
  if (!pipeline_ || failed_ || leaving_) {
    g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
                                            "camera %s is not running", config_.id.c_str ());
    done ({}, error);
    return;
  }
  const unsigned number = next_capture_++;
  captures_.push_back ({ number, std::move (done), {} });
  captures_.back ().patience = Timer::once (
      capture_timeout_ms, [this, number] { fail_capture (number, "no new frame within 2 s"); });
  pipeline_->gate ().capture ([this, number] (const Picture &picture) {
    queue_.post ([this, number, picture] { captured (number, picture); });
  });
}

void
Camera::captured (unsigned number, const Picture &picture)
{
  if (!picture.jpeg) {
    fail_capture (number, "the encoder does not give JPEG");
    return;
  }
  const auto found = std::find_if (captures_.begin (), captures_.end (),
                                   [&] (const Capture &one) { return one.number == number; });
  if (found == captures_.end ())
    return;
  const auto done = std::move (found->done);
  captures_.erase (found);
  done (picture, nullptr);
}

void
Camera::fail_capture (unsigned number, const char *why)
{
  const auto found = std::find_if (captures_.begin (), captures_.end (),
                                   [&] (const Capture &one) { return one.number == number; });
  if (found == captures_.end ())
    return;
  const auto done = std::move (found->done);
  captures_.erase (found);
  g_autoptr (GError) error
      = g_error_new (G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "camera %s: %s", config_.id.c_str (), why);
  done ({}, error);
}

void
Camera::fail_captures (const char *why)
{
  while (!captures_.empty ())
    fail_capture (captures_.front ().number, why);
}

void
Camera::snapshot (ImageDone done)
{
  capture ([done = std::move (done)] (const Picture &picture, const GError *error) {
    done (picture.jpeg.get (), error);
  });
}

void
Camera::test (ValuesDone done)
{
  const int64_t since = g_get_monotonic_time ();
  capture ([this, since, done = std::move (done)] (const Picture &picture, const GError *error) {
    if (error)
      done (nullptr, error);
    else
      done (test_result (picture, g_get_monotonic_time () - since), nullptr);
  });
}

GVariant *
Camera::test_result (const Picture &picture, int64_t elapsed) const
{
  Values values;
  values.add ("success", g_variant_new_boolean (TRUE));
  values.add ("size", g_variant_new_uint64 (g_bytes_get_size (picture.jpeg.get ())));
  values.add ("width", g_variant_new_int32 (picture.width));
  values.add ("height", g_variant_new_int32 (picture.height));
  values.text ("verdict", probe_text ("verdict"));
  for (const char *field : { "luma-mean", "luma-deviation", "sharpness", "fps" })
    values.add (field, g_variant_new_double (probe_number (field)));
  values.add ("elapsed-us", g_variant_new_int64 (elapsed));
  values.text ("source", source_name_);
  return values.end ();
}

/* ---- settings ---- */

bool
Camera::apply (GVariant *settings, GError **error)
{
  CameraConfig changed = config_;
  Extras extras = extras_;
  GVariantIter fields;
  g_variant_iter_init (&fields, settings);
  const char *key = nullptr;
  GVariant *value = nullptr;
  while (g_variant_iter_next (&fields, "{&sv}", &key, &value)) {
    g_autoptr (GVariant) owned = value;
    if (!take_extra (extras, key, value) && !set_live_key (changed, key, value, error))
      return false;
  }
  if (pipeline_) {
    if (extras.quality != extras_.quality && !pipeline_->set_quality (extras.quality, error))
      return false;
    pipeline_->apply (changed);
  }
  config_ = changed;
  extras_ = extras;
  apply_extras ();
  return true;
}

/* What can be ordered, but stands in no configuration. */
bool
Camera::take_extra (Extras &extras, const char *key, GVariant *value)
{
  if (g_str_equal (key, "quality") && g_variant_is_of_type (value, G_VARIANT_TYPE_INT32))
    extras.quality = g_variant_get_int32 (value);
  else if (g_str_equal (key, "preview") && g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN))
    extras.preview = g_variant_get_boolean (value);
  else if (g_str_equal (key, "max-framerate")
           && g_variant_is_of_type (value, G_VARIANT_TYPE_DOUBLE))
    extras.max_framerate = g_variant_get_double (value);
  else if (g_str_equal (key, "source-deadline")
           && g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
    extras.source_deadline = g_variant_get_int64 (value);
  else if (g_str_equal (key, "pipeline-deadline")
           && g_variant_is_of_type (value, G_VARIANT_TYPE_INT64))
    extras.pipeline_deadline = g_variant_get_int64 (value);
  else
    return take_degrade (extras.degrade, key, value);
  return true;
}

bool
Camera::take_degrade (Degrade &degrade, const char *key, GVariant *value)
{
  const bool number = g_variant_is_of_type (value, G_VARIANT_TYPE_UINT32);
  const bool flag = g_variant_is_of_type (value, G_VARIANT_TYPE_BOOLEAN);
  if (g_str_equal (key, "degrade-quality") && number)
    degrade.quality_less = g_variant_get_uint32 (value);
  else if (g_str_equal (key, "degrade-rate") && number)
    degrade.rate_divisor = std::max (1u, g_variant_get_uint32 (value));
  else if (g_str_equal (key, "degrade-size") && number)
    degrade.size_divisor = std::max (1u, g_variant_get_uint32 (value));
  else if (g_str_equal (key, "degrade-least") && flag)
    degrade.one_per_second = g_variant_get_boolean (value);
  else if (g_str_equal (key, "degrade-store") && flag)
    degrade.store_paused = g_variant_get_boolean (value);
  else
    return false;
  return true;
}

void
Camera::apply_extras ()
{
  if (!pipeline_)
    return;
  const double limit = extras_.max_framerate;
  pipeline_->degrade (extras_.degrade);
  pipeline_->gate ().set_preview (extras_.preview);
  pipeline_->gate ().limit_rate (limit > 0 ? static_cast<int64_t> (G_USEC_PER_SEC / limit) : 0);
}

/* ---- figures ---- */

/* Deleting takes its time, and must not take the loop's nor the state thread's. */
void
Camera::prune (uint64_t bytes, NumberDone done)
{
  if (!pipeline_ || !pipeline_->store ()) {
    g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED,
                                            "camera %s stores nothing", config_.id.c_str ());
    done (0, error);
    return;
  }
  struct Work
  {
    guint64 bytes;
    NumberDone done;
  };
  const auto finished = [] (GObject *, GAsyncResult *result, gpointer data) {
    const std::unique_ptr<Work> work (static_cast<Work *> (data));
    work->done (static_cast<uint64_t> (g_task_propagate_int (G_TASK (result), nullptr)), nullptr);
  };
  const auto prune = [] (GTask *task, gpointer store, gpointer data, GCancellable *) {
    guint64 freed = 0;
    g_signal_emit_by_name (store, "prune", static_cast<Work *> (data)->bytes, &freed);
    g_task_return_int (task, static_cast<gssize> (freed));
  };
  auto *work = new Work{ bytes, std::move (done) };
  g_autoptr (GTask) task = g_task_new (pipeline_->store ().get (), nullptr, finished, work);
  g_task_set_task_data (task, work, nullptr);
  g_task_run_in_thread (task, prune);
}

GVariant *
Camera::stats ()
{
  Values values;
  values.text ("state", state ());
  values.add ("frames", g_variant_new_uint64 (progress ()));
  if (pipeline_) {
    values.add ("encoded", g_variant_new_uint64 (pipeline_->gate ().passed ()));
    values.add ("held-back", g_variant_new_uint64 (pipeline_->gate ().held_back ()));
    values.add ("redis", element_stats (pipeline_->redis_stats ()));
    values.add ("store", element_stats (pipeline_->store_stats ()));
  }
  values.add ("health", structure_to_vardict (probe_report_));
  return values.end ();
}

std::string
Camera::graph ()
{
  return pipeline_ ? pipeline_->graph () : "";
}

const char *
Camera::state () const
{
  if (leaving_)
    return "stopping";
  if (failed_)
    return "failed";
  /* One that begins anew by itself is not worth a word. */
  if (!pipeline_ || (!pipeline_->gave_frames () && (ordered_ || progress () == 0)))
    return "starting";
  return probe_text ("verdict") == "stall" ? "stalled" : "streaming";
}

/* A fault is over when frames come, that of a picture when the picture is well. */
std::string
Camera::fault_code () const
{
  const bool lasts
      = fault_
        && (failed_ || fault_->fault_class == FaultClass::Quality || progress () == fault_frames_);
  return lasts ? fault_->code : "";
}

/* What a symbolic link led to is told on when the device is gone: it says whose port to look at. */
std::string
Camera::device ()
{
  const std::string device = pipeline_ ? pipeline_->source ().facts.device : "";
  if (!g_path_is_absolute (device.c_str ()))
    return pipeline_ ? device : device_;
  char *real = realpath (device.c_str (), nullptr);
  if (real)
    device_ = real;
  free (real);
  return device_.empty () ? device : device_;
}

double
Camera::probe_number (const char *field) const
{
  double number = -1;
  if (probe_report_)
    gst_structure_get_double (probe_report_, field, &number);
  return number;
}

std::string
Camera::probe_text (const char *field) const
{
  const char *text = probe_report_ ? gst_structure_get_string (probe_report_, field) : nullptr;
  return text ? text : "unknown";
}

GVariant *
Camera::health ()
{
  Values values;
  values.text ("state", state ());
  values.text ("fault", fault_code ());
  values.text ("source", source_name_);
  values.text ("device", device ());
  values.text ("verdict", probe_text ("verdict"));
  values.add ("fps", g_variant_new_double (std::max (0.0, probe_number ("fps"))));
  values.add ("luma-mean", g_variant_new_double (probe_number ("luma-mean")));
  values.add ("frames", g_variant_new_uint64 (progress ()));
  values.add ("rss-bytes", g_variant_new_uint64 (resident_bytes ()));
  values.text ("redis-state", redis_state_);
  const bool held = extras_.degrade.store_paused && pipeline_ && pipeline_->store ();
  values.text ("store-paused", held && store_paused_.empty () ? "protection" : store_paused_);
  if (!pipeline_)
    return values.end ();
  const FrameGate &gate = pipeline_->gate ();
  const int64_t last = gate.last_frame ();
  const Pipeline::Format format = pipeline_->format ();
  values.add ("age-us", g_variant_new_int64 (last ? g_get_monotonic_time () - last : -1));
  values.add ("encoded", g_variant_new_uint64 (gate.passed ()));
  values.add ("held-back", g_variant_new_uint64 (gate.held_back ()));
  values.text ("degraded", pipeline_->degraded ());
  values.add ("wanted", g_variant_new_boolean (gate.wanted ()));
  values.add ("passthrough", g_variant_new_boolean (format.jpeg));
  values.add ("width", g_variant_new_int32 (format.width));
  values.add ("height", g_variant_new_int32 (format.height));
  values.text ("caps", format.caps);
  values.add ("redis", element_stats (pipeline_->redis_stats ()));
  values.add ("store", element_stats (pipeline_->store_stats ()));
  return values.end ();
}

void
Camera::tick ()
{
  if (link_)
    link_->health (health ());
  if (!options_.verbose || !pipeline_)
    return;
  guint64 published = 0;
  GstStructure *redis = pipeline_->redis_stats ();
  gst_structure_get_uint64 (redis, "published", &published);
  gst_structure_free (redis);
  const FrameGate &gate = pipeline_->gate ();
  g_print ("%s: %s, %.1f fps, %s; %" G_GUINT64_FORMAT " frames, %" G_GUINT64_FORMAT
           " encoded, %" G_GUINT64_FORMAT " published; Redis %s%s\n",
           config_.id.c_str (), state (), std::max (0.0, probe_number ("fps")),
           probe_text ("verdict").c_str (), progress (), gate.passed (), published,
           redis_state_.c_str (), gate.wanted () ? "" : "; nobody looks");
}

} // namespace camwarden
