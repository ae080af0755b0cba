// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who uses most, who fills a disk, what of ours may go: against real files and processes. */
#include "daemon/cleaner.h"
#include "daemon/diskusers.h"
#include "daemon/topprocesses.h"

#include "support/asserttext.h"
#include "support/tempdir.h"

#include "framestore/storepath.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utime.h>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;

void
put (const TempDir &place, const std::string &name, size_t bytes, int64_t age_seconds = 0)
{
  const std::string file = place.write (name, std::string (bytes, 'x'));
  const time_t then = time (nullptr) - age_seconds;
  const utimbuf times{ then, then };
  g_assert_no_errno (utime (file.c_str (), &times));
}

void
test_disk_users ()
{
  const TempDir place;
  put (place, "a/b/c/huge", 20 << 20);
  put (place, "a/small", 1 << 20);
  put (place, "logs/1", 3 << 20);
  put (place, "logs/2", 3 << 20);
  put (place, "filler", 8 << 20);
  put (place, "nothing", 10);
  g_assert_no_errno (symlink ("/usr", place.path ("link").c_str ()));
  const DiskUsers users = find_disk_users (place.path (), 10 * second);
  g_assert_true (users.complete);
  g_assert_cmpuint (users.largest.size (), ==, 3);
  ASSERT_TEXT (users.largest[0].path, place.path ("a/b/c/huge"));
  ASSERT_TEXT (users.largest[1].path, place.path ("filler"));
  ASSERT_TEXT (users.largest[2].path, place.path ("logs"));
  g_assert_cmpuint (users.largest[1].bytes, >=, 8 << 20);
  ASSERT_TEXT (size_in_words (5 << 20), "5 MiB");
  ASSERT_TEXT (size_in_words (uint64_t{ 3 } << 30), "3.0 GiB");
}

/* It ends in time, says so, and a place that is not there is no matter. */
void
test_disk_users_end ()
{
  const TempDir place;
  put (place, "a", 2 << 20);
  g_assert_false (find_disk_users (place.path (), -1).complete);
  g_assert_true (find_disk_users (place.path ("no"), second).largest.empty ());
}

void
test_top_processes ()
{
  const TempDir root;
  root.write ("proc/7/stat", "7 (a b) c) R 1 1 1 0 -1 0 0 0 0 0 10 5 0 0 20 0 1 0 5 99 1024 0\n");
  root.write ("proc/8/stat", "8 (big) S 1 1 1 0 -1 0 0 0 0 0 1 1 0 0 20 0 1 0 5 99 262144 0\n");
  root.write ("proc/9/stat", "9 (broken");
  root.write ("proc/self/stat", "8 (big) S\n");
  const TopProcesses top = find_top_processes (root.path (), 1000);
  g_assert_cmpuint (top.by_memory.size (), ==, 2);
  ASSERT_TEXT (top.by_memory[0].name, "big");
  ASSERT_TEXT (top.by_memory[1].name, "a b) c");
  ASSERT_TEXT (top.memory_text (), "most memory: big (8) 1.0 GiB, a b) c (7) 4 MiB");
  ASSERT_TEXT (top.cpu_text (), "most processor time: a b) c (7) 0 %, big (8) 0 %");
}

/* This very process is busy, and is found. */
void
test_real_processes ()
{
  std::atomic<bool> quit = false;
  GThread *busy = g_thread_new (
      "busy",
      [] (gpointer data) -> gpointer {
        while (!*static_cast<std::atomic<bool> *> (data)) {
        }
        return nullptr;
      },
      &quit);
  const TopProcesses top = find_top_processes ("/", second, 100'000);
  quit = true;
  g_thread_join (busy);
  bool found = false;
  for (const auto &process : top.by_cpu)
    found = found || (process.pid == getpid () && process.cpu > 0);
  g_assert_true (found);
}

void
test_clean ()
{
  const TempDir place;
  put (place, "log/camwarden.log", 100);
  for (int i = 1; i <= 3; i++)
    put (place, "log/camwarden.log." + std::to_string (i), 1000);
  put (place, "log/camwarden.log.old", 100);
  for (int i = 0; i < 8; i++)
    put (place, "faults/front/2026010" + std::to_string (i + 1) + "T000000Z-stall/fault.json", 500);
  put (place, "faults/front/notes/keep", 10);
  put (place, ".recovery-front.part", 10, 7200);
  put (place, ".fresh.part", 10);
  put (place, "foreign.part", 10, 7200);
  put (place, "somebody.txt", 10, 7200);
  CleanOrder order;
  order.log_file = place.path ("log/camwarden.log");
  order.log_keep = 2;
  order.evidence = place.path ("faults");
  order.evidence_keep = 3;
  order.directories = { place.path () };
  const Cleaned cleaned = clean_own_files (order, g_get_real_time ());
  g_assert_cmpuint (cleaned.files, ==, 3 + 5 + 1);
  g_assert_cmpuint (cleaned.bytes, >=, 3000 + 2500);
  const auto exists
      = [&place] (const std::string &name) { return std::filesystem::exists (place.path (name)); };
  for (const char *name :
       { "log/camwarden.log", "log/camwarden.log.old", "faults/front/notes/keep", ".fresh.part",
         "foreign.part", "somebody.txt", "faults/front/20260108T000000Z-stall/fault.json" })
    g_assert_true (exists (name));
  for (const char *name : { "log/camwarden.log.1", "log/camwarden.log.3", ".recovery-front.part",
                            "faults/front/20260105T000000Z-stall" })
    g_assert_false (exists (name));
  g_assert_cmpuint (clean_own_files (order, g_get_real_time ()).files, ==, 0);
}

std::string
frame (int64_t minutes_ago, unsigned seq)
{
  constexpr int64_t minute = 60 * second;
  const int64_t time = g_get_real_time () - minutes_ago * minute;
  return minute_folder (minute_of (time)) + "/" + file_name ("front", { time, 1, seq });
}

void
test_idle_store ()
{
  const TempDir place;
  for (unsigned i = 0; i < 20; i++)
    put (place, frame (40 - i, i), 1000);
  put (place, "2020/01/01/00/00/holiday.jpg", 1000);
  IdlePrune order{ place.path (), "front", 3500, 60 * second, 2, 1000 };
  const auto always = [] { return true; };
  g_assert_cmpuint (prune_idle_store (order, g_get_real_time (), always), ==, 4000);
  order.camera = "back";
  g_assert_cmpuint (prune_idle_store (order, g_get_real_time (), always), ==, 0);
  order.camera = "front";
  order.bytes = UINT64_MAX;
  g_assert_cmpuint (prune_idle_store (order, g_get_real_time (), [] { return false; }), ==, 0);
  g_assert_cmpuint (prune_idle_store (order, g_get_real_time (), always), ==, 15'000);
  size_t left = 0;
  for (const auto &entry : std::filesystem::recursive_directory_iterator (place.path ()))
    left += entry.is_regular_file ();
  g_assert_cmpuint (left, ==, 2); /* the newest one, and what is not ours */
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/diskusers/largest", test_disk_users);
  g_test_add_func ("/diskusers/end", test_disk_users_end);
  g_test_add_func ("/topprocesses/fake", test_top_processes);
  g_test_add_func ("/topprocesses/real", test_real_processes);
  g_test_add_func ("/cleaner/own-files", test_clean);
  g_test_add_func ("/storeprune", test_idle_store);
  return g_test_run ();
}
