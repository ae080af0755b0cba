// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/notify.h"

#include <cstddef>
#include <cstring>
#include <glib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

namespace camwarden
{

Notifier
Notifier::from_environment ()
{
  const char *socket = g_getenv ("NOTIFY_SOCKET");
  const char *usec = g_getenv ("WATCHDOG_USEC");
  const char *pid = g_getenv ("WATCHDOG_PID");
  const bool ours = !pid || g_ascii_strtoll (pid, nullptr, 10) == getpid ();
  Notifier notifier (socket ? socket : "", usec && ours ? g_ascii_strtoll (usec, nullptr, 10) : 0);
  for (const char *name : { "NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID" })
    g_unsetenv (name);
  return notifier;
}

void
Notifier::ready () const
{
  send ("READY=1");
}

void
Notifier::reloading () const
{
  /* The stamp is for Type=notify-reload (systemd 253); older ones ignore it. */
  send ("RELOADING=1\nMONOTONIC_USEC=" + std::to_string (g_get_monotonic_time ()));
}

void
Notifier::stopping () const
{
  send ("STOPPING=1");
}

void
Notifier::alive () const
{
  send ("WATCHDOG=1");
}

void
Notifier::status (std::string_view text)
{
  std::string line (text);
  for (char &c : line) /* a line break would begin another assignment */
    if (static_cast<unsigned char> (c) < ' ')
      c = ' ';
  if (line == status_)
    return;
  status_ = line;
  send ("STATUS=" + line);
}

void
Notifier::send (std::string_view message) const
{
  sockaddr_un address{};
  if (socket_.empty () || socket_.size () >= sizeof address.sun_path)
    return;
  address.sun_family = AF_UNIX;
  memcpy (address.sun_path, socket_.data (), socket_.size ());
  if (address.sun_path[0] == '@')
    address.sun_path[0] = '\0';
  const int fd = socket (AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    return;
  const auto length = static_cast<socklen_t> (offsetof (sockaddr_un, sun_path) + socket_.size ());
  /* Lost when the manager's queue is full: there is nobody to tell. */
  (void)sendto (fd, message.data (), message.size (), MSG_NOSIGNAL | MSG_DONTWAIT,
                reinterpret_cast<sockaddr *> (&address), length);
  close (fd);
}

} // namespace camwarden
