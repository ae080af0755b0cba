// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <glib.h>

namespace camwarden
{

/* Turns the main loop until it holds; a test that waits in vain ends there. */
inline void
wait_until (const char *what, const std::function<bool ()> &holds, int seconds = 15)
{
  const int64_t deadline = g_get_monotonic_time () + seconds * G_USEC_PER_SEC;
  while (!holds ()) {
    if (g_get_monotonic_time () > deadline)
      g_error ("waited in vain until %s", what);
    if (!g_main_context_iteration (nullptr, FALSE))
      g_usleep (2000);
  }
}

/* Turns it for so long (us). */
inline void
turn_for (int64_t time)
{
  const int64_t deadline = g_get_monotonic_time () + time;
  while (g_get_monotonic_time () < deadline)
    if (!g_main_context_iteration (nullptr, FALSE))
      g_usleep (2000);
}

} // namespace camwarden
