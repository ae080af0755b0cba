// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/tunemodel.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace camwarden
{

std::vector<TuneRow>
predict (const std::vector<TuneSample> &samples, const std::vector<double> &rates,
         const TuneLimits &limits)
{
  std::vector<TuneRow> rows;
  for (const TuneSample &sample : samples)
    for (const double rate : rates) {
      TuneRow row{ .size = sample.size, .rate = rate, .quality = sample.quality };
      row.cpu = (sample.probe + sample.encode + sample.publish + sample.store) * rate;
      row.redis = row.disk = sample.bytes * rate;
      row.fits = row.cpu * limits.cameras <= limits.share * limits.cores
                 && row.redis * limits.cameras <= limits.network
                 && row.cpu <= 0.9; /* one camera's encoder has one thread */
      rows.push_back (row);
    }
  return rows;
}

std::optional<TuneRow>
recommend (const std::vector<TuneRow> &rows)
{
  constexpr double slowest = 15, fastest = 30, good_quality = 85;
  const auto rank = [] (const TuneRow &row) {
    return std::tuple (row.rate >= slowest && row.rate <= fastest, row.size.pixels (), row.rate,
                       -std::abs (row.quality - good_quality));
  };
  std::optional<TuneRow> best;
  for (const TuneRow &row : rows)
    if (row.fits && (!best || rank (row) > rank (*best)))
      best = row;
  if (best || rows.empty ())
    return best;
  return *std::min_element (rows.begin (), rows.end (),
                            [] (const TuneRow &a, const TuneRow &b) { return a.cpu < b.cpu; });
}

std::string
drop_in_text (const TuneRow &row, const std::vector<std::string> &cameras)
{
  std::string text = "# Written by camwardenctl tune --apply.\n";
  for (const std::string &camera : cameras)
    text += "[camera:" + camera + "]\nwidth=" + std::to_string (row.size.width)
            + "\nheight=" + std::to_string (row.size.height)
            + "\nframerate=" + std::to_string (static_cast<unsigned> (row.rate))
            + "\nencoder=jpegenc quality=" + std::to_string (row.quality) + "\n";
  return text;
}

} // namespace camwarden
