// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/doctorredis.h"

#include "config/directories.h"
#include "config/i18n.h"
#include "config/values.h"
#include "ctl/doctor.h"
#include "ctl/textformat.h"
#include "redis/redislink.h"

#include <algorithm>
#include <condition_variable>
#include <cstdlib>
#include <hiredis/hiredis.h>
#include <mutex>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr auto patience = std::chrono::seconds (5);
constexpr double lag_seconds = 10; /* that a reader may be behind before it is cut off */

/* A link that is asked one thing after the other. */
class RedisQuery
{
public:
  explicit RedisQuery (RedisSettings settings)
      : link_ (
          std::move (settings),
          { .state = [this] (LinkState state, const std::string &why) { changed (state, why); },
            .message = {},
            .tick = {} })
  {}

  [[nodiscard]] bool
  connect (std::string &trouble)
  {
    link_.start ();
    std::unique_lock lock (mutex_);
    changed_.wait_for (lock, patience, [this] { return ready_ || !trouble_.empty (); });
    trouble = ready_ ? "" : trouble_.empty () ? _ ("it does not answer") : trouble_;
    return ready_;
  }

  /* The answer's strings, in order; with `error` the words of an answer that refuses. */
  [[nodiscard]] std::vector<std::string>
  ask (const std::vector<std::string> &words, std::string *error = nullptr)
  {
    std::vector<std::string> texts;
    std::string refusal;
    bool done = false;
    link_.command (words, [&] (const redisReply *reply) {
      const std::lock_guard lock (mutex_);
      if (reply && reply->type == REDIS_REPLY_ERROR)
        refusal.assign (reply->str, reply->len);
      else if (reply)
        collect (*reply, texts);
      done = true;
      changed_.notify_all ();
    });
    std::unique_lock lock (mutex_);
    changed_.wait (lock, [&done] { return done; }); /* the link has a deadline of its own */
    if (error)
      *error = refusal;
    return texts;
  }

private:
  static void
  collect (const redisReply &reply, std::vector<std::string> &texts)
  {
    if (reply.type == REDIS_REPLY_STRING || reply.type == REDIS_REPLY_STATUS)
      texts.emplace_back (reply.str, reply.len);
    else if (reply.type == REDIS_REPLY_ARRAY)
      for (size_t i = 0; i < reply.elements; i++)
        collect (*reply.element[i], texts);
  }

  void
  changed (LinkState state, const std::string &why)
  {
    const std::lock_guard lock (mutex_);
    ready_ = ready_ || state == LinkState::Ready;
    if (state == LinkState::Offline && !why.empty ())
      trouble_ = why;
    changed_.notify_all ();
  }

  std::mutex mutex_; /* guards the three below, and what ask() waits for */
  std::condition_variable changed_;
  bool ready_ = false;
  std::string trouble_;
  RedisLink link_; /* last: its thread uses the others until its end */
};

bool
is_loopback (const std::string &host)
{
  return host.empty () || host == "localhost" || host.starts_with ("127.") || host == "::1";
}

RedisLocation
location_of (const Config &config, RedisFacts &facts)
{
  RedisLocation where;
  facts.embedded = config.redis ().embedded ();
  if (facts.embedded) {
    where.socket_path = embedded_redis_socket_path ();
    where.user = EMBEDDED_REDIS_USER;
  } else if (const auto named = parse_redis_location (config.redis ().uri.c_str (), nullptr)) {
    where = *named;
  }
  facts.server = where.server ();
  facts.remote = !is_loopback (where.host);
  facts.tls = where.tls;
  facts.has_password = facts.embedded || !config.redis ().password_file.empty ();
  return where;
}

void
ask_settings (RedisQuery &query, RedisFacts &facts)
{
  for (const char *name :
       { "maxmemory", "maxmemory-policy", "save", "appendonly", "client-output-buffer-limit" }) {
    const auto answer = query.ask ({ "CONFIG", "GET", name });
    if (answer.size () == 2)
      facts.settings[answer[0]] = answer[1];
  }
}

