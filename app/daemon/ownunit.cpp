// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/ownunit.h"

#include "core/cgroupunit.h"

#include <glib.h>

namespace camwarden
{

std::optional<std::string>
own_unit ()
{
  /* systemd sets it for what it starts: a program that was started from within another unit, such
   * as a login shell of sshd.service, must not have that one restarted. */
  if (!g_getenv ("INVOCATION_ID"))
    return std::nullopt;
  g_autofree char *text = nullptr;
  if (!g_file_get_contents ("/proc/self/cgroup", &text, nullptr, nullptr))
    return std::nullopt;
  return unit_of_cgroup (text);
}

} // namespace camwarden
