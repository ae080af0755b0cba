// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/connectionbook.h"
#include "core/tokenbucket.h"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* Each role may what the ones before it may. */
enum class Role {
  None,
  Read,
  Control,
  Admin,
};

[[nodiscard]] const char *role_name (Role role);

/* Takes the same time for any two texts of the same length, so that nobody can find a token byte by
 * byte. */
[[nodiscard]] bool same_secret (std::string_view left, std::string_view right);

/* The token file: one `ROLE TOKEN` a line, role read, control or admin, `#` starts a comment. */
class TokenTable
{
public:
  /* The error names the line, never the token. */
  struct Parsed;
  [[nodiscard]] static Parsed parse (std::string_view text);

  /* The role of a token; empty: nobody's. Looks at every entry, whatever it finds. */
  [[nodiscard]] std::optional<Role> role_of (std::string_view token) const;

  bool operator== (const TokenTable &) const = default;

  [[nodiscard]] bool
  empty () const
  {
    return entries_.empty ();
  }

private:
  struct Entry
  {
    Role role;
    std::string token;
    bool operator== (const Entry &) const = default;
  };
  std::vector<Entry> entries_;
};

struct TokenTable::Parsed
{
  TokenTable table;
  std::string error; /* empty: none */
};

enum class Access {
  Allowed,
  NeedsToken,   /* 401: no token came */
  WrongToken,   /* 401 */
  RoleTooSmall, /* 403 */
  TooManyTries, /* 429 */
};

/* Who may what:
 *   Unix socket: everything, its file permission decided already;
 *   loopback: read and control without a token while trusted;
 *   elsewhere, and for admin: what the token's role says.
 * Wrong tokens cost: five a minute and address, then even the right one has to wait. */
class AccessRules
{
public:
  AccessRules (TokenTable tokens, bool trust_loopback)
      : tokens_ (std::move (tokens)), trust_loopback_ (trust_loopback)
  {}

  [[nodiscard]] Access decide (Peer peer, const std::string &address,
                               std::optional<std::string_view> token, Role needed, int64_t now);

  /* Microseconds until this address may try again. */
  [[nodiscard]] int64_t
  wait (const std::string &address, int64_t now)
  {
    return failures_.wait (address, now);
  }

  /* True: they are others than before. */
  [[nodiscard]] bool
  set_tokens (TokenTable tokens)
  {
    const bool changed = tokens != tokens_;
    tokens_ = std::move (tokens);
    return changed;
  }

  /* A wrong token came. Somebody who tries them must not fill the log: once a minute it is to be
   * told, and the answer is how many came so far; else 0. */
  [[nodiscard]] uint64_t note_wrong_token (int64_t now);

private:
  TokenTable tokens_;
  bool trust_loopback_;
  uint64_t wrong_tokens_ = 0;
  std::optional<int64_t> wrong_told_;
  AddressBuckets failures_{ 5.0 / 60, 5 };
};

} // namespace camwarden
