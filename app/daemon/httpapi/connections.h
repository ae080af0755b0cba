// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/connectionbook.h"
#include "gobject/ref.h"

#include <deque>
#include <functional>
#include <gio/gio.h>
#include <libsoup/soup.h>
#include <string>
#include <unordered_map>
#include <vector>

namespace camwarden
{

enum class StreamKind {
  None,
  Answer,    /* an endless one, to a request that was allowed once */
  Websocket, /* looks after its tokens itself */
};

/* One client's connection. */
struct Client
{
  ConnectionBook::Id id = 0;
  Peer peer = Peer::Other;
  std::string address; /* without port; "unix" for the Unix socket */
  Ref<GSocket> socket;
  StreamKind kind = StreamKind::None;
  GIOStream *stream = nullptr;  /* weak: libsoup's */
  std::function<void ()> leave; /* end what libsoup does not see the end of */
};

/* The connections and their deadlines: the book kept on real sockets. It hands accepted connections
 * to libsoup and ends those that break the rules, by shutting their socket down: libsoup then sees
 * the end of the connection and cleans up by its own ways. */
class Connections
{
public:
  /* What a remote IP address counts as; empty: loopback is Loopback. */
  using Classify = std::function<Peer (const std::string &address)>;

  Connections (SoupServer *server, const ConnectionLimits &limits, Classify classify);
  ~Connections ();
  Connections (const Connections &) = delete;
  Connections &operator= (const Connections &) = delete;

  /* A new connection: to libsoup, or away with a word why. */
  void accept (GSocketConnection *stream);

  [[nodiscard]] const Client *find (SoupServerMessage *message) const;
  [[nodiscard]] size_t
  size () const
  {
    return book_.size ();
  }

  void enter (ConnectionBook::Id id, ConnectionPhase phase);
  void progress (ConnectionBook::Id id);
  [[nodiscard]] bool become_stream (ConnectionBook::Id id, StreamKind kind,
                                    std::function<void ()> leave);

  /* Ends the endless answers to other hosts, and to this one: who may have them still can ask
   * again. Not those on the Unix socket, nor WebSockets. */
  void end_answers (bool loopback_too);

  /* Answers at once, in the middle of a request that libsoup still reads, and closes after a while.
   * leave: called then, after the socket was closed. */
  void refuse (ConnectionBook::Id id, unsigned status, const std::string &detail,
               std::function<void ()> leave = nullptr);

  /* Ends all streams and shuts every connection down. */
  void close_all ();

private:
  struct Farewell
  {
    Ref<GSocketConnection> stream;
    int64_t until;
  };

  [[nodiscard]] Peer peer_of (GSocketAddress *remote, std::string &address) const;
  void turn_away (GSocketConnection *stream, const std::string &why);
  void drop (Client &client);
  void check (int64_t now);
  void schedule ();
  static void stream_gone (gpointer data, GObject *stream);
  static gboolean tick (gpointer data);

  SoupServer *server_;
  Classify classify_;
  ConnectionBook book_;
  guint tick_ms_;
  std::unordered_map<ConnectionBook::Id, Client> clients_;
  std::unordered_map<const GSocketAddress *, ConnectionBook::Id> by_address_; /* the object */
  std::deque<Farewell> farewells_;
  SourceId tick_;
};

} // namespace camwarden
