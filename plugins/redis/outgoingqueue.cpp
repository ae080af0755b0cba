// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/outgoingqueue.h"

#include <algorithm>

namespace camwarden
{

static constexpr size_t MAX_PIECES = 64; /* of one write */

size_t
Outgoing::size () const
{
  size_t total = 0;
  for (const auto &piece : pieces)
    total += piece.size;
  return total;
}

OutgoingItem::OutgoingItem (std::unique_ptr<Outgoing> given)
    : message (std::move (given)), bytes (message->size ())
{}

OutgoingItem::Written
OutgoingItem::write (RedisStream &stream, bool *progress, GError **error)
{
  auto &pieces = message->pieces;
  while (next < pieces.size ()) {
    const size_t count = std::min (pieces.size () - next, MAX_PIECES);
    g_autoptr (GError) failure = nullptr;
    const gssize written = stream.write (&pieces[next], count, &failure);
    if (written < 0) {
      if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK))
        return Written::Blocked;
      g_propagate_error (error, g_steal_pointer (&failure));
      return Written::Failed;
    }
    *progress = true;
    auto left = static_cast<size_t> (written);
    while (next < pieces.size () && left >= pieces[next].size)
      left -= pieces[next++].size;
    if (left > 0) {
      pieces[next].buffer = static_cast<const char *> (pieces[next].buffer) + left;
      pieces[next].size -= left;
    }
  }
  return Written::All;
}

void
OutgoingItem::keep ()
{
  if (!std::exchange (kept, true))
    message->keep ();
}

void
OutgoingQueue::set_limit (unsigned messages, size_t bytes)
{
  max_messages_ = std::max (1u, messages);
  max_bytes_ = bytes;
}

ItemPtr
OutgoingQueue::begin (int64_t now)
{
  const ItemPtr &item = queue_.front ();
  if (!item->begun ()) {
    item->since = now;
    if (item->message->commands > 0)
      waiting_.push_back (item);
  }
  return item;
}

std::optional<std::pair<ItemPtr, unsigned>>
OutgoingQueue::take_answer ()
{
  if (waiting_.empty ())
    return std::nullopt;
  const ItemPtr item = waiting_.front ();
  const unsigned index = item->answered++;
  if (item->answered == item->message->commands)
    waiting_.pop_front ();
  return std::pair (item, index);
}

std::vector<ItemPtr>
OutgoingQueue::take_overflow ()
{
  unsigned count = 0;
  size_t bytes = 0;
  std::vector<ItemPtr> dropped;
  std::for_each (queue_.rbegin (), queue_.rend (), [&] (const ItemPtr &item) {
    if (!item->message->droppable || item->begun ())
      return;
    count++;
    bytes += item->bytes;
    if (count > 1 && (count > max_messages_ || bytes > max_bytes_))
      dropped.push_back (item);
  });
  for (const auto &item : dropped)
    queue_.erase (std::find (queue_.begin (), queue_.end (), item));
  std::reverse (dropped.begin (), dropped.end ());
  return dropped;
}

std::vector<ItemPtr>
OutgoingQueue::take_lost (bool all)
{
  std::vector<ItemPtr> lost (waiting_.begin (), waiting_.end ());
  waiting_.clear ();
  std::deque<ItemPtr> rest;
  for (const auto &item : queue_) {
    if (std::find (lost.begin (), lost.end (), item) != lost.end ())
      continue;
    if (all || item->begun () || !item->message->droppable)
      lost.push_back (item);
    else
      rest.push_back (item);
  }
  queue_.swap (rest);
  return lost;
}

void
OutgoingQueue::count (LinkStats *stats) const
{
  for (const auto &item : queue_)
    if (item->message->droppable) {
      stats->queued++;
      stats->queued_bytes += item->bytes;
    }
  for (const auto &item : waiting_)
    stats->unanswered += item->message->commands - item->answered;
}

} // namespace camwarden
