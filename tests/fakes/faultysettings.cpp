// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fakes/faultysettings.h"

namespace camwarden
{

namespace
{
GType
fault_mode_get_type ()
{
  static const GEnumValue values[] = {
    { int (FaultMode::none), "No fault", "none" },
    { int (FaultMode::error), "Posts error-domain/error-code and ends", "error" },
    { int (FaultMode::stall), "No frames, no message", "stall" },
    { int (FaultMode::freeze), "The same picture again and again", "freeze" },
    { int (FaultMode::black), "Black without noise", "black" },
    { int (FaultMode::dark), "A night: noise only", "dark" },
    { int (FaultMode::bright), "Overexposed", "bright" },
    { int (FaultMode::blur), "Out of focus", "blur" },
    { int (FaultMode::slow), "The rate divided by slow-by", "slow" },
    { int (FaultMode::busy), "RESOURCE/BUSY, at the next start too", "busy" },
    { int (FaultMode::nodevice), "RESOURCE/NOT_FOUND, at the next start too", "nodevice" },
    { int (FaultMode::nospace), "RESOURCE/NO_SPACE_LEFT", "nospace" },
    { int (FaultMode::caps), "Half the width and height", "caps" },
    { int (FaultMode::hang), "The streaming thread hangs, unlock is ignored", "hang" },
    { int (FaultMode::hang_on_stop), "Stopping hangs", "hang-on-stop" },
    { int (FaultMode::hang_on_start), "Starting hangs", "hang-on-start" },
    { int (FaultMode::abort), "Aborts the process", "abort" },
    { int (FaultMode::abort_on_stop), "Stalls, and aborts the process when stopped",
      "abort-on-stop" },
    { 0, nullptr, nullptr },
  };
  static const GType type = g_enum_register_static ("GstFaultySrcMode", values);
  return type;
}

GType
error_domain_get_type ()
{
  static const GEnumValue values[] = {
    { int (ErrorDomain::core), "GST_CORE_ERROR", "core" },
    { int (ErrorDomain::library), "GST_LIBRARY_ERROR", "library" },
    { int (ErrorDomain::resource), "GST_RESOURCE_ERROR", "resource" },
    { int (ErrorDomain::stream), "GST_STREAM_ERROR", "stream" },
    { 0, nullptr, nullptr },
  };
  static const GType type = g_enum_register_static ("GstFaultySrcErrorDomain", values);
  return type;
}

} // namespace

GQuark
error_domain_quark (ErrorDomain domain)
{
  switch (domain) {
  case ErrorDomain::core:
    return GST_CORE_ERROR;
  case ErrorDomain::library:
    return GST_LIBRARY_ERROR;
  case ErrorDomain::stream:
    return GST_STREAM_ERROR;
  case ErrorDomain::resource:
    break;
  }
  return GST_RESOURCE_ERROR;
}

bool
faulty_settings_set (FaultySettings &s, guint id, const GValue *value)
{
  switch (id) {
  case PROP_MODE:
    s.order.mode = static_cast<FaultMode> (g_value_get_enum (value));
    s.order.generation++;
    break;
  case PROP_AT_FRAME:
    s.order.at_frame = g_value_get_uint64 (value);
    break;
  case PROP_DURATION: {
    const guint64 ns = g_value_get_uint64 (value);
    s.order.duration = ns == GST_CLOCK_TIME_NONE ? -1 : static_cast<int64_t> (ns / 1000);
    break;
  }
  case PROP_TIMES:
    s.order.times = g_value_get_uint (value);
    break;
  case PROP_ERROR_DOMAIN:
    s.error_domain = static_cast<ErrorDomain> (g_value_get_enum (value));
    break;
  case PROP_ERROR_CODE:
    s.error_code = g_value_get_int (value);
    break;
  case PROP_UPSTREAM_EVENTS:
    s.upstream_events = g_value_get_boolean (value);
    break;
  case PROP_SLOW_BY:
    s.slow_by = g_value_get_uint (value);
    break;
  case PROP_SEED:
    s.seed = g_value_get_uint (value);
    break;
  case PROP_POOL_SIZE:
    s.pool_size = g_value_get_uint (value);
    break;
  case PROP_COMPLAINT:
    s.complaint = g_value_get_string (value) ? g_value_get_string (value) : "";
    break;
  case PROP_ERROR_DEBUG:
    s.error_debug = g_value_get_string (value) ? g_value_get_string (value) : "";
    break;
  case PROP_ECHOES:
    s.echoes = g_value_get_uint (value);
    break;
  case PROP_DEVICE:
    s.device = g_value_get_string (value) ? g_value_get_string (value) : "";
    break;
  case PROP_LOG_ERROR:
    s.log_error = g_value_get_string (value) ? g_value_get_string (value) : "";
    break;
  case PROP_CONTROL_FILE:
    s.control_file = g_value_get_string (value) ? g_value_get_string (value) : "";
    break;
  case PROP_CONTROL_ONCE:
    s.control_once = g_value_get_boolean (value);
    break;
  case PROP_LEAK:
    s.leak = g_value_get_uint (value);
    break;
  default:
    return false;
  }
  return true;
}

bool
faulty_settings_get (const FaultySettings &s, guint id, GValue *value)
{
  switch (id) {
  case PROP_MODE:
    g_value_set_enum (value, int (s.order.mode));
    break;
  case PROP_AT_FRAME:
    g_value_set_uint64 (value, s.order.at_frame);
    break;
  case PROP_DURATION:
    g_value_set_uint64 (value, s.order.duration < 0
                                   ? GST_CLOCK_TIME_NONE
                                   : static_cast<guint64> (s.order.duration) * 1000);
    break;
  case PROP_TIMES:
    g_value_set_uint (value, s.order.times);
    break;
  case PROP_ERROR_DOMAIN:
    g_value_set_enum (value, int (s.error_domain));
    break;
  case PROP_ERROR_CODE:
    g_value_set_int (value, s.error_code);
    break;
  case PROP_UPSTREAM_EVENTS:
    g_value_set_boolean (value, s.upstream_events);
    break;
  case PROP_SLOW_BY:
    g_value_set_uint (value, s.slow_by);
    break;
  case PROP_SEED:
    g_value_set_uint (value, s.seed);
    break;
  case PROP_POOL_SIZE:
    g_value_set_uint (value, s.pool_size);
    break;
  case PROP_COMPLAINT:
    g_value_set_string (value, s.complaint.c_str ());
    break;
  case PROP_ERROR_DEBUG:
    g_value_set_string (value, s.error_debug.c_str ());
    break;
  case PROP_ECHOES:
    g_value_set_uint (value, s.echoes);
    break;
  case PROP_DEVICE:
    g_value_set_string (value, s.device.c_str ());
    break;
  case PROP_LOG_ERROR:
    g_value_set_string (value, s.log_error.c_str ());
    break;
  case PROP_CONTROL_FILE:
    g_value_set_string (value, s.control_file.c_str ());
    break;
  case PROP_CONTROL_ONCE:
    g_value_set_boolean (value, s.control_once);
    break;
  case PROP_LEAK:
    g_value_set_uint (value, s.leak);
    break;
  default:
    return false;
  }
  return true;
}

void
faulty_settings_install (GObjectClass *klass)
{
  const auto flags = static_cast<GParamFlags> (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS);
  const auto add
      = [klass] (guint id, GParamSpec *spec) { g_object_class_install_property (klass, id, spec); };
  add (PROP_MODE,
       g_param_spec_enum ("mode", "Mode", "The fault", fault_mode_get_type (), 0, flags));
  add (PROP_AT_FRAME, g_param_spec_uint64 ("at-frame", "At frame",
                                           "Frames since the start before the fault begins", 0,
                                           G_MAXUINT64, 0, flags));
  add (PROP_DURATION,
       g_param_spec_uint64 ("duration", "Duration", "How long the fault lasts, ns (-1: for ever)",
                            0, G_MAXUINT64, G_MAXUINT64, flags));
  add (PROP_TIMES,
       g_param_spec_uint ("times", "Times",
                          "In how many starts it happens since it was ordered (0: in each)", 0,
                          G_MAXUINT, 0, flags));
  add (PROP_ERROR_DOMAIN,
       g_param_spec_enum ("error-domain", "Error domain", "For mode=error",
                          error_domain_get_type (), int (ErrorDomain::resource), flags));
  add (PROP_ERROR_CODE, g_param_spec_int ("error-code", "Error code", "For mode=error", 0, G_MAXINT,
                                          GST_RESOURCE_ERROR_READ, flags));
  add (PROP_UPSTREAM_EVENTS,
       g_param_spec_boolean ("upstream-events", "Upstream events",
                             "Send events on while frames stall", FALSE, flags));
  add (PROP_SLOW_BY, g_param_spec_uint ("slow-by", "Slow by", "mode=slow divides the rate by this",
                                        1, 1000, 4, flags));
  add (PROP_SEED, g_param_spec_uint ("seed", "Seed", "Of scene and noise (read with the caps)", 0,
                                     G_MAXUINT, 0, flags));
  add (PROP_POOL_SIZE,
       g_param_spec_uint ("pool-size", "Pool size",
                          "Buffers in the camera's pool (read with the caps; 0: no pool)", 0, 64, 0,
                          flags));
  add (PROP_IS_LIVE,
       g_param_spec_boolean ("is-live", "Is live", "Paced by the clock", FALSE, flags));
  add (PROP_COMPLAINT, g_param_spec_string ("complaint", "Complaint",
                                            "Line for stderr when the fault begins", "", flags));
  add (PROP_CONTROL_FILE,
       g_param_spec_string ("control-file", "Control file",
                            "File with property=value lines, read when it changes", "", flags));
  add (PROP_CONTROL_ONCE,
       g_param_spec_boolean ("control-once", "Control once",
                             "Remove the control file when it has been read", FALSE, flags));
  add (PROP_ERROR_DEBUG, g_param_spec_string ("error-debug", "Error debug",
                                              "For mode=error: the debug text's details",
                                              "The test ordered it.", flags));
  add (PROP_ECHOES,
       g_param_spec_uint ("echoes", "Echoes",
                          "How often an error is followed by STREAM/FAILED, besides once by itself",
                          0, 16, 0, flags));
  add (PROP_DEVICE,
       g_param_spec_string ("device", "Device", "As v4l2src's; is not opened", "", flags));
  add (PROP_LOG_ERROR,
       g_param_spec_string ("log-error", "Log error",
                            "Line for the log category v4l2allocator when the fault begins", "",
                            flags));
  add (PROP_LEAK,
       g_param_spec_uint ("leak", "Leak", "Bytes of memory that each frame takes and keeps", 0,
                          1 << 30, 0, flags));
  add (PROP_FRAMES,
       g_param_spec_uint64 ("frames", "Frames", "Frames made since the start", 0, G_MAXUINT64, 0,
                            static_cast<GParamFlags> (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS)));
}

} // namespace camwarden
