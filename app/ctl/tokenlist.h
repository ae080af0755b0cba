// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* The token file: lines `ROLE TOKEN`, and comments, which are kept. A comment right above a token
 * is its name. */
class TokenList
{
public:
  struct Entry
  {
    std::string role, name;
    std::string fingerprint; /* the first 8 hexadecimal digits of the token's SHA-256 */
  };

  /* Nothing is lost of a text that is not understood: those lines stay as they are. */
  explicit TokenList (std::string_view text);

  [[nodiscard]] std::vector<Entry> entries () const;
  [[nodiscard]] std::string text () const;

  void add (const std::string &role, const std::string &name, const std::string &token);

  enum class Removed {
    Yes,
    NotFound,
    Several, /* more than one has that name */
  };
  /* By its fingerprint or its name. */
  [[nodiscard]] Removed remove (const std::string &which);

private:
  [[nodiscard]] bool is_token (size_t line) const;
  [[nodiscard]] std::string name_above (size_t line) const;

  std::vector<std::string> lines_;
};

/* 256 bits of the kernel's, as 43 characters that fit into a header and a URL. */
[[nodiscard]] std::string make_token ();

} // namespace camwarden
