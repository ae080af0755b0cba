// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/framemeter.h"

#include <algorithm>
#include <cmath>

namespace camwarden
{

static constexpr double buckets_per_e = 50; /* each one is 2 % wider than the last */

void
LatencyBook::add (int64_t latency)
{
  latency = std::max<int64_t> (latency, 0);
  const double place = std::log (static_cast<double> (latency) + 1) * buckets_per_e;
  counts_[std::min (static_cast<size_t> (place), buckets - 1)]++;
  count_++;
  greatest_ = std::max (greatest_, latency);
}

std::optional<int64_t>
LatencyBook::quantile (double share) const
{
  if (count_ == 0)
    return {};
  const auto rank = static_cast<uint64_t> (std::ceil (share * static_cast<double> (count_)));
  uint64_t sum = 0;
  for (size_t i = 0; i < buckets; i++) {
    sum += counts_[i];
    if (sum >= std::max<uint64_t> (rank, 1)) {
      const double middle = std::exp ((static_cast<double> (i) + 0.5) / buckets_per_e) - 1;
      return std::min (static_cast<int64_t> (std::lround (middle)), greatest_);
    }
  }
  return greatest_;
}

std::optional<int64_t>
LatencyBook::greatest () const
{
  return count_ ? std::optional (greatest_) : std::nullopt;
}

void
FrameMeter::count (FrameFigures &figures, const FrameSeen &seen, uint64_t lost, bool new_run,
                   std::optional<int64_t> gap)
{
  figures.frames++;
  figures.bytes += seen.bytes;
  figures.lost += lost;
  figures.runs += new_run;
  if (gap)
    figures.longest_gap = std::max (figures.longest_gap.value_or (0), *gap);
  if (seen.latency)
    figures.latency.add (*seen.latency);
}

void
FrameMeter::frame (const FrameSeen &seen, int64_t now)
{
  const bool same_run = seen.has_header && !run_.empty () && seen.run == run_;
  const bool new_run = seen.has_header && !run_.empty () && seen.run != run_;
  const uint64_t lost = same_run && seen.seq > seq_ + 1 ? seen.seq - seq_ - 1 : 0;
  const auto gap = last_frame_ < 0 ? std::nullopt : std::optional (now - last_frame_);
  for (FrameFigures *figures : { &all_, &recent_ })
    count (*figures, seen, lost, new_run, gap);
  last_frame_ = now;
  if (seen.has_header) {
    run_ = seen.run;
    seq_ = seen.seq;
  }
}

static double
seconds (int64_t us)
{
  return static_cast<double> (us) / 1e6;
}

FrameFigures
FrameMeter::look (int64_t now)
{
  FrameFigures figures = recent_;
  figures.seconds = seconds (now - looked_);
  looked_ = now;
  recent_ = {};
  return figures;
}

FrameFigures
FrameMeter::all (int64_t now) const
{
  FrameFigures figures = all_;
  figures.seconds = seconds (now - begin_);
  return figures;
}

} // namespace camwarden
