// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/redisfigures.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace camwarden
{

namespace
{

std::string
mebibytes (uint64_t bytes)
{
  return std::to_string (bytes >> 20) + " MiB";
}

/* How far a counter went; a new server's begins anew. */
uint64_t
advance (uint64_t before, uint64_t now)
{
  return now >= before ? now - before : now;
}

void
note (int64_t now, uint64_t more, int64_t &at, uint64_t &sum)
{
  if (more == 0)
    return;
  if (at < 0 || now - at > RedisWatch::told_for)
    sum = 0;
  sum += more;
  at = now;
}

} // namespace

RedisFigures
parse_redis_info (std::string_view info)
{
  RedisFigures figures;
  const std::pair<std::string_view, uint64_t *> fields[]
      = { { "used_memory", &figures.used_memory },
          { "maxmemory", &figures.max_memory },
          { "evicted_keys", &figures.evicted_keys },
          { "client_output_buffer_limit_disconnections", &figures.buffer_disconnections },
          { "client_recent_max_output_buffer", &figures.largest_output_buffer },
          { "connected_clients", &figures.clients } };
  while (!info.empty ()) {
    const std::string_view line = info.substr (0, info.find ('\n'));
    info.remove_prefix (std::min (info.size (), line.size () + 1));
    const size_t colon = line.find (':');
    if (colon == std::string_view::npos)
      continue;
    for (const auto &[name, value] : fields)
      if (line.substr (0, colon) == name)
        (void)std::from_chars (line.data () + colon + 1, line.data () + line.size (), *value);
  }
  return figures;
}

void
RedisWatch::update (int64_t now, const RedisFigures &figures)
{
  if (last_) {
    note (now, advance (last_->evicted_keys, figures.evicted_keys), evicted_at_, evicted_);
    note (now, advance (last_->buffer_disconnections, figures.buffer_disconnections), cut_at_,
          cut_);
  }
  last_ = figures;
}

void
RedisWatch::forget ()
{
  *this = {};
}

std::vector<HealthIssue>
RedisWatch::issues (int64_t now) const
{
  std::vector<HealthIssue> list;
  const auto recent = [now] (int64_t at) { return at >= 0 && now - at <= told_for; };
  const auto add = [&list] (const char *code, std::string text, std::string cause) {
    HealthIssue issue;
    issue.code = code;
    issue.part = "redis";
    issue.what = std::move (text);
    issue.cause = std::move (cause);
    issue.text = issue.what + ": " + issue.cause;
    list.push_back (std::move (issue));
  };
  if (!last_)
    return list;
  const auto used = static_cast<double> (last_->used_memory);
  const auto most = static_cast<double> (last_->max_memory);
  if (most > 0 && used >= most * memory_share) {
    add ("redis-memory",
         "Redis uses " + mebibytes (last_->used_memory) + " of " + mebibytes (last_->max_memory),
         "large keys or streams, or readers that do not keep up; raise maxmemory of the server, or "
         "embedded-max-memory in [redis]");
    list.back ().value = used;
    list.back ().threshold = most * memory_share;
    list.back ().unit = "bytes";
  }
  if (recent (evicted_at_))
    add ("redis-evicting", "Redis has thrown away " + std::to_string (evicted_) + " keys",
         "its memory was full; raise maxmemory of the server, or have it keep less");
  if (recent (cut_at_))
    add (
        "redis-reader-cut", "Redis has cut off " + std::to_string (cut_) + " slow readers",
        "they did not read as fast as frames came; have them read faster or ask for less, or raise "
        "client-output-buffer-limit of the server");
  else if (last_->largest_output_buffer >= large_buffer)
    add ("redis-slow-reader",
         "A reader of Redis is " + mebibytes (last_->largest_output_buffer) + " behind",
         "it does not read as fast as frames come, and is cut off at client-output-buffer-limit");
  return list;
}

} // namespace camwarden
