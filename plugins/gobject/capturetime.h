// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <gst/gst.h>

namespace camwarden
{

struct Captured
{
  int64_t mono = 0;    /* us of the system's monotonic clock */
  int64_t utc = 0;     /* us since 1970 */
  bool synced = false; /* is the system's clock synchronised? */
};

/* The caps of a GstReferenceTimestampMeta that says when a frame was captured, UTC. They live as
 * long as the program, and are no leak to GStreamer's tracer. */
[[nodiscard]] GstCaps *unix_time ();

/* When a buffer was captured: from its running time where the pipeline is live, from a
 * GstReferenceTimestampMeta (timestamp/x-unix) where it carries one, else now. */
class CaptureTime
{
public:
  Captured of (GstElement *element, const GstSegment *segment, GstBuffer *buffer);

private:
  int64_t age (GstElement *element, const GstSegment *segment, GstBuffer *buffer) const;
  bool is_synced (int64_t now);

  bool asked_ = false;
  bool live_ = false;
  bool synced_ = false;
  int64_t synced_asked_ = 0;
};

} // namespace camwarden
