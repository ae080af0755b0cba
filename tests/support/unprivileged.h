// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <unistd.h>

namespace camwarden
{

/* Root may read and write everything: a case about what is not permitted runs in a process of its
 * own then, as nobody. */
inline void
run_unprivileged (void (*test) ())
{
  constexpr unsigned nobody = 65534;
  if (geteuid () != 0) {
    test ();
  } else if (!g_test_subprocess ()) {
    g_test_trap_subprocess (nullptr, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
    g_test_trap_assert_passed ();
  } else {
    g_assert_cmpint (setresgid (nobody, nobody, nobody), ==, 0);
    g_assert_cmpint (setresuid (nobody, nobody, nobody), ==, 0);
    test ();
  }
}

} // namespace camwarden
