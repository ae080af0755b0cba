// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* What is in a backup, by the first part of each member's name:
 *
 *   about.json                 who made it, when, of what
 *   config/... state/...       the files of these directories
 *   history/history.sqlite     the history, as it was at one moment
 *   frames/...                 the stored frames
 *   manifest/000001.sha256     the checksums of the members before it, as sha256sum writes them
 *   manifest/end.json          how many there are; always the last
 *
 * Standard C++ only. */
inline constexpr std::string_view about_member = "about.json";
inline constexpr std::string_view end_member = "manifest/end.json";
inline constexpr std::string_view history_member = "history/history.sqlite";
inline constexpr size_t manifest_part_files = 4096;

/* Why a member of that name is not taken from an archive; empty: it is. Relative, no "." or "..",
 * no control characters, below one of the above, not longer or deeper than any of ours. */
[[nodiscard]] std::string member_problem (std::string_view name);

/* "frames" of "frames/front/a.jpg"; empty: a member without a folder. */
[[nodiscard]] std::string_view member_tree (std::string_view name);

/* "manifest/000012.sha256" */
[[nodiscard]] std::string manifest_name (unsigned part);
[[nodiscard]] bool is_manifest_part (std::string_view name);

struct ManifestLine
{
  std::string_view digest; /* 64 hexadecimal digits */
  std::string_view name;
};

[[nodiscard]] std::string manifest_line (std::string_view digest, std::string_view name);
/* Nothing: one of the lines is none. */
[[nodiscard]] std::optional<std::vector<ManifestLine>> parse_manifest (std::string_view text);

/* "camwarden-HOST-20260131T120000Z.tar.zst"; time in s UTC. What a host may not have in its name
 * becomes "-". */
[[nodiscard]] std::string archive_name (std::string_view host, int64_t time);
[[nodiscard]] std::optional<int64_t> archive_time (std::string_view name);

/* Those that are older than `keep_days`, but never the newest one; s UTC. */
[[nodiscard]] std::vector<std::string> expired_archives (const std::vector<std::string> &names,
                                                         int64_t now, unsigned keep_days);

} // namespace camwarden
