// SPDX-License-Identifier: LGPL-2.1-or-later
/* The evidence of faults in real folders: what is kept, what goes, and what is never touched. */
#include "daemon/evidence.h"

#include "daemon/evidencefolder.h"
#include "daemon/runtimefile.h"
#include "support/asserttext.h"
#include "support/mainloop.h"
#include "support/tempdir.h"
#include "support/unprivileged.h"

#include <algorithm>
#include <csignal>
#include <optional>
#include <sys/resource.h>
#include <sys/stat.h>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
constexpr int64_t start = 1'700'000'000 * second; /* 2023-11-14 22:13:20 */

EvidenceItems
items (int64_t wall, const std::string &code = "stall", size_t bytes = 10)
{
  EvidenceItems result;
  result.code = code;
  result.wall = wall;
  result.fault_json = R"({"v":1})";
  result.files.emplace_back ("worker.log", evidence_data (std::string (bytes, 'x')));
  return result;
}

struct Fixture
{
  TempDir state;
  EvidenceSettings settings{ state.path ("faults"), 3, 100'000, 0 };

  [[nodiscard]] std::string
  write (const std::string &camera, const EvidenceItems &what) const
  {
    const EvidenceResult result = write_evidence (settings, camera, what);
    g_assert_true (result.path.empty () != result.problem.empty ());
    return result.path;
  }
  /* The names in a folder of ours, in order. */
  [[nodiscard]] std::string
  list (const std::string &folder) const
  {
    std::vector<std::string> names;
    for (const auto &entry : std::filesystem::directory_iterator (state.path ("faults/" + folder)))
      names.push_back (entry.path ().filename ());
    std::sort (names.begin (), names.end ());
    std::string text;
    for (const auto &name : names)
      text += name + "\n";
    return text;
  }
};

unsigned
mode (const std::string &path)
{
  struct stat status
  {};
  g_assert_cmpint (lstat (path.c_str (), &status), ==, 0);
  return status.st_mode & 07777;
}

void
test_names ()
{
  ASSERT_TEXT (evidence_name (start, "stall"), "20231114T221320Z-stall");
  ASSERT_TEXT (evidence_name (start, "signal 9"), "20231114T221320Z-signal-9");
  ASSERT_TEXT (evidence_name (start, "../../Etc\n"), "20231114T221320Z-------etc-");
  ASSERT_TEXT (evidence_name (start, ""), "20231114T221320Z-fault");
  for (const int64_t wall : { start, int64_t{ 0 }, INT64_MIN, INT64_MAX })
    for (const std::string &code : { std::string (), std::string ("x"), std::string (500, 'y') })
      g_assert_true (is_evidence_name (evidence_name (wall, code)));
  for (const char *other :
       { "", "notes", "20231114T221320Z", "20231114T221320Z-", "20231114T221320Z-a/b",
         "20231114T22132xZ-stall", "20231114T221320Z-Stall", ".20231114T221320Z-stall.part" })
    g_assert_false (is_evidence_name (other));
}

void
test_folder ()
{
  Fixture fixture;
  umask (0);
  EvidenceItems all = items (start);
  all.files.emplace_back ("pipeline.dot", evidence_data ("digraph {}"));
  all.files.emplace_back ("first-bad.jpg", evidence_data (std::string ("\xff\xd8\0\xff", 4)));
  all.files.emplace_back ("last-good.jpg", nullptr); /* there is none */
  for (const char *bad : { "../up", ".hidden", "", "a/b", "fault.json" })
    all.files.emplace_back (bad, evidence_data ("no"));
  const std::string path = fixture.write ("front", all);
  umask (0022);
  ASSERT_TEXT (path, fixture.settings.directory + "/front/20231114T221320Z-stall");
  ASSERT_TEXT (fixture.list ("front/20231114T221320Z-stall"),
               "fault.json\nfirst-bad.jpg\npipeline.dot\nworker.log\n");
  ASSERT_TEXT (read_file (path + "/fault.json"), R"({"v":1})");
  g_assert_cmpuint (read_file (path + "/first-bad.jpg").size (), ==, 4);
  g_assert_cmphex (mode (path), ==, 0750);
  g_assert_cmphex (mode (fixture.settings.directory), ==, 0750);
  g_assert_cmphex (mode (path + "/fault.json"), ==, 0640);
  ASSERT_TEXT (fixture.list ("front"), "20231114T221320Z-stall\n"); /* nothing half-made beside */
}

/* Two faults within a second do not share a folder. */
void
test_alike ()
{
  Fixture fixture;
  fixture.settings.keep = 20;
  for (int i = 0; i < 10; i++) {
    const bool written = !fixture.write ("front", items (start)).empty ();
    g_assert_true (written == (i < 9));
  }
  const std::string names = fixture.list ("front");
  g_assert_cmpint (std::count (names.begin (), names.end (), '\n'), ==, 9);
  g_assert_true (names.ends_with ("20231114T221320Z-stall-9\n"));
}

void
test_keep ()
{
  Fixture fixture;
  for (int i = 0; i < 5; i++) {
    (void)fixture.write ("front", items (start + i * second));
    (void)fixture.write ("back", items (start + i * second, "other"));
  }
  ASSERT_TEXT (fixture.list ("front"), "20231114T221322Z-stall\n"
                                       "20231114T221323Z-stall\n"
                                       "20231114T221324Z-stall\n");
  ASSERT_TEXT (fixture.list ("back"), "20231114T221322Z-other\n"
                                      "20231114T221323Z-other\n"
                                      "20231114T221324Z-other\n");
}

/* The oldest of all cameras makes room, to the byte. */
void
test_bytes ()
{
  Fixture fixture;
  const size_t json = items (0).fault_json.size ();
  fixture.settings.max_bytes = 3000;
  fixture.settings.keep = 20;
  (void)fixture.write ("back", items (start, "stall", 1000 - json));
  (void)fixture.write ("front", items (start + second, "stall", 1000 - json));
  (void)fixture.write ("front", items (start + 2 * second, "stall", 1000 - json));
  ASSERT_TEXT (fixture.list ("back"), "20231114T221320Z-stall\n"); /* just full */
  (void)fixture.write ("front", items (start + 3 * second, "stall", 1001 - json));
  ASSERT_TEXT (fixture.list ("back"), "");
  ASSERT_TEXT (fixture.list ("front"),
               "20231114T221322Z-stall\n20231114T221323Z-stall\n"); /* one byte too many */
}

/* What cannot fit at all is left out, not the report. */
void
test_too_large ()
{
  Fixture fixture;
  (void)fixture.write ("front", items (start, "stall", fixture.settings.max_bytes + 1));
  ASSERT_TEXT (fixture.list ("front/20231114T221320Z-stall"), "fault.json\n");
}

void
test_foreign ()
{
  Fixture fixture;
  fixture.settings.max_bytes = 500;
  const std::string precious = fixture.state.write ("precious/file", "keep");
  const std::string front = "faults/front/";
  fixture.state.write (front + "notes/20200101T000000Z-stall", std::string (1000, 'x'));
  fixture.state.write (front + "20200101T000000Z-note", "a file of such a name");
  fixture.state.write (front + ".other.part/file", "x");
  fixture.state.write (front + "20200102T000000Z-stall/sub/file", "put there by somebody");
  fixture.state.write ("faults/No Camera/20200101T000000Z-stall/file", "x");
  const auto link = [&] (const std::string &name) {
    std::filesystem::create_directory_symlink (fixture.state.path ("precious"),
                                               fixture.state.path (name));
  };
  link (front + "20200103T000000Z-stall");
  link ("faults/linked");
  std::filesystem::create_directories (fixture.state.path (front + "20200104T000000Z-stall"));
  link (front + "20200104T000000Z-stall/link");
  const std::string kept = ".other.part\n20200101T000000Z-note\n20200102T000000Z-stall\n"
                           "20200103T000000Z-stall\n";
  for (int i = 0; i < 10; i++)
    (void)fixture.write ("front", items (start + i * second, "stall", 490));
  ASSERT_TEXT (fixture.list ("front"), kept + "20231114T221329Z-stall\nnotes\n");
  ASSERT_TEXT (read_file (precious), "keep");
  g_assert_true (
      std::filesystem::exists (fixture.state.path (front + "20200102T000000Z-stall/sub/file")));
  g_assert_true (
      std::filesystem::exists (fixture.state.path (front + "notes/20200101T000000Z-stall")));
  g_assert_true (std::filesystem::exists (
      fixture.state.path ("faults/No Camera/20200101T000000Z-stall/file")));
}

/* Neither the camera's folder nor the store's is followed elsewhere. */
void
test_links ()
{
  Fixture fixture;
  const std::string elsewhere = fixture.state.path ("elsewhere");
  std::filesystem::create_directories (elsewhere);
  std::filesystem::create_directories (fixture.settings.directory);
  std::filesystem::create_directory_symlink (elsewhere, fixture.settings.directory + "/front");
  g_assert_true (fixture.write ("front", items (start)).empty ());
  for (const char *camera : { "", ".", "..", "../front", "a/b", "Front" })
    g_assert_true (fixture.write (camera, items (start)).empty ());
  std::filesystem::remove_all (fixture.settings.directory);
  std::filesystem::create_directory_symlink (elsewhere, fixture.settings.directory);
  g_assert_true (fixture.write ("back", items (start)).empty ());
  g_assert_true (std::filesystem::is_empty (elsewhere));
}

/* A daemon that was killed left a folder that is not finished. */
void
test_unfinished ()
{
  Fixture fixture;
  fixture.state.write ("faults/front/.20200101T000000Z-stall.part/fault.json", "{");
  fixture.state.write ("faults/back/.20231114T221320Z-stall.part/fault.json", "{");
  (void)fixture.write ("back", items (start));
  ASSERT_TEXT (fixture.list ("front"), "");
  ASSERT_TEXT (fixture.list ("back"), "20231114T221320Z-stall\n");
}

/* No file may grow beyond a limit: what a full disk does, for this process alone. */
class FullDisk
{
public:
  explicit FullDisk (rlim_t bytes)
  {
    std::signal (SIGXFSZ, SIG_IGN);
    getrlimit (RLIMIT_FSIZE, &before_);
    const rlimit limit{ bytes, before_.rlim_max };
    g_assert_cmpint (setrlimit (RLIMIT_FSIZE, &limit), ==, 0);
  }
  ~FullDisk () { setrlimit (RLIMIT_FSIZE, &before_); }
  FullDisk (const FullDisk &) = delete;
  FullDisk &operator= (const FullDisk &) = delete;

private:
  rlimit before_{};
};

std::string
put (EvidenceStore &store, const std::string &camera, EvidenceItems what)
{
  std::optional<std::string> path;
  store.write (camera, std::move (what), [&] (const std::string &made) { path = made; });
  g_assert_false (path.has_value ());
  wait_until ("the evidence is written", [&] { return path.has_value (); });
  return *path;
}

void
test_full_disk ()
{
  Fixture fixture;
  EvidenceStore store (fixture.settings);
  const std::string before = put (store, "front", items (start));
  {
    FullDisk full (4096);
    g_test_expect_message ("camwarden", G_LOG_LEVEL_WARNING,
                           "*/front: File too large: the evidence*Make room*");
    for (int i = 1; i < 4; i++) /* said once */
      ASSERT_TEXT (put (store, "front", items (start + i * second, "stall", 10'000)), "");
    g_test_assert_expected_messages ();
  }
  ASSERT_TEXT (fixture.list ("front"), "20231114T221320Z-stall\n"); /* nothing half-made */
  g_assert_false (put (store, "front", items (start + 5 * second, "stall", 10'000)).empty ());
  FullDisk full (4096); /* and anew after it went well */
  g_test_expect_message ("camwarden", G_LOG_LEVEL_WARNING, "*/front: File too large*");
  ASSERT_TEXT (put (store, "front", items (start + 6 * second, "stall", 10'000)), "");
  g_test_assert_expected_messages ();
}

void
test_not_permitted ()
{
  Fixture fixture;
  std::filesystem::create_directories (fixture.settings.directory);
  g_assert_cmpint (chmod (fixture.settings.directory.c_str (), 0500), ==, 0);
  const auto result = write_evidence (fixture.settings, "front", items (start));
  ASSERT_TEXT (result.path, "");
  g_assert_nonnull (strstr (result.problem.c_str (), "Permission denied"));
  g_assert_nonnull (strstr (result.problem.c_str (), fixture.settings.directory.c_str ()));
  chmod (fixture.settings.directory.c_str (), 0700);
}

void
test_interval ()
{
  Fixture fixture;
  fixture.settings.min_interval = 3600 * second;
  EvidenceStore store (fixture.settings);
  const std::string first = put (store, "front", items (start));
  ASSERT_TEXT (put (store, "front", items (start + second)), first);
  g_assert_true (put (store, "back", items (start)).ends_with ("/back/20231114T221320Z-stall"));
  ASSERT_TEXT (fixture.list ("front"), "20231114T221320Z-stall\n");
}

/* One after the other, in the order they were asked for; who comes too early gets the path of the
 * one that is still being written. */
void
test_order ()
{
  Fixture fixture;
  fixture.settings.min_interval = 3600 * second;
  EvidenceStore store (fixture.settings);
  std::vector<std::string> paths;
  const auto done = [&] (const std::string &path) { paths.push_back (path); };
  for (const char *camera : { "front", "front", "back", "front" })
    store.write (camera, items (start), done);
  g_assert_true (paths.empty ());
  wait_until ("all are written", [&] { return paths.size () == 4; });
  const std::string front = fixture.settings.directory + "/front/20231114T221320Z-stall";
  ASSERT_TEXT (paths[0], front);
  ASSERT_TEXT (paths[1], front);
  ASSERT_TEXT (paths[2], fixture.settings.directory + "/back/20231114T221320Z-stall");
  ASSERT_TEXT (paths[3], front);
}

void
test_ended ()
{
  Fixture fixture;
  auto store = std::make_unique<EvidenceStore> (fixture.settings);
  for (int i = 0; i < 3; i++)
    store->write ("front", items (start + i * second),
                  [] (const std::string &) { g_assert_not_reached (); });
  store.reset ();
  turn_for (second / 5);
  store = std::make_unique<EvidenceStore> (fixture.settings);
  bool ended = false;
  const auto done = [&] (const std::string &) {
    store.reset ();
    ended = true;
  };
  store->write ("back", items (start), done);
  store->write ("back", items (start), [] (const std::string &) { g_assert_not_reached (); });
  wait_until ("it is ended by its call", [&] { return ended; });
  turn_for (second / 20);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/evidence/names", test_names);
  g_test_add_func ("/evidence/folder", test_folder);
  g_test_add_func ("/evidence/alike", test_alike);
  g_test_add_func ("/evidence/keep", test_keep);
  g_test_add_func ("/evidence/bytes", test_bytes);
  g_test_add_func ("/evidence/too-large", test_too_large);
  g_test_add_func ("/evidence/foreign", test_foreign);
  g_test_add_func ("/evidence/links", test_links);
  g_test_add_func ("/evidence/unfinished", test_unfinished);
  g_test_add_func ("/evidence/full-disk", test_full_disk);
  g_test_add_func ("/evidence/not-permitted", [] { run_unprivileged (test_not_permitted); });
  g_test_add_func ("/evidence/interval", test_interval);
  g_test_add_func ("/evidence/order", test_order);
  g_test_add_func ("/evidence/ended", test_ended);
  return g_test_run ();
}
