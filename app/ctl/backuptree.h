// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/config.h"

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace camwarden
{

/* A directory of the machine and the folder of the archive that stands for it. */
struct BackupTree
{
  std::string name;                 /* config, state, frames, history */
  std::string root;                 /* absolute */
  std::vector<std::string> only;    /* names in it; empty: all */
  std::vector<std::string> without; /* absolute paths of files and folders that are left out */
};

struct BackupChoice
{
  bool images = true;
  bool history = true;
};

/* What belongs to a backup. `archives`: where the archives are, which is left out. The history is a
 * tree of its own with its one file. */
[[nodiscard]] std::vector<BackupTree> backup_trees (const Config &config,
                                                    const std::string &config_file,
                                                    const std::string &archives,
                                                    const BackupChoice &choice);

/* Names that a restore makes in a root: what was there before, and what is being unpacked. Never
 * part of a backup. */
[[nodiscard]] bool is_restore_folder (const std::string &name);

struct FoundFile
{
  std::string path;   /* relative to the root */
  int directory = -1; /* open, of its folder; valid during the call */
  std::string name;   /* in that folder */
};

/* Calls `each` for every ordinary file, by name; never follows a link. Hidden unfinished files
 * (".NAME.part") are left out. `each` ends the walk by giving false. What is wrong; empty: nothing.
 * `unreadable` is told of each folder that cannot be read, absolute, and its errno. `others` counts
 * links, sockets and devices. */
using UnreadableFolder = std::function<void (const std::string &path, int number)>;
[[nodiscard]] std::string walk_tree (const BackupTree &tree,
                                     const std::function<bool (const FoundFile &)> &each,
                                     const UnreadableFolder &unreadable, uint64_t &others);

} // namespace camwarden
