// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* The text of a configuration file whose keys can be changed; all other lines stay as they are. */
class ConfigText
{
public:
  explicit ConfigText (std::string_view text);

  /* Where the key stands, else at the end of its group, else in a new group. */
  void set (const std::string &group, const std::string &key, const std::string &value);
  /* false: it is not there. A group that is empty then goes, too. */
  [[nodiscard]] bool unset (const std::string &group, const std::string &key);

  [[nodiscard]] std::string text () const;

private:
  struct Place
  {
    size_t group = npos; /* the last line of that group's header */
    size_t end = npos;   /* behind the last key of that group */
    std::vector<size_t> keys;
  };
  static constexpr size_t npos = static_cast<size_t> (-1);

  [[nodiscard]] Place find (const std::string &group, const std::string &key) const;
  void drop_empty_group (const std::string &group);

  std::vector<std::string> lines_;
};

} // namespace camwarden
