// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace camwarden
{

/* The brightness of a picture where it lies in memory: one byte a pixel, pixels and rows at fixed
 * distances (I420: 1; YUY2: 2; RGB: the green bytes, 3 or 4). */
struct LumaView
{
  const uint8_t *data = nullptr;
  ptrdiff_t stride = 0;
  int pixel_stride = 1;
  int width = 0;
  int height = 0;
};

/* What one look at a picture says; brightness in levels of 0..255. */
struct LumaNumbers
{
  double mean = 0;
  double deviation = 0;    /* standard deviation over the samples */
  bool comparable = false; /* there was a picture of the same size before: */
  double difference = 0;   /* mean absolute difference to it */
  bool identical = false;  /* every sample is the one of the picture before */
};

/* Looks at every nth row of a picture (about 90 rows, all columns: whole rows are read at memory
 * speed, and a pixel of noise anywhere in them tells a live sensor from a frozen one). */
class LumaSampler
{
public:
  [[nodiscard]] LumaNumbers measure (const LumaView &view);

  /* The next picture has no one before it. */
  void forget ();

private:
  std::vector<uint8_t> previous_;
  std::vector<uint8_t> line_;
  int width_ = 0;
  int rows_ = 0;
};

/* How sharp the edges of a picture are, in percent; nothing when it has too few edges to say.
 *
 * The picture is averaged down to about 320 columns, which takes the noise away. At each place
 * where brightness changes by more than EDGE_CONTRAST over eight columns (or rows), the second
 * difference ("Laplacian") over three is set against that change: 100 * sqrt (sum of squares /
 * sum of squares). A lens in focus turns a step within one or two columns, a blurred one cannot,
 * whatever the scene; how many edges there are, and how strong, cancels out. */
class SharpnessMeter
{
public:
  [[nodiscard]] std::optional<double> measure (const LumaView &view);

private:
  struct Sums
  {
    uint64_t edges = 0, flats = 0, turns = 0, changes = 0, noise = 0;
  };

  void reduce (const LumaView &view);
  [[nodiscard]] static Sums add_row (const int16_t *p, ptrdiff_t step, int count);
  [[nodiscard]] std::optional<double> along (bool rows) const;

  std::vector<uint16_t> sums_;
  std::vector<uint8_t> line_;
  std::vector<int16_t> small_;
  int columns_ = 0;
  int rows_ = 0;
};

/* A number for the picture data of a JPEG: that of its first scan to its end, so that a time stamp
 * or a counter in a comment does not make a frozen picture look alive. Of any other bytes: of all.
 */
[[nodiscard]] uint64_t jpeg_fingerprint (const uint8_t *data, size_t size);

} // namespace camwarden
