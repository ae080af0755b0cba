// SPDX-License-Identifier: LGPL-2.1-or-later
/* A USB camera in a made-up sysfs, with a thread that does what the kernel does. */
#include "daemon/usbport.h"

#include "daemon/runtimefile.h"
#include "support/asserttext.h"
#include "support/mainloop.h"
#include "support/tempdir.h"
#include "support/unprivileged.h"

#include <atomic>
#include <optional>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
constexpr const char *host = "sys/devices/pci0000:00/0000:00:14.0";

struct Answer
{
  bool good = false;
  int code = -1;
  std::string text;
};

struct Fixture
{
  TempDir root;
  const std::string port = std::string ("/") + host + "/usb1/1-1/1-1.4";

  Fixture ()
  {
    const std::string hub = std::string (host) + "/usb1";
    for (const char *device : { "", "/1-1", "/1-1/1-1.4", "/1-1/1-1.4/1-1.4:1.0" })
      root.write (hub + device + "/authorized", "1\n");
    add_video ("video0", hub + "/1-1/1-1.4/1-1.4:1.0");
    std::filesystem::create_directories (root.path (std::string (host) + "/csi"));
    add_video ("video5", std::string (host) + "/csi");
    std::filesystem::create_directories (root.path (hub + "/own"));
    add_video ("video6", hub + "/own");
    std::filesystem::create_directories (root.path ("dev/v4l/by-path"));
    std::filesystem::create_symlink ("../../video0", root.path ("dev/v4l/by-path/usb-0:1.4"));
  }
  void
  add_video (const std::string &name, const std::string &parent) const
  {
    root.write ("dev/" + name, "");
    const std::string folder = parent + "/video4linux/" + name;
    std::filesystem::create_directories (root.path (folder));
    std::filesystem::create_directory_symlink (root.path (parent), root.path (folder + "/device"));
    std::filesystem::create_directories (root.path ("sys/class/video4linux"));
    std::filesystem::create_directory_symlink (root.path (folder),
                                               root.path ("sys/class/video4linux/" + name));
  }
  [[nodiscard]] std::string
  authorized () const
  {
    return root.path () + port + "/authorized";
  }
  [[nodiscard]] Answer
  reset (const std::string &which, int64_t time = 10 * second,
         const std::string &device = "/dev/video0") const
  {
    std::optional<Answer> answer;
    reset_usb_port (root.path (), which, device, time, [&] (const GError *error) {
      if (error)
        g_assert_true (error->domain == G_IO_ERROR);
      answer = { !error, error ? error->code : -1, error ? error->message : "" };
    });
    g_assert_false (answer.has_value ());
    wait_until (
        "the reset is over", [&] { return answer.has_value (); }, 30);
    return *answer;
  }
};

/* Takes the node away when the device is switched off, and brings it back when it is on. */
class Kernel
{
public:
  Kernel (const Fixture &fixture, bool brings_back)
      : flag_ (fixture.authorized ()), node_ (fixture.root.path ("dev/video0")),
        brings_back_ (brings_back), thread_ ([this] { run (); })
  {}
  ~Kernel ()
  {
    ends_ = true;
    thread_.join ();
  }
  Kernel (const Kernel &) = delete;
  Kernel &operator= (const Kernel &) = delete;

  std::atomic<bool> saw_off = false;

private:
  void
  run ()
  {
    bool on = true;
    while (!ends_) {
      const bool now = !read_file (flag_).starts_with ('0');
      if (on && !now) {
        saw_off = true;
        unlink (node_.c_str ());
      } else if (!on && now && brings_back_) {
        write_file (node_, "", 0660, nullptr);
      }
      on = now;
      g_usleep (5000);
    }
  }

  const std::string flag_, node_;
  const bool brings_back_;
  std::atomic<bool> ends_ = false;
  std::thread thread_;
};

void
test_port ()
{
  Fixture fixture;
  const std::string root = fixture.root.path ();
  ASSERT_TEXT (usb_port_of (root, "/dev/video0"), fixture.port);
  ASSERT_TEXT (usb_port_of (root + "/", "/dev/video0"), fixture.port);
  ASSERT_TEXT (usb_port_of (root, "/dev/v4l/by-path/usb-0:1.4"), fixture.port);
  for (const char *other : { "/dev/video5", "/dev/video6", "/dev/video7", "/dev/../sys", "/dev", "",
                             "/dev/v4l/by-path/none" })
    ASSERT_TEXT (usb_port_of (root, other), "");
}

/* A link that leads out of sysfs is not followed to a file that happens to have the name. */
void
test_port_outside ()
{
  Fixture fixture;
  TempDir outside;
  outside.write ("1-9/authorized", "1");
  for (const std::string &target : { outside.path ("1-9"), fixture.root.path ("data/1-9") }) {
    std::filesystem::create_directories (target);
    fixture.root.write ("data/1-9/authorized", "1");
    const std::string folder = fixture.root.path ("sys/class/video4linux/video9");
    std::filesystem::create_directories (folder);
    std::filesystem::create_directory_symlink (target, folder + "/device");
    fixture.root.write ("dev/video9", "");
    ASSERT_TEXT (usb_port_of (fixture.root.path (), "/dev/video9"), "");
    std::filesystem::remove (folder + "/device");
  }
}

