// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/video/video.h>
#include <optional>

#include "health/lumasampler.h"

namespace camwarden
{

/* Which component of a raw format carries the brightness: luma, or green for RGB. Nothing for
 * formats that are not 8 bits a pixel in plain rows (10 bit, tiled, palette). */
[[nodiscard]] inline std::optional<guint>
luma_component (const GstVideoFormatInfo *info)
{
  const bool plain = !GST_VIDEO_FORMAT_INFO_HAS_PALETTE (info)
                     && !GST_VIDEO_FORMAT_INFO_IS_TILED (info)
                     && !GST_VIDEO_FORMAT_INFO_IS_COMPLEX (info);
  const guint component = GST_VIDEO_FORMAT_INFO_IS_RGB (info) ? GST_VIDEO_COMP_G : GST_VIDEO_COMP_Y;
  if (!plain || GST_VIDEO_FORMAT_INFO_N_COMPONENTS (info) <= component
      || GST_VIDEO_FORMAT_INFO_DEPTH (info, component) != 8
      || GST_VIDEO_FORMAT_INFO_SHIFT (info, component) != 0)
    return std::nullopt;
  return component;
}

/* Valid while the frame is mapped. */
[[nodiscard]] inline LumaView
luma_view (GstVideoFrame *frame, guint component)
{
  LumaView view;
  view.data = static_cast<const uint8_t *> (GST_VIDEO_FRAME_COMP_DATA (frame, component));
  view.stride = GST_VIDEO_FRAME_COMP_STRIDE (frame, component);
  view.pixel_stride = GST_VIDEO_FRAME_COMP_PSTRIDE (frame, component);
  view.width = GST_VIDEO_FRAME_COMP_WIDTH (frame, component);
  view.height = GST_VIDEO_FRAME_COMP_HEIGHT (frame, component);
  return view;
}

} // namespace camwarden
