// SPDX-License-Identifier: LGPL-2.1-or-later
#include "health/healthproperties.h"

#include <algorithm>

namespace camwarden
{

namespace
{

constexpr auto STATIC_READ = static_cast<GParamFlags> (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
constexpr auto PLAYING = static_cast<GParamFlags> (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
                                                   | GST_PARAM_MUTABLE_PLAYING);
constexpr auto READY = static_cast<GParamFlags> (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
                                                 | GST_PARAM_MUTABLE_READY);
constexpr guint64 LONGEST = 24 * 3600 * GST_SECOND;

constexpr guint64
to_ns (int64_t us)
{
  return static_cast<guint64> (us) * GST_USECOND;
}

/* The times among the settings, by property; NULL for another property. */
int64_t *
time_setting (ProbeSettings &settings, guint id)
{
  switch (id) {
  case HEALTH_PROP_STALL_TIMEOUT:
    return &settings.judge.stall_timeout;
  case HEALTH_PROP_STARTUP_TIMEOUT:
    return &settings.judge.startup_timeout;
  case HEALTH_PROP_FROZEN_AFTER:
    return &settings.judge.frozen_after;
  case HEALTH_PROP_EXPOSURE_AFTER:
    return &settings.judge.exposure_after;
  case HEALTH_PROP_BLUR_AFTER:
    return &settings.judge.blur_after;
  case HEALTH_PROP_CLEAR_AFTER:
    return &settings.judge.clear_after;
  case HEALTH_PROP_INTERVAL:
    return &settings.judge.interval;
  case HEALTH_PROP_DECODE_INTERVAL:
    return &settings.decode_interval;
  default:
    return nullptr;
  }
}

double *
level_setting (ProbeSettings &settings, guint id)
{
  switch (id) {
  case HEALTH_PROP_DARK_BELOW:
    return &settings.judge.dark_below;
  case HEALTH_PROP_BRIGHT_ABOVE:
    return &settings.judge.bright_above;
  case HEALTH_PROP_FLAT_BELOW:
    return &settings.judge.flat_below;
  case HEALTH_PROP_BLUR_BELOW:
    return &settings.judge.blur_below;
  default:
    return nullptr;
  }
}

void
install_time (GObjectClass *klass, guint id, const char *name, const char *nick, guint64 least,
              const char *blurb)
{
  ProbeSettings defaults;
  const guint64 value = to_ns (*time_setting (defaults, id));
  g_object_class_install_property (
      klass, id, g_param_spec_uint64 (name, nick, blurb, least, LONGEST, value, PLAYING));
}

void
install_level (GObjectClass *klass, guint id, const char *name, const char *nick, double most,
               const char *blurb)
{
  ProbeSettings defaults;
  g_object_class_install_property (
      klass, id,
      g_param_spec_double (name, nick, blurb, 0, most, *level_setting (defaults, id), PLAYING));
}

} // namespace

void
install_health_properties (GObjectClass *klass)
{
  install_time (klass, HEALTH_PROP_STALL_TIMEOUT, "stall-timeout", "Stall timeout", 0,
                "Nanoseconds without a buffer that make a stall (0: the longer of 1 s and 10 frame "
                "intervals)");
  install_time (klass, HEALTH_PROP_STARTUP_TIMEOUT, "startup-timeout", "Start-up timeout",
                GST_MSECOND, "Nanoseconds allowed for the first buffer in PLAYING");
  install_time (klass, HEALTH_PROP_FROZEN_AFTER, "frozen-after", "Frozen after", 0,
                "Nanoseconds of identical pictures, and 30 of them, that make a frozen camera (0: "
                "never)");
  install_time (klass, HEALTH_PROP_EXPOSURE_AFTER, "exposure-after", "Exposure after", 0,
                "Nanoseconds a picture must be black or white before it is told");
  install_time (klass, HEALTH_PROP_BLUR_AFTER, "blur-after", "Blur after", 0,
                "Nanoseconds a picture must be blurred before it is told");
  install_time (klass, HEALTH_PROP_CLEAR_AFTER, "clear-after", "Clear after", 0,
                "Nanoseconds a frozen, dark, bright or blurred picture must be well again before "
                "that is told");
  install_time (klass, HEALTH_PROP_INTERVAL, "interval", "Interval", 0,
                "Nanoseconds between messages while nothing changes (0: on changes only)");
  install_time (klass, HEALTH_PROP_DECODE_INTERVAL, "decode-interval", "Decode interval", 0,
                "Nanoseconds between two frames of a JPEG camera that are decoded and looked into "
                "(0: none is)");
  install_level (klass, HEALTH_PROP_DARK_BELOW, "dark-below", "Dark below", 255,
                 "Mean luma (0 to 255) below which a flat picture is dark (0: never)");
  install_level (klass, HEALTH_PROP_BRIGHT_ABOVE, "bright-above", "Bright above", 255,
                 "Mean luma (0 to 255) above which a flat picture is bright (255: never)");
  install_level (klass, HEALTH_PROP_FLAT_BELOW, "flat-below", "Flat below", 255,
                 "Standard deviation of luma below which a picture is flat: only such a one is "
                 "dark or bright");
  install_level (klass, HEALTH_PROP_BLUR_BELOW, "blur-below", "Blur below", 100,
                 "Sharpness, percent, below which a picture is blurred (0: never)");
  g_object_class_install_property (
      klass, HEALTH_PROP_CLOCK,
      g_param_spec_object ("clock", "Clock",
                           "Clock that frames and pauses are timed with (NULL: the system clock)",
                           GST_TYPE_CLOCK, READY));
  g_object_class_install_property (klass, HEALTH_PROP_STATS,
                                   g_param_spec_boxed ("stats", "Statistics",
                                                       "The fields of the element message, now",
                                                       GST_TYPE_STRUCTURE, STATIC_READ));
}

bool
store_health_property (ProbeSettings &settings, guint id, const GValue *value)
{
  if (id == HEALTH_PROP_CLOCK)
    settings.clock = Ref<GstClock>::adopt (GST_CLOCK_CAST (g_value_dup_object (value)));
  else if (int64_t *time = time_setting (settings, id))
    *time = static_cast<int64_t> ((g_value_get_uint64 (value) + GST_USECOND - 1) / GST_USECOND);
  else if (double *level = level_setting (settings, id))
    *level = g_value_get_double (value);
  else
    return false;
  return true;
}

bool
load_health_property (const ProbeSettings &settings, guint id, GValue *value)
{
  ProbeSettings copy = settings;
  if (id == HEALTH_PROP_CLOCK)
    g_value_set_object (value, copy.clock.get ());
  else if (const int64_t *time = time_setting (copy, id))
    g_value_set_uint64 (value, to_ns (*time));
  else if (const double *level = level_setting (copy, id))
    g_value_set_double (value, *level);
  else
    return false;
  return true;
}

GstStructure *
health_structure (const HealthReport &report, gint64 since_utc, bool blocked)
{
  const auto us
      = [] (int64_t value) { return static_cast<guint64> (std::max<int64_t> (value, 0)); };
  const guint64 age = report.age < 0 ? G_MAXUINT64 : us (report.age);
  return gst_structure_new (
      "healthprobe", "verdict", G_TYPE_STRING, verdict_name (report.verdict), "previous",
      G_TYPE_STRING, verdict_name (report.previous), "change", G_TYPE_BOOLEAN, report.change,
      "since", G_TYPE_UINT64, us (since_utc), "fps", G_TYPE_DOUBLE, report.rate.fps, "jitter",
      G_TYPE_UINT64, us (report.rate.jitter), "gap", G_TYPE_UINT64, us (report.rate.gap), "age",
      G_TYPE_UINT64, age, "frames", G_TYPE_UINT64, static_cast<guint64> (report.frames),
      "luma-mean", G_TYPE_DOUBLE, report.mean, "luma-deviation", G_TYPE_DOUBLE, report.deviation,
      "sharpness", G_TYPE_DOUBLE, report.sharpness, "difference", G_TYPE_DOUBLE, report.difference,
      "blocked", G_TYPE_BOOLEAN, blocked, nullptr);
}

} // namespace camwarden
