// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <libsoup/soup.h>
#include <string>
#include <string_view>

namespace camwarden
{

/* Sends one request and reads its whole answer, both within one deadline: connecting, waiting and a
 * server that sends a byte now and then. An answer of more than `largest` bytes is cut there.
 * `cancellable` may be NULL. */
[[nodiscard]] bool fetch (SoupSession *session, SoupMessage *message, unsigned deadline_seconds,
                          size_t largest, GCancellable *cancellable, std::string &body,
                          GError **error);

/* Reads an answer that does not end by itself, line by line (without their ends) as they come,
 * until `cancellable`, the server, or a line of more than 1 MiB ends it. `started` comes with the
 * headers and says whether to go on. The deadline is for these alone; silence afterwards is no
 * error. */
struct FollowSink
{
  std::function<bool ()> started;
  std::function<void (std::string_view line)> line;
};
[[nodiscard]] bool follow (SoupSession *session, SoupMessage *message, unsigned deadline_seconds,
                           const FollowSink &sink, GCancellable *cancellable, GError **error);

} // namespace camwarden
