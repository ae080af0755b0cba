// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>

namespace camwarden
{

/* May a sink keep this buffer for as long as it likes? Not one that a pool waits for, nor a part
 * or a shallow copy of such a one, nor memory of a device: a camera with four buffers stops for
 * ever when somebody holds all four. */
[[nodiscard]] inline bool
may_be_held (GstBuffer *buffer)
{
  if (buffer->pool)
    return false;
  for (guint i = 0; i < gst_buffer_n_memory (buffer); i++) {
    if (!gst_memory_is_type (gst_buffer_peek_memory (buffer, i), GST_ALLOCATOR_SYSMEM))
      return false;
  }
  const auto *parent = gst_buffer_get_parent_buffer_meta (buffer);
  return !parent || may_be_held (parent->buffer);
}

} // namespace camwarden
