// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "redis/redislink.h"
#include "redis/redisstream.h"

#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace camwarden
{

/* A message on its way. The thread that writes it advances `next` and the piece it points to;
 * everything else is guarded by the link's mutex. Shared: a hostile server may answer what is still
 * being written. */
struct OutgoingItem
{
  enum class Written {
    All,
    Blocked,
    Failed,
  };

  std::unique_ptr<Outgoing> message;
  size_t bytes = 0;
  size_t next = 0;
  int64_t since = 0; /* monotonic: last progress of writing it; 0: not begun */
  unsigned answered = 0;
  bool kept = false;

  explicit OutgoingItem (std::unique_ptr<Outgoing> given);

  [[nodiscard]] bool
  begun () const
  {
    return since != 0;
  }

  /* As much as the stream takes. */
  Written write (RedisStream &stream, bool *progress, GError **error);
  void keep ();
};
using ItemPtr = std::shared_ptr<OutgoingItem>;

/* The messages of one link: first they are queued, from their first byte on they wait for answers.
 * No lock of its own. */
class OutgoingQueue
{
public:
  void set_limit (unsigned messages, size_t bytes);

  void
  push (ItemPtr item)
  {
    queue_.push_back (std::move (item));
  }
  [[nodiscard]] bool
  has_unwritten () const
  {
    return !queue_.empty ();
  }
  [[nodiscard]] bool
  has_unanswered () const
  {
    return !waiting_.empty ();
  }
  [[nodiscard]] bool
  empty () const
  {
    return queue_.empty () && waiting_.empty ();
  }

  /* The next to be written, marked as begun. */
  ItemPtr begin (int64_t now);
  /* That one has been written. */
  void
  pop ()
  {
    queue_.pop_front ();
  }

  /* The one that the next answer belongs to, and which of its commands. */
  std::optional<std::pair<ItemPtr, unsigned>> take_answer ();
  /* Since when the oldest unanswered one makes no progress. */
  [[nodiscard]] int64_t
  oldest () const
  {
    return waiting_.front ()->since;
  }

  /* The oldest droppable ones that are too many. */
  std::vector<ItemPtr> take_overflow ();
  /* What is lost with the connection: all that was begun, and what must not wait for another one.
   * `all`: the rest too. */
  std::vector<ItemPtr> take_lost (bool all);

  void count (LinkStats *stats) const;

private:
  std::deque<ItemPtr> queue_;   /* not fully written; the front may have begun */
  std::deque<ItemPtr> waiting_; /* begun, not fully answered */
  unsigned max_messages_ = 4;
  size_t max_bytes_ = 8 * 1024 * 1024;
};

} // namespace camwarden
