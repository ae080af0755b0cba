// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/hosttable.h"

#include <algorithm>
#include <charconv>

namespace camwarden
{

static bool
is_name_character (char c)
{
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

static bool
is_hexadecimal (char c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
}

/* Four plain decimal numbers. Other spellings that some resolvers take (0x7f.1, 2130706433) are no
 * literals here: browsers never send them. */
static bool
is_ipv4 (std::string_view text)
{
  for (int number = 1; number <= 4; number++) {
    const size_t end = std::min (text.find ('.'), text.size ());
    int value = -1;
    const auto [stop, error] = std::from_chars (text.data (), text.data () + end, value);
    const bool plain = error == std::errc () && stop == text.data () + end && text[0] != '-'
                       && (end == 1 || text[0] != '0');
    const bool last = end == text.size ();
    if (!plain || value > 255 || last != (number == 4))
      return false;
    text.remove_prefix (std::min (end + 1, text.size ()));
  }
  return true;
}

/* How many 16-bit groups a side of "::" stands for; -1: it is wrong. */
static int
count_groups (std::string_view side)
{
  int groups = 0;
  while (!side.empty ()) {
    const size_t end = std::min (side.find (':'), side.size ());
    const std::string_view group = side.substr (0, end);
    if (end == side.size () && is_ipv4 (group))
      return groups + 2;
    if (group.empty () || group.size () > 4
        || !std::all_of (group.begin (), group.end (), is_hexadecimal))
      return -1;
    groups++;
    if (end == side.size ())
      break;
    side.remove_prefix (end + 1);
    if (side.empty ())
      return -1;
  }
  return groups;
}

/* In lower case, without a zone: those are nobody's business but the own machine's. */
static bool
is_ipv6 (std::string_view text)
{
  const size_t gap = text.find ("::");
  if (gap == std::string_view::npos)
    return count_groups (text) == 8;
  const std::string_view left = text.substr (0, gap), right = text.substr (gap + 2);
  const int before = count_groups (left), after = count_groups (right);
  return before >= 0 && after >= 0 && before + after <= 7
         && left.find ('.') == std::string_view::npos;
}

static std::string
lower (std::string_view text)
{
  std::string result (text);
  for (char &c : result)
    if (c >= 'A' && c <= 'Z')
      c = static_cast<char> (c - 'A' + 'a');
  return result;
}

static std::optional<int>
parse_port (std::string_view text)
{
  int port = 0;
  const char *end = text.data () + text.size ();
  const auto [stop, error] = std::from_chars (text.data (), end, port);
  if (text.empty () || text[0] == '-' || error != std::errc () || stop != end || port < 1
      || port > 65535)
    return std::nullopt;
  return port;
}

static bool
fill_port (std::string_view rest, Authority &authority)
{
  if (rest.empty ())
    return true;
  if (rest[0] != ':')
    return false;
  const auto port = parse_port (rest.substr (1));
  authority.port = port.value_or (0);
  return port.has_value ();
}

static std::optional<Authority>
parse_bracketed (std::string_view text)
{
  const size_t close = text.find (']');
  if (close == std::string_view::npos)
    return std::nullopt;
  Authority authority{ lower (text.substr (1, close - 1)), 0, true };
  if (!is_ipv6 (authority.host) || !fill_port (text.substr (close + 1), authority))
    return std::nullopt;
  return authority;
}

std::optional<Authority>
parse_authority (std::string_view text)
{
  if (text.size () > 260)
    return std::nullopt;
  if (text.starts_with ('['))
    return parse_bracketed (text);
  const size_t colon = std::min (text.find (':'), text.size ());
  Authority authority{ lower (text.substr (0, colon)), 0, false };
  if (authority.host.ends_with ('.'))
    authority.host.pop_back ();
  if (authority.host.empty () || authority.host.starts_with ('.')
      || !std::all_of (authority.host.begin (), authority.host.end (), is_name_character)
      || !fill_port (text.substr (colon), authority))
    return std::nullopt;
  authority.ip_literal = is_ipv4 (authority.host);
  return authority;
}

HostTable::HostTable (std::string_view own_name, const std::vector<std::string> &extra)
{
  add ("localhost");
  add (own_name);
  const std::string_view first = own_name.substr (0, own_name.find ('.'));
  add (first);
  if (!first.empty ())
    add (std::string (first) + ".local");
  for (const auto &name : extra)
    add (name);
}

void
HostTable::add (std::string_view name)
{
  if (const auto authority = parse_authority (name))
    names_.push_back (authority->host);
}

bool
HostTable::accepts (std::string_view host_header) const
{
  const auto authority = parse_authority (host_header);
  if (!authority)
    return false;
  return authority->ip_literal
         || std::find (names_.begin (), names_.end (), authority->host) != names_.end ();
}

static std::optional<Authority>
parse_origin (std::string_view origin)
{
  int default_port = 0;
  for (const auto &[scheme, port] : { std::pair{ std::string_view ("http://"), 80 },
                                      std::pair{ std::string_view ("https://"), 443 } })
    if (lower (origin.substr (0, scheme.size ())) == scheme) {
      origin.remove_prefix (scheme.size ());
      default_port = port;
      break;
    }
  if (default_port == 0)
    return std::nullopt;
  auto authority = parse_authority (origin);
  if (authority && authority->port == 0)
    authority->port = default_port;
  return authority;
}

bool
origin_allowed (std::optional<std::string_view> origin, std::string_view host_header)
{
  if (!origin)
    return true;
  const auto from = parse_origin (*origin);
  auto here = parse_authority (host_header);
  if (!from || !here)
    return false;
  /* Behind a proxy that speaks TLS the page is https:// and our Host has no port. */
  if (here->port == 0)
    here->port = from->port == 443 ? 443 : 80;
  return *from == *here;
}

} // namespace camwarden
