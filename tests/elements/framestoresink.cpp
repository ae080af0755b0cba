// SPDX-License-Identifier: LGPL-2.1-or-later
/* framestoresink on a disk that works. */
#include "support/faultyfiles.h"
#include "support/storefixture.h"

#include <algorithm>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace camwarden;

static constexpr int64_t MINUTE = 60 * G_TIME_SPAN_SECOND;

static bool private_mounts;

static bool
contains (const std::vector<std::string> &all, const std::string &one)
{
  return std::find (all.begin (), all.end (), one) != all.end ();
}

static void
test_names_and_contents ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "camera=front-1");
  const int64_t before = g_get_real_time ();
  for (int i = 0; i < 5; i++)
    g_assert_cmpint (sink.push (1000 + i, i * GST_SECOND), ==, GST_FLOW_OK);
  sink.end ();
  g_assert_cmpuint (sink.count ("frame-stored"), ==, 5);
  g_assert_cmpuint (sink.stat ("stored"), ==, 5);
  g_assert_cmpuint (sink.stat ("synced"), ==, 5); /* by the end of the stream */
  g_assert_cmpuint (sink.stat ("bytes"), ==, 5010);
  sink.check_law ();

  const auto files = directory.files ();
  const auto paths = sink.stored_paths ();
  g_assert_cmpuint (files.size (), ==, 5);
  for (size_t i = 0; i < files.size (); i++) {
    g_assert_true (contains (paths, directory.path () + "/" + files[i]));
    g_assert_true (read_file (paths[i]) == made_frame (i, 1000 + i)); /* the order is the name's */
    const auto slash = files[i].rfind ('/');
    g_assert_true (g_regex_match_simple (
        "^front-1_\\d{8}T\\d{6}\\.\\d{6}Z_[0-9a-f]{8}_0000000\\d\\.jpg$",
        files[i].c_str () + slash + 1, G_REGEX_DEFAULT, G_REGEX_MATCH_DEFAULT));
    const bool this_minute = files[i].starts_with (stored_name ("x", before).substr (0, slash));
    g_assert_true (this_minute || g_get_real_time () / MINUTE != before / MINUTE);
  }
  GStatBuf info;
  g_assert_no_errno (g_stat (paths[0].c_str (), &info));
  g_assert_cmpint (info.st_mode & 0137, ==, 0); /* nothing for others */

  const GstStructure *message = sink.newest ("frame-stored");
  guint64 size = 0, pts = 0, seq = 0;
  gboolean synced = TRUE;
  g_assert_true (gst_structure_get (message, "size", G_TYPE_UINT64, &size, "pts", G_TYPE_UINT64,
                                    &pts, "seq", G_TYPE_UINT64, &seq, "synced", G_TYPE_BOOLEAN,
                                    &synced, nullptr));
  g_assert_cmpuint (size, ==, 1004);
  g_assert_cmpuint (pts, ==, 4 * GST_SECOND);
  g_assert_cmpuint (seq, ==, 5);
  g_assert_false (synced);
}

static void
test_synced_each ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "sync-interval=0");
  sink.push ();
  sink.wait_stored (1);
  sink.wait ("the message", [&] { return sink.count ("frame-stored") == 1; });
  gboolean synced = FALSE;
  gst_structure_get (sink.newest ("frame-stored"), "synced", G_TYPE_BOOLEAN, &synced, nullptr);
  g_assert_true (synced);
  g_assert_cmpuint (sink.stat ("synced"), ==, 1);
}

static void
test_synced_in_groups ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "sync-interval=50000000 max-queued-frames=1000");
  for (int i = 0; i < 600; i++) /* more than are kept open */
    sink.push ();
  sink.wait ("the group", [&] { return sink.stat ("synced") == 600; });
  sink.check_law ();
}

