// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>

namespace camwarden
{

/* At most so many acts within any window of time. The window slides, and a success does not clear
 * it: what works for a moment again and again still climbs. All times are monotonic us. */
class SlidingBudget
{
public:
  SlidingBudget (unsigned attempts, int64_t window) : attempts_ (attempts), window_ (window) {}

  void
  configure (unsigned attempts, int64_t window)
  {
    attempts_ = attempts;
    window_ = window;
  }

  [[nodiscard]] bool
  allows (int64_t now) const
  {
    return free_at () <= now && attempts_ > 0;
  }

  /* The first moment at which one more is allowed; INT64_MAX: never. */
  [[nodiscard]] int64_t
  free_at () const
  {
    if (attempts_ == 0)
      return INT64_MAX;
    if (acts_.size () < attempts_)
      return INT64_MIN;
    return acts_[acts_.size () - attempts_] + window_;
  }

  void
  spend (int64_t now)
  {
    acts_.push_back (now);
    while (acts_.front () + window_ <= now && acts_.size () > 1)
      acts_.pop_front ();
  }

  /* Oldest first; what is older than the window may be missing. */
  [[nodiscard]] const std::deque<int64_t> &
  acts () const
  {
    return acts_;
  }

private:
  unsigned attempts_;
  int64_t window_;
  std::deque<int64_t> acts_;
};

} // namespace camwarden
