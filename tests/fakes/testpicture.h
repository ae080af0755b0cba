// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace camwarden
{

enum class PictureKind { normal, black, dark, bright, blur };

/* Paints the luma of a camera's picture: a textured scene that moves, with the noise of a sensor.
 * A frame is a function of (seed, kind, index) alone, so a test can repeat it. Standard C++ only.
 */
class TestPicture
{
public:
  TestPicture (unsigned width, unsigned height, uint32_t seed);

  /* black: no light and no noise (a dead sensor); dark: a night, noise only; bright: overexposed;
   * blur: the same scene out of focus, noise and all. */
  void paint (uint8_t *luma, size_t stride, PictureKind kind, uint64_t index) const;

private:
  void fill_scene ();
  void fill_blurred ();

  unsigned width_;
  unsigned height_;
  uint32_t seed_;
  std::vector<uint8_t> scene_;
  std::vector<uint8_t> blurred_;
  std::vector<int8_t> noise_;
};

} // namespace camwarden