void
ask_all (RedisQuery &query, RedisFacts &facts)
{
  const auto role = query.ask ({ "ROLE" });
  facts.role = role.empty () ? "" : role.front ();
  const auto info = query.ask ({ "INFO" });
  facts.info = info.empty () ? "" : info.front ();
  constexpr std::string_view version = "redis_version:";
  if (const size_t at = facts.info.find (version); at != std::string::npos)
    facts.major = static_cast<unsigned> (
        std::strtoul (facts.info.c_str () + at + version.size (), nullptr, 10));
  /* A channel and a key of our own that nobody reads. */
  (void)query.ask ({ "PUBLISH", "cam:doctor:event", "{}" }, &facts.publish_error);
  (void)query.ask ({ "SET", "cam:doctor:status", "{}", "EX", "1" }, &facts.set_error);
  if (!facts.embedded)
    ask_settings (query, facts);
}

} // namespace

std::optional<std::string>
RedisFacts::setting (const std::string &name) const
{
  const auto found = settings.find (name);
  return found == settings.end () ? std::nullopt : std::optional (found->second);
}

RedisFacts
ask_redis (const Config &config)
{
  RedisFacts facts;
  const RedisLocation where = location_of (config, facts);
  if (facts.embedded && access (where.socket_path.c_str (), F_OK) != 0)
    return facts;
  facts.asked = true;
  RedisSettings settings;
  settings.where = where;
  settings.password_file
      = facts.embedded ? embedded_redis_password_path () : config.redis ().password_file;
  settings.ca_file = config.redis ().ca_file;
  settings.client_name = "camwarden-doctor";
  RedisQuery query (settings);
  facts.connected = query.connect (facts.trouble);
  if (facts.connected)
    ask_all (query, facts);
  return facts;
}

std::optional<uint64_t>
pubsub_hard_limit (const std::string &setting)
{
  const auto words = split_words (setting, " ");
  const auto found = std::find (words.begin (), words.end (), "pubsub");
  if (found == words.end () || found + 1 == words.end ())
    return std::nullopt;
  return std::strtoull (std::string (found[1]).c_str (), nullptr, 10);
}

static void
check_connection (Inspection &all)
{
  const RedisFacts &redis = all.redis;
  const bool refused = redis.trouble.find ("NOAUTH") != std::string::npos
                       || redis.trouble.find ("WRONGPASS") != std::string::npos
                       || redis.trouble.find ("NOPERM") != std::string::npos
                       || redis.trouble.find ("invalid password") != std::string::npos;
  all.error (!redis.connected && refused, "redis-password",
             text_of (_ ("Redis at %s refuses the password"), redis.server.c_str ()), redis.trouble,
             _ ("put the right password into the file of password-file in [redis]; the user goes "
                "into uri: redis://USER@HOST"));
  all.error (!redis.connected && !refused, "redis-unreachable",
             text_of (_ ("Redis at %s does not answer"), redis.server.c_str ()), redis.trouble,
             redis.embedded ? _ ("see the daemon's log: camwardenctl logs")
                            : _ ("start it there, open its port, or correct uri in [redis]"));
}

static void
check_rights (Inspection &all)
{
  const RedisFacts &redis = all.redis;
  const auto lacks = [] (const std::string &error) { return error.starts_with ("NOPERM"); };
  all.error (lacks (redis.publish_error) || lacks (redis.set_error), "redis-acl",
             _ ("the Redis user may not do what the workers do"),
             redis.publish_error.empty () ? redis.set_error : redis.publish_error,
             _ ("give it the worker's rules of the shipped ACL file: ACL SETUSER in Redis"));
  all.error (redis.role == "slave" || redis.publish_error.starts_with ("READONLY"), "redis-replica",
             text_of (_ ("Redis at %s is a replica"), redis.server.c_str ()),
             _ ("it swallows what is published to it"), _ ("name its master in uri of [redis]"));
  all.error (redis.major > 0 && redis.major < 6, "redis-old",
             text_of (_ ("Redis at %s is of version %u"), redis.server.c_str (), redis.major),
             _ ("users and their rights came with version 6"), _ ("install Redis 6 or newer"));
}

