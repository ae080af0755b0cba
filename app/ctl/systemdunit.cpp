// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/systemdunit.h"

#include <algorithm>
#include <array>
#include <cstdlib>

namespace camwarden
{

static std::string_view
trim (std::string_view text)
{
  constexpr std::string_view blanks = " \t\r";
  const size_t begin = text.find_first_not_of (blanks);
  if (begin == std::string_view::npos)
    return {};
  return text.substr (begin, text.find_last_not_of (blanks) - begin + 1);
}

void
SystemdUnit::add (std::string_view text)
{
  while (!text.empty ()) {
    const size_t end = text.find ('\n');
    const std::string_view line = trim (text.substr (0, end));
    text.remove_prefix (end == std::string_view::npos ? text.size () : end + 1);
    const size_t equals = line.find ('=');
    if (line.empty () || line[0] == '#' || line[0] == ';' || line[0] == '['
        || equals == std::string_view::npos)
      continue;
    auto &values = values_[std::string (trim (line.substr (0, equals)))];
    const std::string_view value = trim (line.substr (equals + 1));
    if (value.empty ())
      values.clear ();
    else
      values.emplace_back (value);
  }
}

std::string
SystemdUnit::value (const std::string &key) const
{
  const auto found = values_.find (key);
  return found == values_.end () || found->second.empty () ? "" : found->second.back ();
}

std::vector<std::string>
SystemdUnit::words (const std::string &key) const
{
  std::vector<std::string> words;
  const auto found = values_.find (key);
  if (found == values_.end ())
    return words;
  for (const std::string &value : found->second)
    for (size_t begin = 0; begin < value.size ();) {
      const size_t end = std::min (value.find (' ', begin), value.size ());
      if (end > begin)
        words.push_back (value.substr (begin, end - begin));
      begin = end + 1;
    }
  return words;
}

bool
SystemdUnit::has_word (const std::string &key, std::string_view word) const
{
  const auto all = words (key);
  return std::find (all.begin (), all.end (), word) != all.end ();
}

bool
SystemdUnit::is_yes (const std::string &key) const
{
  const std::string text = value (key);
  return text == "yes" || text == "true" || text == "1" || text == "on";
}

double
systemd_seconds (std::string_view text)
{
  struct Unit
  {
    std::string_view name;
    double seconds;
  };
  constexpr std::array<Unit, 10> units{ { { "", 1 },
                                          { "s", 1 },
                                          { "sec", 1 },
                                          { "ms", 0.001 },
                                          { "us", 0.000001 },
                                          { "m", 60 },
                                          { "min", 60 },
                                          { "h", 3600 },
                                          { "hr", 3600 },
                                          { "d", 86400 } } };
  double sum = -1;
  text = trim (text);
  while (!text.empty ()) {
    const std::string copy (text);
    char *end = nullptr;
    const double number = std::strtod (copy.c_str (), &end);
    if (end == copy.c_str () || number < 0)
      return -1;
    text = trim (text.substr (static_cast<size_t> (end - copy.c_str ())));
    const size_t size = std::min (text.find_first_of (" 0123456789"), text.size ());
    const auto *unit = std::find_if (units.begin (), units.end (), [&] (const Unit &one) {
      return one.name == text.substr (0, size);
    });
    if (unit == units.end ())
      return -1;
    sum = std::max (sum, 0.0) + number * unit->seconds;
    text = trim (text.substr (size));
  }
  return sum;
}

} // namespace camwarden
