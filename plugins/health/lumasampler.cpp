// SPDX-License-Identifier: LGPL-2.1-or-later
#include "health/lumasampler.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

namespace camwarden
{

namespace
{

constexpr int SAMPLE_ROWS = 90;
constexpr int SMALL_COLUMNS = 320;
constexpr int MAX_ROWS_AVERAGED = 2; /* of each band: halves the reading, costs little noise */
constexpr int UNIT = 4;              /* the reduced picture counts quarters of a level */
constexpr int EDGE_REACH = 4;        /* the change is taken over twice this */
constexpr int EDGE_CONTRAST = 32;    /* levels; noise does not get there after averaging */
constexpr int FLAT_CONTRAST = 8;     /* a place that changes less shows the noise */
constexpr int MAX_NOISE = 3;         /* levels after averaging; more is taken for texture */
constexpr int MIN_EDGE_PARTS = 2000; /* at least one place in so many must be an edge */

struct RowSums
{
  uint64_t sum = 0;
  uint64_t squares = 0;
  uint64_t differences = 0;
};

/* Kept in 32 bit for the vectoriser: 255^2 * 65536 pixels fit. */
RowSums
add_row (const uint8_t *row, const uint8_t *before, int width)
{
  RowSums total;
  constexpr int CHUNK = 32768;
  for (int begin = 0; begin < width; begin += CHUNK) {
    const int end = std::min (width, begin + CHUNK);
    uint32_t sum = 0, squares = 0, differences = 0;
    for (int x = begin; x < end; x++) {
      const uint32_t value = row[x];
      sum += value;
      squares += value * value;
      differences += static_cast<uint32_t> (std::abs (int (row[x]) - int (before[x])));
    }
    total.sum += sum;
    total.squares += squares;
    total.differences += differences;
  }
  return total;
}

/* A distance the compiler knows is one it has vector code for. */
template <int STEP>
void
gather (const uint8_t *in, uint8_t *out, int count)
{
  for (int x = 0; x < count; x++)
    out[x] = in[x * STEP];
}

/* The row as consecutive bytes: where it lies, or gathered into line. */
const uint8_t *
row_of (const LumaView &view, int y, std::vector<uint8_t> &line)
{
  const uint8_t *in = view.data + y * view.stride;
  if (view.pixel_stride == 1)
    return in;
  line.resize (static_cast<size_t> (view.width));
  uint8_t *out = line.data ();
  if (view.pixel_stride == 2)
    gather<2> (in, out, view.width);
  else if (view.pixel_stride == 3)
    gather<3> (in, out, view.width);
  else if (view.pixel_stride == 4)
    gather<4> (in, out, view.width);
  else
    for (int x = 0; x < view.width; x++)
      out[x] = in[x * view.pixel_stride];
  return out;
}

} // namespace

LumaNumbers
LumaSampler::measure (const LumaView &view)
{
  LumaNumbers numbers;
  if (view.width <= 0 || view.height <= 0)
    return numbers;
  const int rows = std::min (view.height, SAMPLE_ROWS);
  const auto width = static_cast<size_t> (view.width);
  const bool comparable = width_ == view.width && rows_ == rows;
  if (!comparable)
    previous_.assign (width * static_cast<size_t> (rows), 0);
  width_ = view.width;
  rows_ = rows;

  RowSums total;
  for (int i = 0; i < rows; i++) {
    const int y = static_cast<int> ((2L * i + 1) * view.height / (2L * rows));
    const uint8_t *row = row_of (view, y, line_);
    uint8_t *before = &previous_[static_cast<size_t> (i) * width];
    const RowSums sums = add_row (row, before, view.width);
    total.sum += sums.sum;
    total.squares += sums.squares;
    total.differences += sums.differences;
    memcpy (before, row, width);
  }
  const double count = static_cast<double> (width) * rows;
  numbers.mean = static_cast<double> (total.sum) / count;
  const double variance = static_cast<double> (total.squares) / count - numbers.mean * numbers.mean;
  numbers.deviation = std::sqrt (std::max (variance, 0.0));
  numbers.comparable = comparable;
  if (comparable) {
    numbers.difference = static_cast<double> (total.differences) / count;
    numbers.identical = total.differences == 0;
  }
  return numbers;
}

void
LumaSampler::forget ()
{
  width_ = rows_ = 0;
}

/* The mean of square cells of the picture, in units of a fraction of a level. */
void
SharpnessMeter::reduce (const LumaView &view)
{
  const int cell = std::max (1, (view.width + SMALL_COLUMNS / 2) / SMALL_COLUMNS);
  const int used_rows = std::min (cell, MAX_ROWS_AVERAGED);
  columns_ = view.width / cell;
  rows_ = view.height / cell;
  small_.resize (static_cast<size_t> (columns_) * static_cast<size_t> (rows_));
  sums_.resize (static_cast<size_t> (view.width));
  const int scale = UNIT * 256 / (cell * used_rows);
  for (int row = 0; row < rows_; row++) {
    for (int i = 0; i < used_rows; i++) {
      const uint8_t *in = row_of (view, row * cell + i * cell / used_rows, line_);
      uint16_t *sums = sums_.data ();
      for (int x = 0; x < view.width; x++)
        sums[x] = static_cast<uint16_t> ((i == 0 ? 0 : sums[x]) + in[x]);
    }
    int16_t *out = &small_[static_cast<size_t> (row) * static_cast<size_t> (columns_)];
    const uint16_t *sums = sums_.data ();
    for (int column = 0; column < columns_; column++, sums += cell) {
      int sum = 0;
      for (int x = 0; x < cell; x++)
        sum += sums[x];
      out[column] = static_cast<int16_t> (sum * scale / 256);
    }
  }
}

/* One row of places from p on, the neighbours at a distance of step. 32 bits are enough: at most
 * 479 columns with squares below 2040^2. */
SharpnessMeter::Sums
SharpnessMeter::add_row (const int16_t *p, ptrdiff_t step, int count)
{
  uint32_t edges = 0, flats = 0, turns = 0, changes = 0, noise = 0;
  const int16_t *ahead = p + EDGE_REACH * step, *behind = p - EDGE_REACH * step;
  const int16_t *next = p + step, *last = p - step;
  for (int x = 0; x < count; x++) {
    /* 16 bit up to the squares: twice as many at a time, and a multiplication that SSE2 has. */
    const auto slope = static_cast<int16_t> (ahead[x] - behind[x]);
    const auto turn = static_cast<int16_t> (last[x] - 2 * p[x] + next[x]);
    const auto change = static_cast<int16_t> (slope < 0 ? -slope : slope);
    const auto edge = static_cast<int16_t> (change >= EDGE_CONTRAST * UNIT ? -1 : 0);
    const auto flat = static_cast<int16_t> (change < FLAT_CONTRAST * UNIT ? -1 : 0);
    const auto edge_change = static_cast<int16_t> (change & edge);
    const auto edge_turn = static_cast<int16_t> (turn & edge);
    const auto flat_turn = static_cast<int16_t> (turn & flat);
    edges += edge & 1;
    flats += flat & 1;
    changes += static_cast<uint32_t> (edge_change * edge_change);
    turns += static_cast<uint32_t> (edge_turn * edge_turn);
    noise += static_cast<uint32_t> (flat_turn * flat_turn);
  }
  return { edges, flats, turns, changes, noise };
}

std::optional<double>
SharpnessMeter::along (bool rows) const
{
  const int left = rows ? EDGE_REACH : 0, top = rows ? 0 : EDGE_REACH;
  const int width = columns_ - 2 * left, height = rows_ - 2 * top;
  if (width <= 0 || height <= 0)
    return std::nullopt;
  Sums total;
  for (int y = 0; y < height; y += 2) { /* every other row tells as much */
    const int16_t *p = small_.data () + static_cast<ptrdiff_t> (y + top) * columns_ + left;
    const Sums sums = add_row (p, rows ? 1 : columns_, width);
    total.edges += sums.edges;
    total.flats += sums.flats;
    total.turns += sums.turns;
    total.changes += sums.changes;
    total.noise += sums.noise;
  }
  const uint64_t places = static_cast<uint64_t> (columns_) * static_cast<uint64_t> (rows_) / 2;
  if (total.edges < 8 || total.edges * MIN_EDGE_PARTS < places)
    return std::nullopt;
  /* Noise of deviation s adds 6 s^2 to the square of a second difference. */
  constexpr double MOST = 6.0 * (MAX_NOISE * UNIT) * (MAX_NOISE * UNIT);
  const auto flats = static_cast<double> (std::max<uint64_t> (total.flats, 1));
  const double floor = std::min (static_cast<double> (total.noise) / flats, MOST);
  const double net = static_cast<double> (total.turns) - floor * static_cast<double> (total.edges);
  return 100.0 * std::sqrt (std::max (0.0, net) / static_cast<double> (total.changes));
}

std::optional<double>
SharpnessMeter::measure (const LumaView &view)
{
  if (view.width <= 0 || view.height <= 0)
    return std::nullopt;
  reduce (view);
  const auto horizontal = along (true);
  const auto vertical = along (false);
  if (!horizontal || !vertical)
    return horizontal ? horizontal : vertical;
  return std::max (*horizontal, *vertical);
}

namespace
{

/* Where the entropy-coded data begins, 0 when the bytes are not a JPEG with a scan. */
size_t
find_scan (const uint8_t *data, size_t size)
{
  if (size < 4 || data[0] != 0xFF || data[1] != 0xD8)
    return 0;
  size_t at = 2;
  while (at + 4 <= size && data[at] == 0xFF) {
    const uint8_t marker = data[at + 1];
    if (marker == 0xDA)
      return at;
    at += 2 + (size_t (data[at + 2]) << 8 | data[at + 3]);
  }
  return 0;
}

uint64_t
scramble (uint64_t value)
{
  value ^= value >> 32;
  value *= 0xD6E8FEB86659FD93u;
  return value ^ value >> 32;
}

} // namespace

uint64_t
jpeg_fingerprint (const uint8_t *data, size_t size)
{
  const size_t begin = find_scan (data, size);
  const uint8_t *p = data + begin;
  size_t left = size - begin;
  uint64_t lanes[4] = { left, 0x9E3779B97F4A7C15u, 0xC2B2AE3D27D4EB4Fu, 0x165667B19E3779F9u };
  for (; left >= 32; left -= 32, p += 32)
    for (int i = 0; i < 4; i++) {
      uint64_t word;
      memcpy (&word, p + 8 * i, 8);
      lanes[i] = (lanes[i] ^ word) * 0xD6E8FEB86659FD93u;
      lanes[i] ^= lanes[i] >> 29;
    }
  for (; left > 0; left--, p++)
    lanes[left % 4] = (lanes[left % 4] ^ *p) * 0xD6E8FEB86659FD93u;
  uint64_t result = 0;
  for (uint64_t lane : lanes)
    result = scramble (result + scramble (lane));
  return result;
}

} // namespace camwarden
