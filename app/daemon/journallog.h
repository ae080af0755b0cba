// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/logring.h"

#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

struct JournalLines
{
  std::vector<LogRecord> lines; /* oldest first */
  std::string cursor;           /* of the last one that was looked at; "": there was none */
};

/* What systemd's journal holds of a unit: the newest `limit` lines, or those that came next after
 * `cursor`. Reads files, so not on the main thread; it stops after 2 s, with what it has. Nothing:
 * the program was built without libsystemd, or may not read the journal, or there is none. */
[[nodiscard]] std::optional<JournalLines> read_journal (const std::string &unit,
                                                        const LogFilter &filter, size_t limit,
                                                        const std::string &cursor);

} // namespace camwarden