static void
test_capture_time_of_the_buffer ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path ());
  const std::string frame = made_frame (0, 100);
  GstBuffer *buffer = gst_buffer_new_memdup (frame.data (), frame.size ());
  g_autoptr (GstCaps) unix_time = gst_caps_new_empty_simple ("timestamp/x-unix");
  /* 2020-02-29T12:34:56.789012Z */
  gst_buffer_add_reference_timestamp_meta (buffer, unix_time, 1'582'979'696'789'012 * GST_USECOND,
                                           GST_CLOCK_TIME_NONE);
  sink.push (buffer);
  sink.end ();
  const auto files = directory.files ();
  g_assert_cmpuint (files.size (), ==, 1);
  g_assert_true (files[0].starts_with ("2020/02/29/12/34/camera_20200229T123456.789012Z_"));
}

static void
test_interval ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "interval=1000000000 max-queued-frames=100");
  for (int i = 0; i < 90; i++)
    sink.push (100, i * GST_SECOND / 30);
  sink.wait_settled ();
  g_assert_cmpuint (sink.stat ("stored"), ==, 3);
  g_assert_cmpuint (sink.stat ("skipped"), ==, 87);
  sink.check_law ();
  g_object_set (sink.element (), "interval", guint64{ 0 }, nullptr); /* while it runs */
  for (int i = 90; i < 100; i++)
    sink.push (100, i * GST_SECOND / 30);
  sink.wait_settled ();
  g_assert_cmpuint (sink.stat ("stored"), ==, 13);
}

/* A source that counts bytes, as one that reads files does, has no times: all are stored. */
static void
test_stream_without_times ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "max-queued-frames=100");
  GstSegment bytes;
  gst_segment_init (&bytes, GST_FORMAT_BYTES);
  gst_harness_push_event (sink.harness (), gst_event_new_segment (&bytes));
  for (int i = 0; i < 10; i++)
    sink.push (100);
  sink.end ();
  g_assert_cmpuint (directory.files ().size (), ==, 10);
  sink.check_law ();
}

/* The sum of the files, at every moment and over restarts. */
static void
test_quota ()
{
  const StoreDirectory directory;
  for (int run = 0; run < 3; run++) {
    StoreSink sink (directory.path (), "max-bytes=20500");
    sink.wait ("the scan", [&] { return sink.stat ("scan-time") > 0; });
    for (guint64 i = 1; i <= 40; i++) {
      sink.push (1000);
      sink.wait_stored (i);
      g_assert_cmpuint (directory.bytes (), <=, 20500);
    }
    g_assert_cmpuint (sink.stat ("files"), ==, 20);
    g_assert_cmpuint (sink.stat ("files-bytes"), ==, 20000);
    g_assert_cmpuint (sink.stat ("pruned"), ==, run == 0 ? 20 : 40);
    sink.end ();
    const auto paths = sink.stored_paths ();
    for (size_t i = 20; i < 40; i++) /* the newest are those that stay */
      g_assert_true (g_file_test (paths[i].c_str (), G_FILE_TEST_EXISTS));
  }
  g_assert_cmpuint (directory.files ().size (), ==, 20);

  StoreSink sink (directory.path (), "max-bytes=20500");
  sink.wait ("the scan", [&] { return sink.stat ("files") == 20; });
  g_object_set (sink.element (), "max-bytes", guint64{ 5000 }, nullptr);
  sink.wait ("the new limit", [&] { return directory.bytes () <= 5000; });
}

