// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/history.h"

#include "daemon/sqlite.h"
#include "support/asserttext.h"
#include "support/mainloop.h"
#include "support/tempdir.h"

#include <cmath>
#include <glib/gstdio.h>

using namespace camwarden;

static constexpr int64_t second = 1'000'000, hour = 3600 * second, day = 24 * hour;
static constexpr int64_t wall_zero = 1'700'000'100 * second;

namespace
{

/* As a machine with two cameras has them. */
MetricsRow
row (MetricsShape &shape, int64_t mono, int64_t wall, double cpu)
{
  shape.add ("cpu", cpu);
  for (const char *name :
       { "iowait", "memory", "swap", "disk", "load1", "memory_available", "disk_free",
         "temperature", "rx", "tx", "redis_up", "redis_rtt_ms", "service_up" })
    shape.add (name, 1 + cpu / 7);
  for (const std::string id : { "front", "back" })
    for (const char *what : { "up", "fps", "age_ms", "published", "dropped", "stored" })
      shape.add ("camera." + id + "." + what, 2 + cpu / 3);
  return shape.finish (mono, wall);
}

struct Heard
{
  int opened = 0, damaged = 0;
  HistoryOpened past;
  std::vector<std::string> troubles;
  std::string aside;
};

HistoryWorker::Events
ears (Heard &heard)
{
  return { [&heard] (const HistoryOpened &past) {
            heard.opened++;
            heard.past = past;
          },
           [&heard] (const std::string &why) { heard.troubles.push_back (why); },
           [&heard] (const std::string &aside, const std::string &) {
             heard.damaged++;
             heard.aside = aside;
           } };
}

History::Settings
settings (const std::string &file)
{
  return { .file = file, .limits = {}, .retry_interval = 50'000 };
}

HistoryAnswer
ask (History &history, HistoryQuery query, int64_t wall)
{
  std::optional<HistoryAnswer> answer;
  history.query (query, wall, [&answer] (const HistoryAnswer &told) { answer = told; });
  wait_until ("the answer comes", [&answer] { return answer.has_value (); });
  return *answer;
}

std::vector<Event>
ask_events (History &history, const EventQuery &query)
{
  std::optional<std::vector<Event>> answer;
  history.events (query, [&answer] (const std::vector<Event> &list, const std::string &error) {
    ASSERT_TEXT (error, "");
    answer = list;
  });
  wait_until ("the events come", [&answer] { return answer.has_value (); });
  return *answer;
}

bool
keep (History &history, const Event &event)
{
  std::optional<bool> kept;
  history.event (event, [&kept] (bool good) { kept = good; });
  wait_until ("the event is kept or not", [&kept] { return kept.has_value (); });
  return *kept;
}

int64_t
count (const std::string &file, const char *sql)
{
  sqlite3 *db = nullptr;
  g_assert_cmpint (sqlite3_open_v2 (file.c_str (), &db, SQLITE_OPEN_READWRITE, nullptr), ==,
                   SQLITE_OK);
  int64_t number = -1;
  {
    Statement statement (db, sql);
    g_assert_true (statement.row ());
    number = statement.get_integer (0);
  }
  sqlite3_close (db);
  return number;
}

void
opened (const Heard &heard)
{
  wait_until ("the file is open", [&heard] { return heard.opened == 1; });
}

} // namespace

static void
test_rows_survive ()
{
  const TempDir dir;
  const std::string file = dir.path ("h.sqlite");
  MetricsShape shape;
  {
    Heard heard;
    History history (settings (file), ears (heard));
    opened (heard);
    for (int i = 0; i < 1000; i++)
      history.sample (row (shape, i * 10 * second, wall_zero + i * 10 * second, i));
    /* Of the file and of memory: 1000 rows, no hole and none twice. */
    const auto answer
        = ask (history, { .from = wall_zero, .step = 10 * second, .series = { "cpu" } },
               wall_zero + 9990 * second);
    g_assert_cmpuint (answer.times.size (), ==, 1000);
    /* As much as a crash would leave now: five minutes are missing at most. */
    g_assert_cmpint (count (file, "SELECT count(*) FROM sample"), >=, 970);
    for (size_t i = 0; i < 1000; i++) {
      g_assert_cmpint (answer.times[i], ==, wall_zero + static_cast<int64_t> (i) * 10 * second);
      g_assert_cmpfloat (answer.series[0].average[i], ==, static_cast<double> (i));
    }
  }
  Heard heard;
  History history (settings (file), ears (heard));
  opened (heard);
  auto answer = ask (history, { .from = wall_zero, .to = wall_zero + hour, .series = { "cpu" } },
                     wall_zero + day);
  g_assert_cmpint (answer.step, ==, 20 * second);
  g_assert_cmpuint (answer.times.size (), ==, 180);
  g_assert_cmpfloat (answer.series[0].average[1], ==, 2.5);
  g_assert_cmpfloat (answer.series[0].least[1], ==, 2);
  g_assert_cmpfloat (answer.series[0].most[1], ==, 3);
  /* Long steps come out of the averages. */
  answer = ask (history, { .from = wall_zero, .step = 600 * second, .series = { "cpu" } },
                wall_zero + day);
  g_assert_cmpuint (answer.times.size (), ==, 18);
  g_assert_cmpfloat (answer.series[0].most[17], ==, 999);
  g_assert_cmpint (heard.troubles.size (), ==, 0);
}

static void
test_the_clock_is_turned_back ()
{
  const TempDir dir;
  const std::string file = dir.path ("h.sqlite");
  MetricsShape shape;
  {
    Heard heard;
    History history (settings (file), ears (heard));
    opened (heard);
    for (int i = 0; i < 200; i++)
      history.sample (row (shape, i * 10 * second, wall_zero + i * 10 * second, 1));
    for (int i = 200; i < 400; i++)
      history.sample (row (shape, i * 10 * second, wall_zero - day + i * 10 * second, 2));
  }
  g_assert_cmpint (count (file, "SELECT count(*) FROM sample"), ==, 400);
  g_assert_cmpint (count (file, "SELECT count(*) FROM sample WHERE number > 200 AND time < "
                                "1700000100000000"),
                   ==, 200); /* in the order they came */
}

static void
test_events_and_alerts ()
{
  const TempDir dir;
  const std::string file = dir.path ("h.sqlite");
  {
    Heard heard;
    History history (settings (file), ears (heard));
    opened (heard);
    g_assert_cmpint (heard.past.last_id, ==, 0);
    for (int i = 1; i <= 5; i++)
      g_assert_true (keep (history, { .id = i,
                                      .time = wall_zero + i,
                                      .kind = i % 2 ? "fault" : "cure",
                                      .severity = i > 3 ? Severity::Critical : Severity::Info,
                                      .camera = i == 2 ? "back" : "front",
                                      .code = "stall",
                                      .text = "text",
                                      .json = "{}" }));
    g_assert_cmpint (count (file, "SELECT count(*) FROM event"), ==, 5); /* at once */
    auto list = ask_events (history, {});
    g_assert_cmpuint (list.size (), ==, 5);
    g_assert_cmpint (list[0].id, ==, 5);
    list = ask_events (history, { .after = 2, .limit = 2 });
    g_assert_cmpuint (list.size (), ==, 2);
    g_assert_cmpint (list[0].id, ==, 3);
    g_assert_cmpuint (ask_events (history, { .camera = "back" }).size (), ==, 1);
    g_assert_cmpuint (ask_events (history, { .before = 5, .kind = "fault" }).size (), ==, 2);
    g_assert_cmpuint (ask_events (history, { .least = Severity::Critical }).size (), ==, 2);
    g_assert_cmpuint (ask_events (history, { .from = wall_zero + 2, .to = wall_zero + 4 }).size (),
                      ==, 2);

    KeptAlert kept;
    kept.key = "camera/front|frames|front";
    kept.told = KeptAlert::Told::Critical;
    kept.told_at = 77;
    kept.alert = { .id = 6,
                   .code = "stall",
                   .instance = "front",
                   .part = "camera/front",
                   .severity = Severity::Critical,
                   .since = wall_zero,
                   .value = 1.5,
                   .unit = "s",
                   .text = "It's \"gone\"",
                   .cause = "why",
                   .done = "what",
                   .parameters = { { "camera", "front" }, { "times", "2" } },
                   .acknowledged = 5,
                   .acknowledged_by = "me" };
    history.alert (kept);
  }
  Heard heard;
  History history (settings (file), ears (heard));
  opened (heard);
  g_assert_cmpint (heard.past.last_id, ==, 6);
  g_assert_cmpuint (heard.past.alerts.size (), ==, 1);
  const KeptAlert &back = heard.past.alerts[0];
  ASSERT_TEXT (back.key, "camera/front|frames|front");
  g_assert_true (back.told == KeptAlert::Told::Critical);
  g_assert_cmpint (back.told_at, ==, 77);
  ASSERT_TEXT (back.alert.text, "It's \"gone\"");
  g_assert_cmpfloat (*back.alert.value, ==, 1.5);
  g_assert_false (back.alert.threshold.has_value ());
  ASSERT_TEXT (back.alert.parameters.at ("times"), "2");
  ASSERT_TEXT (back.alert.acknowledged_by, "me");
}

static void
test_a_damaged_file_is_set_aside ()
{
  const TempDir dir;
  const std::string file = dir.write ("h.sqlite", std::string (100'000, 'x'));
  {
    Heard heard;
    History history (settings (file), ears (heard));
    wait_until ("it is told", [&heard] { return heard.damaged == 1; });
    opened (heard);
    g_assert_true (g_file_test (heard.aside.c_str (), G_FILE_TEST_EXISTS));
    g_assert_true (keep (history, { .id = 1, .kind = "start" }));
  }
  /* Damaged in its middle, which only a look at all of it shows. */
  {
    Heard heard;
    History history (settings (file), ears (heard));
    opened (heard);
    MetricsShape shape;
    for (int i = 0; i < 5000; i++)
      history.sample (row (shape, i * 10 * second, wall_zero + i * 10 * second, i));
  }
  FILE *stream = fopen (file.c_str (), "r+b");
  fseek (stream, 0, SEEK_END);
  const long size = ftell (stream);
  g_assert_cmpint (size, >, 400'000);
  for (long at = 65536; at + 4096 < size; at += 20 * 4096) {
    fseek (stream, at, SEEK_SET);
    const std::string junk (4096, '\xee');
    fwrite (junk.data (), 1, junk.size (), stream);
  }
  fclose (stream);
  Heard heard;
  History history (settings (file), ears (heard));
  wait_until ("it is told", [&heard] { return heard.damaged == 1; });
  g_assert_true (keep (history, { .id = 2, .kind = "start" }));
  g_assert_cmpuint (heard.troubles.size (), ==, 0);
}

static void
test_no_place_to_write ()
{
  const TempDir dir;
  const std::string file = dir.path ("later/h.sqlite");
  Heard heard;
  History history (settings (file), ears (heard));
  opened (heard);
  MetricsShape shape;
  for (int i = 0; i < 100; i++)
    history.sample (row (shape, i * 10 * second, wall_zero + i * 10 * second, i));
  g_assert_false (keep (history, { .id = 1, .time = 1, .kind = "start" }));
  g_assert_cmpuint (ask_events (history, {}).size (), ==, 1); /* of memory */
  auto answer
      = ask (history, { .from = wall_zero - day, .series = { "cpu" } }, wall_zero + 990 * second);
  g_assert_cmpuint (answer.series.at (0).average.size (), >, 0);
  turn_for (300'000);                               /* six attempts */
  g_assert_cmpuint (heard.troubles.size (), ==, 1); /* told once */
  g_assert_cmpint (g_mkdir (dir.path ("later").c_str (), 0700), ==, 0);
  wait_until ("it is over", [&heard] { return heard.troubles.size () == 2; });
  ASSERT_TEXT (heard.troubles[1], "");
  g_assert_cmpint (count (file, "SELECT count(*) FROM event"), ==, 1); /* nothing was lost */

  /* Removed by somebody while it is in use. */
  g_assert_cmpint (g_unlink (file.c_str ()), ==, 0);
  g_unlink ((file + "-wal").c_str ());
  g_unlink ((file + "-shm").c_str ());
  wait_until ("it is written to a new file", [&] {
    static int64_t id = 10;
    return keep (history, { .id = ++id, .kind = "start" })
           && g_file_test (file.c_str (), G_FILE_TEST_EXISTS);
  });
}

static void
test_pruning ()
{
  const TempDir dir;
  const std::string file = dir.path ("h.sqlite");
  HistoryDb db (file);
  g_assert_true (db.open () == HistoryDb::Result::Good);
  MetricsShape shape;
  std::vector<MetricsRow> rows;
  for (int i = 0; i < 20'000; i++)
    rows.push_back (row (shape, 0, wall_zero + i * 10 * second, i));
  g_assert_true (db.begin () == HistoryDb::Result::Good);
  g_assert_true (db.keep (rows) == HistoryDb::Result::Good);
  g_assert_true (db.commit () == HistoryDb::Result::Good);
  const auto prune = [&db] (int64_t wall) {
    bool more = true;
    int slices = 0;
    for (; more; slices++)
      g_assert_true (db.prune ({ 1, 1 }, wall, more) == HistoryDb::Result::Good);
    return slices;
  };
  g_assert_cmpint (prune (wall_zero + day), ==, 2); /* a full day is too much, not too old */
  g_assert_cmpint (count (file, "SELECT count(*) FROM sample"), ==, 17'280);
  g_assert_cmpint (prune (wall_zero + 200'000 * second), >, 3);
  const int64_t left = count (file, "SELECT count(*) FROM sample");
  g_assert_cmpint (left, >=, 8640);
  g_assert_cmpint (left, <=, 8642);
  prune (wall_zero + 1000 * day); /* a clock that jumps ahead deletes nothing that is not old */
  g_assert_cmpint (count (file, "SELECT count(*) FROM sample"), >=, 8640);
}

/* Everything that goes through write(), in bytes. */
static int64_t
written ()
{
  g_autofree char *text = nullptr;
  g_assert_true (g_file_get_contents ("/proc/self/io", &text, nullptr, nullptr));
  const char *at = strstr (text, "wchar: ");
  g_assert_nonnull (at);
  return g_ascii_strtoll (at + 7, nullptr, 10);
}

static int64_t
cpu_time ()
{
  timespec now{};
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &now);
  return now.tv_sec * second + now.tv_nsec / 1000;
}

/* Days with two cameras, 200 events each, and what became too old deleted every six hours. */
static void
test_written_in_a_day ()
{
  const TempDir dir;
  const std::string file = dir.path ("h.sqlite");
  Heard heard;
  auto set = settings (file);
  set.limits = { 2, 3 };
  History history (set, ears (heard));
  opened (heard);
  MetricsShape shape;
  int64_t id = 0, before = written (), cpu = cpu_time (), worst = 0;
  for (int today = 0; today < 5; today++) {
    for (int i = 0; i < 8640; i++) {
      const int64_t time = today * day + i * 10 * second;
      history.sample (row (shape, time, wall_zero + time, i * 1.37));
      if (i % 43 == 0)
        g_assert_true (keep (history, { .id = ++id,
                                        .time = wall_zero + time,
                                        .kind = "fault",
                                        .camera = "front",
                                        .code = "stall",
                                        .text = std::string (80, 't'),
                                        .json = std::string (900, 'j') }));
      if (i % 2160 == 0)
        history.configure (set.limits); /* it is looked for old rows */
    }
    ask_events (history, {}); /* everything is done */
    const int64_t now = written ();
    g_test_message ("day %d: %.2f MiB", today, static_cast<double> (now - before) / 1048576);
    worst = std::max (worst, now - before);
    before = now;
  }
  g_assert_cmpint (worst, <, 10 * 1048576);
  const double share = static_cast<double> (cpu_time () - cpu) / (5.0 * 8640 * 10 * second);
  g_test_message ("%.4f %% of a core at a sample every 10 s", share * 100);
  g_assert_cmpfloat (share, <, 0.003);
}

/* Who asks is answered, whatever the disk does: another program holds the file, and the thread
 * waits for it. */
static void
test_thread_that_waits ()
{
  const TempDir dir;
  History::Settings patience = settings (dir.path ("h.sqlite"));
  patience.query_patience = 100'000;
  Heard heard;
  History history (patience, ears (heard));
  opened (heard);
  sqlite3 *other = nullptr;
  g_assert_cmpint (sqlite3_open (patience.file.c_str (), &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", nullptr, nullptr, nullptr), ==,
                   SQLITE_OK);
  bool kept = false;
  history.event ({ .id = 7, .time = wall_zero, .kind = "start", .text = "held up" },
                 [&kept] (bool) { kept = true; });
  const int64_t begin = g_get_monotonic_time ();
  size_t answers = 0;
  for (size_t i = 0; i < History::MOST_QUERIES + 4; i++)
    history.query ({ .from = wall_zero - day, .to = wall_zero }, wall_zero,
                   [&answers] (const HistoryAnswer &) { answers++; });
  history.events ({}, [&answers] (const std::vector<Event> &list, const std::string &) {
    g_assert_cmpuint (list.size (), ==, 1); /* it is remembered */
    answers++;
  });
  wait_until ("all are answered", [&answers] { return answers == History::MOST_QUERIES + 5; });
  g_assert_cmpint (g_get_monotonic_time () - begin, <, second);
  g_assert_false (kept);
  sqlite3_exec (other, "ROLLBACK", nullptr, nullptr, nullptr);
  sqlite3_close (other);
  wait_until ("the event is kept", [&kept] { return kept; });
  g_assert_cmpuint (ask_events (history, {}).size (), ==, 1);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/history/rows-survive", test_rows_survive);
  g_test_add_func ("/history/clock-turned-back", test_the_clock_is_turned_back);
  g_test_add_func ("/history/events-and-alerts", test_events_and_alerts);
  g_test_add_func ("/history/damaged", test_a_damaged_file_is_set_aside);
  g_test_add_func ("/history/no-place", test_no_place_to_write);
  g_test_add_func ("/history/pruning", test_pruning);
  g_test_add_func ("/history/written-in-a-day", test_written_in_a_day);
  g_test_add_func ("/history/thread-that-waits", test_thread_that_waits);
  return g_test_run ();
}
