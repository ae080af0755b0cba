// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace camwarden
{

/* Does anybody want frames? Put together from what the server tells about subscribers.
 *
 * The number of a channel's subscribers leaves out those who subscribed to a pattern, and the
 * number of patterns does not say whether they match. The receivers of a PUBLISH say it exactly; so
 * a new pattern counts as demand until the next frame that was published shows that it is none. */
class Demand
{
public:
  void
  subscribers (int64_t count)
  {
    subscribers_ = count;
    if (count > 0)
      receivers_ = count;
  }

  void
  patterns (int64_t count)
  {
    if (count > patterns_ && receivers_ == 0)
      receivers_ = 1;
    patterns_ = count;
  }

  void
  receivers (int64_t count)
  {
    receivers_ = count;
  }

  void
  disconnected ()
  {
    subscribers_ = patterns_ = receivers_ = 0;
  }

  [[nodiscard]] bool
  wanted () const
  {
    return subscribers_ > 0 || receivers_ > 0;
  }

private:
  int64_t subscribers_ = 0;
  int64_t patterns_ = 0;
  int64_t receivers_ = 0;
};

} // namespace camwarden
