// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace camwarden
{

/* One frame as a consumer gets it. Times in microseconds. */
struct FrameSeen
{
  size_t bytes = 0;
  bool has_header = false; /* else the rest is not known */
  std::string run;
  uint64_t seq = 0;
  std::optional<int64_t> latency; /* from capture to arrival */
};

/* Latencies, about 2 % exact however many there are. */
class LatencyBook
{
public:
  void add (int64_t latency);
  /* share: 0.5 for the median. Nothing: there was none. */
  [[nodiscard]] std::optional<int64_t> quantile (double share) const;
  [[nodiscard]] std::optional<int64_t> greatest () const;

private:
  static constexpr size_t buckets = 1200;
  std::array<uint32_t, buckets> counts_{};
  uint64_t count_ = 0;
  int64_t greatest_ = 0;
};

struct FrameFigures
{
  double seconds = 0;
  uint64_t frames = 0, bytes = 0;
  uint64_t lost = 0;                  /* numbers that never came, within one run */
  uint64_t runs = 0;                  /* times the pipeline began anew */
  std::optional<int64_t> longest_gap; /* between two frames */
  LatencyBook latency;

  [[nodiscard]] double
  fps () const
  {
    return seconds > 0 ? static_cast<double> (frames) / seconds : 0;
  }
};

/* Counts the frames of one camera, since the beginning and since the last look. */
class FrameMeter
{
public:
  explicit FrameMeter (int64_t now) : begin_ (now), looked_ (now) {}
  FrameMeter () : FrameMeter (0) {}

  void frame (const FrameSeen &seen, int64_t now);
  /* What came since the last look, or the beginning. */
  [[nodiscard]] FrameFigures look (int64_t now);
  [[nodiscard]] FrameFigures all (int64_t now) const;

private:
  static void count (FrameFigures &figures, const FrameSeen &seen, uint64_t lost, bool new_run,
                     std::optional<int64_t> gap);

  int64_t begin_, looked_;
  int64_t last_frame_ = -1;
  std::string run_;
  uint64_t seq_ = 0;
  FrameFigures all_, recent_;
};

} // namespace camwarden
