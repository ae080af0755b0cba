// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/ref.h"
#include "redis/redislink.h"

#include <gio/gio.h>
#include <memory>
#include <string>
#include <vector>

struct redisReader;

namespace camwarden
{

enum class RedisError {
  Auth,     /* NOAUTH, WRONGPASS, NOPERM, unreadable password file */
  Replica,  /* the server is not the master */
  Busy,     /* LOADING, MASTERDOWN: alive, not ready */
  Moved,    /* another node has the slot; the message is its "host:port" */
  Protocol, /* not RESP, or an answer that makes no sense */
  Refused,  /* any other error reply */
};

[[nodiscard]] GQuark redis_error_quark ();
#define CAMWARDEN_REDIS_ERROR (camwarden::redis_error_quark ())

struct ReplyFree
{
  void operator() (redisReply *reply) const;
};
using ReplyPtr = std::unique_ptr<redisReply, ReplyFree>;

/* Sorts an error reply's text by its first word. */
[[nodiscard]] RedisError redis_error_code (std::string_view reply_text);

/* hiredis' RESP encoding of one command. */
[[nodiscard]] std::string format_command (const std::vector<std::string> &words);

/* One connected stream of bytes, TCP, TLS or Unix socket: the transport below both elements.
 * read() and write() never block; at most one thread at a time is in each of them. */
class RedisStream
{
public:
  /* Blocks until connected, the deadline (monotonic, us) or the cancellable. */
  [[nodiscard]] static std::shared_ptr<RedisStream> connect (const RedisSettings &settings,
                                                             int64_t deadline,
                                                             GCancellable *cancellable,
                                                             GError **error);
  ~RedisStream ();
  RedisStream (const RedisStream &) = delete;
  RedisStream &operator= (const RedisStream &) = delete;

  /* Bytes moved; 0 from read() is the end; -1 with `error`, where G_IO_ERROR_WOULD_BLOCK is the
   * ordinary one. */
  gssize read (void *data, size_t size, GError **error);
  /* Into the pieces one after the other; with TLS only into the first. */
  gssize read_pieces (GInputVector *pieces, size_t count, GError **error);
  gssize write (const GOutputVector *pieces, size_t count, GError **error);

  /* Blocks until the socket is ready, the deadline or the cancellable. With TLS, readiness of the
   * socket only: read until WOULD_BLOCK first. */
  bool wait (GIOCondition condition, int64_t deadline, GCancellable *cancellable, GError **error);

  /* wait() then wakes up only for so many bytes, instead of for each segment that comes. Not with
   * TLS, whose records hide how much is there. */
  void set_low_water (size_t bytes);
  [[nodiscard]] size_t available () const;

  /* Writes the whole text. */
  bool write_all (std::string_view text, int64_t deadline, GCancellable *cancellable,
                  GError **error);

  /* Both directions end now, for every thread. */
  void shut ();
  /* Nothing more is written. What has not arrived by the time this object goes is thrown away
   * then, where the kernel would go on sending it. */
  void give_up ();
  /* Blocks until the peer has ended its side, the deadline or the cancellable; what it says
   * meanwhile is thrown away. */
  void wait_end (int64_t deadline, GCancellable *cancellable);

  [[nodiscard]] int fd () const;
  [[nodiscard]] bool
  encrypted () const
  {
    return encrypted_;
  }

private:
  explicit RedisStream (GSocketConnection *connection, bool encrypted);

  Ref<GIOStream> stream_;
  Ref<GSocket> socket_;
  bool encrypted_;
};

/* A stream with a reply reader: what handshake and blocking callers need. */
class RedisSession
{
public:
  RedisSession (std::shared_ptr<RedisStream> stream, size_t max_reply);
  ~RedisSession ();
  RedisSession (const RedisSession &) = delete;
  RedisSession &operator= (const RedisSession &) = delete;

  /* AUTH, SELECT, CLIENT SETNAME, ROLE. */
  bool handshake (const RedisSettings &settings, int64_t deadline, GCancellable *cancellable,
                  GError **error);

  /* One command and its answer; an error reply is an answer. NULL: no answer, with `error`. */
  ReplyPtr call (const std::vector<std::string> &words, int64_t deadline, GCancellable *cancellable,
                 GError **error);

  /* The next complete reply that is there without waiting. NULL without error: none. */
  ReplyPtr poll_reply (GError **error);

  RedisStream &
  stream ()
  {
    return *stream_;
  }
  const std::shared_ptr<RedisStream> &
  shared_stream () const
  {
    return stream_;
  }

private:
  ReplyPtr take_reply (GError **error);
  bool authenticate (const RedisSettings &settings, int64_t deadline, GCancellable *cancellable,
                     GError **error);
  bool check_role (const RedisSettings &settings, int64_t deadline, GCancellable *cancellable,
                   GError **error);
  bool expect_ok (const std::vector<std::string> &words, bool optional, int64_t deadline,
                  GCancellable *cancellable, GError **error);

  std::shared_ptr<RedisStream> stream_;
  redisReader *reader_;
  size_t max_reply_;
  size_t unfinished_ = 0; /* bytes of an answer that is not complete */
};

/* True when ROLE's reply says "master". */
[[nodiscard]] bool is_master (const redisReply &role);

} // namespace camwarden
