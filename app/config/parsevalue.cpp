// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/schema.h"

#include <algorithm>
#include <arpa/inet.h>

namespace camwarden
{

static ParsedValue
failed (ValueProblem problem, std::string_view detail = {})
{
  return { problem, std::string (detail), {} };
}

static ParsedValue
good (Value value)
{
  return { ValueProblem::None, {}, std::move (value) };
}

/* `scale`: what one unit of the table's limits is in the value. */
static bool
in_range (const Key &key, double number, double scale = 1)
{
  const bool limited = key.min != 0 || key.max != 0;
  return !limited || (number >= key.min * scale && number <= key.max * scale);
}

template <typename T>
static ParsedValue
number_value (const Key &key, const std::optional<T> &number, ValueProblem problem, double scale)
{
  if (!number)
    return failed (problem);
  if (!in_range (key, static_cast<double> (*number), scale))
    return failed (ValueProblem::OutOfRange);
  if constexpr (std::is_same_v<T, double>)
    return good (*number);
  else
    return good (static_cast<int64_t> (*number));
}

static ParsedValue
fraction_value (const Key &key, std::string_view text)
{
  const auto fraction = parse_fraction (text);
  if (!fraction)
    return failed (ValueProblem::NotFraction);
  if (!in_range (key, fraction->value ()))
    return failed (ValueProblem::OutOfRange);
  return good (*fraction);
}

static ParsedValue
size_or_share_value (const Key &key, std::string_view text)
{
  const auto amount = parse_size_or_share (text);
  if (!amount)
    return failed (ValueProblem::NotSizeOrShare);
  if (amount->is_share && !in_range (key, amount->share))
    return failed (ValueProblem::OutOfRange);
  return good (*amount);
}

static std::optional<double>
level (KeyType type, std::string_view text)
{
  if (type == KeyType::Levels)
    return parse_number (text);
  if (type == KeyType::LevelsShare)
    return parse_share (text);
  const auto duration = parse_duration (text);
  return duration ? std::optional<double> (static_cast<double> (*duration)) : std::nullopt;
}

static ParsedValue
levels_value (const Key &key, std::string_view text)
{
  const size_t split = text.find (';');
  if (split == std::string_view::npos)
    return failed (ValueProblem::NotLevels);
  const auto warning = level (key.type, text.substr (0, split));
  const auto critical = level (key.type, text.substr (split + 1));
  if (!warning || !critical)
    return failed (ValueProblem::NotLevels);
  const double scale = key.type == KeyType::LevelsTime ? 1e6 : 1;
  if (!in_range (key, *warning, scale) || !in_range (key, *critical, scale))
    return failed (ValueProblem::OutOfRange);
  if (*warning > *critical)
    return failed (ValueProblem::LevelsOrder);
  return good (Levels{ *warning, *critical });
}

static bool
is_word (const Key &key, std::string_view word)
{
  const auto words = split_words (key.words, " ");
  return std::find (words.begin (), words.end (), word) != words.end ();
}

static ParsedValue
choice_value (const Key &key, std::string_view text)
{
  if (!is_word (key, text))
    return failed (ValueProblem::NotAWord, text);
  return good (std::string (text));
}

/* In the table's order, each once. */
static ParsedValue
flags_value (const Key &key, std::string_view text)
{
  const auto given = split_words (text, ",;+ \t");
  for (const auto &word : given)
    if (!is_word (key, word))
      return failed (ValueProblem::NotAWord, word);
  std::vector<std::string> flags;
  for (const auto &word : split_words (key.words, " "))
    if (std::find (given.begin (), given.end (), word) != given.end ())
      flags.push_back (word);
  return flags.empty () ? failed (ValueProblem::Empty) : good (std::move (flags));
}

static bool
is_ip_address (const std::string &text)
{
  unsigned char buffer[sizeof (in6_addr)];
  return inet_pton (AF_INET, text.c_str (), buffer) == 1
         || inet_pton (AF_INET6, text.c_str (), buffer) == 1;
}

/* ADDRESS:PORT, [v6]:PORT, localhost:PORT */
static bool
is_listen_address (std::string_view text)
{
  const size_t colon = text.rfind (':');
  if (colon == std::string_view::npos)
    return false;
  const auto port = parse_integer (text.substr (colon + 1));
  if (!port || *port < 0 || *port > 65535)
    return false;
  std::string_view host = text.substr (0, colon);
  const bool bracketed = host.size () > 2 && host.front () == '[' && host.back () == ']';
  if (bracketed)
    host = host.substr (1, host.size () - 2);
  if (bracketed != (host.find (':') != std::string_view::npos))
    return false;
  return host == "localhost" || is_ip_address (std::string (host));
}

static bool
is_host_name (std::string_view text)
{
  return text.size () <= 253 && text.front () != '-' && text.front () != '.'
         && text.find_first_not_of (
                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._")
                == std::string_view::npos;
}

static ParsedValue
list_value (std::string_view text, bool (*is_good) (std::string_view), ValueProblem problem)
{
  auto parts = split_words (text, ", \t;");
  for (const auto &part : parts)
    if (!is_good (part))
      return failed (problem, part);
  return good (std::move (parts));
}

/* Whether the query of a redis+unix URI names a key, such as "channel". */
static bool
query_has (std::string_view query, std::string_view name)
{
  for (const auto &part : split_words (query, "&"))
    if (part.starts_with (name) && part.size () > name.size () && part[name.size ()] == '=')
      return true;
  return false;
}

static bool
is_port (std::string_view text)
{
  const auto port = parse_integer (text);
  return port && *port >= 1 && *port <= 65535;
}

/* HOST[:PORT] or [v6][:PORT] */
static bool
is_authority (std::string_view text)
{
  size_t colon = text.find (':');
  if (text.starts_with ('[')) {
    const size_t bracket = text.find (']');
    if (bracket == std::string_view::npos
        || !is_ip_address (std::string (text.substr (1, bracket - 1))))
      return false;
    colon = bracket + 1 < text.size () ? bracket + 1 : std::string_view::npos;
    if (colon != std::string_view::npos && text[colon] != ':')
      return false;
  } else if (const auto host = text.substr (0, colon); host.empty () || !is_host_name (host)) {
    return false;
  }
  return colon == std::string_view::npos || is_port (text.substr (colon + 1));
}

static ParsedValue
unix_uri_value (std::string_view text, std::string_view rest, bool server_only)
{
  const size_t question = rest.find ('?');
  const std::string_view path = rest.substr (0, question);
  const std::string_view query
      = question == std::string_view::npos ? std::string_view{} : rest.substr (question + 1);
  if (path.size () < 2 || path.front () != '/')
    return failed (ValueProblem::NotRedisUri);
  if (query_has (query, "password"))
    return failed (ValueProblem::HasPassword);
  if (server_only && query_has (query, "channel"))
    return failed (ValueProblem::HasChannel);
  return good (std::string (text));
}

static ParsedValue
redis_uri_value (std::string_view text, bool server_only)
{
  const size_t separator = text.find ("://");
  if (separator == std::string_view::npos)
    return failed (ValueProblem::NotRedisUri);
  const std::string_view scheme = text.substr (0, separator);
  std::string_view rest = text.substr (separator + 3);
  const size_t end = std::min (rest.find_first_of ("/?#"), rest.size ());
  std::string_view authority = rest.substr (0, end);
  if (const size_t at = authority.rfind ('@'); at != std::string_view::npos) {
    if (authority.substr (0, at).find (':') != std::string_view::npos)
      return failed (ValueProblem::HasPassword);
    authority = authority.substr (at + 1);
  }
  if (scheme == "redis+unix")
    return unix_uri_value (text, rest, server_only);
  if ((scheme != "redis" && scheme != "rediss") || !is_authority (authority))
    return failed (ValueProblem::NotRedisUri);
  std::string_view path = rest.substr (end);
  while (path.starts_with ('/'))
    path.remove_prefix (1);
  if (server_only && path.ends_with ('/'))
    path.remove_suffix (1);
  if (server_only && path.find_first_not_of ("0123456789") != std::string_view::npos)
    return failed (ValueProblem::HasChannel);
  return good (std::string (text));
}

static ParsedValue
url_value (std::string_view text)
{
  const bool https = text.starts_with ("https://");
  if (!https && !text.starts_with ("http://"))
    return failed (ValueProblem::NotUrl);
  std::string_view authority = text.substr (https ? 8 : 7);
  authority = authority.substr (0, authority.find_first_of ("/?#"));
  if (authority.find ('@') != std::string_view::npos)
    return failed (ValueProblem::HasPassword);
  const bool local = authority == "localhost" || authority.starts_with ("localhost:")
                     || authority.starts_with ("127.") || authority.starts_with ("[::1]");
  if (!is_authority (authority) || (!https && !local)
      || text.find_first_of (" \t") != std::string_view::npos)
    return failed (ValueProblem::NotUrl);
  return good (std::string (text));
}

static ParsedValue
mqtt_value (std::string_view text)
{
  const bool tls = text.starts_with ("mqtts://");
  if (!tls && !text.starts_with ("mqtt://"))
    return failed (ValueProblem::NotMqttUri);
  const std::string_view authority = text.substr (tls ? 8 : 7);
  if (authority.find ('@') != std::string_view::npos)
    return failed (ValueProblem::HasPassword);
  return is_authority (authority) ? good (std::string (text)) : failed (ValueProblem::NotMqttUri);
}

static ParsedValue
topic_value (std::string_view text)
{
  const bool bad = text.size () > 200 || text.find_first_of ("+# \t\\\"") != std::string_view::npos
                   || text.starts_with ('/') || text.ends_with ('/');
  return bad ? failed (ValueProblem::NotATopic) : good (std::string (text));
}

static ParsedValue
channel_value (std::string_view text)
{
  if (text.size () > 512 || text.find_first_of (" \t") != std::string_view::npos)
    return failed (ValueProblem::NotAChannel);
  return good (std::string (text));
}

static ParsedValue
path_value (std::string_view text)
{
  if (!text.starts_with ('/'))
    return failed (ValueProblem::NotAbsolute);
  return good (std::string (text));
}

static ParsedValue
number_of_some_kind (const Key &key, std::string_view text)
{
  switch (key.type) {
  case KeyType::Integer:
    return number_value (key, parse_integer (text), ValueProblem::NotInteger, 1);
  case KeyType::Number:
    return number_value (key, parse_number (text), ValueProblem::NotNumber, 1);
  case KeyType::Duration:
    return number_value (key, parse_duration (text), ValueProblem::NotDuration, 1e6);
  case KeyType::Size:
    return number_value (key, parse_size (text), ValueProblem::NotSize, 1);
  case KeyType::Share:
    return number_value (key, parse_share (text), ValueProblem::NotShare, 1);
  case KeyType::SizeOrShare:
    return size_or_share_value (key, text);
  case KeyType::Fraction:
    return fraction_value (key, text);
  default:
    return levels_value (key, text);
  }
}

static ParsedValue
text_of_some_kind (const Key &key, std::string_view text)
{
  switch (key.type) {
  case KeyType::Path:
    return path_value (text);
  case KeyType::Channel:
    return channel_value (text);
  case KeyType::RedisServer:
    return redis_uri_value (text, true);
  case KeyType::RedisLocation:
    return redis_uri_value (text, false);
  case KeyType::Url:
    return url_value (text);
  case KeyType::MqttServer:
    return mqtt_value (text);
  case KeyType::MqttTopic:
    return topic_value (text);
  case KeyType::Address:
    return is_ip_address (std::string (text)) ? good (std::string (text))
                                              : failed (ValueProblem::NotAnAddress, text);
  default:
    return good (std::string (text));
  }
}

static bool
may_be_empty (const Key &key)
{
  switch (key.type) {
  case KeyType::Addresses:
  case KeyType::Hosts:
    return true;
  case KeyType::Choice:
  case KeyType::Text:
  case KeyType::Path:
  case KeyType::Channel:
  case KeyType::Address:
  case KeyType::RedisServer:
  case KeyType::RedisLocation:
  case KeyType::Url:
  case KeyType::MqttServer:
  case KeyType::MqttTopic:
    return *key.fallback == 0;
  default:
    return false;
  }
}

ParsedValue
parse_value (const Key &key, std::string_view text)
{
  text = strip (text);
  for (const char c : text)
    if (static_cast<unsigned char> (c) < 0x20 || c == 0x7F)
      return failed (ValueProblem::ControlCharacter);
  const bool list = key.type == KeyType::Addresses || key.type == KeyType::Hosts;
  if (text.empty () && !may_be_empty (key))
    return failed (ValueProblem::Empty);
  if (text.empty () && !list)
    return good (std::string ());
  switch (key.type) {
  case KeyType::Bool: {
    const auto flag = parse_bool (text);
    return flag ? good (*flag) : failed (ValueProblem::NotBool);
  }
  case KeyType::Choice:
    return choice_value (key, text);
  case KeyType::Flags:
    return flags_value (key, text);
  case KeyType::Addresses:
    return list_value (text, is_listen_address, ValueProblem::NotAnAddress);
  case KeyType::Hosts:
    return list_value (text, is_host_name, ValueProblem::NotAHost);
  case KeyType::Integer:
  case KeyType::Number:
  case KeyType::Duration:
  case KeyType::Size:
  case KeyType::Share:
  case KeyType::SizeOrShare:
  case KeyType::Fraction:
  case KeyType::Levels:
  case KeyType::LevelsShare:
  case KeyType::LevelsTime:
    return number_of_some_kind (key, text);
  default:
    return text_of_some_kind (key, text);
  }
}

static std::string
format_limit (const Key &key, double limit)
{
  switch (key.type) {
  case KeyType::Duration:
  case KeyType::LevelsTime:
    return limit == 0 ? "0s" : format_duration (static_cast<int64_t> (limit * 1e6 + 0.5));
  case KeyType::Size:
    return format_size (static_cast<uint64_t> (limit));
  case KeyType::Share:
  case KeyType::SizeOrShare:
  case KeyType::LevelsShare:
    return format_number (limit * 100) + "%";
  default:
    return format_number (limit);
  }
}

std::string
describe_range (const Key &key)
{
  if (key.type == KeyType::Choice || key.type == KeyType::Flags) {
    std::string text;
    for (const auto &word : split_words (key.words, " "))
      text += (text.empty () ? "" : ", ") + word;
    return text;
  }
  if (key.min == 0 && key.max == 0)
    return {};
  return format_limit (key, key.min) + " to " + format_limit (key, key.max);
}

} // namespace camwarden
