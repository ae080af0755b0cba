// SPDX-License-Identifier: LGPL-2.1-or-later
#include "health/lumasampler.h"

#include <algorithm>
#include <glib.h>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "fakes/testpicture.h"
#include "health/outbox.h"

using namespace camwarden;

namespace
{

struct Picture
{
  int width;
  int height;
  int stride;
  std::vector<uint8_t> pixels;

  Picture (int w, int h, int padding = 0)
      : width (w), height (h), stride (w + padding), pixels (static_cast<size_t> (stride * h))
  {}
  [[nodiscard]] LumaView
  view () const
  {
    return { pixels.data (), stride, 1, width, height };
  }
  uint8_t &
  at (int x, int y)
  {
    return pixels[static_cast<size_t> (y * stride + x)];
  }
};

Picture
painted (int width, int height, PictureKind kind, uint64_t index, int padding = 0)
{
  static std::map<std::pair<int, int>, TestPicture> painters; /* slow to make */
  const auto [painter, made] = painters.try_emplace (
      { width, height }, static_cast<unsigned> (width), static_cast<unsigned> (height), 7u);
  Picture picture (width, height, padding);
  painter->second.paint (picture.pixels.data (), static_cast<size_t> (picture.stride), kind, index);
  return picture;
}

constexpr std::pair<int, int> SIZES[]
    = { { 160, 120 }, { 320, 240 }, { 640, 480 }, { 1280, 720 }, { 1920, 1080 } };

void
test_mean_and_deviation ()
{
  Picture picture (200, 100);
  for (int y = 0; y < 100; y++)
    for (int x = 0; x < 200; x++)
      picture.at (x, y) = x % 2 ? 90 : 110;
  LumaSampler sampler;
  const LumaNumbers numbers = sampler.measure (picture.view ());
  g_assert_cmpfloat (numbers.mean, ==, 100);
  g_assert_cmpfloat (numbers.deviation, ==, 10);
  g_assert_false (numbers.comparable);
  g_assert_false (numbers.identical);
}

/* White 8K rows: the 32 bit sums of the inner loop must not wrap. */
void
test_largest_sums ()
{
  Picture picture (70000, 2);
  std::fill (picture.pixels.begin (), picture.pixels.end (), uint8_t{ 255 });
  LumaSampler sampler;
  g_assert_cmpfloat (sampler.measure (picture.view ()).difference, ==, 0);
  std::fill (picture.pixels.begin (), picture.pixels.end (), uint8_t{ 0 });
  const LumaNumbers numbers = sampler.measure (picture.view ());
  g_assert_cmpfloat (numbers.difference, ==, 255);
  g_assert_cmpfloat (numbers.deviation, ==, 0);
}

void
test_identical ()
{
  LumaSampler sampler;
  Picture picture = painted (640, 480, PictureKind::normal, 1);
  (void)sampler.measure (picture.view ());
  g_assert_true (sampler.measure (picture.view ()).identical);
  picture.at (639, 2) ^= 1; /* one bit, in the first row that is looked at (2 of 0..4) */
  const LumaNumbers numbers = sampler.measure (picture.view ());
  g_assert_true (numbers.comparable);
  g_assert_false (numbers.identical);
  g_assert_cmpfloat (numbers.difference, >, 0);
  g_assert_true (sampler.measure (picture.view ()).identical);
  sampler.forget ();
  g_assert_false (sampler.measure (picture.view ()).comparable);
}

/* Padding beside the rows is not the picture. */
void
test_padding_is_ignored ()
{
  LumaSampler sampler;
  Picture picture = painted (301, 77, PictureKind::normal, 1, 19);
  const LumaNumbers first = sampler.measure (picture.view ());
  for (int y = 0; y < picture.height; y++)
    for (int x = picture.width; x < picture.stride; x++)
      picture.at (x, y) = static_cast<uint8_t> (y);
  const LumaNumbers second = sampler.measure (picture.view ());
  g_assert_true (second.identical);
  g_assert_cmpfloat (first.mean, ==, second.mean);
}

void
test_pixel_stride ()
{
  const Picture plain = painted (320, 240, PictureKind::normal, 3);
  Picture packed (640, 240);
  for (int y = 0; y < 240; y++)
    for (int x = 0; x < 320; x++) {
      packed.at (2 * x, y) = plain.pixels[static_cast<size_t> (y * 320 + x)];
      packed.at (2 * x + 1, y) = 77;
    }
  const LumaView view{ packed.pixels.data (), packed.stride, 2, 320, 240 };
  LumaSampler one, two;
  const LumaNumbers a = one.measure (plain.view ()), b = two.measure (view);
  g_assert_cmpfloat (a.mean, ==, b.mean);
  g_assert_cmpfloat (a.deviation, ==, b.deviation);
  SharpnessMeter meter;
  g_assert_cmpfloat (*meter.measure (plain.view ()), ==, *meter.measure (view));
}

/* The noise of a sensor shows in any light. */
void
test_noise_is_never_identical ()
{
  for (const auto &[width, height] : SIZES)
    for (PictureKind kind : { PictureKind::normal, PictureKind::dark, PictureKind::bright }) {
      LumaSampler sampler;
      for (uint64_t index = 0; index < 5; index++)
        g_assert_false (sampler.measure (painted (width, height, kind, index).view ()).identical);
    }
}

void
test_tiny_pictures ()
{
  for (int width = 1; width < 12; width++)
    for (int height = 1; height < 12; height++) {
      const Picture picture (width, height);
      LumaSampler sampler;
      SharpnessMeter meter;
      g_assert_cmpfloat (sampler.measure (picture.view ()).mean, ==, 0);
      g_assert_false (meter.measure (picture.view ()).has_value ());
    }
}

void
test_sharp_and_blurred ()
{
  for (const auto &[width, height] : SIZES) {
    SharpnessMeter meter;
    const auto sharp = meter.measure (painted (width, height, PictureKind::normal, 4).view ());
    const auto blurred = meter.measure (painted (width, height, PictureKind::blur, 4).view ());
    g_test_message ("%dx%d: sharp %.1f, blurred %.1f", width, height, sharp.value_or (-1),
                    blurred.value_or (-1));
    g_assert_true (sharp && *sharp > 16);
    g_assert_true (blurred && *blurred < 8);
  }
}

void
test_noise_alone_has_no_sharpness ()
{
  for (const auto &[width, height] : SIZES)
    for (PictureKind kind : { PictureKind::black, PictureKind::dark, PictureKind::bright }) {
      SharpnessMeter meter;
      g_assert_false (meter.measure (painted (width, height, kind, 4).view ()).has_value ());
    }
}

/* A few hard edges in a large empty picture are enough, in either direction. */
void
test_bars_are_sharp ()
{
  for (bool upright : { true, false }) {
    Picture picture (1280, 720);
    for (int y = 0; y < 720; y++)
      for (int x = 0; x < 1280; x++)
        picture.at (x, y) = ((upright ? x : y) / 183) % 2 ? 60 : 160;
    SharpnessMeter meter;
    const auto sharpness = meter.measure (picture.view ());
    g_assert_true (sharpness && *sharpness > 16);
  }
}

void
test_gradient_cannot_be_told ()
{
  Picture picture (1280, 720);
  for (int y = 0; y < 720; y++)
    for (int x = 0; x < 1280; x++)
      picture.at (x, y) = static_cast<uint8_t> (x / 6 + 10);
  SharpnessMeter meter;
  g_assert_false (meter.measure (picture.view ()).has_value ());
}

std::vector<uint8_t>
fake_jpeg (const std::string &comment, size_t scan_bytes)
{
  std::vector<uint8_t> jpeg;
  const auto add = [&jpeg] (size_t byte) { jpeg.push_back (static_cast<uint8_t> (byte)); };
  for (size_t byte :
       { size_t{ 0xFF }, size_t{ 0xD8 }, size_t{ 0xFF }, size_t{ 0xFE }, size_t{ 0 } })
    add (byte);
  add (2 + comment.size ());
  for (char c : comment)
    add (static_cast<size_t> (c));
  for (int byte : { 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0 })
    add (static_cast<size_t> (byte));
  for (size_t i = 0; i < scan_bytes; i++)
    add (i * i >> 3);
  return jpeg;
}

uint64_t
print_of (const std::vector<uint8_t> &bytes)
{
  return jpeg_fingerprint (bytes.data (), bytes.size ());
}

void
test_fingerprint ()
{
  const auto jpeg = fake_jpeg ("seq 1", 1000);
  g_assert_cmpuint (print_of (jpeg), ==, print_of (fake_jpeg ("a later frame", 1000)));
  g_assert_cmpuint (print_of (jpeg), !=, print_of (fake_jpeg ("seq 1", 1001)));
  const size_t header = jpeg.size () - 1000;
  for (size_t i = header; i < jpeg.size (); i++) {
    auto changed = jpeg;
    changed[i] ^= 4;
    g_assert_cmpuint (print_of (changed), !=, print_of (jpeg));
  }
}

/* Garbage in, some number out, nothing read beyond the end (the sanitizers look). */
void
test_fingerprint_of_garbage ()
{
  const auto jpeg = fake_jpeg ("x", 40);
  for (size_t size = 0; size < jpeg.size (); size++) {
    const std::vector<uint8_t> cut (jpeg.begin (), jpeg.begin () + static_cast<long> (size));
    (void)print_of (cut);
  }
  const std::vector<uint8_t> loop{ 0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0xFF, 0xE0, 0xFF, 0xFF };
  (void)print_of (loop);
}

/* What is put in while something is being sent goes out after it, by the same sender. */
void
test_outbox_keeps_the_order ()
{
  Outbox<int> outbox;
  std::vector<int> sent;
  for (int i = 0; i < 3; i++)
    outbox.put (i);
  outbox.send ([&] (int item) {
    sent.push_back (item);
    if (item < 3) {
      outbox.put (item + 10);
      outbox.send ([] (int) { g_assert_not_reached (); });
    }
  });
  const std::vector<int> expected{ 0, 1, 2, 10, 11, 12 };
  g_assert_true (sent == expected);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  const std::pair<const char *, void (*) ()> tests[] = {
    { "/lumasampler/mean-and-deviation", test_mean_and_deviation },
    { "/lumasampler/largest-sums", test_largest_sums },
    { "/lumasampler/identical", test_identical },
    { "/lumasampler/padding", test_padding_is_ignored },
    { "/lumasampler/pixel-stride", test_pixel_stride },
    { "/lumasampler/noise", test_noise_is_never_identical },
    { "/lumasampler/tiny", test_tiny_pictures },
    { "/sharpness/sharp-and-blurred", test_sharp_and_blurred },
    { "/sharpness/noise", test_noise_alone_has_no_sharpness },
    { "/sharpness/bars", test_bars_are_sharp },
    { "/sharpness/gradient", test_gradient_cannot_be_told },
    { "/fingerprint/picture-data", test_fingerprint },
    { "/fingerprint/garbage", test_fingerprint_of_garbage },
    { "/outbox", test_outbox_keeps_the_order },
  };
  for (const auto &[path, function] : tests)
    g_test_add_func (path, function);
  return g_test_run ();
}
