// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/accessrules.h"

#include <algorithm>

namespace camwarden
{

/* Shorter ones are guesses waiting to happen; `camwardenctl token` makes 43 characters. */
static constexpr size_t shortest_token = 16;
static constexpr size_t longest_token = 256;

const char *
role_name (Role role)
{
  switch (role) {
  case Role::None:
    return "none";
  case Role::Read:
    return "read";
  case Role::Control:
    return "control";
  case Role::Admin:
    return "admin";
  }
  return "none";
}

bool
same_secret (std::string_view left, std::string_view right)
{
  if (left.size () != right.size ())
    return false;
  volatile unsigned char difference = 0;
  for (size_t i = 0; i < left.size (); i++)
    difference = static_cast<unsigned char> (
        difference
        | (static_cast<unsigned char> (left[i]) ^ static_cast<unsigned char> (right[i])));
  return difference == 0;
}

static std::optional<Role>
parse_role (std::string_view word)
{
  for (const Role role : { Role::Read, Role::Control, Role::Admin })
    if (word == role_name (role))
      return role;
  return std::nullopt;
}

static std::string_view
next_word (std::string_view &line)
{
  const size_t start = std::min (line.find_first_not_of (" \t\r"), line.size ());
  line.remove_prefix (start);
  const size_t end = std::min (line.find_first_of (" \t\r"), line.size ());
  const std::string_view word = line.substr (0, end);
  line.remove_prefix (end);
  return word;
}

static std::string
entry_problem (std::optional<Role> role, std::string_view token, std::string_view more)
{
  if (!role)
    return "the role must be read, control or admin";
  if (token.size () < shortest_token || token.size () > longest_token)
    return "a token has " + std::to_string (shortest_token) + " to "
           + std::to_string (longest_token) + " characters";
  if (!std::all_of (token.begin (), token.end (), [] (char c) { return c > ' ' && c < 0x7F; }))
    return "a token is made of visible ASCII characters";
  return more.empty () ? "" : "there is something after the token";
}

TokenTable::Parsed
TokenTable::parse (std::string_view text)
{
  Parsed result;
  for (int number = 1; !text.empty (); number++) {
    const size_t end = std::min (text.find ('\n'), text.size ());
    std::string_view line = text.substr (0, end);
    text.remove_prefix (std::min (end + 1, text.size ()));
    const std::string_view word = next_word (line);
    if (word.empty () || word[0] == '#')
      continue;
    const auto role = parse_role (word);
    const std::string_view token = next_word (line);
    const std::string problem = entry_problem (role, token, next_word (line));
    if (!problem.empty ())
      return { {}, "line " + std::to_string (number) + ": " + problem };
    result.table.entries_.push_back ({ *role, std::string (token) });
  }
  return result;
}

std::optional<Role>
TokenTable::role_of (std::string_view token) const
{
  std::optional<Role> role;
  for (const auto &entry : entries_)
    if (same_secret (entry.token, token))
      role = std::max (role.value_or (Role::None), entry.role);
  return role;
}

Access
AccessRules::decide (Peer peer, const std::string &address, std::optional<std::string_view> token,
                     Role needed, int64_t now)
{
  if (peer == Peer::Unix)
    return Access::Allowed;
  Role has = peer == Peer::Loopback && trust_loopback_ ? Role::Control : Role::None;
  if (token) {
    if (failures_.exhausted (address, now))
      return Access::TooManyTries;
    const auto role = tokens_.role_of (*token);
    if (!role)
      return failures_.take (address, now) ? Access::WrongToken : Access::TooManyTries;
    has = std::max (has, *role);
  }
  if (has >= needed)
    return Access::Allowed;
  return token ? Access::RoleTooSmall : Access::NeedsToken;
}

uint64_t
AccessRules::note_wrong_token (int64_t now)
{
  wrong_tokens_++;
  if (wrong_told_ && now - *wrong_told_ < 60'000'000)
    return 0;
  wrong_told_ = now;
  return wrong_tokens_;
}

} // namespace camwarden
