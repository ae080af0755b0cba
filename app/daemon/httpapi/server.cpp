// SPDX-License-Identifier: LGPL-2.1-or-later
#define G_LOG_DOMAIN "camwarden-http"
#include "daemon/httpapi/server.h"

#include "daemon/httpapi/dispatcher.h"
#include "daemon/httpapi/exchange.h"
#include "daemon/httpapi/listener.h"
#include "daemon/httpapi/tokenfile.h"
#include "daemon/httpapi/websocket.h"

#include <charconv>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>

namespace camwarden
{

static constexpr int ports_to_try = 10;

struct ApiServer::Impl
{
  Impl (ApiModel &api_model, ApiServerOptions server_options)
      : model (api_model), options (std::move (server_options)),
        access (TokenTable (), options.trust_loopback)
  {}

  /* One address as the configuration writes it. */
  struct Place
  {
    std::string where;
    Ref<GSocketAddress> address;
    std::unique_ptr<Listener> listener; /* none: still that of the server before */
  };

  [[nodiscard]] bool plan (GError **error);
  [[nodiscard]] bool listen (Impl *before, GError **error);
  [[nodiscard]] bool listen_at (Place &place, GError **error);
  [[nodiscard]] bool open (Place &place, Ref<GSocketAddress> address, GError **error);
  [[nodiscard]] bool searches (const Place &place) const;
  [[nodiscard]] Place *find (const std::string &where);
  void make_room (guint16 port, Impl &next);
  void reopen ();
  void take_over (Impl &before);
  void serve (Listener &listener);
  [[nodiscard]] std::vector<Route> routes () const;

  ApiModel &model;
  ApiServerOptions options;
  AccessRules access;
  /* Ended in the reverse order: no new connections, then none at all, then the rest. */
  Ref<SoupServer> server;
  std::unique_ptr<Connections> connections;
  std::unique_ptr<Websockets> websockets;
  std::unique_ptr<Dispatcher> dispatcher;
  std::vector<Place> places;
};

std::vector<Route>
ApiServer::Impl::routes () const
{
  auto all = api_routes (model);
  all.push_back (websockets->route ());
  all.insert (all.end (), options.routes.begin (), options.routes.end ());
  return all;
}

/* ADDRESS:PORT, [ADDRESS]:PORT or PORT. */
static Ref<GSocketAddress>
parse_listen (const std::string &text, GError **error)
{
  const size_t colon = text.rfind (':');
  std::string host = colon == std::string::npos ? "127.0.0.1" : text.substr (0, colon);
  const std::string port_text = colon == std::string::npos ? text : text.substr (colon + 1);
  if (host.starts_with ('[') && host.ends_with (']'))
    host = host.substr (1, host.size () - 2);
  unsigned port = 65536;
  const char *end = port_text.data () + port_text.size ();
  const auto [stop, problem] = std::from_chars (port_text.data (), end, port);
  GSocketAddress *address = stop == end && problem == std::errc () && port <= 65535
                                ? g_inet_socket_address_new_from_string (host.c_str (), port)
                                : nullptr;
  if (!address)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT,
                 "`%s` is no address to listen on: [http] listen takes ADDRESS:PORT with a numeric "
                 "address, such as 127.0.0.1:5000, 0.0.0.0:5000 or [::1]:5000",
                 text.c_str ());
  return Ref<GSocketAddress>::adopt (address);
}

static Ref<GSocketAddress>
with_port (GSocketAddress *address, guint port)
{
  return Ref<GSocketAddress>::adopt (g_inet_socket_address_new (
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)),
      static_cast<guint16> (port)));
}

static bool
is_loopback (GSocketAddress *address)
{
  return g_inet_address_get_is_loopback (
      g_inet_socket_address_get_address (G_INET_SOCKET_ADDRESS (address)));
}

static guint
port_of (GSocketAddress *address)
{
  return G_IS_INET_SOCKET_ADDRESS (address)
             ? g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address))
             : 0;
}

