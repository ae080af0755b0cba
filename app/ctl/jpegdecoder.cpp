// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/picture.h"

#include <csetjmp>
#include <cstdio>
#include <jpeglib.h>

namespace camwarden
{

namespace
{

constexpr uint64_t most_points = 100'000'000;

/* libjpeg tells of an error by a call that must not return. */
struct Decoder
{
  jpeg_decompress_struct jpeg;
  jpeg_error_mgr errors;
  jmp_buf back;
};

void
on_error (j_common_ptr jpeg)
{
  auto *decoder = static_cast<Decoder *> (jpeg->client_data);
  longjmp (decoder->back, 1);
}

void
on_message (j_common_ptr, int)
{}

unsigned
scale_for (unsigned width, unsigned least_width)
{
  unsigned scale = 8;
  while (scale > 1 && width / scale < least_width)
    scale /= 2;
  return scale;
}

/* Nothing in here has a destructor: an error jumps out of it. */
bool
read_header (Decoder &decoder, std::string_view jpeg, unsigned least_width)
{
  if (setjmp (decoder.back) != 0)
    return false;
  jpeg_mem_src (&decoder.jpeg, reinterpret_cast<const unsigned char *> (jpeg.data ()),
                jpeg.size ());
  if (jpeg_read_header (&decoder.jpeg, TRUE) != JPEG_HEADER_OK)
    return false;
  if (static_cast<uint64_t> (decoder.jpeg.image_width) * decoder.jpeg.image_height > most_points)
    return false;
  decoder.jpeg.out_color_space = JCS_RGB;
  decoder.jpeg.scale_num = 1;
  decoder.jpeg.scale_denom = scale_for (decoder.jpeg.image_width, least_width);
  jpeg_calc_output_dimensions (&decoder.jpeg);
  return true;
}

bool
read_rows (Decoder &decoder, uint8_t *rgb)
{
  if (setjmp (decoder.back) != 0)
    return false;
  jpeg_start_decompress (&decoder.jpeg);
  while (decoder.jpeg.output_scanline < decoder.jpeg.output_height) {
    JSAMPROW row
        = rgb + static_cast<size_t> (decoder.jpeg.output_scanline) * decoder.jpeg.output_width * 3;
    jpeg_read_scanlines (&decoder.jpeg, &row, 1);
  }
  return true;
}

} // namespace

std::optional<Picture>
decode_jpeg (std::string_view jpeg, unsigned least_width)
{
  Decoder decoder{};
  decoder.jpeg.err = jpeg_std_error (&decoder.errors);
  decoder.errors.error_exit = on_error;
  decoder.errors.emit_message = on_message;
  decoder.jpeg.client_data = &decoder;
  jpeg_create_decompress (&decoder.jpeg);
  decoder.jpeg.client_data = &decoder;
  std::optional<Picture> picture;
  if (read_header (decoder, jpeg, least_width)) {
    picture.emplace ();
    picture->width = decoder.jpeg.output_width;
    picture->height = decoder.jpeg.output_height;
    picture->rgb.resize (static_cast<size_t> (picture->width) * picture->height * 3);
    if (!read_rows (decoder, picture->rgb.data ()))
      picture.reset ();
  }
  jpeg_destroy_decompress (&decoder.jpeg);
  return picture;
}

} // namespace camwarden
