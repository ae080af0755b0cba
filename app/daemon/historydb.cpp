// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/historydb.h"

#include "daemon/jsonfields.h"
#include "daemon/sqlite.h"

#include <algorithm>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr int VERSION = 1;
constexpr int BUSY_MS = 2000; /* somebody looks at the file with another program */
constexpr int SLICE = 2000;   /* rows deleted in one go */
constexpr int64_t DAY = 86400'000'000;
constexpr int64_t SAMPLES_A_DAY = 8640, AVERAGES_A_DAY = 288;
constexpr int64_t EVENTS_KEPT = 20'000, EVENTS_MOST = 200'000;

constexpr const char *schema = R"(
CREATE TABLE layout (id INTEGER PRIMARY KEY, names TEXT NOT NULL UNIQUE);
CREATE TABLE sample (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, layout INTEGER NOT NULL,
                     v BLOB NOT NULL);
CREATE INDEX sample_time ON sample (time);
CREATE TABLE average (number INTEGER PRIMARY KEY, time INTEGER NOT NULL, count INTEGER NOT NULL,
                      layout INTEGER NOT NULL, v BLOB NOT NULL);
CREATE INDEX average_time ON average (time);
CREATE TABLE event (id INTEGER PRIMARY KEY, time INTEGER NOT NULL, severity INTEGER NOT NULL,
                    kind TEXT NOT NULL, camera TEXT NOT NULL, code TEXT NOT NULL,
                    text TEXT NOT NULL, json TEXT NOT NULL);
CREATE TABLE alert (id INTEGER PRIMARY KEY, key TEXT NOT NULL, told INTEGER NOT NULL,
                    told_at INTEGER NOT NULL, code TEXT NOT NULL, instance TEXT NOT NULL,
                    part TEXT NOT NULL, severity INTEGER NOT NULL, since INTEGER NOT NULL,
                    until INTEGER NOT NULL, value REAL, threshold REAL, unit TEXT NOT NULL,
                    text TEXT NOT NULL, cause TEXT NOT NULL, done TEXT NOT NULL,
                    parameters TEXT NOT NULL, acknowledged INTEGER NOT NULL,
                    acknowledged_by TEXT NOT NULL);
PRAGMA user_version = 1;
)";

std::string
joined (const std::vector<std::string> &names)
{
  std::string text;
  for (const auto &name : names)
    text += (text.empty () ? "" : "\n") + name;
  return text;
}

std::string
parameters_json (const std::map<std::string, std::string> &parameters)
{
  JsonFields fields;
  for (const auto &[name, value] : parameters)
    fields.text (name.c_str (), value);
  return fields.finish ();
}

} // namespace

HistoryDb::~HistoryDb ()
{
  close ();
}

void
HistoryDb::close ()
{
  sqlite3_close_v2 (std::exchange (db_, nullptr));
  layouts_.clear ();
  names_.clear ();
}

HistoryDb::Result
HistoryDb::failed (const char *what)
{
  const int code = db_ ? sqlite3_extended_errcode (db_) : SQLITE_CANTOPEN;
  why_ = std::string ("cannot ") + what + " " + file_ + ": "
         + (db_ ? sqlite3_errmsg (db_) : sqlite3_errstr (code));
  const int kind = code & 0xff;
  return kind == SQLITE_CORRUPT || kind == SQLITE_NOTADB ? Result::Corrupt : Result::Trouble;
}

HistoryDb::Result
HistoryDb::run (const char *sql)
{
  return sqlite3_exec (db_, sql, nullptr, nullptr, nullptr) == SQLITE_OK ? Result::Good
                                                                         : failed ("write to");
}

/* Its mode is ours, not SQLite's. */
static void
make_file (const std::string &file)
{
  const int fd = ::open (file.c_str (), O_CREAT | O_RDWR | O_CLOEXEC | O_NOFOLLOW, 0640);
  if (fd >= 0)
    ::close (fd);
}

HistoryDb::Result
HistoryDb::open ()
{
  close ();
  make_file (file_);
  /* Threads are kept apart by us: the connection never leaves its own. */
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX;
  if (sqlite3_open_v2 (file_.c_str (), &db_, flags, nullptr) != SQLITE_OK) {
    const Result result = failed ("open");
    close ();
    return result;
  }
  sqlite3_extended_result_codes (db_, 1);
  sqlite3_busy_timeout (db_, BUSY_MS);
  const Result result = set_up ();
  if (result != Result::Good)
    close ();
  GStatBuf info;
  if (db_ && g_stat (file_.c_str (), &info) == 0) {
    device_ = info.st_dev;
    inode_ = info.st_ino;
  }
  return result;
}

