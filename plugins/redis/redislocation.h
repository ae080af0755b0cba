// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <glib.h>
#include <optional>
#include <string>

namespace camwarden
{

/* Where a channel is:
 *
 *   redis://[user@]host[:port]/[DB/]CHANNEL     TCP
 *   rediss://[user@]host[:port]/[DB/]CHANNEL    TLS
 *   redis+unix:///path?channel=CHANNEL&db=DB&user=USER
 *
 * A first path segment of digits is the database only if another segment follows; the rest,
 * slashes included, is the channel. A password in the URI is refused: it would end up in process
 * lists and logs; it belongs into a password file. */
struct RedisLocation
{
  bool tls = false;
  std::string host; /* empty with a Unix socket */
  unsigned port = 6379;
  std::string socket_path; /* empty with TCP */
  std::string user;
  unsigned db = 0;
  std::string channel; /* empty: none named */

  /* "host:port" or the socket's path, for people. */
  [[nodiscard]] std::string server () const;
};

/* GST-free; error domain G_URI_ERROR. */
[[nodiscard]] std::optional<RedisLocation> parse_redis_location (const char *uri, GError **error);

} // namespace camwarden
