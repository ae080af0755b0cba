// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/terminal.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* Rows of red, green, blue. */
struct Picture
{
  unsigned width = 0, height = 0;
  std::vector<uint8_t> rgb;
};

/* At the smallest scale of 1, 1/2, 1/4, 1/8 that still has so many columns. Nothing: it is no JPEG,
 * it is broken, or has more than 100 million points. */
[[nodiscard]] std::optional<Picture> decode_jpeg (std::string_view jpeg, unsigned least_width);

/* Drawn with characters, at most so many columns and lines, its shape kept: two points a character
 * where the terminal has colours and UTF-8, one where it has colours, shades of ASCII else. */
[[nodiscard]] std::string draw_picture (const Picture &picture, unsigned columns, unsigned lines,
                                        const Terminal &terminal);

} // namespace camwarden
