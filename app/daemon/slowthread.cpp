// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/slowthread.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace camwarden
{

void
yield_to_others ()
{
  constexpr int lowest = 19;
  constexpr long of_a_thread = 1, idle = 3L << 13; /* ioprio_set (2): no header has them */
  const auto thread = static_cast<id_t> (syscall (SYS_gettid));
  (void)setpriority (PRIO_PROCESS, thread, lowest);
  (void)syscall (SYS_ioprio_set, of_a_thread, static_cast<long> (thread), idle);
}

} // namespace camwarden
