// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

namespace camwarden
{

/* A process that has a device open. */
struct DeviceHolder
{
  pid_t pid = 0;
  std::string name; /* the process's own choice: from a stranger */

  bool operator== (const DeviceHolder &) const = default;
};

/* "process 123 (ffmpeg)". */
[[nodiscard]] std::string holder_text (const DeviceHolder &holder);

/* The device may be a link to the node. By pid; other users' processes are not seen without the
 * right to look at them. Takes its time where there are many processes. */
[[nodiscard]] std::vector<DeviceHolder> holders_of (const std::string &root,
                                                    const std::string &device);

/* The same in a thread; done comes in the main loop. root: "/" but in tests. */
void find_holders (const std::string &root, const std::string &device,
                   std::function<void (std::vector<DeviceHolder>)> done);

} // namespace camwarden
