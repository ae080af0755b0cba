// SPDX-License-Identifier: LGPL-2.1-or-later
#define G_LOG_DOMAIN "camwarden-http"
#include "daemon/httpapi/connections.h"

#include "daemon/httpapi/problem.h"

#include <algorithm>
#include <netinet/in.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>

namespace camwarden
{

/* Kept for the rest of the program: databases, logs, workers' pipes. */
static constexpr rlim_t reserved_descriptors = 32;
/* Refused clients that are given time to read why; the others are just closed. */
static constexpr size_t most_farewells = 16;
/* What a slow reader may have in the kernel: a few frames, so that it sees new ones. */
static constexpr int stream_send_buffer = 256 * 1024;

Connections::Connections (SoupServer *server, const ConnectionLimits &limits, Classify classify)
    : server_ (server), classify_ (std::move (classify)), book_ (limits)
{
  const int64_t shortest = std::min ({ limits.header_time, limits.body_time, limits.idle_time,
                                       limits.write_time, limits.linger_time });
  tick_ms_ = static_cast<guint> (std::clamp<int64_t> (shortest / 4000, 20, 1000));
}

Connections::~Connections ()
{
  close_all ();
  for (auto &[id, client] : clients_)
    if (client.stream)
      g_object_weak_unref (G_OBJECT (client.stream), stream_gone, this);
}

Peer
Connections::peer_of (GSocketAddress *remote, std::string &address) const
{
  if (!remote || !G_IS_INET_SOCKET_ADDRESS (remote)) {
    address = "unix";
    return Peer::Unix;
  }
  GInetAddress *inet = g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (remote));
  address = take_string (g_inet_address_to_string (inet));
  if (classify_)
    return classify_ (address);
  return g_inet_address_get_is_loopback (inet) ? Peer::Loopback : Peer::Other;
}

static bool
eats_the_reserve (GSocket *socket)
{
  rlimit limit{};
  getrlimit (RLIMIT_NOFILE, &limit);
  return static_cast<rlim_t> (g_socket_get_fd (socket)) + reserved_descriptors > limit.rlim_cur;
}

/* libsoup wants Internet addresses (it builds the URI of an HTTP/1.0 request from them). The remote
 * one is a new object for each connection: by it we know our client again. */
static GSocketAddress *
new_address_for_soup ()
{
  return g_inet_socket_address_new_from_string ("127.0.0.1", 0);
}

void
Connections::accept (GSocketConnection *stream)
{
  GSocket *socket = g_socket_connection_get_socket (stream);
  g_autoptr (GSocketAddress) remote = g_socket_connection_get_remote_address (stream, nullptr);
  std::string address;
  const Peer peer = peer_of (remote, address);
  std::string why = book_.refusal (peer, address);
  if (why.empty () && eats_the_reserve (socket))
    why = "this program is short of file descriptors";
  if (!why.empty ()) {
    turn_away (stream, why);
    return;
  }
  const auto id = book_.admit (peer, address, g_get_monotonic_time ());
  g_autoptr (GSocketAddress) local = new_address_for_soup ();
  g_autoptr (GSocketAddress) key = new_address_for_soup ();
  clients_[id] = Client{
    id, peer, address, Ref<GSocket>::share (socket), StreamKind::None, G_IO_STREAM (stream), nullptr
  };
  by_address_[key] = id;
  g_object_weak_ref (G_OBJECT (stream), stream_gone, this);
  schedule ();
  g_autoptr (GError) error = nullptr;
  if (!soup_server_accept_iostream (server_, G_IO_STREAM (stream), local, key, &error))
    g_warning ("A connection from %s was not taken: %s", address.c_str (), error->message);
}

void
Connections::turn_away (GSocketConnection *stream, const std::string &why)
{
  if (farewells_.size () >= most_farewells)
    return;
  GSocket *socket = g_socket_connection_get_socket (stream);
  const std::string text = problem_response (503, "Not served: " + why + ". Try again later.");
  g_socket_set_blocking (socket, FALSE);
  g_socket_send (socket, text.data (), text.size (), nullptr, nullptr);
  g_socket_shutdown (socket, FALSE, TRUE, nullptr);
  farewells_.push_back (
      { Ref<GSocketConnection>::share (stream), g_get_monotonic_time () + 1'000'000 });
  schedule ();
}

void
Connections::stream_gone (gpointer data, GObject *stream)
{
  auto *self = static_cast<Connections *> (data);
  const auto found
      = std::find_if (self->clients_.begin (), self->clients_.end (), [stream] (const auto &item) {
          return reinterpret_cast<GObject *> (item.second.stream) == stream;
        });
  if (found == self->clients_.end ())
    return;
  const auto id = found->first;
  std::erase_if (self->by_address_, [id] (const auto &item) { return item.second == id; });
  self->book_.remove (id);
  self->clients_.erase (found);
}

