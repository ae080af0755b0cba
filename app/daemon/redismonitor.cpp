// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/redismonitor.h"

#include <hiredis/hiredis.h>

namespace camwarden
{

RedisMonitor::RedisMonitor (RedisSettings settings, std::function<void ()> changed)
    : changed_ (std::move (changed))
{
  status_.away_since = g_get_monotonic_time ();
  RedisLink::Events events;
  events.state = [this] (LinkState to, const std::string &why) {
    main_.call ([this, to, why] { state (to, why); });
  };
  link_ = std::make_unique<RedisLink> (std::move (settings), std::move (events));
  link_->start ();
}

void
RedisMonitor::state (LinkState state, const std::string &why)
{
  if (state == LinkState::Connecting || ending_)
    return;
  const bool connected = state == LinkState::Ready;
  if (connected)
    ask_role ();
  status_.error = connected ? "" : why;
  if (connected == status_.connected && told_)
    return;
  told_ = true;
  status_.connected = connected;
  status_.away_since = connected ? 0 : g_get_monotonic_time ();
  if (connected)
    g_message ("connected to Redis");
  else
    g_warning ("Redis is away: %s", why.c_str ());
  changed_ ();
}

/* Optional: a server may refuse the question. */
namespace
{

/* Whatever becomes of the question, there is an answer. */
struct Question
{
  std::function<void (const std::string &error)> done;

  ~Question ()
  {
    if (done)
      done ("the connection was given up");
  }
};

} // namespace

void
RedisMonitor::ask_role ()
{
  link_->command ({ "ROLE" }, [this] (const redisReply *reply) {
    const bool told = reply && reply->type == REDIS_REPLY_ARRAY && reply->elements > 0
                      && reply->element[0]->type == REDIS_REPLY_STRING;
    const std::string role = told ? reply->element[0]->str : "";
    main_.call ([this, role] { status_.role = role; });
  });
}

void
RedisMonitor::info (std::function<void (const std::string &)> told)
{
  if (!status_.connected)
    return;
  link_->command ({ "INFO" }, [this, told = std::move (told)] (const redisReply *reply) {
    const bool text = reply && reply->type == REDIS_REPLY_STRING;
    const std::string info = text ? std::string (reply->str, reply->len) : "";
    main_.call ([told, info] { told (info); });
  });
}

RedisMonitor::Status
RedisMonitor::status () const
{
  Status status = status_;
  const LinkStats stats = link_->stats ();
  status.rtt = stats.rtt;
  status.connects = stats.connects;
  return status;
}

void
RedisMonitor::command (const std::vector<std::string> &words)
{
  if (status_.connected)
    link_->command (words);
}

void
RedisMonitor::ask (const std::vector<std::string> &words,
                   std::function<void (const std::string &error)> done)
{
  if (!status_.connected)
    return done (status_.error.empty () ? "not connected" : status_.error);
  auto waiting = std::make_shared<Question> (); /* ends in the main loop */
  waiting->done = std::move (done);
  link_->command (words, [this, waiting] (const redisReply *reply) mutable {
    std::string error = reply ? "" : "no answer";
    if (reply && reply->type == REDIS_REPLY_ERROR)
      error = reply->str;
    main_.call (
        [error, waiting = std::move (waiting)] { std::exchange (waiting->done, {}) (error); });
  });
}

void
RedisMonitor::drain (int64_t timeout)
{
  ending_ = true;
  if (status_.connected)
    link_->drain (timeout, nullptr);
}

} // namespace camwarden
