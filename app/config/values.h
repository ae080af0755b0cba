// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* How a configuration value is written. Standard C++ only. */

struct Fraction
{
  unsigned numerator = 0;
  unsigned denominator = 1;

  [[nodiscard]] double
  value () const
  {
    return static_cast<double> (numerator) / denominator;
  }
  bool operator== (const Fraction &) const = default;
};

/* An amount of bytes, or a share (0 to 1) of the whole. */
struct SizeOrShare
{
  bool is_share = false;
  uint64_t bytes = 0;
  double share = 0;
  bool operator== (const SizeOrShare &) const = default;
};

/* "warning;critical" */
struct Levels
{
  double warning = 0;
  double critical = 0;
  bool operator== (const Levels &) const = default;
};

[[nodiscard]] std::string_view strip (std::string_view text);

/* true yes on 1, false no off 0 */
[[nodiscard]] std::optional<bool> parse_bool (std::string_view text);

/* Digits with a sign before them at most. */
[[nodiscard]] std::optional<int64_t> parse_integer (std::string_view text);

/* A plain decimal number, never "nan", "inf" or hexadecimal. */
[[nodiscard]] std::optional<double> parse_number (std::string_view text);

/* "500ms", "2s", "1.5 h", "10min", "7d", "20us"; "0" needs no unit. Microseconds. */
[[nodiscard]] std::optional<int64_t> parse_duration (std::string_view text);

/* "64MiB", "2GB", "512k" (1024), "1000". Bytes. */
[[nodiscard]] std::optional<uint64_t> parse_size (std::string_view text);

/* "85%" or "85 %", 0 to 1. The sign is needed. */
[[nodiscard]] std::optional<double> parse_share (std::string_view text);

[[nodiscard]] std::optional<SizeOrShare> parse_size_or_share (std::string_view text);

/* "30", "30000/1001", "29.97" */
[[nodiscard]] std::optional<Fraction> parse_fraction (std::string_view text);

/* Words between commas, semicolons, plus signs or blanks; no empty ones. */
[[nodiscard]] std::vector<std::string> split_words (std::string_view text,
                                                    std::string_view separators);

/* The shortest exact form that the parser above reads back: "1h", "1500ms"; "64MiB"; "0". */
[[nodiscard]] std::string format_duration (int64_t us);
[[nodiscard]] std::string format_size (uint64_t bytes);
[[nodiscard]] std::string format_number (double number);

/* The word most like `text`, empty if none is like it. */
[[nodiscard]] std::string closest_word (std::string_view text,
                                        const std::vector<std::string> &words);

} // namespace camwarden
