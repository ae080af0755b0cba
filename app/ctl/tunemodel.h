// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

/* Standard C++ only. Costs are seconds of one processor for one frame. */
struct PictureSize
{
  unsigned width = 0, height = 0;

  [[nodiscard]] double
  pixels () const
  {
    return static_cast<double> (width) * height;
  }
  bool operator== (const PictureSize &) const = default;
};

/* What was measured at one size and quality. */
struct TuneSample
{
  PictureSize size;
  unsigned quality = 0;
  double probe = 0, encode = 0, publish = 0, store = 0;
  double bytes = 0; /* of a frame */
};

struct TuneRow
{
  PictureSize size;
  double rate = 0; /* frames a second */
  unsigned quality = 0;
  double cpu = 0;   /* processors: 1 is one whole core */
  double redis = 0; /* bytes a second, to one reader */
  double disk = 0;  /* bytes a second when each frame is stored */
  bool fits = false;
};

struct TuneLimits
{
  unsigned cores = 1;
  unsigned cameras = 1;
  double share = 0.5;    /* of all processors, for all cameras */
  double network = 40e6; /* bytes a second, of all cameras */
};

/* A row for each sample and rate; it fits when all cameras together stay within the limits. */
[[nodiscard]] std::vector<TuneRow> predict (const std::vector<TuneSample> &samples,
                                            const std::vector<double> &rates,
                                            const TuneLimits &limits);

/* Of the rows that fit: the largest picture that still moves (15 frames a second or more), then the
 * highest rate up to 30, then the quality nearest to 85. Nothing fits: the cheapest row. */
[[nodiscard]] std::optional<TuneRow> recommend (const std::vector<TuneRow> &rows);

/* What a drop-in file says for these cameras. */
[[nodiscard]] std::string drop_in_text (const TuneRow &row,
                                        const std::vector<std::string> &cameras);

} // namespace camwarden
