// SPDX-License-Identifier: LGPL-2.1-or-later
/* SIGKILL while storing, 200 times: no partial file can be seen, and no file is lost whose
 * frame-stored message was posted. */
#include "support/storefixture.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <random>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace camwarden;

static constexpr int RUNS = 200;

/* Tells of each stored frame, from the thread that posts the message. */
static GstBusSyncReply
tell (GstBus *, GstMessage *message, gpointer pipe_end)
{
  const GstStructure *structure = gst_message_get_structure (message);
  if (structure && gst_structure_has_name (structure, "frame-stored")) {
    const std::string line = std::string (gst_structure_get_string (structure, "path")) + "\n";
    if (write (GPOINTER_TO_INT (pipe_end), line.data (), line.size ()) < 0)
      _exit (1);
  }
  gst_message_unref (message);
  return GST_BUS_DROP;
}

/* Stores as fast as it can until it is killed. */
[[noreturn]] static void
run_child (const std::string &location, int pipe_end)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
  StoreSink sink (location, "sync-interval=0 max-bytes=3000000");
  g_autoptr (GstBus) bus = gst_element_get_bus (sink.element ());
  gst_bus_set_sync_handler (bus, tell, GINT_TO_POINTER (pipe_end), nullptr);
  for (int i = 0; i < 1000; i++) {
    sink.push (static_cast<size_t> (g_random_int_range (100, 60'000)));
    if (i % 8 == 0)
      g_usleep (200);
  }
  _exit (0);
}

/* Kills it after a random number of reported frames; returns what was reported. */
static std::string
run_and_kill (const std::string &location, std::minstd_rand &random)
{
  int ends[2];
  g_assert_no_errno (pipe (ends));
  const pid_t child = fork ();
  if (child == 0) {
    close (ends[0]);
    run_child (location, ends[1]);
  }
  close (ends[1]);
  const auto enough = std::uniform_int_distribution<size_t> (1, 600) (random);
  std::string told;
  char text[4096];
  ssize_t got = 0;
  while (told.size () < enough && (got = read (ends[0], text, sizeof text)) > 0)
    told.append (text, static_cast<size_t> (got));
  g_usleep (std::uniform_int_distribution<gulong> (0, 1500) (random));
  kill (child, SIGKILL);
  while ((got = read (ends[0], text, sizeof text)) > 0)
    told.append (text, static_cast<size_t> (got));
  close (ends[0]);
  int status = 0;
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);
  g_assert_true (WIFSIGNALED (status) || WEXITSTATUS (status) == 0);
  return told;
}

static void
test_kill ()
{
  const StoreDirectory directory;
  std::minstd_rand random (static_cast<uint32_t> (g_test_rand_int ()));
  size_t parts = 0, kept = 0, reported = 0;
  for (int run = 0; run < RUNS; run++) {
    const std::string told = run_and_kill (directory.path (), random);
    g_auto (GStrv) paths = g_strsplit (told.c_str (), "\n", -1);
    reported += static_cast<size_t> (std::count (told.begin (), told.end (), '\n'));
    for (const auto &name : directory.files ())
      parts += name.ends_with (".part");
    uint64_t newest = 0;
    /* from the newest backwards: those that the quota has taken meanwhile are the oldest ones */
    for (guint i = g_strv_length (paths); i-- > 1 && newest < 2'000'000;) {
      const std::string content = read_file (paths[i - 1]);
      g_assert_true (is_whole_frame (content));
      newest += content.size ();
      kept++;
    }
  }
  for (const auto &name : directory.files ()) {
    if (name.ends_with (".jpg"))
      g_assert_true (is_whole_frame (read_file (directory.path () + "/" + name)));
  }
  g_test_message ("%zu frames reported, %zu looked at, %zu part files left on the way", reported,
                  kept, parts);
  g_assert_cmpuint (reported, >, RUNS);

  StoreSink sink (directory.path (), "max-bytes=3000000");
  sink.wait ("the scan", [&] { return sink.stat ("scan-time") > 0; });
  sink.push ();
  sink.wait_stored (1);
  g_assert_cmpuint (directory.bytes (), <=, 3'000'000);
  for (const auto &name : directory.files ())
    g_assert_true (name.ends_with (".jpg"));
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, nullptr);
  /* loaded before the first fork, so that each child starts at once */
  gst_object_unref (gst_object_ref_sink (gst_element_factory_make ("framestoresink", nullptr)));
  g_test_add_func ("/framestorekill/kill", test_kill);
  return g_test_run ();
}