static void
explain (GError **error, const std::string &where)
{
  if (!error || !*error)
    return;
  const bool busy = g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE);
  g_prefix_error (error, "Cannot listen on %s: ", where.c_str ());
  if (!busy || where.starts_with ('/'))
    return;
  GError *longer = g_error_new (
      G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
      "%s. Another program has this port (`ss -ltnp` shows which): stop it, or set `listen` in "
      "[http] to a free one",
      (*error)->message);
  g_clear_error (error);
  *error = longer;
}

/* What is wrong in the configuration itself, before anything is opened. */
bool
ApiServer::Impl::plan (GError **error)
{
  places.clear ();
  if (!options.socket.empty ())
    places.push_back (
        { options.socket,
          Ref<GSocketAddress>::adopt (g_unix_socket_address_new (options.socket.c_str ())),
          {} });
  for (const auto &where : options.listen) {
    const auto address = parse_listen (where, error);
    if (!address)
      return false;
    if (!is_loopback (address.get ()) && options.token_file.empty ()) {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED,
                   "%s can be reached from other machines, and there are no tokens: make one with "
                   "`camwardenctl token add --role read`, or listen on 127.0.0.1",
                   where.c_str ());
      return false;
    }
    if (!find (where))
      places.push_back ({ where, address, {} });
  }
  return true;
}

bool
ApiServer::Impl::open (Place &place, Ref<GSocketAddress> address, GError **error)
{
  auto listener = std::make_unique<Listener> (std::move (address), options.self_test_interval);
  serve (*listener);
  const bool good = listener->open (error);
  if (good)
    place.listener = std::move (listener);
  return good;
}

void
ApiServer::Impl::serve (Listener &listener)
{
  listener.set_events ([this] (GSocketConnection *stream) { connections->accept (stream); },
                       options.changed);
}

/* Nobody asked for this very port. */
bool
ApiServer::Impl::searches (const Place &place) const
{
  return !options.listen_configured && port_of (place.address.get ()) != 0;
}

bool
ApiServer::Impl::listen_at (Place &place, GError **error)
{
  const guint first = port_of (place.address.get ());
  if (!searches (place)) {
    const bool good = open (place, place.address, error);
    if (!good)
      explain (error, place.where);
    return good;
  }
  g_autoptr (GError) busy = nullptr;
  for (guint i = 0; i < ports_to_try && first + i <= 65535; i++) {
    g_clear_error (&busy);
    if (open (place, with_port (place.address.get (), first + i), &busy)) {
      if (i > 0)
        g_message ("%s is in use by another program: listening on %s", place.where.c_str (),
                   place.listener->url ().c_str ());
      return true;
    }
    if (!g_error_matches (busy, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE))
      break;
  }
  g_propagate_error (error, static_cast<GError *> (g_steal_pointer (&busy)));
  explain (error, place.where);
  return false;
}

ApiServer::Impl::Place *
ApiServer::Impl::find (const std::string &where)
{
  for (auto &place : places)
    if (place.where == where)
      return &place;
  return nullptr;
}

/* Another address with the same port: 0.0.0.0 does not get in beside 127.0.0.1. */
void
ApiServer::Impl::make_room (guint16 port, Impl &next)
{
  for (auto &place : places)
    if (port != 0 && place.listener && place.listener->port () == port && !next.find (place.where))
      place.listener->close ();
}

void
ApiServer::Impl::reopen ()
{
  for (auto &place : places) {
    g_autoptr (GError) error = nullptr;
    if (place.listener && !place.listener->is_open () && place.listener->trouble ().empty ()
        && !place.listener->open (&error))
      place.listener->keep_trying (place.where + ": " + error->message);
  }
}

void
ApiServer::Impl::take_over (Impl &before)
{
  for (auto &place : places) {
    if (place.listener)
      continue;
    place.listener = std::move (before.find (place.where)->listener);
    serve (*place.listener);
  }
}

