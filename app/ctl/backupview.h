// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/archivereader.h"
#include "ctl/backupcreate.h"
#include "ctl/terminal.h"

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace camwarden
{

struct ListedArchive
{
  std::string name;
  int64_t time = 0; /* s UTC */
  uint64_t bytes = 0;
};

/* Texts and JSON of the verbs of "camwardenctl backup". */
[[nodiscard]] std::string format_archives (const std::vector<ListedArchive> &archives,
                                           const std::string &directory, const Terminal &terminal);
[[nodiscard]] std::string archives_json (const std::vector<ListedArchive> &archives,
                                         const std::string &directory);

[[nodiscard]] std::string format_outcome (const BackupOutcome &outcome, bool dry_run,
                                          const Terminal &terminal);
[[nodiscard]] std::string outcome_json (const BackupOutcome &outcome, bool dry_run);

[[nodiscard]] std::string format_sums (const std::map<std::string, ArchiveReader::Sum> &sums);
/* about: the archive's own words, or empty. */
[[nodiscard]] std::string sums_json (const std::map<std::string, ArchiveReader::Sum> &sums,
                                     const std::string &about, const std::string &problem);

} // namespace camwarden
