// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace camwarden
{

struct DiskUser
{
  std::string path;   /* a directory, or a large file */
  uint64_t bytes = 0; /* on the disk, with all that is below */
};

struct DiskUsers
{
  std::vector<DiskUser> largest; /* largest first, none within another */
  bool complete = false;         /* else there was no time for the rest */

  /* "/srv/frames/filler 60 MiB, /srv/frames/front 12 MiB"; empty: nothing was found. */
  [[nodiscard]] std::string text () const;
};

/* Who fills the file system that is mounted there. Follows no link, leaves it for no other one, and
 * ends after `patience` us. For a thread that may take its time. */
[[nodiscard]] DiskUsers find_disk_users (const std::string &mount, int64_t patience,
                                         size_t most = 3);

/* "12 MiB", "3.4 GiB": for people. */
[[nodiscard]] std::string size_in_words (uint64_t bytes);

} // namespace camwarden
