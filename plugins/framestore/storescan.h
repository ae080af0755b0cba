// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "framestore/retention.h"

#include <functional>
#include <optional>
#include <span>
#include <string>

namespace camwarden
{

struct ScanReport
{
  uint64_t parts_removed = 0;
  uint64_t quarantined = 0; /* ".bad" files found */
  bool complete = false;
};

/* Walks the store of one camera, oldest minute first. `found` gets the frames of a folder in
 * order; `go_on` is asked every hundred files or so and may take its time. Part files whose writer
 * is dead are removed; what is not this camera's, in the folder where it belongs, is left alone. */
ScanReport scan_store (const std::string &location, const std::string &camera,
                       const std::function<void (std::span<const StoredFrame>)> &found,
                       const std::function<bool ()> &go_on);

/* The time in the name of this camera's newest frame, of those that are not after `last`; reads few
 * folders of a store of any size. */
[[nodiscard]] std::optional<int64_t> newest_stored (const std::string &location,
                                                    const std::string &camera, int64_t last);

} // namespace camwarden
