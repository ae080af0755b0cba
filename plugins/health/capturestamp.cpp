// SPDX-License-Identifier: LGPL-2.1-or-later
#include "health/capturestamp.h"

namespace camwarden
{

namespace
{

constexpr GstClockTime MAX_AGE = 3600 * GST_SECOND;

GstCaps *
unix_time ()
{
  static GstCaps *const caps = gst_caps_new_empty_simple ("timestamp/x-unix");
  return caps;
}

GstClockTime
monotonic ()
{
  return static_cast<GstClockTime> (g_get_monotonic_time ()) * GST_USECOND;
}

bool
is_live (GstElement *element)
{
  gboolean live = FALSE;
  g_autoptr (GstQuery) query = gst_query_new_latency ();
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "sink");
  if (gst_pad_peer_query (pad, query))
    gst_query_parse_latency (query, &live, nullptr, nullptr);
  return live;
}

/* A copy of the metadata would copy such memory too. */
bool
has_unshareable_memory (GstBuffer *buffer)
{
  for (guint i = 0; i < gst_buffer_n_memory (buffer); i++)
    if (GST_MEMORY_IS_NO_SHARE (gst_buffer_peek_memory (buffer, i)))
      return true;
  return false;
}

} // namespace

bool
CaptureStamp::is_wanted (GstBuffer *buffer)
{
  return !gst_buffer_get_reference_timestamp_meta (buffer, unix_time ())
         && (gst_buffer_is_writable (buffer) || !has_unshareable_memory (buffer));
}

GstBuffer *
CaptureStamp::make_writable (GstBuffer *buffer)
{
  return gst_buffer_is_writable (buffer) ? buffer : gst_buffer_copy (buffer);
}

/* Of frames that are not live, and of times nobody believes: just captured. */
GstClockTime
CaptureStamp::age (GstElement *element, const GstSegment *segment, GstBuffer *buffer,
                   GstClockTime now) const
{
  const GstClockTime running
      = gst_segment_to_running_time (segment, GST_FORMAT_TIME, GST_BUFFER_PTS (buffer));
  if (!live_ || !GST_CLOCK_TIME_IS_VALID (running))
    return 0;
  const GstClockTime captured = gst_element_get_base_time (element) + running;
  return captured <= now && now - captured <= MAX_AGE ? now - captured : 0;
}

void
CaptureStamp::stamp (GstElement *element, const GstSegment *segment, GstBuffer *buffer)
{
  if (!live_asked_)
    live_ = is_live (element);
  live_asked_ = true;
  g_autoptr (GstClock) clock = gst_element_get_clock (element);
  GstClockTime before = 0, now = 0, frame_age = 0;
  for (int attempt = 0; attempt < 3; attempt++) {
    before = monotonic ();
    frame_age = clock ? age (element, segment, buffer, gst_clock_get_time (clock)) : 0;
    const auto wall = static_cast<int64_t> (g_get_real_time ()) * 1000;
    now = monotonic ();
    if (mapping_.measure (static_cast<int64_t> (before), wall, static_cast<int64_t> (now)))
      break;
  }
  const int64_t captured = mapping_.wall (static_cast<int64_t> (now - frame_age));
  gst_buffer_add_reference_timestamp_meta (
      buffer, unix_time (), static_cast<GstClockTime> (captured), GST_CLOCK_TIME_NONE);
}

} // namespace camwarden
