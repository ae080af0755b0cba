// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <vector>

namespace camwarden
{

/* What a camera is asked for. */
struct WantedVideo
{
  unsigned width = 0; /* 0: any */
  unsigned height = 0;
  unsigned rate_numerator = 0; /* 0: any */
  unsigned rate_denominator = 1;
  bool jpeg = true; /* a JPEG from the camera itself is welcome */
};

/* Caps in GStreamer's notation, best first, in tiers: within the first tier that the source can
 * serve at all, the first entry that it can serve is taken. A tier holds to less of what is asked
 * for than the one before: a picture of another size is better than none.
 *
 * Within a tier: JPEG (nothing to encode), then what the encoder takes without conversion, then
 * the cheapest to convert, then any raw video. */
[[nodiscard]] std::vector<std::vector<std::string>> caps_tiers (const WantedVideo &wanted);

/* The formats that jpegenc takes well, as a caps list: "{ I420, NV12, GRAY8 }". YUY2 is taken too,
 * but encoded at 1.4 times the cost of converting it to I420 first (measured). */
[[nodiscard]] const char *encoder_formats ();

} // namespace camwarden