/* FULL: what was committed is there after a power cut too, not only after a crash. Little is added
 * at a time, and whole pages are written for it, twice: hence small ones. */
HistoryDb::Result
HistoryDb::set_up ()
{
  if (sqlite3_exec (db_,
                    "PRAGMA page_size = 1024; PRAGMA journal_mode = WAL;"
                    "PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 4000;"
                    "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 8388608;"
                    "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF;",
                    nullptr, nullptr, nullptr)
      != SQLITE_OK)
    return failed ("open");
  int64_t version = 0;
  {
    Statement ask (db_, "PRAGMA user_version");
    if (!ask.row ())
      return failed ("read");
    version = ask.get_integer (0);
  }
  if (version > VERSION) {
    why_ = file_
           + " was made by a newer version of camwardend: move it away, or name another "
             "file in [history] location";
    return Result::Trouble;
  }
  if (sqlite3_db_readonly (db_, "main") == 1) {
    why_ = "cannot write to " + file_ + ": it is read-only";
    return Result::Trouble;
  }
  if (version == VERSION)
    return Result::Good;
  if (const Result result = begin (); result != Result::Good)
    return result;
  if (const Result result = run (schema); result != Result::Good) {
    rollback ();
    return result;
  }
  return commit ();
}

bool
HistoryDb::was_replaced () const
{
  GStatBuf info;
  return g_stat (file_.c_str (), &info) != 0 || info.st_dev != device_ || info.st_ino != inode_;
}

HistoryDb::Result
HistoryDb::check ()
{
  Statement ask (db_, "PRAGMA quick_check (1)");
  if (!ask.row ())
    return failed ("check");
  const std::string answer = ask.get_text (0);
  if (answer == "ok")
    return Result::Good;
  why_ = file_ + " is damaged: " + answer;
  return Result::Corrupt;
}

std::string
HistoryDb::set_aside (const std::string &time)
{
  close ();
  const std::string aside = file_ + ".corrupt-" + time;
  if (g_rename (file_.c_str (), aside.c_str ()) != 0) {
    why_ = "cannot set aside " + file_ + ": " + g_strerror (errno);
    return {};
  }
  g_rename ((file_ + "-wal").c_str (), (aside + "-wal").c_str ());
  g_unlink ((file_ + "-shm").c_str ());
  drop_old_asides ();
  return aside;
}

/* A disk that damages one file after the other is not filled with them. */
void
HistoryDb::drop_old_asides () const
{
  const std::string folder = take_string (g_path_get_dirname (file_.c_str ()));
  const std::string begin = take_string (g_path_get_basename (file_.c_str ())) + ".corrupt-";
  std::vector<std::string> asides;
  g_autoptr (GDir) dir = g_dir_open (folder.c_str (), 0, nullptr);
  for (const char *name = dir ? g_dir_read_name (dir) : nullptr; name; name = g_dir_read_name (dir))
    if (g_str_has_prefix (name, begin.c_str ()) && !g_str_has_suffix (name, "-wal"))
      asides.push_back (folder + "/" + name);
  std::sort (asides.begin (), asides.end ());
  for (size_t i = 0; i + ASIDE_KEPT < asides.size (); i++) {
    g_unlink (asides[i].c_str ());
    g_unlink ((asides[i] + "-wal").c_str ());
  }
}

/* --- writing --- */

HistoryDb::Result
HistoryDb::begin ()
{
  return run ("BEGIN IMMEDIATE");
}

HistoryDb::Result
HistoryDb::commit ()
{
  return run ("COMMIT");
}

void
HistoryDb::rollback ()
{
  sqlite3_exec (db_, "ROLLBACK", nullptr, nullptr, nullptr);
  layouts_.clear (); /* one of them may have been new */
}

HistoryDb::Result
HistoryDb::layout_of (const MetricNames &names, int64_t &id)
{
  if (const auto known = layouts_.find (names); known != layouts_.end ()) {
    id = known->second;
    return Result::Good;
  }
  const std::string text = joined (*names);
  if (!Statement (db_, "INSERT OR IGNORE INTO layout (names) VALUES (?)").text (text).run ())
    return failed ("write to");
  Statement ask (db_, "SELECT id FROM layout WHERE names = ?");
  ask.text (text);
  if (!ask.row ())
    return failed ("read");
  id = ask.get_integer (0);
  layouts_[names] = id;
  return Result::Good;
}

