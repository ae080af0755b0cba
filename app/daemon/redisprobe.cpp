// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/redisprobe.h"

#include <cstring>
#include <glib-unix.h>
#include <string_view>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace camwarden
{

/* A connected, non-blocking socket, or -1. */
static int
connect_to (const std::string &path)
{
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size () >= sizeof address.sun_path)
    return -1;
  memcpy (address.sun_path, path.data (), path.size ());
  const int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd >= 0 && connect (fd, reinterpret_cast<sockaddr *> (&address), sizeof address) != 0) {
    close (fd);
    return -1;
  }
  return fd;
}

RedisProbe::~RedisProbe ()
{
  cancel ();
}

bool
RedisProbe::ask (const std::string &socket_path, Answered answered)
{
  constexpr std::string_view ping = "PING\r\n";
  cancel ();
  fd_ = connect_to (socket_path);
  if (fd_ < 0)
    return false;
  if (send (fd_, ping.data (), ping.size (), MSG_NOSIGNAL) != static_cast<ssize_t> (ping.size ())) {
    cancel ();
    return false;
  }
  answered_ = std::move (answered);
  source_ = SourceId (g_unix_fd_add (
      fd_, static_cast<GIOCondition> (G_IO_IN | G_IO_HUP),
      [] (int, GIOCondition, gpointer self) -> gboolean {
        return static_cast<RedisProbe *> (self)->readable ();
      },
      this));
  return true;
}

gboolean
RedisProbe::readable ()
{
  char byte;
  const bool answer = recv (fd_, &byte, 1, 0) == 1;
  source_.forget ();
  const Answered answered = std::move (answered_);
  cancel ();
  if (answer && answered)
    answered ();
  return G_SOURCE_REMOVE;
}

void
RedisProbe::cancel ()
{
  source_.reset ();
  if (fd_ >= 0)
    close (fd_);
  fd_ = -1;
  answered_ = {};
}

pid_t
RedisProbe::listener (const std::string &socket_path)
{
  const int fd = connect_to (socket_path);
  if (fd < 0)
    return 0;
  ucred peer{};
  socklen_t length = sizeof peer;
  if (getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
    peer.pid = 0;
  close (fd);
  return peer.pid;
}

} // namespace camwarden
