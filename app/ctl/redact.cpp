// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/redact.h"

#include <algorithm>
#include <array>

namespace camwarden
{

namespace
{

constexpr std::string_view removed = "[removed]";
constexpr std::string_view blanks = " \t\r\n";

char
lower (char c)
{
  return c >= 'A' && c <= 'Z' ? static_cast<char> (c - 'A' + 'a') : c;
}

bool
is_alnum (char c)
{
  return (c >= '0' && c <= '9') || (lower (c) >= 'a' && lower (c) <= 'z');
}

bool
is_token_char (char c)
{
  return is_alnum (c) || c == '-' || c == '_' || c == '+' || c == '/' || c == '=';
}

/* Of a name such as "user-pw", "api_key", "webhook-token-file". */
bool
names_secret (std::string_view name)
{
  std::string low;
  std::transform (name.begin (), name.end (), std::back_inserter (low), lower);
  if (low.ends_with ("-file") || low.ends_with ("_file"))
    return false;
  constexpr std::array<std::string_view, 10> words{ "password", "passwd",  "passphrase", "secret",
                                                    "token",    "webhook", "credential", "apikey",
                                                    "api-key",  "api_key" };
  return std::any_of (words.begin (), words.end (),
                      [&low] (std::string_view word) { return low.find (word) != low.npos; })
         || low == "pw" || low.ends_with ("-pw") || low.ends_with ("_pw") || low == "requirepass"
         || low == "masterauth";
}

/* Words that announce a secret after a blank. */
bool
announces_secret (std::string_view word)
{
  constexpr std::array<std::string_view, 6> words{ "bearer",      "basic",    "auth",
                                                   "requirepass", "password", "masterauth" };
  std::string low;
  std::transform (word.begin (), word.end (), std::back_inserter (low), lower);
  return std::find (words.begin (), words.end (), low) != words.end ();
}

bool
is_this_machine (std::string_view host)
{
  return host.starts_with ("localhost") || host.starts_with ("127.") || host.starts_with ("[::1]");
}

/* SCHEME://REST: the rest as it may be shown. */
std::string
redact_address (std::string_view scheme, std::string_view rest)
{
  std::string text (scheme);
  text += "://";
  const size_t authority = std::min (rest.find_first_of ("/?#"), rest.size ());
  std::string_view host = rest.substr (0, authority), tail = rest.substr (authority);
  if (const size_t at = host.rfind ('@'); at != host.npos) {
    text.append (removed).append ("@");
    host.remove_prefix (at + 1);
  }
  text += host;
  const bool web = scheme.ends_with ("http") || scheme.ends_with ("https");
  if (web && !is_this_machine (host))
    return tail.size () > 1 ? text.append ("/").append (removed) : text.append (tail);
  const size_t query = tail.find_first_of ("?#");
  text += tail.substr (0, query);
  return query == tail.npos ? text : text.append ("?").append (removed);
}

/* Long runs of letters and digits. */
std::string
redact_tokens (std::string_view word)
{
  constexpr size_t shortest = 32;
  std::string text;
  for (size_t begin = 0; begin < word.size ();) {
    size_t end = begin;
    bool letters = false, digits = false;
    for (; end < word.size () && (is_token_char (word[end]) && word[end] != '/'); end++) {
      digits = digits || (word[end] >= '0' && word[end] <= '9');
      letters = letters || (lower (word[end]) >= 'a' && lower (word[end]) <= 'z');
    }
    if (end - begin >= shortest && letters && digits)
      text += removed;
    else
      text += word.substr (begin, end - begin);
    if (end < word.size ())
      text += word[end++];
    begin = end;
  }
  return text;
}

/* Where the name in front of a "=" or ":" begins. */
size_t
name_begin (std::string_view word, size_t end)
{
  size_t begin = end;
  while (begin > 0
         && (is_alnum (word[begin - 1]) || word[begin - 1] == '-' || word[begin - 1] == '_'))
    begin--;
  return begin;
}

struct Redactor
{
  std::string text;
  bool hide_next = false; /* the word before it announced a secret */

  void
  word (std::string_view word)
  {
    if (hide_next && word != "=" && word != ":") {
      hide_next = false;
      text += removed;
      return;
    }
    if (hide_next)
      text += word;
    else
      take (word);
  }

  void
  take (std::string_view word)
  {
    std::string_view bare = word;
    while (!bare.empty () && !is_alnum (bare.back ()))
      bare.remove_suffix (1);
    while (!bare.empty () && !is_alnum (bare.front ()))
      bare.remove_prefix (1);
    hide_next = announces_secret (bare) || names_secret (bare);
    const size_t mark = word.find_first_of ("=:");
    if (mark != word.npos && !word.substr (mark).starts_with ("://")) {
      size_t end = mark;
      while (end > 0 && (word[end - 1] == '"' || word[end - 1] == '\''))
        end--;
      const size_t begin = name_begin (word, end);
      if (names_secret (word.substr (begin, end - begin))) {
        text += word.substr (0, mark + 1);
        hide_next = mark + 1 == word.size ();
        if (!hide_next)
          text += removed;
        return;
      }
      text += word.substr (0, mark + 1);
      return take (word.substr (mark + 1));
    }
    take_more (word);
  }

  void
  take_more (std::string_view word)
  {
    if (const size_t at = word.find ("://"); at != word.npos) {
      size_t end = word.size ();
      while (end > at + 3 && (word[end - 1] == '"' || word[end - 1] == ',' || word[end - 1] == ')'))
        end--;
      text += redact_address (word.substr (0, at), word.substr (at + 3, end - at - 3));
      text += word.substr (end);
      return;
    }
    text += redact_tokens (word);
  }
};

} // namespace

std::string
redact (std::string_view text)
{
  Redactor redactor;
  while (!text.empty ()) {
    const size_t begin = std::min (text.find_first_not_of (blanks), text.size ());
    const std::string_view space = text.substr (0, begin);
    if (space.find ('\n') != space.npos)
      redactor.hide_next = false;
    redactor.text += space;
    text.remove_prefix (begin);
    const size_t end = std::min (text.find_first_of (blanks), text.size ());
    if (end > 0)
      redactor.word (text.substr (0, end));
    text.remove_prefix (end);
  }
  return std::move (redactor.text);
}

} // namespace camwarden
