// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/journallog.h"

#include "buildconfig.h"

#if HAVE_JOURNAL

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <glib.h>
#include <memory>
#include <systemd/sd-journal.h>

namespace camwarden
{

namespace
{

constexpr int64_t longest_read = 2 * G_USEC_PER_SEC;

struct JournalClose
{
  void
  operator() (sd_journal *journal) const
  {
    sd_journal_close (journal);
  }
};
using Journal = std::unique_ptr<sd_journal, JournalClose>;

std::string
field (sd_journal *journal, const char *name)
{
  const void *data = nullptr;
  size_t size = 0;
  const size_t skip = strlen (name) + 1;
  if (sd_journal_get_data (journal, name, &data, &size) < 0 || size < skip)
    return {};
  return std::string (static_cast<const char *> (data) + skip, size - skip);
}

LogLevel
level_of (int priority)
{
  return priority <= 3   ? LogLevel::Error
         : priority == 4 ? LogLevel::Warning
         : priority <= 6 ? LogLevel::Info
                         : LogLevel::Debug;
}

LogRecord
record_of (sd_journal *journal)
{
  LogRecord record;
  uint64_t time = 0;
  if (sd_journal_get_realtime_usec (journal, &time) >= 0)
    record.time = static_cast<int64_t> (time);
  const std::string priority = field (journal, "PRIORITY");
  record.level = priority.empty () ? LogLevel::Info : level_of (atoi (priority.c_str ()));
  record.text = field (journal, "MESSAGE");
  record.camera = field (journal, "CAMWARDEN_CAMERA");
  if (record.camera.empty ())
    record.camera = camera_of_line (record.text);
  return record;
}

/* What it says itself, and what systemd says of it. */
void
ask_for_unit (sd_journal *journal, const std::string &unit)
{
  sd_journal_set_data_threshold (journal, LogRing::longest_line);
  sd_journal_add_match (journal, ("_SYSTEMD_UNIT=" + unit).c_str (), 0);
  sd_journal_add_disjunction (journal);
  sd_journal_add_match (journal, ("UNIT=" + unit).c_str (), 0);
  sd_journal_add_match (journal, "_PID=1", 0);
}

/* Places it so that the first step goes to the first entry that is wanted. */
bool
place (sd_journal *journal, const std::string &cursor)
{
  if (cursor.empty ())
    return sd_journal_seek_tail (journal) >= 0;
  if (sd_journal_seek_cursor (journal, cursor.c_str ()) < 0)
    return false;
  /* The step goes to that very entry if it is still there. */
  if (sd_journal_next (journal) > 0 && sd_journal_test_cursor (journal, cursor.c_str ()) <= 0)
    (void)sd_journal_previous (journal);
  return true;
}

} // namespace

std::optional<JournalLines>
read_journal (const std::string &unit, const LogFilter &filter, size_t limit,
              const std::string &cursor)
{
  const int64_t end = g_get_monotonic_time () + longest_read;
  sd_journal *opened = nullptr;
  if (sd_journal_open (&opened, SD_JOURNAL_LOCAL_ONLY) < 0)
    return std::nullopt;
  const Journal journal (opened);
  ask_for_unit (opened, unit);
  const bool back = cursor.empty ();
  if (!place (opened, cursor))
    return std::nullopt;
  JournalLines found{ {}, cursor };
  size_t seen = 0;
  while (found.lines.size () < limit && g_get_monotonic_time () < end
         && (back ? sd_journal_previous (opened) : sd_journal_next (opened)) > 0) {
    LogRecord record = record_of (opened);
    if (seen++ == 0 || !back) {
      g_autofree char *here = nullptr; /* of malloc, as g_free wants it */
      if (sd_journal_get_cursor (opened, &here) >= 0)
        found.cursor = here;
    }
    if (back && record.time < filter.since)
      break;
    if (filter.matches (record))
      found.lines.push_back (std::move (record));
  }
  /* It holds what this very program wrote: nothing at all means that it may not be read. */
  if (back && seen == 0)
    return std::nullopt;
  if (back)
    std::reverse (found.lines.begin (), found.lines.end ());
  return found;
}

} // namespace camwarden

#else

namespace camwarden
{

std::optional<JournalLines>
read_journal (const std::string &, const LogFilter &, size_t, const std::string &)
{
  return std::nullopt;
}

} // namespace camwarden

#endif
