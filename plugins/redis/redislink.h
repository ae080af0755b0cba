// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "redis/redislocation.h"

#include <cstdint>
#include <functional>
#include <gio/gio.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

struct redisReply;

namespace camwarden
{

/* How to reach a server, and how patient to be. Times in microseconds. */
struct RedisSettings
{
  RedisLocation where;
  std::string password_file;                    /* read anew at each connect; empty: no AUTH */
  std::string ca_file;                          /* PEM, for rediss; empty: the system's */
  std::string client_name;                      /* CLIENT SETNAME; empty: none */
  int64_t command_timeout = 2 * G_USEC_PER_SEC; /* also for connect + handshake */
  int64_t retry_delay = 50 * 1000;
  int64_t max_retry_delay = 1500 * 1000; /* so that a server is back in use within 2 s */
  bool refuse_replica = false;           /* a replica swallows PUBLISH: stay away from it */
  size_t max_reply = 1024 * 1024;        /* bytes; a longer answer closes the connection */
};

enum class LinkState {
  Offline,
  Connecting,
  Ready,
};

/* Why something that was handed over has no answer. */
enum class LostReason {
  Offline,  /* there was no connection */
  Overflow, /* a newer one took its place in the full queue */
  Link,     /* sent or half sent when the connection broke */
  Stopped,  /* stop() came first */
};

/* One message to the server: one or more complete commands as a chain of memory pieces that stay
 * valid until it is destroyed. Methods are called without a lock held, on the link's thread or on
 * the thread that is inside send(). */
class Outgoing
{
public:
  virtual ~Outgoing () = default;
  virtual void answered (unsigned index, const redisReply &reply)
      = 0;                                   /* for each command, in order */
  virtual void lost (LostReason reason) = 0; /* instead of the remaining answers; at most once */
  /* It could not be written at once: own whatever `pieces` point to. Called inside send(). */
  virtual void
  keep ()
  {}
  /* All of it is in the kernel's hands: memory may be let go. */
  virtual void
  written ()
  {}

  std::vector<GOutputVector> pieces;
  unsigned commands = 0;
  bool droppable = false; /* counts against, and may be dropped by, set_queue_limit() */

  [[nodiscard]] size_t size () const;
};

struct LinkStats
{
  LinkState state = LinkState::Offline;
  uint64_t connects = 0;
  uint64_t bytes_sent = 0;
  int64_t rtt = -1;        /* us, a recent sample; -1: none yet */
  unsigned queued = 0;     /* droppable messages not fully written */
  size_t queued_bytes = 0; /* of these */
  unsigned unanswered = 0; /* commands written, no answer yet */
  std::string last_error;
};

/* One self-healing connection to Redis, with a thread of its own.
 *
 * It connects, authenticates, selects, names itself, checks ROLE, subscribes; reconnects with full
 * jitter for ever; closes when the oldest unanswered command is older than the timeout; pings while
 * idle. Nothing here blocks the caller. */
class RedisLink
{
public:
  struct Events
  {
    /* On the link's thread. `why` says what happened, for people. Offline comes for each failed
     * attempt to connect. */
    std::function<void (LinkState state, const std::string &why)> state;
    std::function<void (std::string_view channel, std::string_view payload)> message;
    /* Twice a second while Ready: for questions that are to be asked again and again. */
    std::function<void ()> tick;
  };
  /* reply is NULL when the command got no answer; else it is valid for the time of the call.
   * An error reply (REDIS_REPLY_ERROR) is an answer. */
  using Answer = std::function<void (const redisReply *reply)>;

  RedisLink (RedisSettings settings, Events events);
  ~RedisLink (); /* stops */
  RedisLink (const RedisLink &) = delete;
  RedisLink &operator= (const RedisLink &) = delete;

  /* A link that subscribes does nothing else (RESP2). To be called before start(). */
  void subscribe (std::vector<std::string> channels, std::vector<std::string> patterns = {});
  /* For droppable messages that wait; the oldest goes first, the newest always stays. */
  void set_queue_limit (unsigned messages, size_t bytes);

  void start ();
  /* Cancels everything, tells the owners what was lost, joins the thread. < 100 ms. */
  void stop ();

  /* One command. While there is no connection, done(NULL) is called before this returns. */
  void command (const std::vector<std::string> &words, Answer done = {});
  /* Takes the message over; written at once from this thread when nothing is queued and the socket
   * takes it. */
  void send (std::unique_ptr<Outgoing> message);

  /* Waits until everything handed over is answered or lost, while there is a connection; false:
   * timeout (us), no connection or cancelled. */
  bool drain (int64_t timeout, GCancellable *cancellable);

  [[nodiscard]] LinkStats stats () const;
  [[nodiscard]] LinkState state () const;

private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

[[nodiscard]] const char *link_state_name (LinkState state);

} // namespace camwarden
