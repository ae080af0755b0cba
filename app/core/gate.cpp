// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/gate.h"

#include <algorithm>

namespace camwarden
{

bool
Gate::pass (int64_t now, const Demand &demand)
{
  held_back_ = false;
  if (too_early (now) && !demand.capture)
    return false;
  const bool due = store_due (now);
  const bool open = settings_.always || demand.redis || demand.preview || demand.capture || due
                    || heartbeat_due (now);
  if (!open)
    return false;
  held_back_ = spare (now) && !demand.capture;
  if (held_back_)
    return false;
  passed_any_ = true;
  heartbeat_ = now;
  if (due)
    stored_ = now;
  next_ = std::max (next_ + settings_.min_interval, now + settings_.min_interval / 2);
  return true;
}

/* Not one of the few that pass. The store's turn and the heartbeat's wait for one of these. */
bool
Gate::spare (int64_t now)
{
  if (settings_.least_interval > 0) {
    const int64_t interval = settings_.least_interval;
    if (now < least_next_ - interval / 20)
      return true;
    least_next_
        = least_next_ ? std::max (least_next_ + interval, now + interval / 2) : now + interval;
    return false;
  }
  least_next_ = 0;
  return settings_.keep_every > 1 && turn_++ % settings_.keep_every != 0;
}

/* The limit is a grid, not a distance: 50 frames a second limited to 30 give 30, not 25. */
bool
Gate::too_early (int64_t now) const
{
  return settings_.min_interval > 0 && passed_any_ && now < next_ - settings_.min_interval / 4;
}

bool
Gate::store_due (int64_t now) const
{
  if (!settings_.store)
    return false;
  return !passed_any_ || settings_.store_interval == 0 || now - stored_ >= settings_.store_interval;
}

bool
Gate::heartbeat_due (int64_t now) const
{
  return !passed_any_ || now - heartbeat_ >= settings_.heartbeat;
}

} // namespace camwarden
