// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/archivereader.h"
#include "ctl/backuptree.h"

#include <string>
#include <vector>

namespace camwarden
{

struct RestoreOutcome
{
  ArchiveReader::Result result = ArchiveReader::Result::Good;
  std::string problem;
  std::map<std::string, ArchiveReader::Sum> sums; /* of all trees in the archive */
  std::vector<std::string> kept;                  /* folders with what was there before */
};

/* Unpacks an archive into new folders of the trees' roots (".restore-PID"), checks it whole, and
 * only then puts each of its first-level entries in the place of the old one, which goes to
 * ".before-restore-STAMP". When one of these steps fails, those before it are taken back. Members
 * of trees that are not listed are checked and left out. Nothing of it is done while the daemon
 * runs: the caller holds its lock. */
[[nodiscard]] RestoreOutcome restore_backup (const std::string &archive,
                                             const std::vector<BackupTree> &trees,
                                             const std::string &stamp);

/* Deletes a folder with all that is in it; never follows a link. */
[[nodiscard]] bool remove_folder (const std::string &path);

/* Holds a daemon's runtime directory, so that none starts on it. */
class DaemonLock
{
public:
  DaemonLock () = default;
  ~DaemonLock ();
  DaemonLock (const DaemonLock &) = delete;
  DaemonLock &operator= (const DaemonLock &) = delete;

  enum class Result { Held, Busy, Failed };
  /* `why`: the process that holds it, or what failed. */
  [[nodiscard]] Result take (const std::string &directory, std::string &why);

private:
  std::string made_; /* the directory, if there was none */
  std::string path_;
  int fd_ = -1;
};

} // namespace camwarden
