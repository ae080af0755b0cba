// SPDX-License-Identifier: LGPL-2.1-or-later
/* What happens to a camera: faults, the elements' messages, a source that ends. */
#include "camera/camera.h"

#include "camera/variants.h"
#include "core/exitcodes.h"
#include "core/faultrules.h"

namespace camwarden
{

namespace
{

/* A source that ends begins anew, but not more often than this. */
constexpr int64_t shortest_run = 100 * 1000;
/* A stall that is older news than the latest frame is none. */
constexpr int64_t recent = 500 * 1000;
/* The healthprobe's own 10 s for a dark, bright or blurred picture, counted from its next look at
 * one (at a JPEG it looks each 5 s), and a little more. */
constexpr int64_t exposure_told_after = 16 * G_USEC_PER_SEC;
constexpr size_t most_messages = 20;

} // namespace

/* ---- faults ---- */

void
Camera::report (const Fault &fault)
{
  /* A camera that is away for months is tried all the time: the log says so once. */
  const bool again = fault_ && fault_->part == fault.part && fault_->code == fault.code
                     && fault_frames_ == progress ();
  g_log (G_LOG_DOMAIN, again ? G_LOG_LEVEL_DEBUG : G_LOG_LEVEL_WARNING, "camera %s: %s/%s: %s",
         config_.id.c_str (), fault.part.c_str (), fault.code.c_str (), fault.evidence.c_str ());
  witness (fault);
  if (link_)
    link_->fault (fault);
}

/* Faults behind the source leave frames, graph and state as they are. A hang is the end: nobody
 * will ask, and who hangs may hold what a look at the graph needs. */
void
Camera::witness (const Fault &fault)
{
  const bool camera = fault.fault_class != FaultClass::Storage
                      && fault.fault_class != FaultClass::Transient
                      && fault.fault_class != FaultClass::Hang;
  if (!camera)
    return;
  fault_ = fault;
  fault_frames_ = progress ();
  if (fault.part == "source")
    unsafe_source_ = unsafe_source_ || fault.first == Tier::Worker;
  evidence_.graph = pipeline_ ? pipeline_->safe_graph () : "";
  evidence_.last_good = pictures_.before (g_get_monotonic_time () - told_after (fault));
  evidence_.messages = { fault.evidence };
  pictures_.expect_bad (fault.fault_class == FaultClass::Quality);
}

/* How long the picture had been bad by then. */
int64_t
Camera::told_after (const Fault &fault) const
{
  if (fault.fault_class != FaultClass::Quality)
    return 0;
  return fault.code == "frozen" ? config_.frozen_after + G_USEC_PER_SEC : exposure_told_after;
}

void
Camera::error (const Fault &fault)
{
  if (leaving_)
    return;
  failed_ = true;
  report (fault);
  if (link_)
    return;
  const bool source = fault.part == "source";
  leave (source ? exitcode::Restart : exitcode::Fault, playing_ ? fault_drain_ms : 0, !source);
}

void
Camera::no_source (const GError *problem)
{
  const bool absent = g_error_matches (problem, GST_RESOURCE_ERROR, GST_RESOURCE_ERROR_NOT_FOUND);
  failed_ = true;
  report (absent ? fault_of ("no-camera", "source", problem->message)
                 : fault_of ("configuration", "pipeline", problem->message));
}

void
Camera::remark (const std::string &text)
{
  g_message ("camera %s: %s", config_.id.c_str (), text.c_str ());
  if (failed_ && evidence_.messages.size () < most_messages)
    evidence_.messages.push_back (text);
}

GVariant *
Camera::evidence ()
{
  GVariantDict values;
  g_variant_dict_init (&values, nullptr);
  g_variant_dict_insert (&values, "code", "s", fault_ ? fault_->code.c_str () : "");
  g_variant_dict_insert (&values, "graph", "s", evidence_.graph.c_str ());
  const auto add_picture = [&values] (const char *name, const PictureLog::Shared &picture) {
    g_autoptr (GBytes) bytes = picture_bytes (picture);
    if (bytes)
      g_variant_dict_insert_value (
          &values, name, g_variant_new_from_bytes (G_VARIANT_TYPE_BYTESTRING, bytes, TRUE));
  };
  add_picture ("last-good", evidence_.last_good);
  add_picture ("first-bad", pictures_.first_bad ());
  g_variant_dict_insert_value (&values, "messages", strings_to_variant (evidence_.messages));
  g_variant_dict_insert_value (&values, "log", strings_to_variant (log_.lines ()));
  return g_variant_dict_end (&values);
}

/* ---- the elements' messages ---- */

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
  if (probe_text ("verdict") == "stall") {
    stalled (message);
    return;
  }
  stall_told_ = false;
  if (change)
    picture_changed ();
}

/* The probe knows nothing of a source that failed or starts again: for it frames just stay away. */
void
Camera::stalled (const GstStructure *message)
{
  if (leaving_ || failed_ || source_job_ || stall_told_)
    return;
  const int64_t now = g_get_monotonic_time ();
  const bool starting = !pipeline_->gave_frames () && now < begun_ + config_.startup_timeout;
  if (starting || now < pipeline_->gate ().last_frame () + recent)
    return;
  stall_told_ = true;
  gboolean blocked = FALSE;
  gst_structure_get_boolean (message, "blocked", &blocked);
  if (blocked) {
    report (fault_of ("blocked", "pipeline", "a frame is held up behind the source"));
    return;
  }
  Fault fault = fault_of ("stall", "source", source_name_ + ": no frames");
  fault.first = judge_stall (pipeline_->source ().facts.factory).first;
  report (fault);
}

void
Camera::picture_changed ()
{
  if (leaving_ || failed_)
    return;
  const std::string verdict = probe_text ("verdict");
  if (verdict != "ok" && verdict != "unknown")
    report (fault_of (verdict, "source", source_name_ + ": " + verdict + " picture"));
  else if (fault_ && fault_->fault_class == FaultClass::Quality)
    fault_.reset ();
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
  report (fault_of ("paused-" + store_paused_, "store", detail ? detail : ""));
}

/* ---- the source's runs ---- */

void
Camera::run_began ()
{
  begun_ = g_get_monotonic_time ();
  failed_ = false;
  ended_early_ = false;
  stall_told_ = false;
  unsafe_source_ = false;
}

void
Camera::source_ended ()
{
  /* The end of a stream follows an error too. */
  if (leaving_ || failed_)
    return;
  ended_early_ = source_job_;
  if (source_job_)
    return;
  if (!pipeline_->gave_frames ()) {
    error (fault_of ("eos", "source", source_name_ + ": ends without a frame"));
    return;
  }
  if (pipeline_->live ())
    report (fault_of ("ended", "source", source_name_ + ": ends, begins anew"));
  ordered_ = false;
  const int64_t early = begun_ + shortest_run - g_get_monotonic_time ();
  anew_ = Timer::once (early > 0 ? static_cast<guint> (early / 1000) : 0, [this] {
    if (!refuse_order ({}))
      restart_source_again ({});
  });
}

} // namespace camwarden
