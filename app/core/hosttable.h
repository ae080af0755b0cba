// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* Host and port of a Host header or of an Origin, in lower case, without the brackets of IPv6 and
 * without the dot that may end a name. */
struct Authority
{
  std::string host;
  int port = 0; /* 0: none given */
  bool ip_literal = false;

  [[nodiscard]] bool operator== (const Authority &) const = default;
};

/* Empty: not a host at all. Strict: user names, spaces, empty ports and control characters fail. */
[[nodiscard]] std::optional<Authority> parse_authority (std::string_view text);

/* The Host names this machine answers to. A page of a stranger can point a name of its own at our
 * address (DNS rebinding), but not a name of ours, and not an address literal: those need no DNS.
 */
class HostTable
{
public:
  /* own_name is the machine's; it is accepted bare, with ".local", and as configured in extra. */
  HostTable (std::string_view own_name, const std::vector<std::string> &extra);

  [[nodiscard]] bool accepts (std::string_view host_header) const;

private:
  void add (std::string_view name);

  std::vector<std::string> names_;
};

/* May a request that changes something, or a WebSocket, come from this Origin? Absent: it was no
 * browser's page. Else it must be the very host and port the request was sent to. */
[[nodiscard]] bool origin_allowed (std::optional<std::string_view> origin,
                                   std::string_view host_header);

} // namespace camwarden
