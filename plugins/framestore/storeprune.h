// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <string>

namespace camwarden
{

struct IdlePrune
{
  std::string location; /* of the store, absolute */
  std::string camera;
  uint64_t bytes = 0;       /* to be freed */
  int64_t protect_us = 0;   /* no frame goes that is no more than this older than the newest one */
  uint64_t slice_files = 0; /* most files, */
  int64_t slice_us = 0;     /* and the longest time, in one go */
  int64_t clock_set_us = 0; /* as of StoreSettings */
};

/* Deletes the oldest frames of a store that nobody writes to, by the same rules as its writer: only
 * names of that camera's, none of the future. Ends early when `go_on` says no, or when deleting
 * makes no space. wall: us UTC. Returns how many bytes went. For a thread that may take its time.
 */
[[nodiscard]] uint64_t prune_idle_store (const IdlePrune &order, int64_t wall,
                                         const std::function<bool ()> &go_on);

} // namespace camwarden
