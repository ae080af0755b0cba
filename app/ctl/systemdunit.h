// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* Settings of a unit or of systemd's own configuration, as far as they are read here: an empty
 * value takes back what was said before. Standard C++ only. */
class SystemdUnit
{
public:
  /* One file after the other, in systemd's order. */
  void add (std::string_view text);

  [[nodiscard]] bool
  empty () const
  {
    return values_.empty ();
  }
  /* The last one that was said. */
  [[nodiscard]] std::string value (const std::string &key) const;
  /* All of them, split at blanks. */
  [[nodiscard]] std::vector<std::string> words (const std::string &key) const;
  [[nodiscard]] bool has_word (const std::string &key, std::string_view word) const;
  [[nodiscard]] bool is_yes (const std::string &key) const;

private:
  std::map<std::string, std::vector<std::string>> values_;
};

/* "14", "14s", "1min 30s", "500ms": seconds; -1: none of these. */
[[nodiscard]] double systemd_seconds (std::string_view text);

} // namespace camwarden
