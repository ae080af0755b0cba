// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/pacer.h"

#include <algorithm>
#include <cstdlib>

namespace camwarden
{

/* Ahead or behind by more, and the stamps mean another time. */
static constexpr int64_t sensible = 2'000'000'000;

int64_t
Pacer::offset (int64_t running, int64_t now, int64_t interval)
{
  const int64_t most = std::max (sensible, 2 * interval);
  if (!offset_ || std::abs (running + *offset_ - now) > most)
    offset_ = now - running;
  return *offset_;
}

} // namespace camwarden
