// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/rediscommands.h"

#include <array>

namespace camwarden
{

namespace
{

constexpr unsigned WORKER = 1u << 0;
constexpr unsigned READER = 1u << 1;
constexpr unsigned DOCTOR = 1u << 2;
constexpr unsigned ALL = WORKER | READER | DOCTOR;

struct Command
{
  std::string_view name; /* as an ACL rule spells it: command or command|subcommand */
  unsigned users;
};

/* `auth` needs no permission; it stands here because it is sent. SELECT is refused to nobody: it
 * reaches no key that the key patterns do not. */
constexpr std::array commands{
  Command{ "auth", ALL },
  Command{ "select", ALL },
  Command{ "ping", ALL },
  Command{ "client|setname", ALL },
  Command{ "role", ALL },
  Command{ "publish", WORKER }, /* readers: see reader_requests */
  Command{ "spublish", WORKER },
  Command{ "xadd", WORKER },
  Command{ "set", WORKER },
  Command{ "del", WORKER },
  Command{ "pubsub|numsub", WORKER | DOCTOR },
  Command{ "pubsub|numpat", WORKER | DOCTOR },
  Command{ "pubsub|shardnumsub", WORKER | DOCTOR },
  Command{ "subscribe", WORKER | READER },
  Command{ "unsubscribe", WORKER | READER },
  Command{ "psubscribe", READER },
  Command{ "punsubscribe", READER },
  Command{ "ssubscribe", WORKER | READER },
  Command{ "sunsubscribe", WORKER | READER },
  Command{ "xread", READER },
  Command{ "xrange", READER },
  Command{ "xrevrange", READER },
  Command{ "xlen", READER },
  Command{ "get", READER | WORKER },
  Command{ "mget", READER },
  Command{ "exists", READER },
  Command{ "ttl", READER },
  Command{ "scan", READER },
  Command{ "info", WORKER | DOCTOR },
  Command{ "config|get", DOCTOR },
  Command{ "acl|whoami", DOCTOR },
};

constexpr unsigned
mask (RedisUser user)
{
  switch (user) {
  case RedisUser::Worker:
    return WORKER;
  case RedisUser::Doctor:
    return DOCTOR;
  case RedisUser::Reader:
  case RedisUser::Default:
    break;
  }
  return READER;
}

/* A reader may write nothing: its only way in is the request channel. Channel patterns hold for
 * all commands beside them, hence a selector of its own (Redis >= 7). */
constexpr std::string_view reader_requests
    = " (resetkeys resetchannels &cam:*:request &request/* -@all +publish)";

constexpr std::string_view
patterns (RedisUser user)
{
  switch (user) {
  case RedisUser::Worker:
    return "resetkeys ~cam:* ~stream/* resetchannels &cam:* &stream/* &request/*";
  case RedisUser::Doctor:
    return "resetkeys resetchannels";
  case RedisUser::Reader:
  case RedisUser::Default:
    break;
  }
  /* What PSUBSCRIBE asks for has to stand here letter for letter. */
  return "resetkeys ~cam:* ~stream/* resetchannels &cam:* &cam:*:frame &cam:*:event &stream/* "
         "&request/*";
}

bool
same_name (std::string_view lower, std::string_view name)
{
  if (lower.size () != name.size ())
    return false;
  for (size_t i = 0; i < lower.size (); i++)
    if (lower[i] != (name[i] >= 'A' && name[i] <= 'Z' ? name[i] + ('a' - 'A') : name[i]))
      return false;
  return true;
}

} // namespace

std::string
acl_rules (RedisUser user)
{
  std::string rules (patterns (user));
  rules += " -@all";
  for (const auto &command : commands)
    if (command.users & mask (user)) {
      rules += " +";
      rules += command.name;
    }
  if (mask (user) == READER)
    rules += reader_requests;
  return rules;
}

std::string
acl_file ()
{
  std::string text;
  const std::array<std::pair<const char *, RedisUser>, 3> users{ {
      { "camwarden-worker", RedisUser::Worker },
      { "camwarden-reader", RedisUser::Reader },
      { "camwarden-doctor", RedisUser::Doctor },
  } };
  for (const auto &[name, user] : users)
    text += std::string ("user ") + name + " on >CHANGE-ME " + acl_rules (user) + "\n";
  return text;
}

bool
is_known_command (std::string_view name)
{
  for (const auto &command : commands)
    if (same_name (command.name.substr (0, command.name.find ('|')), name))
      return true;
  return false;
}

} // namespace camwarden
