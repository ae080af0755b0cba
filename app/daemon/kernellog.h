// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>
#include <vector>

namespace camwarden
{

constexpr size_t KERNEL_LINES = 20;

/* What the kernel said about cameras, USB, DMA memory and hanging tasks in the last `seconds`:
 * its newest KERNEL_LINES messages about that, oldest first, read from ROOT/dev/kmsg in a thread.
 * Nothing where that is not permitted: ProtectKernelLogs=yes of the shipped unit takes it away.
 * done: in the main loop. root: "/" but in tests. */
void recent_kernel_lines (const std::string &root, int seconds,
                          std::function<void (std::vector<std::string>)> done);

} // namespace camwarden
