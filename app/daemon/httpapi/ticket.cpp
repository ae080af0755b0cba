// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/ticket.h"

#include "core/accessrules.h"
#include "gobject/ref.h"

#include <cerrno>
#include <charconv>
#include <glib.h>
#include <sys/random.h>
#include <vector>

namespace camwarden
{

static std::vector<guchar>
random_bytes (size_t count)
{
  std::vector<guchar> bytes (count);
  size_t done = 0;
  while (done < count) {
    const ssize_t got = getrandom (bytes.data () + done, count - done, 0);
    if (got < 0 && errno != EINTR)
      g_error ("the kernel gives no random numbers: %s", g_strerror (errno));
    if (got > 0)
      done += static_cast<size_t> (got);
  }
  return bytes;
}

std::string
random_text (size_t bytes)
{
  std::string text;
  for (const guchar byte : random_bytes (bytes)) {
    text += "0123456789abcdef"[byte >> 4];
    text += "0123456789abcdef"[byte & 15];
  }
  return text;
}

static std::string
signature (const std::string &text)
{
  static const std::vector<guchar> key = random_bytes (32);
  return take_string (g_compute_hmac_for_data (G_CHECKSUM_SHA256, key.data (), key.size (),
                                               reinterpret_cast<const guchar *> (text.data ()),
                                               text.size ()));
}

std::string
make_ticket (const std::string &path, int64_t until)
{
  const std::string time = std::to_string (until);
  return time + "." + signature (time + " " + path);
}

bool
ticket_opens (const std::string &ticket, const std::string &path, int64_t now)
{
  const size_t dot = ticket.find ('.');
  if (dot == std::string::npos)
    return false;
  int64_t until = 0;
  const auto [stop, problem] = std::from_chars (ticket.data (), ticket.data () + dot, until);
  if (problem != std::errc () || stop != ticket.data () + dot)
    return false;
  /* The wall clock may have been set back since: no ticket lives longer than it may. */
  return same_secret (ticket.substr (dot + 1), signature (ticket.substr (0, dot) + " " + path))
         && now < until && until - now <= ticket_life;
}

} // namespace camwarden
