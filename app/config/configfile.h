// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/config.h"

namespace camwarden
{

struct FileEntry
{
  std::string group, key, value;
  unsigned line;
};

/* One file as it stands: what it says and on which line, not whether it makes sense. */
struct ConfigFile
{
  std::vector<FileEntry> entries; /* each group and key once: the last one counts */
  std::vector<std::pair<std::string, unsigned>> groups;
};

/* Findings for everything that is not a group, a key or a comment; then the file counts as empty.
 */
[[nodiscard]] ConfigFile read_config_file (const std::string &path, bool must_exist,
                                           std::vector<Finding> &findings);

/* The same for a text; `path` is for the findings only. */
[[nodiscard]] ConfigFile parse_config_text (const std::string &text, const std::string &path,
                                            std::vector<Finding> &findings);

/* "*.conf" of a directory, by name; none if it is not there. */
[[nodiscard]] std::vector<std::string> list_config_files (const std::string &directory,
                                                          std::vector<Finding> &findings);

} // namespace camwarden
