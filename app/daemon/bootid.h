// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/runtimefile.h"

#include <algorithm>

namespace camwarden
{

/* Of the machine's present run: monotonic times mean something only together with it. */
inline std::string
boot_id ()
{
  std::string id = read_file ("/proc/sys/kernel/random/boot_id");
  id.resize (std::min (id.size (), id.find ('\n')));
  return id;
}

} // namespace camwarden
