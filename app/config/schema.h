// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/values.h"

#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace camwarden
{

/* The one table of all configuration keys. It drives parsing, checking, the shipped example and the
 * reference page. Standard C++ only. */

enum class KeyType {
  Bool,
  Integer,
  Number,
  Duration,      /* min and max in seconds */
  Size,          /* min and max in bytes */
  Share,         /* a percentage; min and max 0 to 1 and above */
  SizeOrShare,   /* max for the share */
  Fraction,      /* frames per second */
  Levels,        /* "warning;critical" of plain numbers */
  LevelsShare,   /* ... of percentages */
  LevelsTime,    /* ... of durations */
  Choice,        /* one of `words` */
  Flags,         /* some of `words` */
  Text,          /* anything on one line */
  Path,          /* an absolute path */
  Channel,       /* a channel's name */
  Address,       /* an IP address */
  Addresses,     /* ADDRESS:PORT, several between commas */
  Hosts,         /* host names between commas */
  RedisServer,   /* redis:// without a channel */
  RedisLocation, /* redis:// with or without a channel */
  Url,           /* https://... */
  MqttServer,    /* mqtt://HOST[:PORT] or mqtts:// */
  MqttTopic,     /* without wildcards */
};

/* What a changed value needs to take effect on reload. */
enum class Reload {
  Live,    /* applied while everything runs */
  Restart, /* its camera or its part of the daemon is started again */
  Daemon,  /* the next start of the daemon */
};

struct Key
{
  const char *group; /* "camera" for all of [camera:ID] */
  const char *name;
  KeyType type;
  const char *fallback; /* the default as one would write it; empty: none, or `derived` */
  double min, max;      /* of numbers of every kind */
  const char *words;    /* of Choice and Flags, between blanks */
  const char *unit;     /* for people; empty: none or part of the value */
  Reload reload;
  const char *doc;     /* one line, no full stop */
  const char *derived; /* what an empty default means, for people; empty: nothing */
  bool secret = false; /* the value may hold a secret: never printed */
};

struct Group
{
  const char *name;
  const char *doc;
};

[[nodiscard]] std::span<const Group> schema_groups ();
[[nodiscard]] std::span<const Key> schema_keys ();

/* The key of a group as written in a file: "camera:front" finds the keys of "camera". */
[[nodiscard]] const Key *find_key (std::string_view group, std::string_view name);

/* "camera" for "camera:front", else the name itself. */
[[nodiscard]] std::string_view group_family (std::string_view group);

/* [a-z0-9-]{1,32} */
[[nodiscard]] bool is_camera_id (std::string_view id);

/* Durations are int64_t microseconds, sizes int64_t bytes, shares double. */
using Value = std::variant<std::monostate, bool, int64_t, double, Fraction, SizeOrShare, Levels,
                           std::vector<std::string>, std::string>;

enum class ValueProblem {
  None,
  Empty,
  NotBool,
  NotInteger,
  NotNumber,
  NotDuration,
  NotSize,
  NotShare,
  NotSizeOrShare,
  NotFraction,
  NotLevels,
  NotAWord,    /* `detail`: the word */
  NotAbsolute, /* path */
  NotAChannel,
  NotAnAddress, /* `detail`: the part that is wrong */
  NotAHost,     /* `detail`: the part that is wrong */
  NotRedisUri,
  HasPassword, /* in a URI */
  HasChannel,  /* where only a server belongs */
  NotUrl,
  NotMqttUri,
  NotATopic,
  OutOfRange,
  LevelsOrder, /* warning above critical */
  ControlCharacter,
};

struct ParsedValue
{
  ValueProblem problem = ValueProblem::None;
  std::string detail;
  Value value;
};

[[nodiscard]] ParsedValue parse_value (const Key &key, std::string_view text);

/* "1 to 65535", "0s to 1d", "pubsub, stream": what is allowed, for people; empty: no limit. */
[[nodiscard]] std::string describe_range (const Key &key);

/* "duration", "size", ... for people. */
[[nodiscard]] const char *type_name (KeyType type);

} // namespace camwarden