/* Old frames and their empty folders go; what is not this camera's stays, whatever it is called. */
static void
test_age_and_foreign_names ()
{
  const StoreDirectory directory;
  const int64_t now = g_get_real_time ();
  const std::string old_one = stored_name ("front", now - 120 * MINUTE, 1, 1);
  const std::string lone = stored_name ("front", now - 48 * 60 * MINUTE, 1, 2);
  const std::string fresh = stored_name ("front", now - 10 * MINUTE, 1, 3);
  const std::string ahead = stored_name ("front", now + 60 * 24 * MINUTE, 1, 4);
  const std::string folder = old_one.substr (0, 17);
  const std::vector<std::string> foreign{
    folder + "back" + old_one.substr (folder.size () + 5),
    folder + "notes.txt",
    folder + "front_1.jpg",
    folder + old_one.substr (folder.size ()) + ".bak",
    "2001/01/01/00/00/" + old_one.substr (folder.size ()), /* not where it belongs */
    "2001/01/01/00/00/.front_20010101T000000.000000Z_00000001_00000001.jpg.bak",
    "2001/01/01/00/60/front_20010101T006000.000000Z_00000001_00000001.jpg",
    old_one.substr (folder.size ()),
    "2001/13/01/00/00/file.jpg",
  };
  for (const auto &name : foreign)
    directory.put (name, "theirs");
  for (const auto &name : { old_one, lone, fresh, ahead })
    directory.put (name, "ours");

  StoreSink sink (directory.path (), "camera=front max-age=3600000000000");
  sink.wait ("old ones to go", [&] { return !directory.has (old_one) && !directory.has (lone); });
  sink.push ();
  sink.wait_stored (1);
  sink.end ();
  for (const auto &name : foreign)
    g_assert_true (directory.has (name));
  g_assert_true (directory.has (fresh));
  g_assert_true (directory.has (ahead));
  g_assert_false (directory.has (lone.substr (0, lone.find_last_of ('/'))));
  g_assert_true (directory.has (folder));
  g_assert_cmpuint (sink.stat ("files"), ==, 3);
}

/* Another camera's frames in the same location are neither counted nor deleted. */
static void
test_two_cameras ()
{
  const StoreDirectory directory;
  StoreSink front (directory.path (), "camera=front max-bytes=3000");
  StoreSink back (directory.path (), "camera=back");
  for (guint64 i = 1; i <= 10; i++) {
    front.push (1000);
    back.push (1000);
    front.wait_stored (i);
    back.wait_stored (i);
  }
  g_assert_cmpuint (directory.files ().size (), ==, 13);
}

static void
test_prune_action ()
{
  const StoreDirectory directory;
  const int64_t now = g_get_real_time ();
  for (unsigned i = 1; i <= 30; i++)
    directory.put (stored_name ("camera", now - (40 - i) * MINUTE, 1, i), made_frame (i, 1000));
  guint64 freed = 1;
  StoreSink sink (directory.path ());
  sink.wait ("the scan", [&] { return sink.stat ("files") == 30; });
  g_signal_emit_by_name (sink.element (), "prune", guint64{ 2500 }, &freed);
  g_assert_cmpuint (freed, ==, 3000);
  g_assert_cmpuint (directory.files ().size (), ==, 27);
  g_assert_false (directory.has (stored_name ("camera", now - 37 * MINUTE, 1, 3)));
  for (int i = 0; i < 10; i++)
    sink.push (1000);
  sink.wait_stored (10);
  g_signal_emit_by_name (sink.element (), "prune", G_MAXUINT64, &freed);
  g_assert_cmpuint (freed, ==, 27000);
  g_assert_cmpuint (directory.files ().size (), ==, 10); /* the newest minute stays */
  sink.stop ();
  g_signal_emit_by_name (sink.element (), "prune", guint64{ 2500 }, &freed);
  g_assert_cmpuint (freed, ==, 0);
}

/* What is held is counted, and the limits of pruning are the element's properties. */
static void
test_hold_and_protection ()
{
  const StoreDirectory directory;
  const int64_t now = g_get_real_time ();
  for (unsigned i = 1; i <= 30; i++)
    directory.put (stored_name ("camera", now - (40 - i) * MINUTE, 1, i), made_frame (i, 1000));
  StoreSink sink (directory.path (), "hold=true protect-newest=600000000000 slice-files=3");
  sink.wait ("the scan", [&] { return sink.stat ("files") == 30; });
  for (int i = 0; i < 5; i++)
    sink.push (1000);
  g_assert_cmpuint (sink.stat ("dropped-held"), ==, 5);
  g_object_set (sink.element (), "hold", FALSE, nullptr);
  sink.push (1000);
  sink.wait_stored (1);
  sink.check_law ();
  guint64 freed = 0;
  g_signal_emit_by_name (sink.element (), "prune", G_MAXUINT64, &freed);
  g_assert_cmpuint (freed, ==, 30000); /* all are older than the ten minutes before now */
  g_object_set (sink.element (), "protect-newest", G_GUINT64_CONSTANT (0), nullptr);
  g_signal_emit_by_name (sink.element (), "prune", G_MAXUINT64, &freed);
  g_assert_cmpuint (freed, ==, 1000);
  g_assert_true (directory.files ().empty ());
}

