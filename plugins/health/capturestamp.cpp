// SPDX-License-Identifier: LGPL-2.1-or-later
#include "health/capturestamp.h"

namespace camwarden
{

namespace
{

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

/* A buffer of a pool stays away from it as long as its copy lives: the memory is in use, and the
 * pool would throw the buffer away and make another. */
GstBuffer *
CaptureStamp::make_writable (GstBuffer *buffer)
{
  if (gst_buffer_is_writable (buffer))
    return buffer;
  GstBuffer *copy = gst_buffer_copy (buffer);
  if (buffer->pool)
    gst_buffer_add_parent_buffer_meta (copy, buffer);
  return copy;
}

void
CaptureStamp::stamp (GstElement *element, const GstSegment *segment, GstBuffer *buffer)
{
  const Captured captured = capture_time_.of (element, segment, buffer);
  gst_buffer_add_reference_timestamp_meta (buffer, unix_time (),
                                           static_cast<GstClockTime> (captured.utc) * GST_USECOND,
                                           GST_CLOCK_TIME_NONE);
}

} // namespace camwarden
