// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/values.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

namespace camwarden
{

std::string_view
strip (std::string_view text)
{
  const char *blanks = " \t\r\n\f\v";
  const size_t first = text.find_first_not_of (blanks);
  if (first == std::string_view::npos)
    return {};
  return text.substr (first, text.find_last_not_of (blanks) - first + 1);
}

std::optional<bool>
parse_bool (std::string_view text)
{
  text = strip (text);
  for (const char *word : { "true", "yes", "on", "1" })
    if (text == word)
      return true;
  for (const char *word : { "false", "no", "off", "0" })
    if (text == word)
      return false;
  return {};
}

std::optional<int64_t>
parse_integer (std::string_view text)
{
  text = strip (text);
  if (text.starts_with ('+') && !text.starts_with ("+-"))
    text.remove_prefix (1);
  int64_t number = 0;
  const char *end = text.data () + text.size ();
  const auto result = std::from_chars (text.data (), end, number);
  if (result.ec != std::errc{} || result.ptr != end)
    return {};
  return number;
}

/* The number before the unit; what follows it is left in `text`. */
static std::optional<double>
take_number (std::string_view &text)
{
  text = strip (text);
  const size_t length = std::min (text.find_first_not_of ("0123456789.+-"), text.size ());
  std::string_view digits = text.substr (0, length);
  if (digits.starts_with ('+') && !digits.starts_with ("+-"))
    digits.remove_prefix (1);
  if (digits.find_first_of ("0123456789") == std::string_view::npos)
    return {};
  double number = 0;
  const auto result = std::from_chars (digits.data (), digits.data () + digits.size (), number,
                                       std::chars_format::fixed);
  if (result.ec != std::errc{} || result.ptr != digits.data () + digits.size ()
      || !std::isfinite (number))
    return {};
  text = strip (text.substr (length));
  return number;
}

std::optional<double>
parse_number (std::string_view text)
{
  const auto number = take_number (text);
  return text.empty () ? number : std::nullopt;
}

struct Unit
{
  std::string_view name;
  double factor;
};

static constexpr Unit duration_units[] = {
  { "us", 1 },         { "ms", 1e3 },    { "s", 1e6 },       { "sec", 1e6 },
  { "min", 60e6 },     { "m", 60e6 },    { "h", 3600e6 },    { "hour", 3600e6 },
  { "hours", 3600e6 }, { "d", 86400e6 }, { "day", 86400e6 }, { "days", 86400e6 },
};

static constexpr Unit size_units[] = {
  { "", 1 },
  { "B", 1 },
  { "k", 1024 },
  { "K", 1024 },
  { "M", 1048576.0 },
  { "G", 1073741824.0 },
  { "T", 1099511627776.0 },
  { "KiB", 1024 },
  { "kiB", 1024 },
  { "MiB", 1048576.0 },
  { "GiB", 1073741824.0 },
  { "TiB", 1099511627776.0 },
  { "kB", 1e3 },
  { "KB", 1e3 },
  { "MB", 1e6 },
  { "GB", 1e9 },
  { "TB", 1e12 },
};

template <typename Units>
static std::optional<int64_t>
scale (double number, std::string_view unit, const Units &units)
{
  for (const Unit &known : units) {
    if (known.name != unit)
      continue;
    const double scaled = std::round (number * known.factor);
    if (std::abs (scaled) > 9e18)
      return {};
    return static_cast<int64_t> (scaled);
  }
  return {};
}

std::optional<int64_t>
parse_duration (std::string_view text)
{
  const auto number = take_number (text);
  if (!number)
    return {};
  if (text.empty () && *number == 0)
    return 0;
  return scale (*number, text, duration_units);
}

std::optional<uint64_t>
parse_size (std::string_view text)
{
  const auto number = take_number (text);
  if (!number || *number < 0)
    return {};
  const auto bytes = scale (*number, text, size_units);
  return bytes ? std::optional<uint64_t> (static_cast<uint64_t> (*bytes)) : std::nullopt;
}

std::optional<double>
parse_share (std::string_view text)
{
  const auto number = take_number (text);
  if (!number || text != "%")
    return {};
  return *number / 100;
}

std::optional<SizeOrShare>
parse_size_or_share (std::string_view text)
{
  if (const auto share = parse_share (text))
    return SizeOrShare{ true, 0, *share };
  if (const auto bytes = parse_size (text))
    return SizeOrShare{ false, *bytes, 0 };
  return {};
}

static std::optional<Fraction>
reduced (int64_t numerator, int64_t denominator)
{
  if (numerator < 0 || denominator <= 0)
    return {};
  const int64_t divisor = std::max<int64_t> (1, std::gcd (numerator, denominator));
  numerator /= divisor;
  denominator /= divisor;
  if (numerator > std::numeric_limits<int32_t>::max ()
      || denominator > std::numeric_limits<int32_t>::max ())
    return {};
  return Fraction{ static_cast<unsigned> (numerator), static_cast<unsigned> (denominator) };
}

std::optional<Fraction>
parse_fraction (std::string_view text)
{
  text = strip (text);
  if (const size_t slash = text.find ('/'); slash != std::string_view::npos) {
    const auto numerator = parse_integer (text.substr (0, slash));
    const auto denominator = parse_integer (text.substr (slash + 1));
    return numerator && denominator ? reduced (*numerator, *denominator) : std::nullopt;
  }
  const auto number = parse_number (text);
  if (!number || *number < 0 || *number > 1e6)
    return {};
  /* 29.97 and its kin mean N * 1000 / 1001 */
  const double ntsc = std::round (*number) * 1000 / 1001;
  if (*number != std::round (*number) && std::abs (ntsc - *number) < 0.004)
    return reduced (std::llround (*number) * 1000, 1001);
  return reduced (std::llround (*number * 1000), 1000);
}

std::vector<std::string>
split_words (std::string_view text, std::string_view separators)
{
  std::vector<std::string> words;
  size_t start = 0;
  while (start <= text.size ()) {
    const size_t end = std::min (text.find_first_of (separators, start), text.size ());
    if (const auto word = strip (text.substr (start, end - start)); !word.empty ())
      words.emplace_back (word);
    start = end + 1;
  }
  return words;
}

std::string
format_duration (int64_t us)
{
  if (us == 0)
    return "0";
  for (const Unit &unit : { Unit{ "d", 86400e6 }, Unit{ "h", 3600e6 }, Unit{ "min", 60e6 },
                            Unit{ "s", 1e6 }, Unit{ "ms", 1e3 } })
    if (us % static_cast<int64_t> (unit.factor) == 0)
      return std::to_string (us / static_cast<int64_t> (unit.factor)) + std::string (unit.name);
  return std::to_string (us) + "us";
}

std::string
format_size (uint64_t bytes)
{
  if (bytes == 0)
    return "0";
  const char *const names[] = { "", "KiB", "MiB", "GiB", "TiB" };
  size_t i = 0;
  while (i + 1 < std::size (names) && bytes % 1024 == 0) {
    bytes /= 1024;
    i++;
  }
  return std::to_string (bytes) + names[i];
}

std::string
format_number (double number)
{
  char text[400]; /* the longest double in fixed notation */
  const auto result = std::to_chars (text, text + sizeof text, number, std::chars_format::fixed);
  return { text, result.ptr };
}

/* Edits from one word to the other; two neighbours that changed places are one edit. */
static size_t
distance (std::string_view a, std::string_view b)
{
  const size_t width = b.size () + 1;
  std::vector<size_t> cost ((a.size () + 1) * width);
  const auto at = [&] (size_t i, size_t j) -> size_t & { return cost[i * width + j]; };
  for (size_t j = 0; j <= b.size (); j++)
    at (0, j) = j;
  for (size_t i = 1; i <= a.size (); i++) {
    at (i, 0) = i;
    for (size_t j = 1; j <= b.size (); j++) {
      const size_t replaced = at (i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0 : 1);
      at (i, j) = std::min ({ at (i - 1, j) + 1, at (i, j - 1) + 1, replaced });
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        at (i, j) = std::min (at (i, j), at (i - 2, j - 2) + 1);
    }
  }
  return at (a.size (), b.size ());
}

std::string
closest_word (std::string_view text, const std::vector<std::string> &words)
{
  if (text.size () > 64)
    return {};
  const size_t tolerance = (text.size () + 2) / 3;
  std::string best;
  size_t nearest = tolerance + 1;
  for (const auto &word : words) {
    const size_t steps = distance (text, word);
    if (steps < nearest) {
      nearest = steps;
      best = word;
    }
  }
  return best;
}

} // namespace camwarden