/* What a dead run left half written goes; what somebody is writing stays. */
static void
test_leftovers ()
{
  const StoreDirectory directory;
  const int64_t now = g_get_real_time ();
  const auto part_of = [] (std::string name) {
    name.insert (name.rfind ('/') + 1, ".");
    return name + ".part";
  };
  const std::string dead = part_of (stored_name ("camera", now - 3 * MINUTE, 7));
  const std::string other = part_of (stored_name ("other", now - 3 * MINUTE, 7));
  const std::string live = part_of (stored_name ("camera", now, 8));
  for (const auto &name : { dead, other, live })
    directory.put (name, "half");
  const int fd = open ((directory.path () + "/" + live).c_str (), O_WRONLY | O_CLOEXEC);
  g_assert_no_errno (flock (fd, LOCK_EX));
  {
    StoreSink sink (directory.path ());
    sink.wait ("the scan", [&] { return sink.stat ("scan-time") > 0; });
    g_assert_false (directory.has (dead));
    g_assert_true (directory.has (other));
    g_assert_true (directory.has (live));
  }
  close (fd);
  StoreSink sink (directory.path ());
  sink.wait ("the scan", [&] { return sink.stat ("scan-time") > 0; });
  g_assert_false (directory.has (live));
}

/* 100,000 files: counted in less than 2 s, and the first frame does not wait for that. */
static void
test_large_store ()
{
  if (!private_mounts) {
    g_test_skip ("no mount namespace can be made here");
    return;
  }
  const StoreDirectory directory ("size=512m,nr_inodes=0");
  const int64_t now = g_get_real_time ();
  for (unsigned minute = 0; minute < 100; minute++) {
    const int64_t time = now / MINUTE * MINUTE - (minute + 2) * MINUTE;
    directory.put (stored_name ("camera", time), "x");
    const std::string folder = directory.path () + "/" + stored_name ("x", time).substr (0, 16);
    const int fd = open (folder.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    const std::string first = stored_name ("camera", time).substr (17);
    for (unsigned i = 2; i <= 1000; i++) {
      g_autofree char *name = g_strdup_printf ("%s%08u.jpg", first.substr (0, 40).c_str (), i);
      g_assert_no_errno (linkat (fd, first.c_str (), fd, name, 0));
    }
    close (fd);
  }
  StoreSink sink (directory.path (), "max-bytes=90000");
  sink.push (1000);
  sink.wait_stored (1);
  const bool during_scan = sink.stat ("scan-time") == 0;
  sink.wait ("the scan", [&] { return sink.stat ("scan-time") > 0; });
  g_test_message ("scan: %" G_GUINT64_FORMAT " us, first frame stored %s its end",
                  sink.stat ("scan-time"), during_scan ? "before" : "after");
  g_assert_cmpuint (sink.stat ("scan-time"), <, 2 * G_USEC_PER_SEC);
  sink.wait ("the quota", [&] { return sink.stat ("files-bytes") <= 90000; });
  /* The last files of a slice may still be going between two looks. */
  sink.wait ("each file that went is counted",
             [&] { return sink.stat ("pruned") == 100'000 + 1 - sink.stat ("files"); });
  sink.check_law ();
}

/* A camera with four buffers goes on while the disk hangs. */
static void
test_pool_is_not_starved ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "camera=pool");
  g_autoptr (GstBufferPool) pool = gst_buffer_pool_new ();
  GstStructure *config = gst_buffer_pool_get_config (pool);
  gst_buffer_pool_config_set_params (config, nullptr, 5000, 4, 4);
  g_assert_true (gst_buffer_pool_set_config (pool, config));
  gst_buffer_pool_set_active (pool, TRUE);
  FaultyFiles::freeze (FaultyFiles::Call::write, "pool_");
  GstBufferPoolAcquireParams at_once = {};
  at_once.flags = GST_BUFFER_POOL_ACQUIRE_FLAG_DONTWAIT;
  bool keeps_parent = false;
  for (int i = 0; i < 40; i++) {
    GstBuffer *buffer = nullptr;
    g_assert_cmpint (gst_buffer_pool_acquire_buffer (pool, &buffer, &at_once), ==, GST_FLOW_OK);
    if (i % 2 == 0) { /* as an element does that must not write into it */
      GstBuffer *shallow = gst_buffer_copy (buffer);
      gst_buffer_unref (buffer);
      buffer = shallow;
      keeps_parent = gst_buffer_get_parent_buffer_meta (shallow) != nullptr;
    }
    g_assert_cmpint (sink.push (buffer), ==, GST_FLOW_OK);
  }
  g_assert_cmpuint (sink.stat ("queued"), ==, 16);
  /* A shallow copy's plain memory is its own: the pool lets go of it and makes itself another. With
   * GStreamer 1.26 the copy keeps the pool's buffer, and is copied like it. */
  g_assert_cmpuint (sink.stat ("copied"), ==, keeps_parent ? 16 : 8);
  g_assert_cmpuint (sink.stat ("dropped-queue"), ==, 24);
  sink.check_law ();
  FaultyFiles::thaw ();
  sink.wait_stored (16);
  sink.check_law ();
  gst_buffer_pool_set_active (pool, FALSE);
}

static void
test_memory_of_its_own_is_held ()
{
  const StoreDirectory directory;
  for (const char *copy : { "auto", "never", "always" }) {
    StoreSink sink (directory.path (), std::string ("copy=") + copy);
    for (int i = 0; i < 5; i++)
      sink.push ();
    sink.end ();
    g_assert_cmpuint (sink.stat ("stored"), ==, 5);
    g_assert_cmpuint (sink.stat ("copied"), ==, g_str_equal (copy, "always") ? 5 : 0);
  }
}

static void
test_allocation ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "max-queued-frames=6");
  g_autoptr (GstCaps) caps = gst_caps_from_string ("image/jpeg,width=640,height=480");
  g_autoptr (GstQuery) query = gst_query_new_allocation (caps, TRUE);
  g_assert_true (gst_pad_peer_query (sink.harness ()->srcpad, query));
  g_assert_cmpuint (gst_query_get_n_allocation_pools (query), ==, 1);
  guint size = 0, min = 0;
  gst_query_parse_nth_allocation_pool (query, 0, nullptr, &size, &min, nullptr);
  g_assert_cmpuint (min, ==, 8);
  g_assert_cmpuint (size, >=, 65536);
}

