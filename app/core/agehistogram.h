// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace camwarden
{

/* How old the last frame was, each time that somebody looked. Microseconds. */
class AgeHistogram
{
public:
  /* Upper ends of the buckets, each included; the last bucket has none. */
  static constexpr std::array<int64_t, 11> bounds{
    10'000,    25'000,    50'000,    100'000,    250'000,    500'000,
    1'000'000, 2'500'000, 5'000'000, 10'000'000, 30'000'000,
  };

  void
  add (int64_t age)
  {
    size_t bucket = 0;
    while (bucket < bounds.size () && age > bounds[bucket])
      bucket++;
    counts_[bucket]++;
    sum_ += age;
  }

  /* Of the bucket alone; `bounds.size ()`: of what is above all of them. */
  [[nodiscard]] uint64_t
  count (size_t bucket) const
  {
    return counts_[bucket];
  }
  [[nodiscard]] int64_t
  sum () const
  {
    return sum_;
  }

private:
  std::array<uint64_t, bounds.size () + 1> counts_{};
  int64_t sum_ = 0;
};

} // namespace camwarden