bool
ApiServer::Impl::listen (Impl *before, GError **error)
{
  for (auto &place : places) {
    g_autoptr (GError) problem = nullptr;
    if (before && before->find (place.where))
      continue;
    if (before)
      before->make_room (static_cast<guint16> (port_of (place.address.get ())), *this);
    if (listen_at (place, &problem))
      continue;
    if (!options.keep_trying) {
      g_propagate_error (error, static_cast<GError *> (g_steal_pointer (&problem)));
      places.clear ();
      if (before)
        before->reopen ();
      return false;
    }
    place.listener = std::make_unique<Listener> (place.address, options.self_test_interval);
    serve (*place.listener);
    place.listener->keep_trying (problem->message);
  }
  if (before)
    take_over (*before);
  return true;
}

/* libsoup keeps a client's connection for the next request only while it listens itself. So it gets
 * a listener that nobody can reach: a Unix socket whose name is gone. */
static bool
listen_nowhere (SoupServer *server, GError **error)
{
  g_autofree char *folder = g_dir_make_tmp ("camwarden-XXXXXX", error);
  if (!folder)
    return false;
  g_autofree char *path = g_build_filename (folder, "nowhere", nullptr);
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (path);
  g_autoptr (GSocket) socket
      = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  bool good = socket && g_socket_bind (socket, address, TRUE, error);
  g_unlink (path);
  g_rmdir (folder);
  good = good && g_socket_listen (socket, error);
  return good
         && soup_server_listen_socket (server, socket, static_cast<SoupServerListenOptions> (0),
                                       error);
}

ApiServer::ApiServer (ApiModel &model, ApiServerOptions options)
    : impl_ (std::make_unique<Impl> (model, std::move (options)))
{}

ApiServer::~ApiServer ()
{
  stop ();
}

bool
ApiServer::start (GError **error, ApiServer *before)
{
  Impl &impl = *impl_;
  if (!reload_tokens (error) || !impl.plan (error))
    return false;
  impl.server = Ref<SoupServer>::adopt (soup_server_new (nullptr, nullptr));
  impl.connections = std::make_unique<Connections> (impl.server.get (), impl.options.limits,
                                                    impl.options.classify);
  impl.websockets
      = std::make_unique<Websockets> (impl.server.get (), impl.model, impl.access,
                                      *impl.connections, impl.options.limits.write_time);
  impl.dispatcher = std::make_unique<Dispatcher> (
      impl.server.get (), *impl.connections, HostTable (g_get_host_name (), impl.options.hosts),
      impl.access, AddressBuckets (impl.options.rate, impl.options.burst), impl.routes ());
  g_autoptr (GError) minor = nullptr;
  if (can_keep_alive () && !listen_nowhere (impl.server.get (), &minor))
    g_warning ("each HTTP request needs a connection of its own: %s", minor->message);
  const bool good = impl.listen (before ? before->impl_.get () : nullptr, error);
  if (!good)
    stop ();
  return good;
}

void
ApiServer::stop ()
{
  Impl &impl = *impl_;
  impl.places.clear ();
  if (impl.connections)
    impl.connections->close_all ();
  impl.websockets.reset ();
  if (impl.server)
    soup_server_disconnect (impl.server.get ());
  impl.dispatcher.reset ();
  impl.server.reset ();
  impl.connections.reset ();
}

bool
ApiServer::reload_tokens (GError **error)
{
  if (impl_->options.token_file.empty ())
    return true;
  auto tokens = read_token_file (impl_->options.token_file, error);
  if (!tokens)
    return false;
  const bool changed = impl_->access.set_tokens (std::move (*tokens));
  if (changed && impl_->websockets)
    impl_->websockets->check_tokens ();
  if (changed && impl_->connections)
    impl_->connections->end_answers (!impl_->options.trust_loopback);
  return true;
}

std::vector<std::string>
ApiServer::urls () const
{
  std::vector<std::string> all;
  for (const auto &place : impl_->places)
    if (place.listener && place.listener->is_open () && place.listener->port () != 0)
      all.push_back (place.listener->url ());
  return all;
}

std::string
ApiServer::trouble () const
{
  std::string all;
  for (const auto &place : impl_->places)
    if (place.listener && !place.listener->trouble ().empty ())
      all += (all.empty () ? "" : "; ") + place.listener->trouble ();
  return all;
}

} // namespace camwarden
