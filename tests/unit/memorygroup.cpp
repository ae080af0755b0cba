// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/memorygroup.h"

#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

namespace
{

constexpr uint64_t mib = 1 << 20;

void
test_places ()
{
  const auto unit = memory_group ("0::/system.slice/camwarden.service\n");
  ASSERT_TEXT (unit->limit, "/sys/fs/cgroup/system.slice/camwarden.service/memory.max");
  ASSERT_TEXT (unit->usage, "/sys/fs/cgroup/system.slice/camwarden.service/memory.current");
  ASSERT_TEXT (memory_group ("0::/\n")->limit, "/sys/fs/cgroup/memory.max");
  const auto older = memory_group ("9:name=systemd:/\n5:cpu,cpuacct:/x\n4:memory:/a/b\n0::/\n");
  ASSERT_TEXT (older->limit, "/sys/fs/cgroup/memory/a/b/memory.limit_in_bytes");
  ASSERT_TEXT (older->stat, "/sys/fs/cgroup/memory/a/b/memory.stat");
  g_assert_false (memory_group ("broken\n1:").has_value ());
}

void
test_figures ()
{
  const MemoryInfo machine{ 4000 * mib, 3000 * mib, 100 * mib, 50 * mib };
  const auto group = group_memory ("209715200\n", "188743680\n",
                                   "anon 1\ninactive_file 20971520\nactive_file 5\n", machine);
  g_assert_cmpuint (group->total, ==, 200 * mib);
  g_assert_cmpuint (group->available, ==, 40 * mib);
  g_assert_cmpuint (group->swap_free, ==, 50 * mib);
  g_assert_cmpfloat_with_epsilon (group->used (), 0.8, 1e-9);
  const auto older = group_memory ("209715200", "209715200",
                                   "inactive_file 0\ntotal_inactive_file 104857600\n", machine);
  g_assert_cmpuint (older->available, ==, 100 * mib);
  /* Without a limit, or with one that says nothing. */
  for (const char *limit : { "max\n", "", "9223372036854771712\n", "0" })
    g_assert_false (group_memory (limit, "5", "", machine).has_value ());
  g_assert_false (group_memory ("5000", "", "", machine).has_value ());
  g_assert_cmpuint (group_memory ("100", "300", "", machine)->available, ==, 0);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/memorygroup/places", test_places);
  g_test_add_func ("/memorygroup/figures", test_figures);
  return g_test_run ();
}
