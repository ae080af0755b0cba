// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/backuptree.h"

#include <cstdint>
#include <string>
#include <vector>

namespace camwarden
{

struct BackupOutcome
{
  std::string problem; /* empty: it is done */
  bool interrupted = false;
  std::string path;
  uint64_t files = 0, bytes = 0; /* as read */
  uint64_t archive_bytes = 0;
  uint64_t changed = 0;                /* files that became shorter while they were read */
  uint64_t others = 0;                 /* links, sockets, devices: left out */
  std::vector<std::string> unreadable; /* the first of them; left out, wholly or from a byte on */
  uint64_t unreadable_count = 0;
};

/* Writes the archive `path`; with dry_run only counts. Streams: memory does not grow with what is
 * backed up. Works beside a running daemon: frames are never changed, only taken away; the history
 * is copied by its database's own means. */
[[nodiscard]] BackupOutcome create_backup (const std::vector<BackupTree> &trees,
                                           const BackupChoice &choice, const std::string &path,
                                           bool dry_run);

} // namespace camwarden
