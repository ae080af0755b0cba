// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framestore/gstframestoresettings.h"

GST_DEBUG_CATEGORY_EXTERN (frame_store_sink_debug);
#define GST_CAT_DEFAULT frame_store_sink_debug

using namespace camwarden;

GType
gst_frame_store_sink_copy_get_type ()
{
  static const GEnumValue values[]
      = { { STORE_COPY_AUTO, "When its memory is a pool's or not plain system memory", "auto" },
          { STORE_COPY_NEVER, "Never: hold the producer's memory", "never" },
          { STORE_COPY_ALWAYS, "Always", "always" },
          { 0, nullptr, nullptr } };
  static const GType type = g_enum_register_static ("GstFrameStoreSinkCopy", values);
  return type;
}

namespace camwarden
{

static constexpr auto READY_ONLY = static_cast<GParamFlags> (
    G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
static constexpr auto AT_ANY_TIME = static_cast<GParamFlags> (
    G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_PLAYING);
static constexpr auto READ_ONLY
    = static_cast<GParamFlags> (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

static void
make_limit_properties (GParamSpec **props)
{
  const SinkSettings defaults;
  props[STORE_PROP_LOCATION] = g_param_spec_string (
      "location", "Location", "Directory below which the frames are stored; made when missing",
      nullptr, READY_ONLY);
  props[STORE_PROP_CAMERA] = g_param_spec_string (
      "camera", "Camera",
      "The camera's id, the first part of each file's name: 1 to 32 of a-z, 0-9 and -",
      defaults.camera.c_str (), READY_ONLY);
  props[STORE_PROP_INTERVAL] = g_param_spec_uint64 (
      "interval", "Interval", "Nanoseconds from one stored frame to the next (0: every frame)", 0,
      G_MAXINT64, 0, AT_ANY_TIME);
  props[STORE_PROP_MAX_BYTES] = g_param_spec_uint64 (
      "max-bytes", "Maximum bytes",
      "Bytes this camera's files may have in sum; the oldest are deleted (0: no limit)", 0,
      G_MAXINT64, 0, AT_ANY_TIME);
  props[STORE_PROP_MAX_AGE] = g_param_spec_uint64 (
      "max-age", "Maximum age", "Nanoseconds after which a file is deleted (0: never)", 0,
      G_MAXINT64, 0, AT_ANY_TIME);
  props[STORE_PROP_KEEP_FREE] = g_param_spec_string (
      "keep-free", "Keep free",
      "Space to leave on the file system: bytes, with k, M, G or T in powers of 1024, or a share "
      "up to 99%; the oldest files are deleted, never those of the newest minute (NULL: none)",
      nullptr, AT_ANY_TIME);
  props[STORE_PROP_SYNC_INTERVAL] = g_param_spec_uint64 (
      "sync-interval", "Synchronisation interval",
      "Nanoseconds after which a stored file is sure to survive a loss of power (0: each before "
      "its frame-stored message)",
      0, G_MAXINT64, defaults.sync_interval, AT_ANY_TIME);
}

static void
make_retry_properties (GParamSpec **props)
{
  const SinkSettings defaults;
  props[STORE_PROP_RETRY_DELAY]
      = g_param_spec_uint64 ("retry-delay", "Retry delay",
                             "Nanoseconds from a failed attempt to store to the next one; doubles "
                             "with each further one",
                             GST_MSECOND, 3600 * GST_SECOND, defaults.retry_delay, AT_ANY_TIME);
  props[STORE_PROP_MAX_RETRY_DELAY] = g_param_spec_uint64 (
      "max-retry-delay", "Maximum retry delay",
      "Nanoseconds: where the doubling ends, and the wait after an I/O error; at most 1 s for a "
      "full disk, 5 s for a missing folder, 30 s for all else but I/O errors",
      GST_MSECOND, 3600 * GST_SECOND, defaults.max_retry_delay, AT_ANY_TIME);
}

static void
make_queue_properties (GParamSpec **props)
{
  const SinkSettings defaults;
  props[STORE_PROP_MAX_QUEUED_FRAMES]
      = g_param_spec_uint ("max-queued-frames", "Maximum queued frames",
                           "Frames that wait while the disk is slow; more are dropped", 1, 100000,
                           defaults.max_queued_frames, READY_ONLY);
  props[STORE_PROP_MAX_QUEUED_BYTES]
      = g_param_spec_uint64 ("max-queued-bytes", "Maximum queued bytes",
                             "Bytes that wait while the disk is slow; one frame always may", 1,
                             G_MAXINT64, defaults.max_queued_bytes, READY_ONLY);
  props[STORE_PROP_COPY]
      = g_param_spec_enum ("copy", "Copy", "Copy the memory of a frame that has to wait",
                           GST_TYPE_FRAME_STORE_SINK_COPY, defaults.copy, READY_ONLY);
  props[STORE_PROP_STATS] = g_param_spec_boxed ("stats", "Statistics", "What became of the frames",
                                                GST_TYPE_STRUCTURE, READ_ONLY);
}

static void
make_prune_properties (GParamSpec **props)
{
  const SinkSettings defaults;
  props[STORE_PROP_PROTECT_NEWEST]
      = g_param_spec_uint64 ("protect-newest", "Protect newest",
                             "Nanoseconds before the newest file from which on none is deleted for "
                             "the sake of free space",
                             0, G_MAXINT64, defaults.protect_newest, AT_ANY_TIME);
  props[STORE_PROP_SLICE_FILES]
      = g_param_spec_uint ("slice-files", "Slice files", "Most files that are deleted in one go", 1,
                           100000, defaults.slice_files, AT_ANY_TIME);
  props[STORE_PROP_SLICE_TIME] = g_param_spec_uint64 (
      "slice-time", "Slice time", "Nanoseconds that deleting takes at most in one go", 1,
      10 * GST_SECOND, defaults.slice_time, AT_ANY_TIME);
  props[STORE_PROP_HOLD] = g_param_spec_boolean (
      "hold", "Hold", "Store nothing, as while somebody makes room; the frames are counted", FALSE,
      AT_ANY_TIME);
}

void
make_store_properties (GParamSpec **props)
{
  make_limit_properties (props);
  make_retry_properties (props);
  make_prune_properties (props);
  make_queue_properties (props);
}

static std::string
string_of (const GValue *value)
{
  const char *text = g_value_get_string (value);
  return text ? text : "";
}

StoreLimits
limits_of (const SinkSettings &settings)
{
  StoreLimits limits;
  limits.max_bytes = settings.max_bytes;
  limits.max_age_us = static_cast<int64_t> (settings.max_age / GST_USECOND);
  limits.keep_free = settings.keep_free;
  /* less than a microsecond is not "each frame by itelement" */
  limits.sync_interval_us
      = static_cast<int64_t> ((settings.sync_interval + GST_USECOND - 1) / GST_USECOND);
  limits.retry_us = static_cast<int64_t> (settings.retry_delay / GST_USECOND);
  limits.max_retry_us = static_cast<int64_t> (settings.max_retry_delay / GST_USECOND);
  limits.protect_us = static_cast<int64_t> (settings.protect_newest / GST_USECOND);
  limits.slice_files = settings.slice_files;
  limits.slice_us = static_cast<int64_t> (settings.slice_time / GST_USECOND);
  return limits;
}

static void
store_keep_free (GstElement *element, SinkSettings &settings, const GValue *value)
{
  const std::string text = string_of (value);
  const auto keep_free = parse_keep_free (text);
  if (!keep_free) {
    GST_WARNING_OBJECT (element,
                        "keep-free=\"%s\" is neither a number of bytes nor a share up to 99%%",
                        text.c_str ());
    return;
  }
  settings.keep_free = *keep_free;
  settings.keep_free_text = text;
}

bool
set_store_property (GstElement *element, SinkSettings &settings, guint id, const GValue *value)
{
  switch (id) {
  case STORE_PROP_LOCATION:
    settings.location = string_of (value);
    return true;
  case STORE_PROP_CAMERA:
    settings.camera = string_of (value);
    return true;
  case STORE_PROP_INTERVAL:
    settings.interval = g_value_get_uint64 (value);
    return true;
  case STORE_PROP_MAX_BYTES:
    settings.max_bytes = g_value_get_uint64 (value);
    return true;
  case STORE_PROP_MAX_AGE:
    settings.max_age = g_value_get_uint64 (value);
    return true;
  case STORE_PROP_KEEP_FREE:
    store_keep_free (element, settings, value);
    return true;
  case STORE_PROP_SYNC_INTERVAL:
    settings.sync_interval = g_value_get_uint64 (value);
    return true;
  case STORE_PROP_RETRY_DELAY:
    settings.retry_delay = g_value_get_uint64 (value);
    return true;
  case STORE_PROP_MAX_RETRY_DELAY:
    settings.max_retry_delay = g_value_get_uint64 (value);
    return true;
  case STORE_PROP_MAX_QUEUED_FRAMES:
    settings.max_queued_frames = g_value_get_uint (value);
    return true;
  case STORE_PROP_MAX_QUEUED_BYTES:
    settings.max_queued_bytes = g_value_get_uint64 (value);
    return true;
  case STORE_PROP_COPY:
    settings.copy = static_cast<StoreCopy> (g_value_get_enum (value));
    return true;
  case STORE_PROP_PROTECT_NEWEST:
    settings.protect_newest = g_value_get_uint64 (value);
    return true;
  case STORE_PROP_SLICE_FILES:
    settings.slice_files = g_value_get_uint (value);
    return true;
  case STORE_PROP_SLICE_TIME:
    settings.slice_time = g_value_get_uint64 (value);
    return true;
  case STORE_PROP_HOLD:
    settings.hold = g_value_get_boolean (value);
    return true;
  default:
    return false;
  }
}

static void
load_string (GValue *value, const std::string &text)
{
  g_value_set_string (value, text.empty () ? nullptr : text.c_str ());
}

bool
get_store_property (const SinkSettings &settings, guint id, GValue *value)
{
  switch (id) {
  case STORE_PROP_LOCATION:
    load_string (value, settings.location);
    return true;
  case STORE_PROP_CAMERA:
    load_string (value, settings.camera);
    return true;
  case STORE_PROP_INTERVAL:
    g_value_set_uint64 (value, settings.interval);
    return true;
  case STORE_PROP_MAX_BYTES:
    g_value_set_uint64 (value, settings.max_bytes);
    return true;
  case STORE_PROP_MAX_AGE:
    g_value_set_uint64 (value, settings.max_age);
    return true;
  case STORE_PROP_KEEP_FREE:
    load_string (value, settings.keep_free_text);
    return true;
  case STORE_PROP_SYNC_INTERVAL:
    g_value_set_uint64 (value, settings.sync_interval);
    return true;
  case STORE_PROP_RETRY_DELAY:
    g_value_set_uint64 (value, settings.retry_delay);
    return true;
  case STORE_PROP_MAX_RETRY_DELAY:
    g_value_set_uint64 (value, settings.max_retry_delay);
    return true;
  case STORE_PROP_MAX_QUEUED_FRAMES:
    g_value_set_uint (value, settings.max_queued_frames);
    return true;
  case STORE_PROP_MAX_QUEUED_BYTES:
    g_value_set_uint64 (value, settings.max_queued_bytes);
    return true;
  case STORE_PROP_COPY:
    g_value_set_enum (value, settings.copy);
    return true;
  case STORE_PROP_PROTECT_NEWEST:
    g_value_set_uint64 (value, settings.protect_newest);
    return true;
  case STORE_PROP_SLICE_FILES:
    g_value_set_uint (value, settings.slice_files);
    return true;
  case STORE_PROP_SLICE_TIME:
    g_value_set_uint64 (value, settings.slice_time);
    return true;
  case STORE_PROP_HOLD:
    g_value_set_boolean (value, settings.hold);
    return true;
  default:
    return false;
  }
}

} // namespace camwarden
