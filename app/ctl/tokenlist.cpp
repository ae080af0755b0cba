// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/tokenlist.h"

#include "config/values.h"
#include "gobject/ref.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <glib.h>
#include <sys/random.h>

namespace camwarden
{

static constexpr size_t fingerprint_length = 8;

TokenList::TokenList (std::string_view text)
{
  while (!text.empty ()) {
    const size_t end = text.find ('\n');
    lines_.emplace_back (text.substr (0, end));
    text.remove_prefix (end == std::string_view::npos ? text.size () : end + 1);
  }
}

bool
TokenList::is_token (size_t line) const
{
  const auto words = split_words (lines_[line], " \t");
  return words.size () == 2 && !words[0].starts_with ("#");
}

std::string
TokenList::name_above (size_t line) const
{
  if (line == 0 || !lines_[line - 1].starts_with ("#"))
    return {};
  return std::string (strip (std::string_view (lines_[line - 1]).substr (1)));
}

std::vector<TokenList::Entry>
TokenList::entries () const
{
  std::vector<Entry> entries;
  for (size_t i = 0; i < lines_.size (); i++) {
    if (!is_token (i))
      continue;
    const auto words = split_words (lines_[i], " \t");
    const std::string sum
        = take_string (g_compute_checksum_for_string (G_CHECKSUM_SHA256, words[1].c_str (), -1));
    entries.push_back ({ words[0], name_above (i), sum.substr (0, fingerprint_length) });
  }
  return entries;
}

std::string
TokenList::text () const
{
  std::string text;
  for (const auto &line : lines_)
    text += line + "\n";
  return text;
}

void
TokenList::add (const std::string &role, const std::string &name, const std::string &token)
{
  if (!name.empty ())
    lines_.push_back ("# " + name);
  lines_.push_back (role + " " + token);
}

TokenList::Removed
TokenList::remove (const std::string &which)
{
  const auto all = entries ();
  const auto is_meant = [&] (const Entry &entry) {
    return !which.empty () && (entry.fingerprint == which || entry.name == which);
  };
  const auto count = std::count_if (all.begin (), all.end (), is_meant);
  if (count != 1)
    return count == 0 ? Removed::NotFound : Removed::Several;
  size_t index = 0;
  for (size_t i = 0; i < lines_.size (); i++) {
    if (!is_token (i) || !is_meant (all[index++]))
      continue;
    const size_t first = name_above (i).empty () ? i : i - 1;
    lines_.erase (lines_.begin () + static_cast<ptrdiff_t> (first),
                  lines_.begin () + static_cast<ptrdiff_t> (i) + 1);
    break;
  }
  return Removed::Yes;
}

std::string
make_token ()
{
  std::array<guchar, 32> bytes{};
  size_t done = 0;
  while (done < bytes.size ()) {
    const ssize_t count = getrandom (bytes.data () + done, bytes.size () - done, 0);
    if (count > 0)
      done += static_cast<size_t> (count);
    else if (errno != EINTR)
      return {};
  }
  std::string text = take_string (g_base64_encode (bytes.data (), bytes.size ()));
  std::replace (text.begin (), text.end (), '+', '-');
  std::replace (text.begin (), text.end (), '/', '_');
  return text.substr (0, text.find ('='));
}

} // namespace camwarden
