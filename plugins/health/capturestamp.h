// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

#include "gobject/capturetime.h"

namespace camwarden
{

/* Gives frames the time of their capture, UTC, as a GstReferenceTimestampMeta with the caps
 * timestamp/x-unix. The step from the pipeline's clock to the wall clock is measured afresh with
 * every frame: a wall clock that was set is followed with the next one. Streaming thread only. */
class CaptureStamp
{
public:
  /* True when the frame has no such stamp and can get one without its payload being copied. */
  [[nodiscard]] static bool is_wanted (GstBuffer *buffer);

  /* The frame itself, or (it is shared with others) a copy of its metadata around the same
   * memory. Does not take the caller's reference. */
  [[nodiscard]] static GstBuffer *make_writable (GstBuffer *buffer);

  void stamp (GstElement *element, const GstSegment *segment, GstBuffer *buffer);

private:
  CaptureTime capture_time_;
};

} // namespace camwarden