static double
fastest_camera (const Config &config)
{
  double fastest = 0;
  for (const CameraConfig &camera : config.cameras ())
    fastest = std::max (fastest, estimated_frame_bytes (camera) * estimated_rate (camera));
  return fastest;
}

static bool
keeps_frames (const Config &config)
{
  return std::any_of (config.cameras ().begin (), config.cameras ().end (),
                      [] (const CameraConfig &camera) {
                        return camera.modes.find ("stream") != std::string::npos
                               || camera.modes.find ("key") != std::string::npos;
                      });
}

static void
check_memory (Inspection &all)
{
  const RedisFacts &redis = all.redis;
  const auto limit = redis.setting ("client-output-buffer-limit");
  const auto hard = limit ? pubsub_hard_limit (*limit) : std::nullopt;
  const double wanted = fastest_camera (all.config) * lag_seconds;
  all.warning (
      hard && *hard > 0 && static_cast<double> (*hard) < wanted, "redis-output-buffer",
      text_of (_ ("Redis cuts off a reader that is %s behind"),
               format_bytes (hard ? static_cast<double> (*hard) : 0).c_str ()),
      text_of (
          _ ("the fastest camera sends %s a second: a reader that pauses for a moment loses its "
             "connection"),
          format_bytes (wanted / lag_seconds).c_str ()),
      text_of (_ ("CONFIG SET client-output-buffer-limit \"pubsub %.0f %.0f 60\", and the same in "
                  "redis.conf"),
               wanted, wanted / 2));
  const auto policy = redis.setting ("maxmemory-policy");
  all.warning (
      policy && *policy != "noeviction", "redis-eviction",
      text_of (_ ("Redis throws keys away when it is full (%s)"), policy.value_or ("").c_str ()),
      _ ("a camera's status or stream may vanish: it seems offline"),
      _ ("CONFIG SET maxmemory-policy noeviction"));
  all.warning (redis.setting ("maxmemory") == "0", "redis-no-memory-limit",
               _ ("Redis has no memory limit"),
               _ ("slow readers and streams can take all of its machine's memory"),
               _ ("CONFIG SET maxmemory to half of that machine's memory"));
}

static void
check_redis_disk (Inspection &all)
{
  const RedisFacts &redis = all.redis;
  const bool kept = keeps_frames (all.config);
  const auto save = redis.setting ("save");
  const auto append = redis.setting ("appendonly");
  all.check (save && !save->empty (), kept ? Severity::Warning : Severity::Hint, "redis-rdb",
             text_of (_ ("Redis saves to its disk now and then (save \"%s\")"),
                      save.value_or ("").c_str ()),
             kept ? _ ("each frame counts as a change: about 1 GB is written a day for each camera")
                  : _ ("a camera's status counts as a change: it writes all the time"),
             _ ("CONFIG SET save \"\", unless other data there needs it"));
  all.check (append == "yes", kept ? Severity::Warning : Severity::Hint, "redis-aof",
             _ ("Redis writes each change to its disk (appendonly)"),
             kept ? _ ("each frame is written there, about 150 GB a day for each camera")
                  : _ ("a camera's status is written there every few seconds"),
             _ ("CONFIG SET appendonly no, unless other data there needs it"));
}

void
check_redis (Inspection &all)
{
  const RedisFacts &redis = all.redis;
  all.warning (redis.remote && !redis.tls, "redis-plain",
               text_of (_ ("the way to Redis at %s is not encrypted"), redis.server.c_str ()),
               redis.has_password ? _ ("who listens on the network reads pictures and password")
                                  : _ ("who listens on the network reads the pictures"),
               _ ("rediss:// in uri of [redis], or a network that nobody else is on"));
  all.warning (redis.remote && !redis.has_password, "redis-open",
               text_of (_ ("Redis at %s is used without a password"), redis.server.c_str ()),
               _ ("everybody on that network can publish in the cameras' names"),
               _ ("a user with a password there, and password-file in [redis]"));
  if (!redis.asked)
    return;
  check_connection (all);
  if (!redis.connected)
    return;
  check_rights (all);
  if (redis.embedded)
    return;
  check_memory (all);
  check_redis_disk (all);
}

} // namespace camwarden
