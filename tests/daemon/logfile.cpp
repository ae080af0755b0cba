// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/logfile.h"
#include "daemon/logthread.h"

#include "daemon/runtimefile.h"
#include "support/asserttext.h"
#include "support/tempdir.h"

#include <atomic>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

using namespace camwarden;

namespace
{

struct Fixture
{
  TempDir directory;
  std::string path = directory.path ("deep/er/camwarden.log");
  LogFile log;

  void
  configure (unsigned keep, uint64_t max_size = 20)
  {
    log.configure ({ path, max_size, keep });
  }
  void
  write (const char *line)
  {
    ASSERT_TEXT (log.write (line), "");
  }
  [[nodiscard]] std::string
  text (const std::string &suffix = {}) const
  {
    return read_file (path + suffix);
  }
  [[nodiscard]] size_t
  files () const
  {
    const auto all = std::filesystem::directory_iterator (directory.path ("deep/er"));
    return static_cast<size_t> (std::distance (begin (all), end (all)));
  }
};

void
test_rotation ()
{
  Fixture fixture;
  fixture.configure (2);
  for (const char *line : { "first 90\n", "second 0\n", "third 90\n", "fourth 0\n", "fifth 90\n" })
    fixture.write (line);
  ASSERT_TEXT (fixture.text (), "fifth 90\n");
  ASSERT_TEXT (fixture.text (".1"), "third 90\nfourth 0\n");
  ASSERT_TEXT (fixture.text (".2"), "first 90\nsecond 0\n");
  fixture.write ("longer than the file may be\n");
  fixture.write ("next\n");
  ASSERT_TEXT (fixture.text (), "next\n");
  ASSERT_TEXT (fixture.text (".1"), "longer than the file may be\n");
  ASSERT_TEXT (fixture.text (".2"), "fifth 90\n");
  g_assert_cmpuint (fixture.files (), ==, 3);
}

void
test_mode ()
{
  Fixture fixture;
  umask (0);
  fixture.configure (1);
  fixture.write ("text\n");
  struct stat status
  {};
  g_assert_cmpint (stat (fixture.path.c_str (), &status), ==, 0);
  g_assert_cmphex (status.st_mode & 07777, ==, 0640);
  umask (0022);
}

void
test_goes_on_where_it_was ()
{
  Fixture fixture;
  fixture.configure (1, 100);
  fixture.write ("before\n");
  LogFile again;
  again.configure ({ fixture.path, 100, 1 });
  ASSERT_TEXT (again.write ("after\n"), "");
  ASSERT_TEXT (fixture.text (), "before\nafter\n");
}

void
test_other_settings ()
{
  Fixture fixture;
  fixture.configure (3);
  for (int i = 0; i < 5; i++)
    fixture.write ("0123456789 12345678\n");
  g_assert_cmpuint (fixture.files (), ==, 4);
  fixture.configure (1);
  g_assert_cmpuint (fixture.files (), ==, 2);
  fixture.configure (0);
  fixture.write ("0123456789 the last\n");
  g_assert_cmpuint (fixture.files (), ==, 1);
  ASSERT_TEXT (fixture.text (), "0123456789 the last\n");
  const std::string other = fixture.directory.path ("other.log");
  fixture.log.configure ({ other, 100, 1 });
  fixture.write ("there\n");
  ASSERT_TEXT (read_file (other), "there\n");
  fixture.log.configure ({});
  fixture.write ("nowhere\n");
  ASSERT_TEXT (read_file (other), "there\n");
}

void
test_taken_away ()
{
  Fixture fixture;
  fixture.configure (1, 100);
  fixture.write ("one\n");
  unlink (fixture.path.c_str ());
  fixture.write ("two\n");
  ASSERT_TEXT (fixture.text (), "two\n");
}

/* Said once until it goes well again. */
void
test_cannot_write ()
{
  Fixture fixture;
  fixture.directory.write ("deep/er/camwarden.log/no", "a directory has the name");
  fixture.configure (1, 100);
  const std::string problem = fixture.log.write ("lost\n");
  g_assert_nonnull (strstr (problem.c_str (), fixture.path.c_str ()));
  g_assert_nonnull (strstr (problem.c_str (), "[log]"));
  fixture.write ("lost too\n");
  std::filesystem::remove_all (fixture.path);
  fixture.write ("written\n");
  ASSERT_TEXT (fixture.text (), "written\n");
  fixture.log.configure ({ "/dev/full", 100, 1 });
  g_assert_nonnull (strstr (fixture.log.write ("lost\n").c_str (), "No space left"));
  fixture.write ("lost too\n");
}

/* Lines arrive in their order; those that a problem keeps from the file are told of once. */
void
test_thread ()
{
  const TempDir place;
  std::atomic<unsigned> problems = 0;
  /* It is never destroyed. */
  auto &log = *new LogThread ([&problems] (const std::string &) { problems++; });
  log.write ("nowhere\n");
  log.settle (G_USEC_PER_SEC);
  log.configure ({ place.path ("log"), 1 << 20, 1 });
  std::string all;
  for (int i = 0; i < 1000; i++) {
    const std::string line = "line " + std::to_string (i) + "\n";
    log.write (line);
    all += line;
  }
  log.settle (10 * G_USEC_PER_SEC);
  ASSERT_TEXT (read_file (place.path ("log")), all.c_str ());
  log.configure ({ "/dev/full", 1 << 20, 1 });
  log.write ("lost\n");
  log.write ("lost too\n");
  log.settle (10 * G_USEC_PER_SEC);
  g_assert_cmpuint (problems, ==, 1);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/logfile/rotation", test_rotation);
  g_test_add_func ("/logfile/mode", test_mode);
  g_test_add_func ("/logfile/goes-on-where-it-was", test_goes_on_where_it_was);
  g_test_add_func ("/logfile/other-settings", test_other_settings);
  g_test_add_func ("/logfile/taken-away", test_taken_away);
  g_test_add_func ("/logfile/cannot-write", test_cannot_write);
  g_test_add_func ("/logfile/thread", test_thread);
  return g_test_run ();
}
