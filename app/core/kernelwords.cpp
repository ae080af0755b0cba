// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/kernelwords.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <optional>

namespace camwarden
{

namespace
{

/* Beginnings of words, in lower case. */
constexpr std::array<std::string_view, 24> beginnings{
  "video", "uvc",  "v4l", "media", "camera",  "csi",  "unicam",       "bcm2835-",
  "rp1-",  "pisp", "vc4", "vc_sm", "usb",     "xhci", "ehci",         "ohci",
  "dwc",   "dma",  "cma", "iommu", "swiotlb", "hung", "undervoltage", "under-voltage",
};
constexpr std::string_view hangs = "blocked for more than";

bool
is_letter (char c)
{
  return isalnum (static_cast<unsigned char> (c)) != 0;
}

struct Record
{
  int64_t time = 0;
  std::string_view message;
};

std::optional<Record>
parse (std::string_view line)
{
  const size_t text = line.find (';');
  const std::string_view head = line.substr (0, text);
  const size_t first = head.find (',');
  const size_t second = first == head.npos ? first : head.find (',', first + 1);
  if (text == line.npos || second == head.npos || !isdigit (static_cast<unsigned char> (line[0])))
    return {};
  Record record;
  const char *end = head.data () + head.size ();
  const auto [stop, error] = std::from_chars (head.data () + second + 1, end, record.time);
  if (error != std::errc () || (stop != end && *stop != ','))
    return {};
  record.message = line.substr (text + 1);
  return record;
}

} // namespace

bool
is_camera_message (std::string_view message)
{
  std::string text (message);
  std::transform (text.begin (), text.end (), text.begin (),
                  [] (unsigned char c) { return static_cast<char> (tolower (c)); });
  if (text.find (hangs) != text.npos)
    return true;
  for (size_t i = 0; i < text.size (); i++) {
    if (i > 0 && is_letter (text[i - 1]))
      continue;
    const std::string_view rest = std::string_view (text).substr (i);
    if (std::any_of (beginnings.begin (), beginnings.end (),
                     [rest] (std::string_view word) { return rest.starts_with (word); }))
      return true;
  }
  return false;
}

std::vector<std::string>
camera_messages (std::string_view records, int64_t oldest, size_t most)
{
  std::vector<std::string> found;
  while (!records.empty ()) {
    const size_t end = std::min (records.find ('\n'), records.size ());
    const auto record = parse (records.substr (0, end));
    if (record && record->time >= oldest && is_camera_message (record->message))
      found.emplace_back (record->message);
    records.remove_prefix (std::min (end + 1, records.size ()));
  }
  if (found.size () > most)
    found.erase (found.begin (), found.end () - static_cast<std::ptrdiff_t> (most));
  return found;
}

} // namespace camwarden
