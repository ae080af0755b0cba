// SPDX-License-Identifier: LGPL-2.1-or-later
#define G_LOG_DOMAIN "camwarden-http"
#include "daemon/httpapi/listener.h"
#include "daemon/httpapi/meteredconnection.h"

#include <cerrno>
#include <fcntl.h>
#include <gio/gunixsocketaddress.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

static constexpr int backlog = 64;
static constexpr int accepts_at_once = 16;
static constexpr guint rest_ms = 100;

Listener::Listener (Ref<GSocketAddress> address, int64_t self_test_interval)
    : address_ (std::move (address)), self_test_interval_ (self_test_interval)
{}

Listener::~Listener ()
{
  close ();
}

void
Listener::set_events (Accepted accepted, Changed changed)
{
  accepted_ = std::move (accepted);
  changed_ = std::move (changed);
}

bool
Listener::is_unix () const
{
  return G_IS_UNIX_SOCKET_ADDRESS (address_.get ());
}

std::string
Listener::socket_path () const
{
  return g_unix_socket_address_get_path (G_UNIX_SOCKET_ADDRESS (address_.get ()));
}

/* A socket file that nobody answers on is a leftover; one that somebody answers on is not ours. */
static bool
clear_leftover (const std::string &path, GSocketAddress *address, GError **error)
{
  GStatBuf status;
  if (g_lstat (path.c_str (), &status) != 0)
    return true;
  if (!S_ISSOCK (status.st_mode)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                 "%s exists and is no socket: remove it, or set `socket` in [http]", path.c_str ());
    return false;
  }
  g_autoptr (GSocket) caller
      = g_socket_new (G_SOCKET_FAMILY_UNIX, G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error);
  if (!caller)
    return false;
  g_socket_set_blocking (caller, FALSE);
  g_autoptr (GError) refused = nullptr;
  if (g_socket_connect (caller, address, nullptr, &refused)
      || !g_error_matches (refused, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED)) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_ADDRESS_IN_USE,
                 "another program answers on %s: is a second camwardend running?", path.c_str ());
    return false;
  }
  g_unlink (path.c_str ());
  return true;
}

static void
only_ipv6 (GSocket *socket)
{
  if (g_socket_get_family (socket) == G_SOCKET_FAMILY_IPV6)
    g_socket_set_option (socket, IPPROTO_IPV6, IPV6_V6ONLY, 1, nullptr);
}

Ref<GSocket>
Listener::make_socket (GError **error)
{
  if (is_unix () && !clear_leftover (socket_path (), address_.get (), error))
    return {};
  auto socket
      = Ref<GSocket>::adopt (g_socket_new (g_socket_address_get_family (address_.get ()),
                                           G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT, error));
  if (!socket)
    return {};
  only_ipv6 (socket.get ());
  g_socket_set_blocking (socket.get (), FALSE);
  g_socket_set_listen_backlog (socket.get (), backlog);
  /* 0660 from the first moment on: nobody may connect before it is so. */
  const mode_t mask = umask (0117);
  const bool bound = g_socket_bind (socket.get (), address_.get (), TRUE, error);
  umask (mask);
  if (!bound || !g_socket_listen (socket.get (), error))
    return {};
  return socket;
}

bool
Listener::open (GError **error)
{
  socket_ = make_socket (error);
  if (!socket_)
    return false;
  /* Port 0 was a wish for any port: from now on it is this one. */
  if (!is_unix ())
    address_ = Ref<GSocketAddress>::adopt (g_socket_get_local_address (socket_.get (), nullptr));
  GStatBuf status;
  if (is_unix () && g_lstat (socket_path ().c_str (), &status) == 0)
    socket_inode_ = status.st_ino;
  if (spare_ < 0)
    spare_ = ::open ("/dev/null", O_RDONLY | O_CLOEXEC);
  watch ();
  trouble_.clear ();
  start_tests ();
  return true;
}

void
Listener::start_tests ()
{
  if (!test_)
    test_ = SourceId (g_timeout_add (static_cast<guint> (self_test_interval_ / 1000), test, this));
}

void
Listener::keep_trying (const std::string &why)
{
  trouble_ = why;
  g_warning ("%s. Trying again every few seconds", why.c_str ());
  start_tests ();
}

/* Quiet: why it does not listen has been said. */
void
Listener::try_again ()
{
  if (!open (nullptr))
    return;
  g_message ("listening on %s now", url ().c_str ());
  if (changed_)
    changed_ ();
}

void
Listener::close ()
{
  watch_.reset ();
  rest_.reset ();
  test_.reset ();
  probe_.reset ();
  if (spare_ >= 0)
    ::close (spare_);
  spare_ = -1;
  if (!socket_)
    return;
  GStatBuf status;
  if (is_unix () && g_lstat (socket_path ().c_str (), &status) == 0
      && status.st_ino == socket_inode_)
    g_unlink (socket_path ().c_str ());
  g_socket_close (socket_.get (), nullptr);
  socket_.reset ();
}

std::string
Listener::url () const
{
  if (is_unix ())
    return socket_path ();
  const auto *inet = G_INET_SOCKET_ADDRESS (address_.get ());
  GInetAddress *host = g_inet_socket_address_get_address (const_cast<GInetSocketAddress *> (inet));
  const std::string text = take_string (g_inet_address_to_string (host));
  const bool six = g_inet_address_get_family (host) == G_SOCKET_FAMILY_IPV6;
  const int port = g_inet_socket_address_get_port (const_cast<GInetSocketAddress *> (inet));
  return "http://" + (six ? "[" + text + "]" : text) + ":" + std::to_string (port) + "/";
}

guint16
Listener::port () const
{
  return is_unix () ? 0 : g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (address_.get ()));
}

