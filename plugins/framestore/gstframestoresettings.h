// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "framestore/storewriter.h"

#include <gst/gst.h>
#include <string>

/* framestoresink's properties and the settings they stand for. */

#define GST_TYPE_FRAME_STORE_SINK_COPY (gst_frame_store_sink_copy_get_type ())
GType gst_frame_store_sink_copy_get_type ();

namespace camwarden
{

enum StoreProperty : guint {
  STORE_PROP_LOCATION = 1,
  STORE_PROP_CAMERA,
  STORE_PROP_INTERVAL,
  STORE_PROP_MAX_BYTES,
  STORE_PROP_MAX_AGE,
  STORE_PROP_KEEP_FREE,
  STORE_PROP_SYNC_INTERVAL,
  STORE_PROP_RETRY_DELAY,
  STORE_PROP_MAX_RETRY_DELAY,
  STORE_PROP_MAX_QUEUED_FRAMES,
  STORE_PROP_MAX_QUEUED_BYTES,
  STORE_PROP_COPY,
  STORE_PROP_PROTECT_NEWEST,
  STORE_PROP_SLICE_FILES,
  STORE_PROP_SLICE_TIME,
  STORE_PROP_HOLD,
  STORE_PROP_STATS,
  STORE_N_PROPS,
};

enum StoreCopy { STORE_COPY_AUTO, STORE_COPY_NEVER, STORE_COPY_ALWAYS };

struct SinkSettings
{
  std::string location;
  std::string camera = "camera";
  std::string keep_free_text;
  guint64 interval = 0;
  guint64 max_age = 0;
  guint64 sync_interval = GST_SECOND;
  guint64 retry_delay = 250 * GST_MSECOND;
  guint64 max_retry_delay = 60 * GST_SECOND;
  guint max_queued_frames = 16;
  guint64 max_queued_bytes = 64 * 1024 * 1024;
  StoreCopy copy = STORE_COPY_AUTO;
  guint64 max_bytes = 0;
  KeepFree keep_free;
  guint64 protect_newest = 60 * GST_SECOND;
  guint slice_files = 200;
  guint64 slice_time = 20 * GST_MSECOND;
  bool hold = false;
};

/* Fills props[STORE_N_PROPS]. */
void make_store_properties (GParamSpec **props);

/* False: not one of the settings. Under the lock of the settings. */
bool set_store_property (GstElement *element, SinkSettings &settings, guint id,
                         const GValue *value);
bool get_store_property (const SinkSettings &settings, guint id, GValue *value);

/* What may change while the writer runs. */
[[nodiscard]] StoreLimits limits_of (const SinkSettings &settings);

} // namespace camwarden
