// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/cleaner.h"

#include "daemon/evidencefolder.h"

#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr unsigned most_logs = 1000; /* as [log] keep allows */

/* A regular file of our own user's alone. */
void
remove_file (int folder, const std::string &name, int64_t older_than, Cleaned &cleaned)
{
  struct stat status
  {};
  if (fstatat (folder, name.c_str (), &status, AT_SYMLINK_NOFOLLOW) != 0
      || !S_ISREG (status.st_mode) || status.st_uid != geteuid ()
      || int64_t{ status.st_mtim.tv_sec } * 1'000'000 > older_than
      || unlinkat (folder, name.c_str (), 0) != 0)
    return;
  cleaned.files++;
  cleaned.bytes += static_cast<uint64_t> (status.st_blocks) * 512;
}

/* ".NAME.part": what a file is called until it is whole. */
bool
is_part (const std::string &name)
{
  constexpr std::string_view ending = ".part";
  return name.size () > ending.size () + 1 && name.starts_with ('.') && name.ends_with (ending);
}

void
remove_parts (const std::string &directory, int64_t older_than, Cleaned &cleaned)
{
  const std::unique_ptr<DIR, int (*) (DIR *)> folder (opendir (directory.c_str ()), closedir);
  while (const dirent *entry = folder ? readdir (folder.get ()) : nullptr)
    if (is_part (entry->d_name))
      remove_file (dirfd (folder.get ()), entry->d_name, older_than, cleaned);
}

} // namespace

Cleaned
clean_own_files (const CleanOrder &order, int64_t wall)
{
  Cleaned cleaned;
  for (const auto &directory : order.directories)
    remove_parts (directory, wall - order.part_age, cleaned);
  for (unsigned number = 1; !order.log_file.empty () && number <= most_logs; number++) {
    const std::string old = order.log_file + "." + std::to_string (number);
    if (number > order.log_keep && access (old.c_str (), F_OK) != 0)
      break;
    remove_file (AT_FDCWD, old, INT64_MAX, cleaned);
  }
  const EvidenceThinned thinned = thin_evidence (order.evidence, order.evidence_keep);
  cleaned.files += thinned.folders;
  cleaned.bytes += thinned.bytes;
  return cleaned;
}

} // namespace camwarden
