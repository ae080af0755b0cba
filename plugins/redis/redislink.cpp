// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/redislink.h"

#include "common/backoff.h"
#include "common/textcheck.h"
#include "redis/outgoingqueue.h"
#include "redis/rediscommands.h"
#include "redis/redisstream.h"
#include "redis/textcommand.h"

#include <algorithm>
#include <condition_variable>
#include <hiredis/hiredis.h>
#include <mutex>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

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

std::string_view
text_of (const redisReply *reply)
{
  return reply->type == REDIS_REPLY_STRING ? std::string_view (reply->str, reply->len)
                                           : std::string_view ();
}

/* "MOVED 3999 127.0.0.1:6381" */
std::optional<RedisLocation>
moved_to (std::string_view text, RedisLocation where)
{
  const size_t space = text.rfind (' ');
  const size_t colon = text.rfind (':');
  if (space == text.npos || colon == text.npos || colon < space)
    return std::nullopt;
  if (colon > space + 1)
    where.host = text.substr (space + 1, colon - space - 1);
  const int port = atoi (std::string (text.substr (colon + 1)).c_str ());
  where.port = static_cast<unsigned> (port);
  return port > 0 && port < 65536 ? std::optional (where) : std::nullopt;
}

} // namespace

const char *
link_state_name (LinkState state)
{
  switch (state) {
  case LinkState::Offline:
    return "offline";
  case LinkState::Connecting:
    return "connecting";
  case LinkState::Ready:
    break;
  }
  return "ready";
}

struct RedisLink::Impl
{
  using Lock = std::unique_lock<std::mutex>;
  using SessionPtr = std::shared_ptr<RedisSession>;

  Impl (RedisSettings given, Events handlers)
      : settings (std::move (given)), events (std::move (handlers)),
        backoff (settings.retry_delay, settings.max_retry_delay), where (settings.where)
  {}
  ~Impl () { close (wake_fd); }

  /* constant after start() */
  const RedisSettings settings;
  const Events events;
  std::vector<std::string> channels;
  std::vector<std::string> patterns;
  const int wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  Ref<GCancellable> cancellable = Ref<GCancellable>::adopt (g_cancellable_new ());
  std::thread thread;

  /* the link's thread only */
  FullJitter backoff;
  RandomSource random{ std::random_device{}() };
  int64_t connected_at = 0;
  int64_t next_tick = 0;
  int64_t next_user_tick = 0;
  int64_t next_role = 0;
  int64_t ping_sent = 0; /* of a subscriber; 0: none is out */
  SessionPtr late;       /* given up without an answer; the server may read on in it */

  /* Guarded by `mutex`, which is never held while reading, writing or calling out. At most one
   * thread writes (writing) and one reads (reading); they hold a reference to the session. */
  mutable std::mutex mutex;
  std::condition_variable settled;
  SessionPtr session;
  OutgoingQueue queue;
  RedisLocation where; /* differs from settings.where after MOVED */
  bool writing = false;
  bool reading = false;
  bool polling_out = false;
  bool quit = false;
  bool draining = false;
  bool busy = false; /* frames flow: answers are read lazily */
  bool rtt_due = false;
  int64_t next_rtt = 0;
  unsigned sent_in_tick = 0;
  int64_t last_activity = 0;
  LinkStats stats;

  bool
  subscriber () const
  {
    return !channels.empty () || !patterns.empty ();
  }

  void
  wake () const
  {
    const uint64_t one = 1;
    (void)!::write (wake_fd, &one, sizeof one);
  }

  /* ---- writing ---- */

  void
  note_write (const ItemPtr &item, int64_t now)
  {
    item->since = now;
    last_activity = now;
  }

