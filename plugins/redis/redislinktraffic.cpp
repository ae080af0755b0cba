// SPDX-License-Identifier: LGPL-2.1-or-later
/* What goes out and what comes in, and the end of a connection. */
#include "common/textcheck.h"
#include "redis/rediscommands.h"
#include "redis/redislinkimpl.h"

#include <hiredis/hiredis.h>
#include <optional>

namespace camwarden
{

namespace
{

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

/* ---- writing ---- */

void
RedisLink::Impl::note_write (const ItemPtr &item, int64_t now)
{
  item->since = now;
  last_activity = now;
}

/* Writes what is queued until the socket is full. Unlocks while it writes. */
void
RedisLink::Impl::write_queue (Lock &lock)
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
RedisLink::Impl::send (std::unique_ptr<Outgoing> message)
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
RedisLink::Impl::refuse (const ItemPtr &item) const
{
  return quit || (!session && !item->message->droppable);
}

void
RedisLink::Impl::write_or_wake (Lock &lock)
{
  write_queue (lock);
  if (queue.has_unwritten () && session && !polling_out && !writing)
    wake ();
}

/* ---- reading ---- */

/* Handles the answers that are there. Unlocks while it reads. `prompt`: the socket has just
 * become readable, so the time of the answer is known. */
void
RedisLink::Impl::read_replies (Lock &lock, bool prompt)
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
RedisLink::Impl::handle_answer (Lock &lock, const SessionPtr &current, const redisReply &reply,
                                bool prompt)
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
RedisLink::Impl::judge_error (Lock &lock, const SessionPtr &current, const std::string &text)
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
    if (!text.starts_with ("NOPERM"))
      fail (lock, current, text);
    break;
  case RedisError::Busy:
  case RedisError::Protocol:
  case RedisError::Refused:
    break;
  }
}

void
RedisLink::Impl::handle_push (Lock &lock, const SessionPtr &current, const redisReply &reply)
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
RedisLink::Impl::fail (Lock &lock, const SessionPtr &current, const std::string &why, bool answers)
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

} // namespace camwarden
