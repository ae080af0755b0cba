// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/picture.h"

#include <algorithm>
#include <cmath>

namespace camwarden
{

namespace
{

struct Point
{
  unsigned red = 0, green = 0, blue = 0;
};

/* The mean of the part of the picture that one of width x height cells covers. */
Point
mean (const Picture &picture, unsigned x, unsigned y, unsigned width, unsigned height)
{
  const auto edge = [] (unsigned cell, unsigned cells, unsigned points) {
    return static_cast<unsigned> (static_cast<uint64_t> (cell) * points / cells);
  };
  const unsigned left = edge (x, width, picture.width), top = edge (y, height, picture.height);
  const unsigned right = std::max (edge (x + 1, width, picture.width), left + 1);
  const unsigned bottom = std::max (edge (y + 1, height, picture.height), top + 1);
  uint64_t sums[3]{};
  for (unsigned row = top; row < bottom; row++)
    for (unsigned column = left; column < right; column++)
      for (unsigned i = 0; i < 3; i++)
        sums[i] += picture.rgb[(static_cast<size_t> (row) * picture.width + column) * 3 + i];
  const uint64_t count = static_cast<uint64_t> (right - left) * (bottom - top);
  const auto share = [count] (uint64_t sum) { return static_cast<unsigned> (sum / count); };
  return { share (sums[0]), share (sums[1]), share (sums[2]) };
}

/* The cube of 6 x 6 x 6 colours. */
unsigned
cube_index (const Point &point)
{
  const auto level = [] (unsigned value) {
    return value < 48 ? 0u : value < 115 ? 1u : (value - 35) / 40;
  };
  return 16 + 36 * level (point.red) + 6 * level (point.green) + level (point.blue);
}

/* `layer`: 38 in front, 48 behind. */
std::string
colour (const Point &point, const char *layer, bool true_colour)
{
  std::string text = std::string ("\033[") + layer;
  if (true_colour)
    return text + ";2;" + std::to_string (point.red) + ";" + std::to_string (point.green) + ";"
           + std::to_string (point.blue) + "m";
  return text + ";5;" + std::to_string (cube_index (point)) + "m";
}

char
shade (const Point &point)
{
  static constexpr char shades[] = " .:-=+*#%@";
  const unsigned luma = (299 * point.red + 587 * point.green + 114 * point.blue) / 1000;
  return shades[luma * 9 / 255];
}

/* Characters are about twice as high as wide. */
void
fit (const Picture &picture, unsigned &columns, unsigned &lines)
{
  const double shape = static_cast<double> (picture.height) / picture.width / 2;
  const double wanted = std::max (1.0, std::round (columns * shape));
  if (wanted <= lines) {
    lines = static_cast<unsigned> (wanted);
    return;
  }
  columns = std::clamp<unsigned> (static_cast<unsigned> (std::lround (lines / shape)), 1, columns);
}

} // namespace

std::string
draw_picture (const Picture &picture, unsigned columns, unsigned lines, const Terminal &terminal)
{
  std::string text;
  if (picture.width == 0 || picture.height == 0 || columns == 0 || lines == 0)
    return text;
  fit (picture, columns, lines);
  const bool halves = terminal.colours && terminal.utf8;
  for (unsigned line = 0; line < lines; line++) {
    for (unsigned column = 0; column < columns; column++) {
      const auto at = [&] (unsigned y, unsigned height) {
        return mean (picture, column, y, columns, height);
      };
      if (halves)
        text += colour (at (2 * line, 2 * lines), "38", terminal.true_colour)
                + colour (at (2 * line + 1, 2 * lines), "48", terminal.true_colour) + "\u2580";
      else if (terminal.colours)
        text += colour (at (line, lines), "48", terminal.true_colour) + " ";
      else
        text += shade (at (line, lines));
    }
    text += terminal.colours ? "\033[0m\n" : "\n";
  }
  return text;
}

} // namespace camwarden
