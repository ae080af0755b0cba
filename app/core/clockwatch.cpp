// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/clockwatch.h"

#include <cstdlib>
#include <utility>

namespace camwarden
{

std::optional<ClockWatch::Change>
ClockWatch::update (int64_t mono, int64_t wall, std::optional<bool> synchronised)
{
  Change change;
  const int64_t offset = wall - mono;
  const auto before = std::exchange (offset_, offset);
  if (before && std::abs (offset - *before) > step)
    change.correction = offset - *before;
  if (synchronised) {
    const auto was = std::exchange (synchronised_, synchronised);
    change.synchronised = was && !*was && *synchronised;
  }
  if (change.correction == 0 && !change.synchronised)
    return {};
  return change;
}

} // namespace camwarden
