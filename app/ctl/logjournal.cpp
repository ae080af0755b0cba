// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buildconfig.h"
#include "config/i18n.h"
#include "ctl/logsource.h"
#include "ctl/stopsignals.h"

#include <glib.h>

#if HAVE_JOURNAL

#include <cstdlib>
#include <cstring>
#include <systemd/sd-journal.h>

namespace camwarden
{

namespace
{

class Journal
{
public:
  ~Journal () { sd_journal_close (journal_); }
  Journal () = default;
  Journal (const Journal &) = delete;
  Journal &operator= (const Journal &) = delete;

  /* 0, or a negative errno. */
  [[nodiscard]] int
  open (const std::string &directory)
  {
    const int opened = directory.empty ()
                           ? sd_journal_open (&journal_, SD_JOURNAL_LOCAL_ONLY)
                           : sd_journal_open_directory (&journal_, directory.c_str (), 0);
    if (opened < 0)
      return opened;
    (void)sd_journal_set_data_threshold (journal_, 4096);
    for (const char *match : { "_SYSTEMD_UNIT=camwarden.service", "GLIB_DOMAIN=camwarden" }) {
      const int added = sd_journal_add_match (journal_, match, 0);
      if (added < 0)
        return added;
      (void)sd_journal_add_disjunction (journal_);
    }
    return 0;
  }

  [[nodiscard]] sd_journal *
  get () const
  {
    return journal_;
  }

  [[nodiscard]] std::string_view
  field (const char *name) const
  {
    const void *data = nullptr;
    size_t size = 0;
    if (sd_journal_get_data (journal_, name, &data, &size) < 0)
      return {};
    const std::string_view text (static_cast<const char *> (data), size);
    return text.substr (std::min (text.find ('=') + 1, text.size ()));
  }

  [[nodiscard]] LogEntry
  entry () const
  {
    uint64_t time = 0;
    (void)sd_journal_get_realtime_usec (journal_, &time);
    const std::string_view priority = field ("PRIORITY");
    const int number = priority.empty () ? 6 : priority[0] - '0';
    return { static_cast<int64_t> (time), log_level_of_priority (number), field ("MESSAGE") };
  }

private:
  sd_journal *journal_ = nullptr;
};

std::string
problem (int number)
{
  return std::string (_ ("the journal: ")) + g_strerror (-number);
}

int
seek (const Journal &journal, int64_t since)
{
  return since <= 0 ? sd_journal_seek_head (journal.get ())
                    : sd_journal_seek_realtime_usec (journal.get (), static_cast<uint64_t> (since));
}

} // namespace

bool
journal_supported ()
{
  return true;
}

bool
journal_has_entries (const JournalWish &wish)
{
  Journal journal;
  return journal.open (wish.directory) >= 0 && sd_journal_seek_head (journal.get ()) >= 0
         && sd_journal_next (journal.get ()) > 0;
}

std::string
read_journal (const JournalWish &wish, const LogReader &reader)
{
  Journal journal;
  int result = journal.open (wish.directory);
  if (result >= 0)
    result = seek (journal, wish.since);
  while (result >= 0 && (result = sd_journal_next (journal.get ())) > 0)
    reader (journal.entry ());
  return result < 0 ? problem (result) : std::string ();
}

std::string
follow_journal (const JournalWish &wish, const std::function<bool (const LogEntry &)> &reader)
{
  constexpr uint64_t shown_before = 10;
  constexpr uint64_t wait = 200 * 1000; /* us: a signal does not end it */
  Journal journal;
  int result = journal.open (wish.directory);
  if (result >= 0)
    result = sd_journal_seek_tail (journal.get ());
  if (result >= 0)
    result = sd_journal_previous_skip (journal.get (), shown_before);
  /* That stands on the first one to show, or there is none. */
  bool wanted = true;
  if (result > 0)
    wanted = reader (journal.entry ());
  while (wanted && result >= 0 && !interrupted ()) {
    result = sd_journal_next (journal.get ());
    if (result > 0)
      wanted = reader (journal.entry ());
    else if (result == 0)
      result = sd_journal_wait (journal.get (), wait);
  }
  return result < 0 ? problem (result) : std::string ();
}

} // namespace camwarden

#else

namespace camwarden
{

static std::string
unsupported ()
{
  return _ ("this camwardenctl was built without the journal's library; name a file with --file");
}

bool
journal_supported ()
{
  return false;
}

bool
journal_has_entries (const JournalWish &)
{
  return false;
}

std::string
read_journal (const JournalWish &, const LogReader &)
{
  return unsupported ();
}

std::string
follow_journal (const JournalWish &, const std::function<bool (const LogEntry &)> &)
{
  return unsupported ();
}

} // namespace camwarden

#endif