void
Listener::watch ()
{
  GSource *source = g_socket_create_source (socket_.get (), G_IO_IN, nullptr);
  g_source_set_callback (source, reinterpret_cast<GSourceFunc> (reinterpret_cast<void *> (ready)),
                         this, nullptr);
  watch_ = SourceId (g_source_attach (source, nullptr));
  g_source_unref (source);
}

gboolean
Listener::ready (GSocket *, GIOCondition, gpointer data)
{
  auto *self = static_cast<Listener *> (data);
  self->accept_some ();
  return G_SOURCE_CONTINUE;
}

void
Listener::accept_some ()
{
  for (int i = 0; i < accepts_at_once && socket_; i++) {
    g_autoptr (GError) error = nullptr;
    g_autoptr (GSocket) client = g_socket_accept (socket_.get (), nullptr, &error);
    if (client) {
      g_autoptr (GSocketConnection) stream = metered_connection_new (client);
      if (is_probe (stream))
        probe_port_ = 0;
      else
        accepted_ (stream);
    } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      return;
    } else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_OPEN_FILES)) {
      out_of_descriptors ();
      return;
    } else if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_CLOSED)) {
      /* Either a passing trouble of one client (ECONNABORTED), or the self-test finds the rest. */
      g_debug ("%s: accepting a connection: %s", url ().c_str (), error->message);
      rest ();
      return;
    }
  }
}

/* The waiting client cannot be served, but it can be sent away: else the kernel would tell us of it
 * for ever. */
void
Listener::out_of_descriptors ()
{
  if (spare_ >= 0) {
    ::close (spare_);
    const int client = ::accept4 (g_socket_get_fd (socket_.get ()), nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0)
      ::close (client);
  }
  spare_ = ::open ("/dev/null", O_RDONLY | O_CLOEXEC);
  g_warning ("%s: no file descriptor is left for a client", url ().c_str ());
  rest ();
}

void
Listener::rest ()
{
  watch_.reset ();
  rest_ = SourceId (g_timeout_add (rest_ms, rested, this));
}

gboolean
Listener::rested (gpointer data)
{
  auto *self = static_cast<Listener *> (data);
  self->rest_.forget ();
  if (self->spare_ < 0)
    self->spare_ = ::open ("/dev/null", O_RDONLY | O_CLOEXEC);
  if (self->socket_)
    self->watch ();
  return G_SOURCE_REMOVE;
}

bool
Listener::is_probe (GSocketConnection *stream) const
{
  if (probe_port_ == 0)
    return false;
  g_autoptr (GSocketAddress) remote = g_socket_connection_get_remote_address (stream, nullptr);
  return remote && G_IS_INET_SOCKET_ADDRESS (remote)
         && g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (remote)) == probe_port_;
}

/* The address at which this very machine reaches the listener. */
static Ref<GSocketAddress>
own_way_in (GSocketAddress *address)
{
  auto *inet = G_INET_SOCKET_ADDRESS (address);
  GInetAddress *host = g_inet_socket_address_get_address (inet);
  if (!g_inet_address_get_is_any (host))
    return Ref<GSocketAddress>::share (address);
  g_autoptr (GInetAddress) loopback
      = g_inet_address_new_loopback (g_inet_address_get_family (host));
  return Ref<GSocketAddress>::adopt (
      g_inet_socket_address_new (loopback, g_inet_socket_address_get_port (inet)));
}

void
Listener::send_probe ()
{
  probe_port_ = 0;
  probe_ = Ref<GSocket>::adopt (g_socket_new (g_socket_address_get_family (address_.get ()),
                                              G_SOCKET_TYPE_STREAM, G_SOCKET_PROTOCOL_DEFAULT,
                                              nullptr));
  if (!probe_)
    return; /* no descriptor: that says nothing about the listener */
  g_socket_set_blocking (probe_.get (), FALSE);
  const auto to = own_way_in (address_.get ());
  g_autoptr (GError) error = nullptr;
  if (!g_socket_connect (probe_.get (), to.get (), nullptr, &error)
      && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PENDING)) {
    if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CONNECTION_REFUSED))
      revive ("nobody listens there");
    return;
  }
  g_autoptr (GSocketAddress) local = g_socket_get_local_address (probe_.get (), nullptr);
  if (local)
    probe_port_ = g_inet_socket_address_get_port (G_INET_SOCKET_ADDRESS (local));
}

bool
Listener::is_deaf ()
{
  int listening = 0;
  if (!g_socket_get_option (socket_.get (), SOL_SOCKET, SO_ACCEPTCONN, &listening, nullptr)
      || !listening)
    return true;
  if (!is_unix ())
    return probe_port_ != 0 && !rest_;
  GStatBuf status;
  return g_lstat (socket_path ().c_str (), &status) != 0 || status.st_ino != socket_inode_;
}

gboolean
Listener::test (gpointer data)
{
  auto *self = static_cast<Listener *> (data);
  if (!self->socket_)
    self->try_again ();
  else if (self->is_deaf ())
    self->revive (self->is_unix () ? "its file is gone" : "it does not answer");
  else if (!self->is_unix ())
    self->send_probe ();
  return G_SOURCE_CONTINUE;
}

void
Listener::revive (const char *why)
{
  g_warning ("%s: listening anew, %s", url ().c_str (), why);
  revivals_++;
  watch_.reset ();
  rest_.reset ();
  probe_.reset ();
  probe_port_ = 0;
  if (socket_)
    g_socket_close (socket_.get (), nullptr);
  g_autoptr (GError) error = nullptr;
  if (open (&error))
    return;
  keep_trying (url () + ": " + error->message);
  if (changed_)
    changed_ ();
}

} // namespace camwarden
