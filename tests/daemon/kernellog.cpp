// SPDX-License-Identifier: LGPL-2.1-or-later
/* The kernel's last words, read from a file of the same format and, where permitted, from it. */
#include "daemon/kernellog.h"

#include "support/asserttext.h"
#include "support/mainloop.h"
#include "support/tempdir.h"

#include <optional>

using namespace camwarden;

namespace
{

std::vector<std::string>
lines (const std::string &root, int seconds)
{
  std::optional<std::vector<std::string>> found;
  recent_kernel_lines (root, seconds, [&] (std::vector<std::string> got) { found = got; });
  g_assert_false (found.has_value ());
  wait_until ("the kernel's log was read", [&] { return found.has_value (); });
  return *found;
}

std::string
record (int64_t age, const std::string &text)
{
  const int64_t time = g_get_monotonic_time () - age * G_USEC_PER_SEC;
  return "6,1," + std::to_string (time) + ",-;" + text + "\n SUBSYSTEM=usb\n";
}

void
test_recent ()
{
  TempDir root;
  root.write ("dev/kmsg", record (3600, "usb 1-1: long ago") + record (30, "usb 1-1: disconnect")
                              + record (20, "wlan0: nothing to do with it")
                              + record (10, "uvcvideo: probe control : -71"));
  const auto found = lines (root.path (), 60);
  g_assert_cmpuint (found.size (), ==, 2);
  ASSERT_TEXT (found[0], "usb 1-1: disconnect");
  ASSERT_TEXT (found[1], "uvcvideo: probe control : -71");
  g_assert_cmpuint (lines (root.path (), 24 * 3600).size (), ==, 3);
}

/* More than one read, and more than is kept. */
void
test_many ()
{
  TempDir root;
  std::string records;
  for (int i = 0; i < 5000; i++)
    records += record (5, "usb 1-1: message " + std::to_string (i));
  root.write ("dev/kmsg", records);
  const auto found = lines (root.path (), 60);
  g_assert_cmpuint (found.size (), ==, KERNEL_LINES);
  ASSERT_TEXT (found.front (), "usb 1-1: message 4980");
  ASSERT_TEXT (found.back (), "usb 1-1: message 4999");
}

void
test_nothing ()
{
  TempDir root;
  g_assert_true (lines (root.path (), 60).empty ()); /* no such file */
  std::filesystem::create_directories (root.path ("dev/kmsg"));
  g_assert_true (lines (root.path (), 60).empty ()); /* not readable */
}

/* It ends, whatever there is: the last record is waited for by nobody. */
void
test_own_kernel ()
{
  g_assert_cmpuint (lines ("/", 3600).size (), <=, KERNEL_LINES);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/kernellog/recent", test_recent);
  g_test_add_func ("/kernellog/many", test_many);
  g_test_add_func ("/kernellog/nothing", test_nothing);
  g_test_add_func ("/kernellog/own-kernel", test_own_kernel);
  return g_test_run ();
}
