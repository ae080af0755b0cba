// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstdint>
#include <random>

namespace camwarden
{

/* Waiting times between attempts, in microseconds. The random source is the caller's, so that a
 * test can repeat a run. */
using RandomSource = std::minstd_rand;

/* "Full jitter": the first retry is immediate, the nth waits a random time in
 * [0, min(cap, base * 2^(n-1))]. Clients that lost the same server come back spread out. */
class FullJitter
{
public:
  FullJitter (int64_t base_us, int64_t cap_us) : base_ (base_us), cap_ (std::max (base_us, cap_us))
  {}

  int64_t
  next (RandomSource &random)
  {
    if (attempts_++ == 0)
      return 0;
    const int64_t span = ceiling_ = ceiling_ == 0 ? base_ : std::min (cap_, ceiling_ * 2);
    return std::uniform_int_distribution<int64_t> (0, span) (random);
  }

  void
  reset ()
  {
    attempts_ = 0;
    ceiling_ = 0;
  }

  [[nodiscard]] unsigned
  attempts () const
  {
    return attempts_;
  }

private:
  int64_t base_;
  int64_t cap_;
  int64_t ceiling_ = 0;
  unsigned attempts_ = 0;
};

/* "Decorrelated jitter": each wait is random in [base, 3 * previous], capped. Slower to grow and
 * never zero: for things that cost something to try, such as a camera or a process. */
class DecorrelatedJitter
{
public:
  DecorrelatedJitter (int64_t base_us, int64_t cap_us)
      : base_ (base_us), cap_ (std::max (base_us, cap_us)), previous_ (base_us)
  {}

  int64_t
  next (RandomSource &random)
  {
    const int64_t high = std::max (base_, std::min (cap_, previous_ * 3));
    previous_ = std::uniform_int_distribution<int64_t> (base_, high) (random);
    return previous_;
  }

  void
  reset ()
  {
    previous_ = base_;
  }

private:
  int64_t base_;
  int64_t cap_;
  int64_t previous_;
};

} // namespace camwarden
