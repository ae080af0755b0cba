// SPDX-License-Identifier: LGPL-2.1-or-later
#include "gobject/capturetime.h"

#include "gobject/ref.h"

#include <sys/timex.h>

namespace camwarden
{

static constexpr int64_t SYNC_CHECK_EVERY = 10 * G_USEC_PER_SEC;
static constexpr int64_t MAX_AGE = 3600 * int64_t{ G_USEC_PER_SEC };

static bool
is_live (GstElement *element)
{
  gboolean live = FALSE;
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "sink");
  if (gst_pad_peer_query (pad, query))
    gst_query_parse_latency (query, &live, nullptr, nullptr);
  return live;
}

/* us since the capture. A source that is not live hands out times that have nothing to do with now,
 * and a clock that jumped gives ages nobody believes: both count as just captured. */
int64_t
CaptureTime::age (GstElement *element, const GstSegment *segment, GstBuffer *buffer) const
{
  if (segment->format != GST_FORMAT_TIME) /* a file's bytes, for instance */
    return 0;
  const GstClockTime time
      = gst_segment_to_running_time (segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  auto clock = Ref<GstClock>::adopt (gst_element_get_clock (element));
  if (!live_ || !clock || !GST_CLOCK_TIME_IS_VALID (time))
    return 0;
  const GstClockTime captured = gst_element_get_base_time (element) + time;
  const GstClockTime now = gst_clock_get_time (clock.get ());
  const auto age = static_cast<int64_t> (GST_CLOCK_DIFF (captured, now) / GST_USECOND);
  return age < 0 || age > MAX_AGE ? 0 : age;
}

bool
CaptureTime::is_synced (int64_t now)
{
  if (synced_asked_ == 0 || now - synced_asked_ > SYNC_CHECK_EVERY) {
    timex state{};
    synced_ = adjtimex (&state) >= 0 && !(state.status & STA_UNSYNC);
    synced_asked_ = now;
  }
  return synced_;
}

GstCaps *
unix_time ()
{
  static GstCaps *const caps = [] {
    GstCaps *made = gst_caps_new_empty_simple ("timestamp/x-unix");
    GST_MINI_OBJECT_FLAG_SET (made, GST_MINI_OBJECT_FLAG_MAY_BE_LEAKED);
    return made;
  }();
  return caps;
}

Captured
CaptureTime::of (GstElement *element, const GstSegment *segment, GstBuffer *buffer)
{
  if (!asked_)
    live_ = is_live (element);
  asked_ = true;
  const int64_t now = g_get_monotonic_time ();
  Captured captured;
  captured.mono = now - age (element, segment, buffer);
  const auto *meta = gst_buffer_get_reference_timestamp_meta (buffer, unix_time ());
  captured.utc = meta ? static_cast<int64_t> (meta->timestamp / GST_USECOND)
                      : g_get_real_time () - (now - captured.mono);
  captured.synced = is_synced (now);
  return captured;
}

} // namespace camwarden
