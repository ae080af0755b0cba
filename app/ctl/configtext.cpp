// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/configtext.h"

#include "config/values.h"

#include <algorithm>

namespace camwarden
{

ConfigText::ConfigText (std::string_view text)
{
  while (!text.empty ()) {
    const size_t end = text.find ('\n');
    lines_.emplace_back (text.substr (0, end));
    text.remove_prefix (end == std::string_view::npos ? text.size () : end + 1);
  }
}

static bool
is_key (std::string_view line)
{
  return !line.empty () && line.front () != '#' && line.front () != '['
         && line.find ('=') != std::string_view::npos;
}

ConfigText::Place
ConfigText::find (const std::string &group, const std::string &key) const
{
  Place place;
  bool inside = false;
  for (size_t i = 0; i < lines_.size (); i++) {
    const std::string_view line = strip (lines_[i]);
    if (line.starts_with ('[')) {
      inside = line == "[" + group + "]";
      if (inside) {
        place.group = i;
        place.end = i + 1;
      }
    } else if (inside && is_key (line)) {
      place.end = i + 1;
      if (strip (line.substr (0, line.find ('='))) == key)
        place.keys.push_back (i);
    }
  }
  return place;
}

void
ConfigText::set (const std::string &group, const std::string &key, const std::string &value)
{
  const std::string line = key + "=" + value;
  const Place place = find (group, key);
  if (!place.keys.empty ()) {
    lines_[place.keys.back ()] = line; /* the last one counts */
    return;
  }
  if (place.group != npos) {
    lines_.insert (lines_.begin () + static_cast<ptrdiff_t> (place.end), line);
    return;
  }
  if (!lines_.empty () && !lines_.back ().empty ())
    lines_.emplace_back ();
  lines_.push_back ("[" + group + "]");
  lines_.push_back (line);
}

bool
ConfigText::unset (const std::string &group, const std::string &key)
{
  const Place place = find (group, key);
  for (auto i = place.keys.rbegin (); i != place.keys.rend (); i++)
    lines_.erase (lines_.begin () + static_cast<ptrdiff_t> (*i));
  if (!place.keys.empty ())
    drop_empty_group (group);
  return !place.keys.empty ();
}

/* A camera's group without a key would still be a camera: it stays. */
void
ConfigText::drop_empty_group (const std::string &group)
{
  const Place place = find (group, {});
  if (group.starts_with ("camera:") || place.group == npos || place.end != place.group + 1)
    return;
  size_t next = place.group + 1;
  while (next < lines_.size () && strip (lines_[next]).empty ())
    next++;
  if (next < lines_.size () && !lines_[next].starts_with ('['))
    return; /* a comment that belongs to it */
  lines_.erase (lines_.begin () + static_cast<ptrdiff_t> (place.group),
                lines_.begin () + static_cast<ptrdiff_t> (next));
}

std::string
ConfigText::text () const
{
  std::string text;
  for (const auto &line : lines_)
    text += line + "\n";
  return text;
}

} // namespace camwarden
