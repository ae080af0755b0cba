// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/backoff.h"
#include "redis/outgoingqueue.h"
#include "redis/redislink.h"
#include "redis/redisstream.h"

#include <condition_variable>
#include <mutex>
#include <sys/eventfd.h>
#include <thread>
#include <unistd.h>

namespace camwarden
{

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

  /* redislinktraffic.cpp: on any thread; a lock that is given is held, and let go of meanwhile. */
  void note_write (const ItemPtr &item, int64_t now);
  void write_queue (Lock &lock);
  void send (std::unique_ptr<Outgoing> message);
  [[nodiscard]] bool refuse (const ItemPtr &item) const;
  void write_or_wake (Lock &lock);
  void read_replies (Lock &lock, bool prompt);
  void handle_answer (Lock &lock, const SessionPtr &current, const redisReply &reply, bool prompt);
  void judge_error (Lock &lock, const SessionPtr &current, const std::string &text);
  void handle_push (Lock &lock, const SessionPtr &current, const redisReply &reply);
  void fail (Lock &lock, const SessionPtr &current, const std::string &why, bool answers = true);

  /* redislinkthread.cpp: on the link's thread. */
  void pause (int64_t microseconds) const;
  void clear_wake () const;
  [[nodiscard]] bool stopping () const;
  void tell (LinkState state, const std::string &why);
  void run ();
  [[nodiscard]] bool wait_until (int64_t when);
  [[nodiscard]] SessionPtr open_session ();
  void end_late ();
  void greet (Lock &lock, const SessionPtr &opened);
  void push_words (const char *verb, const std::vector<std::string> &names);
  void run_session (const SessionPtr &opened);
  [[nodiscard]] int64_t next_deadline () const;
  void wait_for_work (Lock &lock, const SessionPtr &current);
  void look_after (Lock &lock, const SessionPtr &current);
  [[nodiscard]] bool overdue (int64_t now) const;
  void chores (Lock &lock, const SessionPtr &current, int64_t now);
  void ask_role (const SessionPtr &current);
};

} // namespace camwarden
