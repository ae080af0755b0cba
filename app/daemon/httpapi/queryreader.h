// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/exchange.h"

#include <initializer_list>
#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

/* Reads the parameters after the `?`. The first one that makes no sense becomes the reply, 400 with
 * what would be right; after that good() is false and the values mean nothing. */
class QueryReader
{
public:
  explicit QueryReader (Exchange &exchange) : exchange_ (exchange) {}

  [[nodiscard]] int64_t integer (const char *name, int64_t fallback, int64_t least, int64_t most);
  [[nodiscard]] double number (const char *name, double fallback, double least, double most);
  [[nodiscard]] std::optional<bool> flag (const char *name); /* 0, 1, false, true */
  /* Seconds since 1970, or ISO 8601 (without a zone: UTC); microseconds. */
  [[nodiscard]] int64_t time (const char *name, int64_t fallback);
  /* Empty when it is not given. */
  [[nodiscard]] std::string text (const char *name, size_t longest = 128);
  [[nodiscard]] std::string word (const char *name, const char *fallback,
                                  std::initializer_list<const char *> words);
  [[nodiscard]] std::vector<std::string> list (const char *name, size_t most);

  [[nodiscard]] bool
  good () const
  {
    return good_;
  }

private:
  void refuse (const std::string &why);

  Exchange &exchange_;
  bool good_ = true;
};

/* Of a text that is one of the two; empty: it is neither. */
[[nodiscard]] std::optional<int64_t> parse_time (const std::string &text);

} // namespace camwarden
