// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/gate.h"

namespace camwarden
{

bool
Gate::pass (int64_t now, const Demand &demand)
{
  if (now < last_)
    passed_any_ = false;
  last_ = now;
  const bool due = store_due (now);
  const bool open = settings_.always || demand.redis || demand.preview || demand.capture || due
                    || heartbeat_due (now);
  if (!open)
    return false;
  passed_any_ = true;
  heartbeat_ = now;
  if (due)
    stored_ = now;
  return true;
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
