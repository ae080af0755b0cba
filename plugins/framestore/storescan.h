// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "framestore/retention.h"

#include <functional>
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

} // namespace camwarden