void
test_own_root ()
{
  ASSERT_TEXT (usb_port_of ("/", "/dev/null"), "");
}

void
test_reset ()
{
  Fixture fixture;
  Kernel kernel (fixture, true);
  const int64_t start = g_get_monotonic_time ();
  const Answer answer = fixture.reset (fixture.port);
  ASSERT_TEXT (answer.text, "");
  g_assert_true (answer.good);
  g_assert_true (kernel.saw_off);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, second / 2);
  g_assert_true (std::filesystem::exists (fixture.root.path ("dev/video0")));
  ASSERT_TEXT (read_file (fixture.authorized ()).substr (0, 1), "1");
}

/* A program that ends in the middle does not leave the camera switched off. */
void
test_end_of_the_program ()
{
  Fixture fixture;
  const Kernel kernel (fixture, true);
  bool done = false;
  g_assert_true (wait_for_usb_ports (0));
  reset_usb_port (fixture.root.path (), fixture.port, "/dev/video0", 10 * second,
                  [&] (const GError *) { done = true; });
  wait_until ("it is off", [&] { return kernel.saw_off.load (); });
  g_assert_false (wait_for_usb_ports (0));
  g_assert_true (wait_for_usb_ports (5 * second));
  g_assert_false (read_file (fixture.authorized ()).starts_with ('0'));
  wait_until ("the reset is over", [&] { return done; });
}

void
test_does_not_come_back ()
{
  Fixture fixture;
  Kernel kernel (fixture, false);
  const Answer answer = fixture.reset (fixture.port, 1 * second, "/dev/v4l/by-path/usb-0:1.4");
  g_assert_cmpint (answer.code, ==, G_IO_ERROR_TIMED_OUT);
  g_assert_nonnull (strstr (answer.text.c_str (), "usb-0:1.4 did not come back within 1 s"));
  ASSERT_TEXT (read_file (fixture.authorized ()).substr (0, 1), "1"); /* it is not left off */
}

void
test_not_permitted ()
{
  Fixture fixture;
  g_assert_cmpint (chmod (fixture.authorized ().c_str (), 0444), ==, 0);
  const Answer answer = fixture.reset (fixture.port);
  g_assert_cmpint (answer.code, ==, G_IO_ERROR_PERMISSION_DENIED);
  g_assert_nonnull (strstr (answer.text.c_str (), fixture.authorized ().c_str ()));
  g_assert_nonnull (strstr (answer.text.c_str (), "90-camwarden-usb.rules"));
  g_assert_nonnull (strstr (answer.text.c_str (), "usb-reset.conf"));
}

/* A file that is not there is not made, one behind a link is not written. */
void
test_no_file ()
{
  Fixture fixture;
  const std::string file = fixture.authorized ();
  std::filesystem::remove (file);
  Answer answer = fixture.reset (fixture.port);
  g_assert_cmpint (answer.code, ==, G_IO_ERROR_NOT_FOUND);
  g_assert_nonnull (strstr (answer.text.c_str (), file.c_str ()));
  g_assert_false (std::filesystem::exists (file));
  const std::string elsewhere = fixture.root.write ("elsewhere", "7");
  std::filesystem::create_symlink (elsewhere, file);
  answer = fixture.reset (fixture.port);
  g_assert_false (answer.good);
  ASSERT_TEXT (read_file (elsewhere), "7");
}

void
test_no_port ()
{
  Fixture fixture;
  const std::string hub = std::string ("/") + host + "/usb1";
  for (const std::string &port :
       std::vector<std::string>{ "", "/etc/1-1", "/sys/../etc/1-1", hub,
                                 fixture.port + "/1-1.4:1.0", fixture.port + "/" }) {
    const Answer answer = fixture.reset (port);
    g_assert_cmpint (answer.code, ==, G_IO_ERROR_INVALID_ARGUMENT);
  }
  ASSERT_TEXT (read_file (fixture.root.path () + hub + "/authorized"), "1\n");
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/usbport/port", test_port);
  g_test_add_func ("/usbport/port-outside", test_port_outside);
  g_test_add_func ("/usbport/own-root", test_own_root);
  g_test_add_func ("/usbport/reset", test_reset);
  g_test_add_func ("/usbport/end-of-the-program", test_end_of_the_program);
  g_test_add_func ("/usbport/does-not-come-back", test_does_not_come_back);
  g_test_add_func ("/usbport/not-permitted", [] { run_unprivileged (test_not_permitted); });
  g_test_add_func ("/usbport/no-file", test_no_file);
  g_test_add_func ("/usbport/no-port", test_no_port);
  return g_test_run ();
}
