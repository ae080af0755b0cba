// SPDX-License-Identifier: LGPL-2.1-or-later
/* The log, as the HTTP interface shows it: of the journal where there is one and it may be read,
 * else what this program has kept. */
#include "core/secrettext.h"
#include "daemon/background.h"
#include "daemon/daemonmodel.h"
#include "daemon/journallog.h"
#include "daemon/logsetup.h"
#include "daemon/ownunit.h"

#include <charconv>
#include <unistd.h>

namespace camwarden
{

namespace
{

LogFilter
filter_of (const LogQuery &query)
{
  return { .topic = parse_log_topic (query.type),
           .least = parse_log_level (query.least),
           .camera = query.camera,
           .contains = query.contains,
           .since = query.since };
}

void
add_lines (LogAnswer &answer, const std::vector<LogRecord> &records)
{
  for (const LogRecord &record : records)
    answer.lines.push_back ({ record.time, std::string (log_level_name (record.level)),
                              record.camera, without_passwords (record.text) });
}

/* "memory:START:NUMBER": a cursor of another run, or of the journal, means nothing here. */
std::string
cursor_start (int64_t started)
{
  return "memory:" + std::to_string (started) + ":";
}

LogAnswer
kept_lines (const LogQuery &query, int64_t started)
{
  const std::string start = cursor_start (started);
  uint64_t after = 0;
  const bool follows = query.after.starts_with (start)
                       && std::from_chars (query.after.data () + start.size (),
                                           query.after.data () + query.after.size (), after)
                                  .ec
                              == std::errc ();
  const LogFilter filter = filter_of (query);
  LogAnswer answer;
  answer.source = "memory";
  kept_log ().with ([&] (const LogRing &ring) {
    const auto records
        = follows ? ring.after (after, filter, query.limit) : ring.latest (filter, query.limit);
    add_lines (answer, records);
    /* A full page ends at its last line, else everything was looked at. */
    const bool full = follows && records.size () >= query.limit;
    answer.cursor = start + std::to_string (full ? records.back ().number : ring.newest ());
  });
  return answer;
}

constexpr const char *journal_mark = "journal:";

std::optional<LogAnswer>
journal_lines (const LogQuery &query, const std::string &unit)
{
  const std::string mark = journal_mark;
  const std::string cursor
      = query.after.starts_with (mark) ? query.after.substr (mark.size ()) : "";
  const auto found = read_journal (unit, filter_of (query), query.limit, cursor);
  if (!found)
    return std::nullopt;
  LogAnswer answer;
  answer.source = "journal";
  add_lines (answer, found->lines);
  answer.cursor = mark + found->cursor;
  return answer;
}

} // namespace

void
DaemonModel::log (const LogQuery &query, LogDone done)
{
  const auto unit = g_log_writer_is_journald (STDERR_FILENO) ? own_unit () : std::nullopt;
  if (!unit)
    return done (kept_lines (query, parts_.started), "");
  in_background<std::optional<LogAnswer>> (
      [query, unit = *unit] { return journal_lines (query, unit); },
      [query, started = parts_.started, done = std::move (done)] (auto answer) {
        done (answer ? *answer : kept_lines (query, started), "");
      });
}

LogCounts
DaemonModel::log_counts () const
{
  const LogRing::Counts counts
      = kept_log ().with ([] (const LogRing &ring) { return ring.last_hour (g_get_real_time ()); });
  return { counts.errors, counts.warnings, counts.camera, counts.redis };
}

} // namespace camwarden
