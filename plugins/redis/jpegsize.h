// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

namespace camwarden
{

/* Width and height from a JPEG's frame header (SOF), for pictures that say nothing else. */
[[nodiscard]] inline std::optional<std::pair<int, int>>
jpeg_size (std::span<const uint8_t> jpeg)
{
  size_t at = 2; /* behind SOI */
  while (at + 9 < jpeg.size () && jpeg[at] == 0xFF) {
    const uint8_t marker = jpeg[at + 1];
    if (marker == 0xFF) { /* a fill byte */
      at++;
      continue;
    }
    const bool frame
        = marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
    if (frame)
      return std::pair ((jpeg[at + 7] << 8) | jpeg[at + 8], (jpeg[at + 5] << 8) | jpeg[at + 6]);
    at += 2 + ((static_cast<size_t> (jpeg[at + 2]) << 8) | jpeg[at + 3]);
  }
  return std::nullopt;
}

} // namespace camwarden