const Client *
Connections::find (SoupServerMessage *message) const
{
  const auto key = by_address_.find (soup_server_message_get_remote_address (message));
  if (key == by_address_.end ())
    return nullptr;
  const auto found = clients_.find (key->second);
  return found == clients_.end () ? nullptr : &found->second;
}

void
Connections::enter (ConnectionBook::Id id, ConnectionPhase phase)
{
  book_.enter (id, phase, g_get_monotonic_time ());
}

void
Connections::progress (ConnectionBook::Id id)
{
  book_.progress (id, g_get_monotonic_time ());
}

bool
Connections::become_stream (ConnectionBook::Id id, StreamKind kind, std::function<void ()> leave)
{
  const auto found = clients_.find (id);
  if (found == clients_.end () || !book_.become_stream (id))
    return false;
  found->second.kind = kind;
  found->second.leave = std::move (leave);
  g_socket_set_option (found->second.socket.get (), SOL_SOCKET, SO_SNDBUF, stream_send_buffer,
                       nullptr);
  return true;
}

void
Connections::refuse (ConnectionBook::Id id, unsigned status, const std::string &detail,
                     std::function<void ()> leave)
{
  const auto found = clients_.find (id);
  if (found == clients_.end () || book_.phase (id) == ConnectionPhase::Lingering)
    return;
  GSocket *socket = found->second.socket.get ();
  const std::string text = problem_response (status, detail);
  g_socket_send (socket, text.data (), text.size (), nullptr, nullptr);
  g_socket_shutdown (socket, FALSE, TRUE, nullptr);
  if (leave)
    found->second.leave = std::move (leave);
  enter (id, ConnectionPhase::Lingering);
}

void
Connections::drop (Client &client)
{
  g_debug ("Closing the connection of %s: too slow", client.address.c_str ());
  const auto leave = client.leave;
  /* Somebody who still sends would be read on after a mere shutdown. */
  if (leave && book_.phase (client.id) == ConnectionPhase::Lingering)
    g_io_stream_close (client.stream, nullptr, nullptr);
  else
    g_socket_shutdown (client.socket.get (), TRUE, TRUE, nullptr);
  if (leave)
    leave ();
}

static bool
peer_has_left (GSocket *socket)
{
  pollfd descriptor{ g_socket_get_fd (socket), POLLRDHUP, 0 };
  return poll (&descriptor, 1, 0) == 1
         && (descriptor.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)) != 0;
}

void
Connections::check (int64_t now)
{
  for (const auto id : book_.overdue (now)) {
    const auto found = clients_.find (id);
    if (found == clients_.end ())
      continue;
    if (book_.phase (id) == ConnectionPhase::Header)
      refuse (id, 408, "The header of the request took too long.");
    else if (book_.phase (id) == ConnectionPhase::Body)
      refuse (id, 408, "The body of the request took too long.");
    else
      drop (found->second);
  }
  /* Nobody polls the socket of a stream that has nothing to send. */
  std::vector<std::function<void ()>> leaving;
  for (const auto &[id, client] : clients_)
    if (client.leave && book_.phase (id) == ConnectionPhase::Streaming
        && peer_has_left (client.socket.get ()))
      leaving.push_back (client.leave);
  for (const auto &leave : leaving)
    leave ();
  while (!farewells_.empty () && farewells_.front ().until <= now) {
    /* What lies unread at close would reset the connection, and our word with it. */
    char rest[16384];
    GSocket *socket = g_socket_connection_get_socket (farewells_.front ().stream.get ());
    g_socket_receive (socket, rest, sizeof rest, nullptr, nullptr);
    farewells_.pop_front ();
  }
}

gboolean
Connections::tick (gpointer data)
{
  auto *self = static_cast<Connections *> (data);
  self->check (g_get_monotonic_time ());
  if (!self->clients_.empty () || !self->farewells_.empty ())
    return G_SOURCE_CONTINUE;
  self->tick_.forget ();
  return G_SOURCE_REMOVE;
}

void
Connections::schedule ()
{
  if (!tick_)
    tick_ = SourceId (g_timeout_add (tick_ms_, tick, this));
}

/* Through copies: what is called may end connections. */
void
Connections::end_answers (bool loopback_too)
{
  std::vector<std::pair<Ref<GSocket>, std::function<void ()>>> ending;
  for (const auto &[id, client] : clients_)
    if (client.kind == StreamKind::Answer && client.peer != Peer::Unix
        && (client.peer != Peer::Loopback || loopback_too))
      ending.emplace_back (client.socket, client.leave);
  for (const auto &[socket, leave] : ending) {
    g_socket_shutdown (socket.get (), TRUE, TRUE, nullptr);
    if (leave)
      leave ();
  }
}

void
Connections::close_all ()
{
  std::vector<std::function<void ()>> leaving;
  for (auto &[id, client] : clients_) {
    g_socket_shutdown (client.socket.get (), TRUE, TRUE, nullptr);
    if (client.leave)
      leaving.push_back (client.leave);
  }
  for (const auto &leave : leaving)
    leave ();
  farewells_.clear ();
}

} // namespace camwarden
