// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/notify.h"

#include "support/asserttext.h"

#include <cstddef>
#include <cstring>
#include <glib.h>
#include <glib/gstdio.h>
#include <string>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

using namespace camwarden;

/* The service manager's end. */
class Manager
{
public:
  explicit Manager (const std::string &name)
  {
    fd_ = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    memcpy (address.sun_path, name.data (), name.size ());
    if (name[0] == '@')
      address.sun_path[0] = '\0';
    const auto length = static_cast<socklen_t> (offsetof (sockaddr_un, sun_path) + name.size ());
    g_assert_cmpint (bind (fd_, reinterpret_cast<sockaddr *> (&address), length), ==, 0);
  }
  ~Manager () { close (fd_); }

  std::string
  next () const
  {
    char text[512];
    const ssize_t length = recv (fd_, text, sizeof text, 0);
    return length < 0 ? "(nothing)" : std::string (text, static_cast<size_t> (length));
  }

private:
  int fd_;
};

static void
talk (const std::string &name)
{
  const Manager manager (name);
  Notifier notifier (name, 20'000'000);
  g_assert_cmpint (notifier.watchdog_interval (), ==, 10'000'000);
  notifier.ready ();
  ASSERT_TEXT (manager.next (), "READY=1");
  notifier.status ("2 cameras\nREADY=0");
  ASSERT_TEXT (manager.next (), "STATUS=2 cameras READY=0");
  notifier.status ("2 cameras\nREADY=0");
  ASSERT_TEXT (manager.next (), "(nothing)");
  notifier.alive ();
  ASSERT_TEXT (manager.next (), "WATCHDOG=1");
  notifier.reloading ();
  g_assert_true (manager.next ().starts_with ("RELOADING=1\nMONOTONIC_USEC="));
  notifier.stopping ();
  ASSERT_TEXT (manager.next (), "STOPPING=1");
}

static void
test_path ()
{
  g_autofree char *directory = g_dir_make_tmp ("camwarden-notify-XXXXXX", nullptr);
  g_autofree char *path = g_build_filename (directory, "notify", nullptr);
  talk (path);
  g_unlink (path);
  g_rmdir (directory);
}

static void
test_abstract ()
{
  talk ("@camwarden-test-" + std::to_string (getpid ()));
}

static void
test_environment ()
{
  const std::string name = "@camwarden-test-env-" + std::to_string (getpid ());
  const Manager manager (name);
  g_setenv ("NOTIFY_SOCKET", name.c_str (), TRUE);
  g_setenv ("WATCHDOG_USEC", "4000000", TRUE);
  g_setenv ("WATCHDOG_PID", "1", TRUE); /* meant for another process */
  const Notifier notifier = Notifier::from_environment ();
  g_assert_cmpint (notifier.watchdog_interval (), ==, 0);
  g_assert_null (g_getenv ("NOTIFY_SOCKET"));
  g_assert_null (g_getenv ("WATCHDOG_USEC"));
  notifier.ready ();
  ASSERT_TEXT (manager.next (), "READY=1");
}

/* Nobody there, and a manager that does not read: neither holds the caller up. */
static void
test_deaf ()
{
  Notifier ("").ready ();
  Notifier ("/nonexistent/notify").ready ();
  const std::string name = "@camwarden-test-deaf-" + std::to_string (getpid ());
  const Manager manager (name);
  const Notifier notifier (name);
  const int64_t begin = g_get_monotonic_time ();
  for (int i = 0; i < 5000; i++)
    notifier.alive ();
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 5 * G_USEC_PER_SEC);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/notify/path", test_path);
  g_test_add_func ("/notify/abstract", test_abstract);
  g_test_add_func ("/notify/environment", test_environment);
  g_test_add_func ("/notify/deaf", test_deaf);
  return g_test_run ();
}