/* More than the queue holds is dropped and counted; nothing ever waits for the disk. */
static void
test_slow_disk ()
{
  const StoreDirectory directory;
  StoreSink sink (directory.path (), "camera=slow max-queued-frames=10 max-queued-bytes=5000");
  FaultyFiles::freeze (FaultyFiles::Call::write, "slow_");
  const gint64 start = g_get_monotonic_time ();
  for (int i = 0; i < 30; i++)
    sink.push (1000);
  sink.push (9000);
  g_assert_cmpint (g_get_monotonic_time () - start, <, G_USEC_PER_SEC);
  g_assert_cmpuint (sink.stat ("queued"), ==, 5);
  g_assert_cmpuint (sink.stat ("dropped-queue"), ==, 26);
  FaultyFiles::thaw ();
  sink.wait_stored (5);
  sink.push (9000); /* one frame always may */
  sink.wait_stored (6);
  sink.check_law ();
}

static void
test_bad_settings ()
{
  const StoreDirectory directory;
  for (const auto &line : { std::string ("framestoresink"),
                            "framestoresink camera=Front_Door location=" + directory.path () }) {
    g_autoptr (GstElement) element = gst_parse_launch (line.c_str (), nullptr);
    g_autoptr (GstBus) bus = gst_bus_new ();
    gst_element_set_bus (element, bus);
    g_assert_cmpint (gst_element_set_state (element, GST_STATE_PAUSED), ==,
                     GST_STATE_CHANGE_FAILURE);
    g_autoptr (GstMessage) message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
    g_assert_nonnull (message);
    gst_element_set_state (element, GST_STATE_NULL);
    gst_bus_set_flushing (bus, TRUE); /* what is left on it holds the element, which holds it */
  }
  g_autoptr (GstElement) element = gst_parse_launch ("framestoresink keep-free=5%", nullptr);
  g_autofree char *kept = nullptr;
  g_object_set (element, "keep-free", "many", nullptr);
  g_object_get (element, "keep-free", &kept, nullptr);
  g_assert_cmpstr (kept, ==, "5%");
}

