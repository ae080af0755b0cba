// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fakes/testpicture.h"

#include <algorithm>
#include <cstring>
#include <random>

namespace camwarden
{

namespace
{
constexpr size_t NOISE_SIZE = 1 << 16;
constexpr unsigned BLUR_RADIUS_PARTS = 80; /* of the width; twice: a deviation of 1 % of it */

uint32_t
mix (uint32_t a, uint32_t b)
{
  uint32_t h = a * 0x9E3779B1u ^ (b + 0x7F4A7C15u) * 0x85EBCA77u;
  h ^= h >> 15;
  h *= 0xC2B2AE3Du;
  return h ^ (h >> 13);
}

/* A running mean of 2 * radius + 1 values along a line that wraps around. */
void
smooth (const uint8_t *in, uint8_t *out, size_t step, unsigned length, unsigned radius)
{
  uint32_t sum = 0;
  const unsigned window = 2 * radius + 1;
  for (unsigned i = 0; i < window; i++)
    sum += in[(i + length - radius % length) % length * step];
  for (unsigned i = 0; i < length; i++) {
    out[i * step] = static_cast<uint8_t> (sum / window);
    sum += in[(i + radius + 1) % length * step];
    sum -= in[(i + length - radius % length) % length * step];
  }
}
} // namespace

TestPicture::TestPicture (unsigned width, unsigned height, uint32_t seed)
    : width_ (width), height_ (height), seed_ (seed), scene_ (size_t (width) * height),
      blurred_ (scene_.size ()), noise_ (NOISE_SIZE + width)
{
  std::minstd_rand random (seed + 1);
  for (auto &value : noise_) {
    /* The sum of three dice is bell-shaped enough: +-6, deviation 2.4. */
    int sum = -6;
    for (int i = 0; i < 3; i++)
      sum += static_cast<int> (random () >> 8) % 5;
    value = static_cast<int8_t> (sum);
  }
  fill_scene ();
  fill_blurred ();
}

/* Blocks of different grey with hard edges, and finer stripes within: detail at each scale. All
 * values stay far enough from 16 and 235 that noise does not leave the range. */
void
TestPicture::fill_scene ()
{
  const unsigned block = std::max (4u, width_ / 16);
  for (unsigned y = 0; y < height_; y++)
    for (unsigned x = 0; x < width_; x++) {
      const uint32_t grey = 48 + mix (x / block, y / block + seed_) % 136;
      const uint32_t stripe = (x / 4 + y / 4) % 2 ? 16 : 0;
      scene_[size_t (y) * width_ + x] = static_cast<uint8_t> (grey + stripe);
    }
}

void
TestPicture::fill_blurred ()
{
  const unsigned radius = std::max (1u, width_ / BLUR_RADIUS_PARTS);
  std::vector<uint8_t> rows (scene_.size ());
  for (int pass = 0; pass < 2; pass++) {
    const auto &in = pass ? blurred_ : scene_;
    for (unsigned y = 0; y < height_; y++)
      smooth (&in[size_t (y) * width_], &rows[size_t (y) * width_], 1, width_, radius);
    for (unsigned x = 0; x < width_; x++)
      smooth (&rows[x], &blurred_[x], width_, height_, std::min (radius, height_ / 2));
  }
}

void
TestPicture::paint (uint8_t *luma, size_t stride, PictureKind kind, uint64_t index) const
{
  const auto frame = static_cast<uint32_t> (index);
  const unsigned shift = static_cast<unsigned> (index * 2 % width_);
  const auto &scene = kind == PictureKind::blur ? blurred_ : scene_;
  for (unsigned y = 0; y < height_; y++) {
    uint8_t *out = luma + y * stride;
    const int8_t *noise = &noise_[mix (mix (seed_, frame), y) % NOISE_SIZE];
    switch (kind) {
    case PictureKind::black:
      memset (out, 16, width_);
      break;
    case PictureKind::dark:
      for (unsigned x = 0; x < width_; x++)
        out[x] = static_cast<uint8_t> (20 + noise[x] / 2);
      break;
    case PictureKind::bright:
      for (unsigned x = 0; x < width_; x++)
        out[x] = static_cast<uint8_t> (std::min (246 + noise[x], 250));
      break;
    case PictureKind::normal:
    case PictureKind::blur: {
      const uint8_t *row = &scene[size_t (y) * width_];
      const unsigned head = width_ - shift;
      for (unsigned x = 0; x < head; x++)
        out[x] = static_cast<uint8_t> (row[x + shift] + noise[x]);
      for (unsigned x = head; x < width_; x++)
        out[x] = static_cast<uint8_t> (row[x - head] + noise[x]);
      break;
    }
    }
  }
}

} // namespace camwarden
