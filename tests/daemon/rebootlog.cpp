// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/rebootlog.h"

#include "daemon/runtimefile.h"
#include "daemon/servicecontrol.h"
#include "support/asserttext.h"
#include "support/faultyfiles.h"
#include "support/mainloop.h"
#include "support/tempdir.h"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

using namespace camwarden;

static RebootLog
log_of (const char *boot)
{
  RebootLog log;
  RebootEntry entry;
  entry.boot_id = boot;
  entry.reason = "unreapable";
  entry.camera = "front";
  log.entries.push_back (entry);
  return log;
}

static void
write (const RebootLogFile &file, const RebootLog &log)
{
  g_autoptr (GError) error = nullptr;
  g_assert_true (file.write (log, &error));
  g_assert_no_error (error);
}

static void
test_round_trip ()
{
  const TempDir place;
  const RebootLogFile file (place.path ("deep/state"));
  g_assert_true (file.read ().state == RebootLog::State::Good);
  const mode_t mask = umask (0077);
  write (file, log_of ("a"));
  umask (mask);
  g_assert_true (file.read ().entries == log_of ("a").entries);
  struct stat info
  {};
  g_assert_cmpint (stat (file.path ().c_str (), &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 07777, ==, 0640);
}

/* The old text stays, whatever fails, and nothing is left beside it. */
static void
test_failing_disk ()
{
  const TempDir place;
  const RebootLogFile file (place.path ());
  write (file, log_of ("a"));
  const std::string before = read_file (file.path ());
  for (const auto call : { FaultyFiles::Call::write, FaultyFiles::Call::sync })
    for (const int reason : { ENOSPC, EIO, EROFS }) {
      FaultyFiles::fail (call, reason, ".reboots.part");
      g_autoptr (GError) error = nullptr;
      g_assert_false (file.write (log_of ("b"), &error));
      FaultyFiles::thaw ();
      g_assert_nonnull (strstr (error->message, g_strerror (reason)));
      g_assert_nonnull (strstr (error->message, file.path ().c_str ()));
      ASSERT_TEXT (read_file (file.path ()), before);
      g_assert_false (std::filesystem::exists (place.path (".reboots.part")));
    }
  /* The directory's own sync fails too: nobody knows, so it counts as not written. */
  FaultyFiles::fail (FaultyFiles::Call::sync, EIO, place.path ().c_str ());
  g_assert_false (file.write (log_of ("b"), nullptr));
  FaultyFiles::thaw ();
}

static void
test_left_over ()
{
  const TempDir place;
  const RebootLogFile file (place.path ());
  const std::string victim = place.write ("victim", "precious");
  g_assert_cmpint (symlink (victim.c_str (), place.path (".reboots.part").c_str ()), ==, 0);
  write (file, log_of ("a"));
  ASSERT_TEXT (read_file (victim), "precious");
  g_assert_true (file.read ().entries == log_of ("a").entries);
}

static void
test_strange_files ()
{
  const TempDir place;
  const RebootLogFile file (place.path ());
  place.write ("reboots", std::string (100'000, 'x'));
  g_assert_true (file.read ().state == RebootLog::State::Unreadable);
  place.write ("reboots", "");
  g_assert_true (file.read ().state == RebootLog::State::Corrupt);
  g_assert_cmpint (unlink (file.path ().c_str ()), ==, 0);
  g_assert_cmpint (mkfifo (file.path ().c_str (), 0600), ==, 0); /* does not hold us up */
  g_assert_true (file.read ().state == RebootLog::State::Unreadable);
}

static void
test_nobody_there ()
{
  int answers = 0;
  const auto refused = [&answers] (const GError *error) {
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
    g_assert_nonnull (strstr (error->message, "systemd does not run here"));
    answers++;
  };
  NoServiceControl nobody;
  nobody.reboot (refused);
  nobody.restart_unit ("redis-server.service", refused);
  g_assert_cmpint (answers, ==, 0); /* never from within the call */
  wait_until ("both are refused", [&] { return answers == 2; });
  {
    NoServiceControl gone;
    gone.reboot (refused);
  }
  turn_for (20'000);
  g_assert_cmpint (answers, ==, 2);
}

/* Orders that are under way when their owner goes are never answered. */
static void
test_gone_before_the_answer ()
{
  g_setenv ("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus", TRUE);
  const auto never = [] (const GError *) { g_assert_not_reached (); };
  {
    const auto services = make_service_control ();
    services->reboot (never);
    services->restart_unit ("redis-server.service", never);
  }
  turn_for (100'000);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/rebootlog/round-trip", test_round_trip);
  g_test_add_func ("/rebootlog/failing-disk", test_failing_disk);
  g_test_add_func ("/rebootlog/left-over", test_left_over);
  g_test_add_func ("/rebootlog/strange-files", test_strange_files);
  g_test_add_func ("/servicecontrol/nobody-there", test_nobody_there);
  g_test_add_func ("/servicecontrol/gone-before-the-answer", test_gone_before_the_answer);
  return g_test_run ();
}