  /* Writes what is queued until the socket is full. Unlocks while it writes. */
  void
  write_queue (Lock &lock)
  {
    if (writing)
      return;
    writing = true;
    while (session && queue.has_unwritten ()) {
      const SessionPtr current = session;
      const ItemPtr item = queue.begin (g_get_monotonic_time ());
      lock.unlock ();
      g_autoptr (GError) error = nullptr;
      bool progress = false;
      const auto result = item->write (current->stream (), &progress, &error);
      if (result == OutgoingItem::Written::All)
        item->message->written ();
      else if (result == OutgoingItem::Written::Blocked)
        item->keep ();
      lock.lock ();
      if (session != current) /* a new one found the queue in use and left it to us */
        continue;
      if (progress)
        note_write (item, g_get_monotonic_time ());
      if (result == OutgoingItem::Written::Blocked)
        break;
      if (result == OutgoingItem::Written::Failed) {
        fail (lock, current, error->message);
        continue;
      }
      queue.pop ();
      stats.bytes_sent += item->bytes;
    }
    writing = false;
  }

  void
  send (std::unique_ptr<Outgoing> message)
  {
    const auto item = std::make_shared<OutgoingItem> (std::move (message));
    Lock lock (mutex);
    if (session && queue.has_unanswered () && busy)
      read_replies (lock, false);
    const bool at_once = session && !queue.has_unwritten () && !writing;
    if (!at_once) {
      lock.unlock ();
      item->keep ();
      lock.lock ();
    }
    if (refuse (item)) {
      const LostReason reason = quit ? LostReason::Stopped : LostReason::Offline;
      lock.unlock ();
      item->message->lost (reason);
      return;
    }
    queue.push (item);
    sent_in_tick++;
    write_or_wake (lock);
    const auto reason = session ? LostReason::Overflow : LostReason::Offline;
    const auto dropped = queue.take_overflow ();
    lock.unlock ();
    for (const auto &old : dropped)
      old->message->lost (reason);
  }

  /* Only droppable messages wait for a connection. */
  bool
  refuse (const ItemPtr &item) const
  {
    return quit || (!session && !item->message->droppable);
  }

  void
  write_or_wake (Lock &lock)
  {
    write_queue (lock);
    if (queue.has_unwritten () && session && !polling_out && !writing)
      wake ();
  }

  /* ---- reading ---- */

  /* Handles the answers that are there. Unlocks while it reads. `prompt`: the socket has just
   * become readable, so the time of the answer is known. */
  void
  read_replies (Lock &lock, bool prompt)
  {
    if (reading || !session)
      return;
    reading = true;
    const SessionPtr current = session;
    while (!quit && session == current && (subscriber () || queue.has_unanswered () || prompt)) {
      lock.unlock ();
      g_autoptr (GError) error = nullptr;
      const ReplyPtr reply = current->poll_reply (&error);
      lock.lock ();
      if (error)
        fail (lock, current, error->message);
      if (!reply)
        break;
      last_activity = g_get_monotonic_time ();
      if (subscriber ())
        handle_push (lock, current, *reply);
      else
        handle_answer (lock, current, *reply, prompt);
    }
    reading = false;
    if (queue.empty ())
      settled.notify_all ();
  }

  void
  handle_answer (Lock &lock, const SessionPtr &current, const redisReply &reply, bool prompt)
  {
    const auto answer = queue.take_answer ();
    if (!answer) {
      fail (lock, current, "an answer to no question: the server does not speak Redis' protocol");
      return;
    }
    const auto &[item, index] = *answer;
    if (prompt) {
      stats.rtt = last_activity - item->since;
      rtt_due = false;
    }
    lock.unlock ();
    item->message->answered (index, reply);
    lock.lock ();
    if (reply.type == REDIS_REPLY_ERROR)
      judge_error (lock, current, printable ({ reply.str, static_cast<size_t> (reply.len) }));
  }

  /* Which refusals mean that this is the wrong server, or that we have to introduce ourselves. */
  void
  judge_error (Lock &lock, const SessionPtr &current, const std::string &text)
  {
    switch (redis_error_code (text)) {
    case RedisError::Moved:
      if (const auto target = moved_to (text, settings.where)) {
        where = *target;
        fail (lock, current, text);
      }
      break;
    case RedisError::Replica:
      fail (lock, current, text);
      break;
    case RedisError::Auth:
      if (!g_str_has_prefix (text.c_str (), "NOPERM"))
        fail (lock, current, text);
      break;
    case RedisError::Busy:
    case RedisError::Protocol:
    case RedisError::Refused:
      break;
    }
  }

