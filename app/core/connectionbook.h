// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace camwarden
{

/* Where a client is. The three kinds are counted apart: strangers cannot use up the room of this
 * machine's own programs, and neither of them that of the Unix socket. */
enum class Peer {
  Unix,
  Loopback,
  Other,
};

struct ConnectionLimits
{
  size_t requests = 64;   /* connections that are no streams: on loopback, on the Unix socket, and
                             of all other hosts together */
  size_t streams = 64;    /* endless answers, counted the same way */
  size_t per_address = 8; /* connections of one other host, streams included */
  int64_t header_time = 10'000'000; /* us: from connecting, or the first byte, to the last header */
  int64_t body_time = 15'000'000;
  int64_t idle_time = 30'000'000;  /* between requests */
  int64_t write_time = 10'000'000; /* without a byte taken by the client */
  int64_t linger_time = 2'000'000; /* for reading and discarding after a refusal */
};

/* What a connection is doing decides how long it may take. */
enum class ConnectionPhase {
  Header,
  Body,
  Working, /* the answer is being made: our own matter */
  Writing,
  Streaming, /* an endless answer with nothing to write at the moment */
  Idle,
  Lingering,
};

/* Who is connected and who has been too slow. No sockets: ids in, ids out; `now` in microseconds of
 * a monotonic clock. */
class ConnectionBook
{
public:
  using Id = uint64_t;

  explicit ConnectionBook (const ConnectionLimits &limits) : limits_ (limits) {}

  /* Empty: it may come in. Else why not, for the client's eyes. */
  [[nodiscard]] std::string refusal (Peer peer, const std::string &address) const;
  [[nodiscard]] Id admit (Peer peer, const std::string &address, int64_t now);
  void remove (Id id);

  void enter (Id id, ConnectionPhase phase, int64_t now);
  /* Bytes went out: the write deadline starts again. */
  void progress (Id id, int64_t now);

  /* The connection becomes a stream for the rest of its life. False: no room, nothing changed. */
  [[nodiscard]] bool become_stream (Id id);

  /* Those past their deadline, oldest first. They stay in the book until remove(). */
  [[nodiscard]] std::vector<Id> overdue (int64_t now) const;
  [[nodiscard]] ConnectionPhase phase (Id id) const;

  [[nodiscard]] size_t
  size () const
  {
    return entries_.size ();
  }
  [[nodiscard]] size_t count (Peer peer, bool streams) const;

private:
  struct Entry
  {
    Peer peer;
    std::string address;
    bool stream = false;
    ConnectionPhase phase = ConnectionPhase::Header;
    int64_t since = 0; /* when the phase began, or the last progress in it */
  };

  [[nodiscard]] int64_t allowed (ConnectionPhase phase) const;

  ConnectionLimits limits_;
  Id last_id_ = 0;
  std::map<Id, Entry> entries_;
};

} // namespace camwarden
