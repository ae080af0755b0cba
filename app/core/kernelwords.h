// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* Is a message of the kernel about what a camera hangs on: video, USB, DMA memory, power, tasks
 * that hang? */
[[nodiscard]] bool is_camera_message (std::string_view message);

/* From records as /dev/kmsg gives them ("6,339,5140900,-;text", continuation lines begin with a
 * space): the newest `most` messages about cameras since `oldest` (us since the machine's start),
 * in their order. A message keeps the escapes (\x0a) that the kernel put in. */
[[nodiscard]] std::vector<std::string> camera_messages (std::string_view records, int64_t oldest,
                                                        size_t most);

} // namespace camwarden