  void
  handle_push (Lock &lock, const SessionPtr &current, const redisReply &reply)
  {
    if (reply.type == REDIS_REPLY_ERROR) {
      fail (lock, current, printable ({ reply.str, static_cast<size_t> (reply.len) }));
      return;
    }
    if (reply.type != REDIS_REPLY_ARRAY || reply.elements < 2)
      return;
    const std::string_view kind = text_of (reply.element[0]);
    if (kind == "pong")
      ping_sent = 0;
    const bool pattern = kind == "pmessage" && reply.elements == 4;
    if (!pattern && !(kind == "message" && reply.elements == 3))
      return;
    redisReply **part = reply.element + (pattern ? 2 : 1);
    lock.unlock ();
    if (events.message)
      events.message (text_of (part[0]), text_of (part[1]));
    lock.lock ();
  }

  /* ---- the end of a connection ---- */

  /* answers: false when the server only did not answer in time. */
  void
  fail (Lock &lock, const SessionPtr &current, const std::string &why, bool answers = true)
  {
    if (session != current)
      return;
    session.reset ();
    stats.state = LinkState::Offline;
    stats.last_error = why;
    const auto lost = queue.take_lost (false);
    lock.unlock ();
    if (answers)
      current->stream ().shut ();
    else
      current->stream ().give_up ();
    for (const auto &item : lost)
      item->message->lost (LostReason::Link);
    wake ();
    lock.lock ();
    settled.notify_all ();
  }

  /* ---- the link's thread ---- */

  void
  pause (int64_t microseconds) const
  {
    pollfd entry{ wake_fd, POLLIN, 0 };
    poll (&entry, 1, static_cast<int> ((microseconds + 999) / 1000));
    clear_wake ();
  }

  void
  clear_wake () const
  {
    uint64_t count;
    (void)!::read (wake_fd, &count, sizeof count);
  }

  bool
  stopping () const
  {
    Lock lock (mutex);
    return quit;
  }

  void
  tell (LinkState state, const std::string &why)
  {
    if (events.state)
      events.state (state, why);
  }

  void
  run ()
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
  wait_until (int64_t when)
  {
    for (int64_t now; !stopping () && (now = g_get_monotonic_time ()) < when;)
      pause (when - now);
    return !stopping ();
  }

  SessionPtr
  open_session ()
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
  end_late ()
  {
    if (const SessionPtr before = std::exchange (late, nullptr))
      before->stream ().wait_end (g_get_monotonic_time () + LATE_END, cancellable.get ());
  }

  void
  greet (Lock &lock, const SessionPtr &opened)
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
  push_words (const char *verb, const std::vector<std::string> &names)
  {
    std::vector<std::string> words{ verb };
    words.insert (words.end (), names.begin (), names.end ());
    send (std::make_unique<TextCommand> (words, 0));
  }

  void
  run_session (const SessionPtr &opened)
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
  next_deadline () const
  {
    int64_t when = next_tick;
    if (queue.has_unanswered ())
      when = std::min (when, queue.oldest () + settings.command_timeout);
    return when;
  }

  void
  wait_for_work (Lock &lock, const SessionPtr &current)
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
  look_after (Lock &lock, const SessionPtr &current)
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
  overdue (int64_t now) const
  {
    const int64_t limit = settings.command_timeout;
    return (queue.has_unanswered () && now - queue.oldest () >= limit)
           || (ping_sent != 0 && now - ping_sent >= limit);
  }

