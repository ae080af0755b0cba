// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/logdigest.h"

#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

using LogReader = std::function<void (const LogEntry &)>;

/* PATH.9, ..., PATH.1, PATH: those that are there, the oldest first. */
[[nodiscard]] std::vector<std::string> rotated_files (const std::string &path);

/* Each of our lines in the file, those that are none left out; of a line above 64 KiB its begin.
 * Reads in pieces of 256 KiB. "-" is standard input. What is wrong; empty: nothing. */
[[nodiscard]] std::string read_log_file (const std::string &path, const LogReader &reader);

/* The same of the file as it grows, from its last 8 KiB on, through rotations. Ends with the
 * program, or when `reader` gives false. */
[[nodiscard]] std::string follow_log_file (const std::string &path,
                                           const std::function<bool (const LogEntry &)> &reader);

/* The journal of the machine, or of a directory with journal files: what the service and programs
 * of ours wrote. */
struct JournalWish
{
  std::string directory;     /* empty: the machine's */
  int64_t since = INT64_MIN; /* us UTC */
};

/* Was this program built with the journal's library? */
[[nodiscard]] bool journal_supported ();
/* Is there a journal that may be read, with at least one entry of ours? */
[[nodiscard]] bool journal_has_entries (const JournalWish &wish);
[[nodiscard]] std::string read_journal (const JournalWish &wish, const LogReader &reader);
[[nodiscard]] std::string follow_journal (const JournalWish &wish,
                                          const std::function<bool (const LogEntry &)> &reader);

} // namespace camwarden