HistoryDb::Result
HistoryDb::keep (std::span<const MetricsRow> rows)
{
  Statement add (db_, "INSERT INTO sample (time, layout, v) VALUES (?, ?, ?)");
  for (const auto &row : rows) {
    int64_t layout = 0;
    if (const Result result = layout_of (row.names, layout); result != Result::Good)
      return result;
    if (!add.integer (row.wall).integer (layout).blob (row.values).run ())
      return failed ("write to");
  }
  return Result::Good;
}

HistoryDb::Result
HistoryDb::keep (std::span<const AveragesRow> rows)
{
  Statement add (db_, "INSERT INTO average (time, count, layout, v) VALUES (?, ?, ?, ?)");
  for (const auto &row : rows) {
    int64_t layout = 0;
    if (const Result result = layout_of (row.names, layout); result != Result::Good)
      return result;
    if (!add.integer (row.wall).integer (row.count).integer (layout).blob (row.values).run ())
      return failed ("write to");
  }
  return Result::Good;
}

HistoryDb::Result
HistoryDb::keep (const Event &event)
{
  Statement add (db_, "INSERT OR IGNORE INTO event (id, time, severity, kind, camera, code, text, "
                      "json) VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
  add.integer (event.id).integer (event.time).integer (static_cast<int> (event.severity));
  add.text (event.kind).text (event.camera).text (event.code).text (event.text).text (event.json);
  return add.run () ? Result::Good : failed ("write to");
}

HistoryDb::Result
HistoryDb::keep (const KeptAlert &kept)
{
  const Alert &alert = kept.alert;
  if (kept.key.empty ()) { /* one of the past: only this may still change */
    Statement note (db_, "UPDATE alert SET acknowledged = ?, acknowledged_by = ? WHERE id = ?");
    note.integer (alert.acknowledged).text (alert.acknowledged_by).integer (alert.id);
    return note.run () ? Result::Good : failed ("write to");
  }
  const std::string parameters = parameters_json (alert.parameters);
  Statement add (db_, "INSERT OR REPLACE INTO alert (id, key, told, told_at, code, instance, part, "
                      "severity, since, until, value, threshold, unit, text, cause, done, "
                      "parameters, acknowledged, acknowledged_by) "
                      "VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
  add.integer (alert.id).text (kept.key).integer (static_cast<int> (kept.told));
  add.integer (kept.told_at).text (alert.code).text (alert.instance).text (alert.part);
  add.integer (static_cast<int> (alert.severity)).integer (alert.since).integer (alert.until);
  add.real (alert.value).real (alert.threshold).text (alert.unit).text (alert.text);
  add.text (alert.cause).text (alert.done).text (parameters).integer (alert.acknowledged);
  add.text (alert.acknowledged_by);
  return add.run () ? Result::Good : failed ("write to");
}

/* --- deleting --- */

/* Old by the clock and by the number of rows that came after: a clock that jumps ahead deletes
 * nothing that is not old, one that stands still does not let the file grow for ever. */
HistoryDb::Result
HistoryDb::prune_table (const std::string &table, const Kept &kept, int64_t before, bool &more)
{
  const std::string nth = "(SELECT rowid FROM " + table + " ORDER BY rowid DESC LIMIT 1 OFFSET ";
  const std::string sql = "DELETE FROM " + table + " WHERE rowid IN (SELECT rowid FROM " + table
                          + " WHERE rowid <= " + nth + "?1) AND (time < ?2 OR rowid <= " + nth
                          + "?3)) ORDER BY rowid LIMIT ?4)";
  Statement statement (db_, sql.c_str ());
  statement.integer (kept.least).integer (before).integer (kept.most).integer (SLICE);
  if (!statement.run ())
    return failed ("delete from");
  more = more || sqlite3_changes (db_) >= SLICE;
  return Result::Good;
}

HistoryDb::Result
HistoryDb::prune (const HistoryLimits &limits, int64_t wall, bool &more)
{
  more = false;
  const int64_t raw = wall - limits.raw_days * DAY, average = wall - limits.average_days * DAY;
  const int64_t samples = limits.raw_days * SAMPLES_A_DAY;
  const int64_t averages = limits.average_days * AVERAGES_A_DAY;
  Result result = prune_table ("sample", { samples, samples * 2 }, raw, more);
  if (result == Result::Good)
    result = prune_table ("average", { averages, averages * 2 }, average, more);
  if (result == Result::Good)
    result = prune_table ("event", { EVENTS_KEPT, EVENTS_MOST }, average, more);
  if (result != Result::Good)
    return result;
  Statement alerts (db_, "DELETE FROM alert WHERE until != 0 AND until < ? AND id <= (SELECT id "
                         "FROM alert ORDER BY id DESC LIMIT 1 OFFSET 5000)");
  return alerts.integer (average).run () ? Result::Good : failed ("delete from");
}

} // namespace camwarden