  void
  chores (Lock &lock, const SessionPtr &current, int64_t now)
  {
    const bool ping = queue.empty () && now - last_activity >= PING_AFTER;
    const bool role = settings.refuse_replica && !subscriber () && now >= next_role;
    if (role)
      next_role = now + ROLE_EVERY;
    if (ping && subscriber () && ping_sent == 0)
      ping_sent = now;
    lock.unlock ();
    if (ping)
      send (std::make_unique<TextCommand> (std::vector<std::string>{ "PING" },
                                           subscriber () ? 0 : 1));
    if (role)
      ask_role (current);
    if (events.tick && now >= next_user_tick) {
      next_user_tick = now + TICK;
      events.tick ();
    }
    lock.lock ();
  }

  void
  ask_role (const SessionPtr &current)
  {
    send (std::make_unique<TextCommand> (
        std::vector<std::string>{ "ROLE" }, 1, [this, current] (const redisReply *reply) {
          if (!reply || reply->type == REDIS_REPLY_ERROR || is_master (*reply))
            return;
          Lock lock (mutex);
          fail (lock, current, "the server has become a replica");
        }));
  }
};

RedisLink::RedisLink (RedisSettings settings, Events events)
    : impl_ (std::make_unique<Impl> (std::move (settings), std::move (events)))
{}

RedisLink::~RedisLink ()
{
  stop ();
}

void
RedisLink::subscribe (std::vector<std::string> channels, std::vector<std::string> patterns)
{
  impl_->channels = std::move (channels);
  impl_->patterns = std::move (patterns);
}

void
RedisLink::set_queue_limit (unsigned messages, size_t bytes)
{
  impl_->queue.set_limit (messages, bytes);
}

void
RedisLink::start ()
{
  impl_->thread = std::thread ([this] { impl_->run (); });
}

void
RedisLink::stop ()
{
  {
    Impl::Lock lock (impl_->mutex);
    impl_->quit = true;
  }
  g_cancellable_cancel (impl_->cancellable.get ());
  impl_->wake ();
  if (impl_->thread.joinable ())
    impl_->thread.join ();
  Impl::Lock lock (impl_->mutex);
  const auto session = std::exchange (impl_->session, nullptr);
  impl_->stats.state = LinkState::Offline;
  const auto lost = impl_->queue.take_lost (true);
  impl_->settled.notify_all ();
  lock.unlock ();
  if (session)
    session->stream ().shut ();
  for (const auto &item : lost)
    item->message->lost (LostReason::Stopped);
}

void
RedisLink::command (const std::vector<std::string> &words, Answer done)
{
  if (!is_known_command (words.front ()))
    g_critical ("%s is missing in the table of Redis commands", words.front ().c_str ());
  impl_->send (std::make_unique<TextCommand> (words, 1, std::move (done)));
}

void
RedisLink::send (std::unique_ptr<Outgoing> message)
{
  impl_->send (std::move (message));
}

bool
RedisLink::drain (int64_t timeout, GCancellable *cancellable)
{
  const gulong handler
      = cancellable
            ? g_cancellable_connect (cancellable, G_CALLBACK (+[] (GCancellable *, gpointer data) {
                                       auto *impl = static_cast<Impl *> (data);
                                       Impl::Lock lock (impl->mutex);
                                       impl->settled.notify_all ();
                                     }),
                                     impl_.get (), nullptr)
            : 0;
  Impl::Lock lock (impl_->mutex);
  impl_->draining = true;
  impl_->wake ();
  const auto settled = [this] { return impl_->queue.empty (); };
  const auto over = [&] {
    return settled () || !impl_->session || impl_->quit
           || (cancellable && g_cancellable_is_cancelled (cancellable));
  };
  impl_->settled.wait_for (lock, std::chrono::microseconds (timeout), over);
  const bool done = settled ();
  impl_->draining = false;
  lock.unlock ();
  if (handler)
    g_cancellable_disconnect (cancellable, handler);
  return done;
}

LinkStats
RedisLink::stats () const
{
  Impl::Lock lock (impl_->mutex);
  LinkStats stats = impl_->stats;
  impl_->queue.count (&stats);
  return stats;
}

LinkState
RedisLink::state () const
{
  Impl::Lock lock (impl_->mutex);
  return impl_->stats.state;
}

} // namespace camwarden
