// SPDX-License-Identifier: LGPL-2.1-or-later
/* framestoresink on disks that are full, read-only, failing or gone. */
#include "support/asserttext.h"
#include "support/faultyfiles.h"
#include "support/storefixture.h"

#include <algorithm>
#include <cerrno>
#include <filesystem>

using namespace camwarden;

static constexpr int64_t MINUTE = 60 * G_TIME_SPAN_SECOND;

static bool private_mounts;

static bool
can_mount ()
{
  if (!private_mounts)
    g_test_skip ("no mount namespace can be made here");
  return private_mounts;
}

/* Frames keep coming, 50 a second, until something is the case. */
static void
push_until (StoreSink &sink, const char *what, size_t size, const std::function<bool ()> &done)
{
  sink.wait (what, [&] {
    g_assert_cmpint (sink.push (size), ==, GST_FLOW_OK); /* the pipeline never notices */
    g_usleep (20'000);
    return done ();
  });
}

static void
check_outage (StoreSink &sink, const char *reason, int error_number)
{
  int told = 0;
  const GstStructure *message = sink.newest ("framestore-paused");
  g_assert_nonnull (message);
  g_assert_cmpstr (gst_structure_get_string (message, "reason"), ==, reason);
  g_assert_true (gst_structure_get_int (message, "errno", &told));
  g_assert_cmpint (told, ==, error_number);
  g_assert_nonnull (gst_structure_get_string (message, "detail"));
  g_assert_cmpuint (sink.count ("warning"), ==, 1);
  g_assert_cmpuint (sink.count ("error"), ==, 0);
}

/* Back again: told once, with the number of frames that were lost. */
static void
check_resumed (StoreSink &sink, guint64 dropped)
{
  guint64 told = 0;
  sink.wait ("the resumed message", [&] { return sink.count ("framestore-resumed") == 1; });
  gst_structure_get_uint64 (sink.newest ("framestore-resumed"), "dropped", &told);
  g_assert_cmpuint (told, ==, dropped);
  ASSERT_TEXT (sink.paused (), "");
}

static void
check_files_are_whole (const StoreDirectory &directory)
{
  for (const auto &name : directory.files ()) {
    if (name.ends_with (".jpg"))
      g_assert_true (is_whole_frame (read_file (directory.path () + "/" + name)));
    g_assert_false (name.ends_with (".part"));
  }
}

static void
test_full ()
{
  if (!can_mount ())
    return;
  StoreDirectory directory ("size=512k");
  StoreSink sink (directory.path ());
  push_until (sink, "a full disk", 30'000, [&] { return sink.stat ("dropped-full") > 20; });
  sink.wait_settled ();
  check_outage (sink, "full", ENOSPC);
  sink.check_law ();
  check_files_are_whole (directory);
  const auto stored = sink.stat ("stored");
  g_assert_cmpuint (stored, >=, 10);
  g_assert_cmpuint (sink.stat ("pruned"), ==, 0); /* all of them are of the newest minute */
  g_assert_cmpuint (directory.files ().size (), ==, stored);

  directory.remount ("size=4m", false);
  const gint64 space = g_get_monotonic_time ();
  push_until (sink, "storing again", 30'000, [&] { return sink.stat ("stored") > stored; });
  g_assert_cmpint (g_get_monotonic_time () - space, <=, 5 * G_TIME_SPAN_SECOND);
  sink.wait_settled ();
  check_resumed (sink, sink.stat ("dropped-full"));
  sink.check_law ();
  check_files_are_whole (directory);
}

/* Frames older than a minute give way to new ones: no outage at all. */
static void
test_full_with_old_frames ()
{
  if (!can_mount ())
    return;
  const StoreDirectory directory ("size=2m");
  const int64_t now = g_get_real_time ();
  for (unsigned i = 1; i <= 60; i++)
    directory.put (stored_name ("camera", now - 300 * MINUTE + i * MINUTE, 1, i),
                   made_frame (i, 30'000));
  StoreSink sink (directory.path ());
  sink.wait ("the scan", [&] { return sink.stat ("files") == 60; });
  for (guint64 i = 1; i <= 20; i++) {
    sink.push (30'000);
    sink.wait_stored (i);
  }
  g_assert_cmpuint (sink.count ("warning"), ==, 0);
  g_assert_cmpuint (sink.stat ("pruned"), >, 0);
  g_assert_cmpuint (sink.stat ("pruned"), <, 40);
  g_assert_true (directory.has (stored_name ("camera", now - 240 * MINUTE, 1, 60)));
  g_assert_false (directory.has (stored_name ("camera", now - 299 * MINUTE, 1, 1)));
  sink.check_law ();
}

/* Deleting what is ours would not help: then it stays. */
static void
test_filled_by_somebody_else ()
{
  if (!can_mount ())
    return;
  const StoreDirectory directory ("size=4m");
  const StoreDirectory elsewhere;
  const int64_t now = g_get_real_time ();
  std::vector<std::string> names;
  for (unsigned i = 1; i <= 300; i++)
    names.push_back (stored_name ("camera", now - 600 * MINUTE + i * G_TIME_SPAN_SECOND, 1, i));
  directory.put (names[0], made_frame (0, 5'000));
  for (const auto &name : names) { /* one file under many names: none frees anything but the last */
    std::error_code error;
    const auto path = std::filesystem::path (directory.path () + "/" + name);
    std::filesystem::create_directories (path.parent_path (), error);
    std::filesystem::create_hard_link (directory.path () + "/" + names[0], path, error);
  }
  StoreSink sink (directory.path ());
  sink.wait ("the scan", [&] { return sink.stat ("files") == 300; });
  directory.put ("theirs", std::string (3 << 20, 'x'));
  push_until (sink, "a full disk", 200'000, [&] { return sink.stat ("dropped-full") > 100; });
  sink.wait_settled ();
  g_assert_cmpuint (sink.stat ("files"), >=, 280);
  check_outage (sink, "full", ENOSPC);
  g_assert_true (directory.has ("theirs"));
  sink.check_law ();
}

static void
test_no_inodes ()
{
  if (!can_mount ())
    return;
  StoreDirectory directory ("size=4m,nr_inodes=40");
  StoreSink sink (directory.path ());
  push_until (sink, "no inodes", 1'000, [&] { return sink.stat ("dropped-full") > 20; });
  sink.wait_settled ();
  check_outage (sink, "full", ENOSPC);
  sink.check_law ();
  check_files_are_whole (directory);
  const auto stored = sink.stat ("stored");
  directory.remount ("size=4m,nr_inodes=400", false);
  push_until (sink, "storing again", 1'000, [&] { return sink.stat ("stored") > stored; });
  sink.wait_settled ();
  check_resumed (sink, sink.stat ("dropped-full"));
  sink.check_law ();
}

static void
test_no_inodes_with_old_frames ()
{
  if (!can_mount ())
    return;
  const StoreDirectory directory ("size=4m,nr_inodes=60");
  const int64_t old = (g_get_real_time () - 300 * MINUTE) / MINUTE * MINUTE;
  for (unsigned i = 1; i <= 40; i++)
    directory.put (stored_name ("camera", old + i * G_TIME_SPAN_SECOND, 1, i), "x");
  StoreSink sink (directory.path ());
  sink.wait ("the scan", [&] { return sink.stat ("files") == 40; });
  for (guint64 i = 1; i <= 30; i++) {
    sink.push (1'000);
    sink.wait_stored (i);
  }
  g_assert_cmpuint (sink.count ("warning"), ==, 0);
  g_assert_cmpuint (sink.stat ("pruned"), >, 0);
}

static void
test_keep_free ()
{
  if (!can_mount ())
    return;
  StoreDirectory directory ("size=8m");
  const int64_t now = g_get_real_time ();
  for (unsigned i = 1; i <= 50; i++)
    directory.put (stored_name ("camera", now - 300 * MINUTE + i * MINUTE, 1, i),
                   made_frame (i, 100'000));
  const auto available = [&] { return std::filesystem::space (directory.path ()).available; };
  StoreSink sink (directory.path (), "keep-free=4M");
  sink.wait ("the space", [&] { return available () >= 4 << 20; });
  g_assert_cmpuint (sink.stat ("files"), >=, 35); /* and not more than that */
  /* the newest minute alone cannot make room: it stays, and storing pauses */
  push_until (sink, "the limit", 100'000, [&] { return sink.stat ("dropped-full") > 5; });
  sink.wait_settled ();
  g_assert_cmpuint (available (), >=, 4 << 20);
  check_outage (sink, "full", ENOSPC);
  g_assert_cmpuint (sink.stat ("files"), ==, sink.stat ("stored"));
  sink.check_law ();
  const auto stored = sink.stat ("stored");
  g_object_set (sink.element (), "keep-free", "10%", nullptr);
  push_until (sink, "storing again", 100'000, [&] { return sink.stat ("stored") > stored; });
}

static void
test_read_only ()
{
  if (!can_mount ())
    return;
  StoreDirectory directory ("size=16m");
  StoreSink sink (directory.path (), "max-bytes=20000");
  push_until (sink, "frames", 1'000, [&] { return sink.stat ("stored") >= 30; });
  sink.wait_settled ();
  directory.remount ("size=16m", true);
  push_until (sink, "a pause", 1'000, [&] { return sink.stat ("dropped-readonly") > 10; });
  sink.wait_settled ();
  check_outage (sink, "readonly", EROFS);
  sink.check_law ();
  directory.remount ("size=16m", false);
  const auto stored = sink.stat ("stored");
  push_until (sink, "storing again", 1'000, [&] { return sink.stat ("stored") > stored + 10; });
  sink.wait_settled ();
  check_resumed (sink, sink.stat ("dropped-readonly"));
  g_assert_cmpuint (directory.bytes (), <=, 20'000);
  sink.check_law ();
}

/* Nothing is lost when the whole tree vanishes: it is made again. */
static void
test_directory_removed ()
{
  const StoreDirectory parent;
  const std::string location = parent.path () + "/a/b";
  StoreSink sink (location);
  for (guint64 i = 1; i <= 20; i++) {
    std::error_code error;
    if (i % 5 == 0)
      std::filesystem::remove_all (parent.path () + (i % 10 ? "/a" : "/a/b"), error);
    sink.push (1'000);
    sink.wait_stored (i);
  }
  g_assert_cmpuint (sink.count ("warning"), ==, 0);
  sink.end ();
  g_assert_cmpuint (parent.files ().size (), ==, 1);
  sink.check_law ();
}

static void
test_not_a_directory ()
{
  const StoreDirectory parent;
  parent.put ("a", "a file");
  StoreSink sink (parent.path () + "/a/b");
  push_until (sink, "a pause", 1'000, [&] { return sink.stat ("dropped-missing") > 5; });
  sink.wait_settled ();
  check_outage (sink, "missing", ENOTDIR);
  std::filesystem::remove (parent.path () + "/a");
  push_until (sink, "storing", 1'000, [&] { return sink.stat ("stored") > 3; });
  sink.wait_settled ();
  check_resumed (sink, sink.stat ("dropped-missing"));
  sink.check_law ();
}

/* Its disk was unmounted: the root file system below is not where frames belong. */
static void
test_unmounted ()
{
  if (!can_mount ())
    return;
  StoreDirectory directory ("size=4m");
  StoreSink sink (directory.path ());
  sink.push ();
  sink.wait_stored (1);
  std::filesystem::remove_all (directory.path () + "/" + directory.files ()[0].substr (0, 4));
  if (std::filesystem::equivalent ("/", directory.path ()))
    g_error ("the store is on the root file system");
  sink.push ();
  sink.wait_stored (2); /* the same disk: made again */
  sink.check_law ();
}

/* The file that failed is set aside, and the disk gets a rest. */
static void
test_write_error ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "camera=eio");
  sink.push ();
  sink.wait_stored (1);
  FaultyFiles::fail (FaultyFiles::Call::write, EIO, "eio_");
  push_until (sink, "a pause", 1'000, [&] { return sink.stat ("dropped-io") > 10; });
  FaultyFiles::thaw ();
  sink.wait_settled ();
  check_outage (sink, "io", EIO);
  g_assert_cmpuint (sink.stat ("quarantined"), ==, 1);
  const auto files = directory.files ();
  g_assert_cmpint (std::count_if (files.begin (), files.end (),
                                  [] (const std::string &name) { return name.ends_with (".bad"); }),
                   ==, 1);
  check_files_are_whole (directory);
  sink.check_law ();
  sink.stop ();

  StoreSink next (directory.path (), "camera=eio"); /* works, and knows of the bad one */
  next.push ();
  next.wait_stored (1);
  next.wait ("the scan", [&] { return next.stat ("quarantined") == 1; });
  g_assert_cmpuint (next.stat ("files"), ==, 2);
}

/* No file is shown, nor reported, that the disk refused to keep. */
static void
test_sync_error_of_each ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "camera=eio sync-interval=0");
  FaultyFiles::fail (FaultyFiles::Call::sync, EIO, "eio_");
  push_until (sink, "a pause", 1'000, [&] { return sink.stat ("dropped-io") > 3; });
  FaultyFiles::thaw ();
  sink.wait_settled ();
  check_outage (sink, "io", EIO);
  g_assert_cmpuint (sink.stat ("stored"), ==, 0);
  g_assert_cmpuint (sink.count ("frame-stored"), ==, 0);
  g_assert_cmpuint (directory.files ().size (), ==, 1); /* the bad one */
  sink.check_law ();
}

/* What was stored and then turns out not to have reached the disk is counted as lost. */
static void
test_sync_error_of_a_group ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "camera=eio sync-interval=200000000");
  FaultyFiles::fail (FaultyFiles::Call::sync, EIO, "eio_");
  for (int i = 0; i < 5; i++)
    sink.push ();
  sink.wait ("the synchronisation", [&] { return sink.stat ("dropped-io") >= 5; });
  FaultyFiles::thaw ();
  check_outage (sink, "io", EIO);
  g_assert_cmpuint (sink.stat ("stored"), ==, 0);
  g_assert_cmpuint (sink.stat ("quarantined"), ==, 5);
  g_assert_cmpuint (sink.stat ("files"), ==, 0);
  sink.check_law ();
}

/* A part file that cannot be finished does not stay. */
static void
test_other_error ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "camera=odd");
  FaultyFiles::fail (FaultyFiles::Call::write, EFBIG, "odd_");
  push_until (sink, "a pause", 1'000, [&] { return sink.stat ("dropped-io") > 3; });
  FaultyFiles::thaw ();
  sink.wait_settled ();
  check_outage (sink, "io", EFBIG);
  g_assert_cmpuint (directory.files ().size (), ==, 0);
  push_until (sink, "storing again", 1'000, [&] { return sink.stat ("stored") > 0; });
  sink.wait_settled ();
  sink.check_law ();
}

/* The end of the stream waits for the disk, and a stop ends that wait. */
static void
test_end_waits_and_can_be_cancelled ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "camera=end");
  FaultyFiles::freeze (FaultyFiles::Call::write, "end_");
  sink.push ();
  sink.push ();
  sink.wait ("the freeze", [] { return FaultyFiles::frozen () == 1; });
  g_autoptr (GThread) thread = g_thread_new (
      "end",
      [] (gpointer data) -> gpointer {
        static_cast<StoreSink *> (data)->end ();
        return nullptr;
      },
      &sink);
  g_usleep (100'000);
  g_assert_cmpuint (sink.stat ("queued"), ==, 2);
  const gint64 start = g_get_monotonic_time ();
  gst_harness_push_event (sink.harness (), gst_event_new_flush_start ());
  g_thread_join (g_steal_pointer (&thread));
  g_assert_cmpint (g_get_monotonic_time () - start, <, G_TIME_SPAN_SECOND);
  FaultyFiles::thaw ();
  sink.wait_stored (2);
}

int
main (int argc, char **argv)
{
  private_mounts = enter_private_mounts ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/framestorefaults/full", test_full);
  g_test_add_func ("/framestorefaults/full-with-old-frames", test_full_with_old_frames);
  g_test_add_func ("/framestorefaults/filled-by-somebody-else", test_filled_by_somebody_else);
  g_test_add_func ("/framestorefaults/no-inodes", test_no_inodes);
  g_test_add_func ("/framestorefaults/no-inodes-with-old-frames", test_no_inodes_with_old_frames);
  g_test_add_func ("/framestorefaults/keep-free", test_keep_free);
  g_test_add_func ("/framestorefaults/read-only", test_read_only);
  g_test_add_func ("/framestorefaults/directory-removed", test_directory_removed);
  g_test_add_func ("/framestorefaults/not-a-directory", test_not_a_directory);
  g_test_add_func ("/framestorefaults/unmounted", test_unmounted);
  g_test_add_func ("/framestorefaults/write-error", test_write_error);
  g_test_add_func ("/framestorefaults/sync-error-of-each", test_sync_error_of_each);
  g_test_add_func ("/framestorefaults/sync-error-of-a-group", test_sync_error_of_a_group);
  g_test_add_func ("/framestorefaults/other-error", test_other_error);
  g_test_add_func ("/framestorefaults/end-waits", test_end_waits_and_can_be_cancelled);
  return g_test_run ();
}
