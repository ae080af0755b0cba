// SPDX-License-Identifier: LGPL-2.1-or-later
/* Cameras that are plugged in: nodes and links that appear in a directory. */
#include "daemon/devicewatch.h"

#include "support/mainloop.h"
#include "support/tempdir.h"

#include <memory>
#include <sys/stat.h>

using namespace camwarden;

namespace
{

constexpr int64_t ms = 1000;

struct Fixture
{
  TempDir root;
  int arrivals = 0;
  std::unique_ptr<DeviceWatch> watch;

  explicit Fixture (const char *link = nullptr)
  {
    std::filesystem::create_directories (root.path ("dev"));
    if (link)
      this->link (link);
    watch = std::make_unique<DeviceWatch> (root.path (), [this] { arrivals++; });
  }
  void
  node (const std::string &name) const
  {
    root.write ("dev/" + name, "");
  }
  void
  link (const std::string &name) const
  {
    std::filesystem::create_directories (root.path ("dev/v4l/by-path"));
    std::filesystem::create_symlink ("../../video0", root.path ("dev/v4l/by-path/" + name));
  }
  void
  wait (const char *what, int expected)
  {
    wait_until (what, [&] { return arrivals >= expected; });
    turn_for (250 * ms);
    g_assert_cmpint (arrivals, ==, expected);
  }
};

void
test_nodes ()
{
  Fixture fixture;
  int expected = 0;
  for (const char *name : { "video0", "media3", "v4l-subdev12" }) {
    fixture.node (name);
    fixture.wait (name, ++expected);
  }
  std::filesystem::remove (fixture.root.path ("dev/video0"));
  turn_for (250 * ms);
  g_assert_cmpint (fixture.arrivals, ==, expected); /* going is no arrival */
  fixture.node ("video0");
  fixture.wait ("video0 is back", ++expected);
}

/* A camera's nodes come together, and are told of once. */
void
test_gathered ()
{
  Fixture fixture;
  for (int i = 0; i < 10; i++)
    fixture.node ("video" + std::to_string (i));
  fixture.wait ("ten nodes", 1);
}

void
test_other_names ()
{
  Fixture fixture;
  for (const char *name : { "sda", "ttyUSB0", "vide", "snd", "v4l-touch0" })
    fixture.node (name);
  turn_for (400 * ms);
  g_assert_cmpint (fixture.arrivals, ==, 0);
  fixture.node ("video0"); /* the others were seen by then */
  fixture.wait ("video0", 1);
}

/* udev makes a node known to the group only after it was made. */
void
test_permission ()
{
  Fixture fixture;
  fixture.node ("video0");
  fixture.wait ("video0", 1);
  g_assert_cmpint (chmod (fixture.root.path ("dev/video0").c_str (), 0660), ==, 0);
  fixture.wait ("the node is given away", 2);
}

void
test_links ()
{
  Fixture fixture ("pci-1");
  fixture.link ("pci-2");
  fixture.wait ("a link", 1);
}

/* There was no camera before; later the last one goes, and comes back. */
void
test_links_that_come_later ()
{
  Fixture fixture;
  fixture.link ("pci-1");
  fixture.wait ("the first link", 1);
  fixture.link ("pci-2");
  fixture.wait ("the second link", 2);
  std::filesystem::remove_all (fixture.root.path ("dev/v4l"));
  turn_for (250 * ms);
  fixture.link ("pci-1");
  fixture.wait ("the first link again", 3);
  fixture.link ("pci-2");
  fixture.wait ("the second link again", 4);
}

void
test_no_directory ()
{
  TempDir root;
  g_test_expect_message ("camwarden", G_LOG_LEVEL_MESSAGE, "*/dev: there is no such directory*");
  DeviceWatch watch (root.path (), [] { g_assert_not_reached (); });
  g_test_assert_expected_messages ();
  root.write ("dev/video0", "");
  turn_for (200 * ms);
}

void
test_ended ()
{
  Fixture fixture;
  fixture.node ("video0");
  turn_for (20 * ms); /* seen, not told yet */
  fixture.watch.reset ();
  turn_for (200 * ms);
  g_assert_cmpint (fixture.arrivals, ==, 0);
  std::unique_ptr<DeviceWatch> watch;
  watch = std::make_unique<DeviceWatch> (fixture.root.path (), [&] {
    fixture.arrivals++;
    watch.reset ();
  });
  fixture.node ("video1");
  fixture.wait ("the watch is ended by its call", 1);
}

/* The machine's own: whatever there is, nothing goes wrong. */
void
test_own_root ()
{
  DeviceWatch watch ("/", [] {});
  turn_for (20 * ms);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/devicewatch/nodes", test_nodes);
  g_test_add_func ("/devicewatch/gathered", test_gathered);
  g_test_add_func ("/devicewatch/other-names", test_other_names);
  g_test_add_func ("/devicewatch/permission", test_permission);
  g_test_add_func ("/devicewatch/links", test_links);
  g_test_add_func ("/devicewatch/links-that-come-later", test_links_that_come_later);
  g_test_add_func ("/devicewatch/no-directory", test_no_directory);
  g_test_add_func ("/devicewatch/ended", test_ended);
  g_test_add_func ("/devicewatch/own-root", test_own_root);
  return g_test_run ();
}
