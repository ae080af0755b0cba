// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framestore/storetime.h"

#include "framestore/storepath.h"

#include <algorithm>

namespace camwarden
{

void
StoreTime::found (int64_t time)
{
  if (newest_ && *newest_ >= time)
    return;
  newest_ = time;
  mono_.reset ();
}

int64_t
StoreTime::name (int64_t capture, int64_t mono)
{
  int64_t time = capture;
  if (newest_ && capture <= *newest_ && *newest_ <= believed (capture)) {
    const int64_t passed = mono_ ? mono - *mono_ : 0;
    time = std::min (*newest_ + std::max<int64_t> (passed / 2, 1), last_time_us);
  }
  newest_ = time;
  mono_ = mono;
  ahead_ = time - capture;
  return time;
}

int64_t
StoreTime::present (int64_t wall) const
{
  return newest_ && *newest_ <= believed (wall) ? std::max (wall, *newest_) : wall;
}

} // namespace camwarden
