// SPDX-License-Identifier: LGPL-2.1-or-later
/* The link's own thread: it connects, waits for the socket, and keeps the deadlines. */
#include "redis/redislinkimpl.h"
#include "redis/textcommand.h"

#include <algorithm>
#include <hiredis/hiredis.h>
#include <poll.h>

namespace camwarden
{

namespace
{

/* While frames flow, answers are read by the thread that brings the next frame; the link's own
 * thread only looks after them this often, instead of waking up for each. */
constexpr int64_t BUSY_TICK = 100 * 1000;
constexpr unsigned BUSY_MESSAGES = 2; /* per tick */
constexpr int64_t TICK = 500 * 1000;
constexpr int64_t PING_AFTER = G_USEC_PER_SEC;
constexpr int64_t RTT_EVERY = G_USEC_PER_SEC;
constexpr int64_t ROLE_EVERY = 10 * G_USEC_PER_SEC;
constexpr int64_t HEALTHY_AFTER = 60 * G_USEC_PER_SEC;
constexpr int64_t LATE_END = G_USEC_PER_SEC / 2;

} // namespace

/* ---- the link's thread ---- */

void
RedisLink::Impl::pause (int64_t microseconds) const
{
  pollfd entry{ wake_fd, POLLIN, 0 };
  poll (&entry, 1, static_cast<int> ((microseconds + 999) / 1000));
  clear_wake ();
}

void
RedisLink::Impl::clear_wake () const
{
  uint64_t count;
  (void)!::read (wake_fd, &count, sizeof count);
}

bool
RedisLink::Impl::stopping () const
{
  Lock lock (mutex);
  return quit;
}

void
RedisLink::Impl::tell (LinkState state, const std::string &why)
{
  if (events.state)
    events.state (state, why);
}

void
RedisLink::Impl::run ()
{
  int64_t begun = g_get_monotonic_time ();
  while (wait_until (begun + backoff.next (random))) {
    begun = g_get_monotonic_time ();
    if (const SessionPtr opened = open_session ()) {
      run_session (opened);
      begun = g_get_monotonic_time ();
    }
  }
}

/* An attempt that was long on its own is not waited for again: `begun` is its start. */
bool
RedisLink::Impl::wait_until (int64_t when)
{
  for (int64_t now; !stopping () && (now = g_get_monotonic_time ()) < when;)
    pause (when - now);
  return !stopping ();
}

RedisLink::Impl::SessionPtr
RedisLink::Impl::open_session ()
{
  RedisSettings target = settings;
  {
    Lock lock (mutex);
    stats.state = LinkState::Connecting;
    target.where = where;
  }
  g_autoptr (GError) error = nullptr;
  const int64_t deadline = g_get_monotonic_time () + settings.command_timeout;
  auto stream = RedisStream::connect (target, deadline, cancellable.get (), &error);
  auto opened = stream ? std::make_shared<RedisSession> (stream, settings.max_reply) : nullptr;
  if (opened && opened->handshake (target, deadline, cancellable.get (), &error)) {
    end_late ();
    return opened;
  }
  {
    Lock lock (mutex);
    where = settings.where;
    stats.state = LinkState::Offline;
    stats.last_error = error->message;
  }
  if (!stopping ())
    tell (LinkState::Offline, error->message);
  return nullptr;
}

/* A server that froze finds, when it goes on, what was sent before it did, and a network that
 * was cut brings later what it could not bring before: until that has been read, or thrown away,
 * newer messages on another connection would overtake older ones. */
void
RedisLink::Impl::end_late ()
{
  if (const SessionPtr before = std::exchange (late, nullptr))
    before->stream ().wait_end (g_get_monotonic_time () + LATE_END, cancellable.get ());
}

void
RedisLink::Impl::greet (Lock &lock, const SessionPtr &opened)
{
  const int64_t now = g_get_monotonic_time ();
  connected_at = last_activity = now;
  next_tick = next_rtt = now;
  next_user_tick = now;
  next_role = now + ROLE_EVERY;
  ping_sent = 0;
  busy = rtt_due = false;
  session = opened;
  stats.state = LinkState::Ready;
  stats.connects++;
  lock.unlock ();
  if (!channels.empty ())
    push_words ("SUBSCRIBE", channels);
  if (!patterns.empty ())
    push_words ("PSUBSCRIBE", patterns);
  tell (LinkState::Ready, "connected to " + settings.where.server ());
  lock.lock ();
}

void
RedisLink::Impl::push_words (const char *verb, const std::vector<std::string> &names)
{
  std::vector<std::string> words{ verb };
  words.insert (words.end (), names.begin (), names.end ());
  send (std::make_unique<TextCommand> (words, 0));
}

void
RedisLink::Impl::run_session (const SessionPtr &opened)
{
  Lock lock (mutex);
  greet (lock, opened);
  while (!quit && session == opened) {
    if (queue.has_unwritten ())
      write_queue (lock);
    wait_for_work (lock, opened);
    if (!quit && session == opened)
      look_after (lock, opened);
  }
  const std::string why = stats.last_error;
  const bool broken = !quit;
  lock.unlock ();
  if (g_get_monotonic_time () - connected_at >= HEALTHY_AFTER)
    backoff.reset ();
  if (broken)
    tell (LinkState::Offline, why);
}

int64_t
RedisLink::Impl::next_deadline () const
{
  int64_t when = next_tick;
  if (queue.has_unanswered ())
    when = std::min (when, queue.oldest () + settings.command_timeout);
  return when;
}

void
RedisLink::Impl::wait_for_work (Lock &lock, const SessionPtr &current)
{
  if (quit || session != current)
    return;
  const bool lazy = busy && !draining && !rtt_due && !subscriber ();
  polling_out = queue.has_unwritten () && !writing;
  const int events_wanted = (lazy ? 0 : POLLIN) | (polling_out ? POLLOUT : 0);
  pollfd entries[] = { { wake_fd, POLLIN, 0 },
                       { current->stream ().fd (), static_cast<short> (events_wanted), 0 } };
  const int64_t left = std::max<int64_t> (0, next_deadline () - g_get_monotonic_time ());
  lock.unlock ();
  poll (entries, 2, static_cast<int> ((left + 999) / 1000));
  if (entries[0].revents)
    clear_wake ();
  lock.lock ();
  polling_out = false;
  if (entries[1].revents & (POLLIN | POLLHUP | POLLERR))
    read_replies (lock, true);
}

/* Deadlines, answers left over by a busy sender, pings, questions asked again and again. */
void
RedisLink::Impl::look_after (Lock &lock, const SessionPtr &current)
{
  const int64_t now = g_get_monotonic_time ();
  if (now < next_deadline ())
    return;
  read_replies (lock, false);
  if (session != current)
    return;
  if (overdue (now)) {
    fail (lock, current,
          "no answer within " + std::to_string (settings.command_timeout / 1000) + " ms", false);
    late = current;
    return;
  }
  if (now < next_tick)
    return;
  busy = sent_in_tick >= BUSY_MESSAGES;
  sent_in_tick = 0;
  if (now >= next_rtt) {
    rtt_due = true;
    next_rtt = now + RTT_EVERY;
  }
  next_tick = now + (busy ? BUSY_TICK : TICK);
  chores (lock, current, now);
}

bool
RedisLink::Impl::overdue (int64_t now) const
{
  const int64_t limit = settings.command_timeout;
  return (queue.has_unanswered () && now - queue.oldest () >= limit)
         || (ping_sent != 0 && now - ping_sent >= limit);
}

void
RedisLink::Impl::chores (Lock &lock, const SessionPtr &current, int64_t now)
{
  const bool ping = queue.empty () && now - last_activity >= PING_AFTER;
  const bool role = settings.refuse_replica && !subscriber () && now >= next_role;
  if (role)
    next_role = now + ROLE_EVERY;
  if (ping && subscriber () && ping_sent == 0)
    ping_sent = now;
  lock.unlock ();
  if (ping)
    send (
        std::make_unique<TextCommand> (std::vector<std::string>{ "PING" }, subscriber () ? 0 : 1));
  if (role)
    ask_role (current);
  if (events.tick && now >= next_user_tick) {
    next_user_tick = now + TICK;
    events.tick ();
  }
  lock.lock ();
}

void
RedisLink::Impl::ask_role (const SessionPtr &current)
{
  send (std::make_unique<TextCommand> (
      std::vector<std::string>{ "ROLE" }, 1, [this, current] (const redisReply *reply) {
        if (!reply || reply->type == REDIS_REPLY_ERROR || is_master (*reply))
          return;
        Lock lock (mutex);
        fail (lock, current, "the server has become a replica");
      }));
}

} // namespace camwarden
