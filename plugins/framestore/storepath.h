// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace camwarden
{

/* Where a stored frame lies, below the store's location:
 *
 *   %Y/%m/%d/%H/%M/CAMERA_YYYYMMDDTHHMMSS.uuuuuuZ_RUN_SEQ.jpg
 *
 * in UTC, RUN eight hexadecimal digits drawn at each start, SEQ at least eight decimal ones. There
 * is no index: the directory is the truth, and the order of the names is the order of capture (see
 * StoreTime). While it is written the file is called ".NAME.part", when the disk refused it
 * ".NAME.bad". */
struct FrameName
{
  int64_t time_us = 0; /* capture, microseconds since 1970 in UTC, as of StoreTime */
  uint32_t run = 0;
  uint32_t seq = 0;

  /* clang-tidy 14 takes the 0 that <=> is compared with for a pointer. */
  auto operator<=> (const FrameName &) const = default; // NOLINT(modernize-use-nullptr)
};

constexpr int64_t minute_us = 60'000'000;
constexpr int64_t last_time_us = 253'402'300'799'999'999; /* the end of the year 9999 */

/* What a camera may be called: [a-z0-9-]{1,32}. */
[[nodiscard]] bool is_stored_camera (std::string_view id);

/* The minute since 1970 a frame belongs to; times outside of 1970 to 9999 are clamped. */
[[nodiscard]] int64_t minute_of (int64_t time_us);

/* "2026/01/31/23/59" */
[[nodiscard]] std::string minute_folder (int64_t minute);

/* The five numbers of a folder's path; nothing when they are no minute of the calendar. */
[[nodiscard]] std::optional<int64_t> minute_from_parts (int year, int month, int day, int hour,
                                                        int minute);

/* The number in a folder's name of exactly `digits` digits. */
[[nodiscard]] std::optional<int> parse_digits (std::string_view text, size_t digits);

[[nodiscard]] std::string file_name (std::string_view camera, const FrameName &name);

/* Only a name that file_name() would make for this camera; anything else is a stranger's. */
[[nodiscard]] std::optional<FrameName> parse_file_name (std::string_view text,
                                                        std::string_view camera);

[[nodiscard]] std::string part_name (std::string_view file_name);
[[nodiscard]] std::string bad_name (std::string_view file_name);

/* What a hidden file of this camera is; nothing for anything else. */
enum class HiddenKind { part, bad };
struct HiddenFile
{
  HiddenKind kind;
  FrameName name;
};
[[nodiscard]] std::optional<HiddenFile> parse_hidden_name (std::string_view text,
                                                           std::string_view camera);

} // namespace camwarden
