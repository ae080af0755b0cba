// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fakes/respserver.h"

#include <algorithm>
#include <arpa/inet.h>
#include <glib.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace camwarden
{

static constexpr const char *MASTER = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n";

RespServer::RespServer (Script script)
    : script_ (std::move (script)), listener_ (socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
{
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
  auto *raw = reinterpret_cast<sockaddr *> (&address);
  socklen_t length = sizeof address;
  g_assert_cmpint (bind (listener_, raw, length), ==, 0);
  g_assert_cmpint (listen (listener_, 16), ==, 0);
  getsockname (listener_, raw, &length);
  port_ = ntohs (address.sin_port);
  thread_ = std::thread ([this] { serve (); });
}

RespServer::~RespServer ()
{
  quit_ = true;
  thread_.join ();
  close (listener_);
}

/* False: the server ends. */
bool
RespServer::wait_readable (int fd) const
{
  pollfd entry{ fd, POLLIN, 0 };
  while (!quit_)
    if (poll (&entry, 1, 20) > 0)
      return true;
  return false;
}

void
RespServer::serve ()
{
  while (wait_readable (listener_)) {
    const int fd = accept4 (listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (fd < 0)
      continue;
    connections_++;
    play (fd);
    close (fd);
  }
}

static bool
send_all (int fd, const std::string &text, size_t piece, const std::atomic<bool> &quit,
          unsigned pause = 0)
{
  for (size_t at = 0; at < text.size () && !quit;) {
    pollfd entry{ fd, POLLOUT, 0 };
    if (poll (&entry, 1, 20) == 0)
      continue;
    const ssize_t sent = send (fd, text.data () + at, std::min (piece, text.size () - at),
                               MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0)
      return false;
    at += static_cast<size_t> (sent);
    if (pause > 0)
      usleep (pause);
  }
  return !quit;
}

/* Returns when the script is over or the client has gone. */
void
RespServer::play (int fd)
{
  char bytes[4096];
  std::string asked;
  while (script_.greet && asked.find ("ROLE") == asked.npos) {
    const ssize_t count = wait_readable (fd) ? recv (fd, bytes, sizeof bytes, 0) : 0;
    if (count <= 0)
      return;
    asked.append (bytes, static_cast<size_t> (count));
    if (asked.find ("SETNAME") != asked.npos && !send_all (fd, "+OK\r\n", 100, quit_))
      return;
  }
  if (script_.greet && !send_all (fd, MASTER, 100, quit_))
    return;
  if (script_.wait && !wait_readable (fd))
    return;
  while (send_all (fd, script_.bytes, script_.piece, quit_, script_.pause) && script_.for_ever)
    ;
  while (!script_.close && wait_readable (fd) && recv (fd, bytes, sizeof bytes, 0) > 0)
    ;
}

} // namespace camwarden
