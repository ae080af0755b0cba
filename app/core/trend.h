// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>

namespace camwarden
{

/* Whether something grows over hours: memory that is never given back. Of each bucket of time only
 * the least value counts, so that what comes and goes is not seen; the slope is the median of those
 * between any two buckets (Theil and Sen), which no single step can move. All times are monotonic
 * us. */
class Trend
{
public:
  struct Settings
  {
    int64_t bucket = 300'000'000; /* us */
    size_t most = 72;             /* buckets looked back on: 6 h of these */
    size_t least = 24;            /* buckets before anything is said: 2 h */
  };
  struct Slope
  {
    double per_hour = 0; /* in the unit of the values */
    double share = 0;    /* of the median value, per hour */
    double growth = 0;   /* over all that is looked back on, along the slope */
    double steady = 0;   /* -1 to 1: of all pairs of buckets, rising ones less falling ones */
  };

  explicit Trend (const Settings &settings) : settings_ (settings) {}
  Trend () : Trend (Settings{}) {}

  void add (int64_t now, double value);
  /* Nothing: not enough is known yet. */
  [[nodiscard]] std::optional<Slope> slope () const;

private:
  struct Bucket
  {
    int64_t begin;
    double least;
  };

  Settings settings_;
  std::deque<Bucket> buckets_; /* the last one is being filled */
};

} // namespace camwarden
