// SPDX-License-Identifier: LGPL-2.1-or-later
/* Which processes have a device open: in a made-up /proc, and in the real one. */
#include "daemon/deviceholder.h"

#include "support/asserttext.h"
#include "support/mainloop.h"
#include "support/tempdir.h"
#include "support/unprivileged.h"

#include <cerrno>
#include <fcntl.h>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

using namespace camwarden;

namespace
{

struct Fixture
{
  TempDir root;

  Fixture ()
  {
    root.write ("dev/video0", "");
    root.write ("dev/video1", "");
    std::filesystem::create_directories (root.path ("dev/v4l/by-path"));
    std::filesystem::create_symlink ("../../video0", root.path ("dev/v4l/by-path/usb"));
  }
  void
  process (const std::string &pid, const std::string &name,
           const std::vector<std::string> &files) const
  {
    root.write ("proc/" + pid + "/comm", name + "\n");
    std::filesystem::create_directories (root.path ("proc/" + pid + "/fd"));
    for (size_t i = 0; i < files.size (); i++)
      std::filesystem::create_symlink (files[i],
                                       root.path ("proc/" + pid + "/fd/" + std::to_string (i)));
  }
  [[nodiscard]] std::string
  holders (const std::string &device) const
  {
    std::string text;
    for (const auto &holder : holders_of (root.path (), device))
      text += holder_text (holder) + "\n";
    return text;
  }
};

void
test_tree ()
{
  Fixture fixture;
  fixture.process ("4711", "ffmpeg", { "/dev/null", "/dev/video0", "/dev/video0" });
  fixture.process ("12", "motion", { "socket:[1234]", "/dev/video1" });
  fixture.process ("99", "two words)", { "/dev/video0" });
  fixture.process ("100", "other", { "/dev/video00", "/data/dev/video0" });
  fixture.process ("self", "no number", { "/dev/video0" });
  fixture.root.write ("proc/uptime", "1 2");
  fixture.root.write ("proc/55/fd", "no directory");
  ASSERT_TEXT (fixture.holders ("/dev/video0"), "process 99 (two words))\nprocess 4711 (ffmpeg)\n");
  ASSERT_TEXT (fixture.holders ("/dev/v4l/by-path/usb"), fixture.holders ("/dev/video0"));
  ASSERT_TEXT (fixture.holders ("/dev/video1"), "process 12 (motion)\n");
  ASSERT_TEXT (fixture.holders ("/dev/video7"), "");
}

void
test_unreadable ()
{
  Fixture fixture;
  fixture.process ("1", "init", { "/dev/video0" });
  fixture.process ("2", "mine", { "/dev/video0" });
  std::filesystem::remove (fixture.root.path ("proc/2/comm"));
  g_assert_cmpint (chmod (fixture.root.path ("proc/1/fd").c_str (), 0), ==, 0);
  ASSERT_TEXT (fixture.holders ("/dev/video0"), "process 2 (?)\n");
  chmod (fixture.root.path ("proc/1/fd").c_str (), 0700);
}

void
test_no_proc ()
{
  Fixture fixture;
  ASSERT_TEXT (fixture.holders ("/dev/video0"), "");
}

void
test_real ()
{
  TempDir directory;
  const std::string path = directory.write ("file", "");
  const auto find = [&] {
    std::optional<std::vector<DeviceHolder>> found;
    find_holders ("/", path, [&] (std::vector<DeviceHolder> holders) { found = holders; });
    g_assert_false (found.has_value ()); /* in the main loop only */
    wait_until (
        "/proc was read", [&] { return found.has_value (); }, 60);
    return *found;
  };
  g_assert_true (find ().empty ());
  const int fd = open (path.c_str (), O_RDONLY | O_CLOEXEC);
  g_assert_cmpint (fd, >=, 0);
  const auto holders = find ();
  g_assert_cmpuint (holders.size (), ==, 1);
  g_assert_cmpint (holders[0].pid, ==, getpid ());
  /* The kernel keeps 15 characters. */
  ASSERT_TEXT (holders[0].name, std::string (program_invocation_short_name).substr (0, 15));
  close (fd);
  g_assert_true (find ().empty ());
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/deviceholder/tree", test_tree);
  g_test_add_func ("/deviceholder/unreadable", [] { run_unprivileged (test_unreadable); });
  g_test_add_func ("/deviceholder/no-proc", test_no_proc);
  g_test_add_func ("/deviceholder/real", test_real);
  return g_test_run ();
}
