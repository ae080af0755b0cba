// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/redisconf.h"

#include "config/directories.h"
#include "redis/rediscommands.h"

#include <algorithm>

namespace camwarden
{

namespace
{

constexpr uint64_t MIB = 1024 * 1024;

/* A path may hold blanks: Redis' configuration takes "quoted" words with C escapes. */
std::string
quoted (const std::string &word)
{
  std::string text = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\')
      text += '\\';
    text += c;
  }
  return text + "\"";
}

/* A wildcard holds the loopback address already: naming both would be "address in use". */
std::string
bind_addresses (const std::string &listen)
{
  if (listen.empty ())
    return "127.0.0.1";
  const bool wildcard = listen == "0.0.0.0" || listen.find ('*') != std::string::npos;
  return wildcard ? listen : "127.0.0.1 " + listen;
}

} // namespace

double
estimated_jpeg_bytes (unsigned width, unsigned height)
{
  return static_cast<double> (width) * height / 4;
}

StreamLoad
stream_load (unsigned width, unsigned height, double rate, const std::string &modes)
{
  constexpr unsigned stream_length = 30; /* redissink's max-stream-length */
  StreamLoad load;
  load.frame_bytes
      = width && height ? estimated_jpeg_bytes (width, height) : estimated_jpeg_bytes (1280, 720);
  load.rate = rate > 0 ? rate : 30;
  if (modes.find ("stream") != std::string::npos)
    load.kept_frames += stream_length;
  if (modes.find ("key") != std::string::npos)
    load.kept_frames += 1;
  return load;
}

RedisSizes
redis_sizes (const std::vector<StreamLoad> &loads, uint64_t max_memory)
{
  constexpr double lag_seconds = 10;
  constexpr uint64_t slow_readers = 4;
  constexpr uint64_t server_itself = 8 * MIB;
  double fastest = 0, kept = 0;
  for (const auto &load : loads) {
    fastest = std::max (fastest, load.frame_bytes * load.rate);
    kept += load.frame_bytes * load.kept_frames;
  }
  /* A quarter more for fragmentation. */
  const uint64_t taken = server_itself + static_cast<uint64_t> (kept * 1.25);
  const uint64_t room = max_memory > taken ? max_memory - taken : 0;
  const uint64_t wanted = std::max (static_cast<uint64_t> (fastest * lag_seconds), 32 * MIB);
  RedisSizes sizes;
  sizes.max_memory = max_memory;
  sizes.pubsub_hard = std::min (wanted, std::max (room / slow_readers, 8 * MIB));
  sizes.pubsub_soft = sizes.pubsub_hard / 2;
  return sizes;
}

std::string
RedisConf::text () const
{
  std::string text = "# Written by camwardend at each start.\n"
                     "daemonize no\n"
                     "supervised no\n"
                     "save \"\"\n"
                     "appendonly no\n"
                     "databases 1\n"
                     "maxmemory-policy noeviction\n"
                     "tcp-keepalive 30\n"
                     /* Where memory is missing, the kernel ends a worker first and us last. */
                     "oom-score-adj absolute\n"
                     "oom-score-adj-values 100 100 100\n"
                     "unixsocketperm 660\n";
  auto add = [&text] (const char *key, const std::string &value) {
    text += std::string (key) + " " + value + "\n";
  };
  add ("dir", quoted (directory));
  add ("pidfile", quoted (pid_path));
  add ("unixsocket", quoted (socket_path));
  add ("port", std::to_string (port));
  add ("bind", bind_addresses (listen));
  add ("maxmemory", std::to_string (sizes.max_memory));
  add ("client-output-buffer-limit", "pubsub " + std::to_string (sizes.pubsub_hard) + " "
                                         + std::to_string (sizes.pubsub_soft) + " 60");
  const std::string reader_login = listen.empty () ? "nopass" : "#" + password_hash;
  add ("user", "default on " + reader_login + " " + acl_rules (RedisUser::Default));
  add ("user", EMBEDDED_REDIS_USER " on #" + password_hash + " " + acl_rules (RedisUser::Worker));
  return text;
}

RedisLogLine
parse_redis_log (const std::string &line)
{
  /* The mark is the first of ".-*#" that stands alone between blanks. */
  for (size_t i = 1; i + 2 < line.size (); i++)
    if (line[i - 1] == ' ' && line[i + 1] == ' '
        && std::string_view (".-*#").find (line[i]) != std::string_view::npos)
      return { line[i] == '#', line.substr (i + 2) };
  return { true, line };
}

bool
is_cut_in_log (const std::string &text)
{
  return text.find ("for overcoming of output buffer limits") != std::string::npos;
}

std::string
version_in_log (const std::string &text)
{
  constexpr std::string_view mark = " version=";
  const size_t at = text.find (mark);
  if (at == std::string::npos || text.find ("just started") == std::string::npos)
    return {};
  const size_t begin = at + mark.size ();
  const bool valkey = text.starts_with ("Valkey");
  return (valkey ? "valkey " : "redis ") + text.substr (begin, text.find (',', begin) - begin);
}

} // namespace camwarden