static void
test_only_jpeg ()
{
  g_autoptr (GstElement) element = gst_element_factory_make ("framestoresink", nullptr);
  gst_object_ref_sink (element);
  g_autoptr (GstPad) pad = gst_element_get_static_pad (element, "sink");
  g_autoptr (GstCaps) raw = gst_caps_from_string ("video/x-raw,format=I420");
  g_autoptr (GstCaps) jpeg = gst_caps_from_string ("image/jpeg,width=320,height=240");
  g_assert_false (gst_pad_query_accept_caps (pad, raw));
  g_assert_true (gst_pad_query_accept_caps (pad, jpeg));
}

/* Started, fed and stopped with a full queue. */
static void
test_stop_is_fast ()
{
  const StoreDirectory directory;
  std::vector<gint64> times;
  guint64 stopped = 0;
  for (int i = 0; i < 200; i++) {
    StoreSink sink (directory.path (), "max-bytes=100000");
    for (int frame = 0; frame < 10; frame++)
      sink.push (1000);
    sink.wait_stored (1);
    const gint64 start = g_get_monotonic_time ();
    sink.stop ();
    times.push_back (g_get_monotonic_time () - start);
    g_assert_cmpuint (sink.stat ("stored") + sink.stat ("dropped-stopped"), ==, 10);
    stopped += sink.stat ("dropped-stopped");
  }
  std::sort (times.begin (), times.end ());
  g_test_message ("stop: median %" G_GINT64_FORMAT " us, worst %" G_GINT64_FORMAT
                  " us; %" G_GUINT64_FORMAT " frames were under way",
                  times[100], times[199], stopped);
  g_assert_cmpint (times[100], <, 20'000);
  g_assert_cmpint (times[197], <, 100'000);
}

int
main (int argc, char **argv)
{
  private_mounts = enter_private_mounts ();
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/framestoresink/names-and-contents", test_names_and_contents);
  g_test_add_func ("/framestoresink/synced-each", test_synced_each);
  g_test_add_func ("/framestoresink/synced-in-groups", test_synced_in_groups);
  g_test_add_func ("/framestoresink/capture-time", test_capture_time_of_the_buffer);
  g_test_add_func ("/framestoresink/interval", test_interval);
  g_test_add_func ("/framestoresink/stream-without-times", test_stream_without_times);
  g_test_add_func ("/framestoresink/quota", test_quota);
  g_test_add_func ("/framestoresink/age-and-foreign-names", test_age_and_foreign_names);
  g_test_add_func ("/framestoresink/two-cameras", test_two_cameras);
  g_test_add_func ("/framestoresink/prune-action", test_prune_action);
  g_test_add_func ("/framestoresink/hold", test_hold_and_protection);
  g_test_add_func ("/framestoresink/leftovers", test_leftovers);
  g_test_add_func ("/framestoresink/large-store", test_large_store);
  g_test_add_func ("/framestoresink/pool-is-not-starved", test_pool_is_not_starved);
  g_test_add_func ("/framestoresink/own-memory-is-held", test_memory_of_its_own_is_held);
  g_test_add_func ("/framestoresink/allocation", test_allocation);
  g_test_add_func ("/framestoresink/slow-disk", test_slow_disk);
  g_test_add_func ("/framestoresink/bad-settings", test_bad_settings);
  g_test_add_func ("/framestoresink/only-jpeg", test_only_jpeg);
  g_test_add_func ("/framestoresink/stop-is-fast", test_stop_is_fast);
  return g_test_run ();
}
