// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/watchedprocess.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <glib-unix.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" { /* glibc 2.36 forgot it */
#include <sys/pidfd.h>
}

namespace camwarden
{

static constexpr int64_t KILL_PATIENCE
    = 500'000; /* us: then it waits in the kernel, and goes later */

WatchedProcess::~WatchedProcess ()
{
  close ();
}

bool
WatchedProcess::watch (pid_t pid, Exited exited)
{
  close ();
  fd_ = pidfd_open (pid, 0);
  if (fd_ < 0)
    return false;
  pid_ = pid;
  exited_ = std::move (exited);
  source_ = SourceId (g_unix_fd_add (
      fd_, G_IO_IN,
      [] (int, GIOCondition, gpointer self) -> gboolean {
        static_cast<WatchedProcess *> (self)->ended ();
        return G_SOURCE_REMOVE;
      },
      this));
  return true;
}

void
WatchedProcess::signal (int number)
{
  if (fd_ < 0)
    return;
  if (number == SIGKILL && killed_at_ == 0)
    killed_at_ = g_get_monotonic_time ();
  pidfd_send_signal (fd_, number, nullptr, 0);
}

void
WatchedProcess::ended ()
{
  int status = -1;
  if (waitpid (pid_, &status, WNOHANG) != pid_)
    status = -1;
  source_.forget ();
  const Exited exited = std::move (exited_);
  close ();
  if (exited)
    exited (status);
}

void
WatchedProcess::kill_now ()
{
  if (fd_ < 0)
    return;
  signal (SIGKILL);
  pollfd poll_fd{ fd_, POLLIN, 0 };
  const int64_t rest = killed_at_ + KILL_PATIENCE - g_get_monotonic_time ();
  poll (&poll_fd, 1, static_cast<int> (std::max<int64_t> (rest, 0) / 1000));
  waitpid (pid_, nullptr, WNOHANG);
  close ();
}

void
WatchedProcess::close ()
{
  source_.reset ();
  if (fd_ >= 0)
    ::close (fd_);
  fd_ = -1;
  pid_ = 0;
  killed_at_ = 0;
  exited_ = {};
}

std::string
exit_text (int status)
{
  if (status == -1)
    return "it is gone";
  if (WIFSIGNALED (status))
    return "signal " + std::to_string (WTERMSIG (status)) + " (" + strsignal (WTERMSIG (status))
           + ")";
  return "exit code " + std::to_string (WEXITSTATUS (status));
}

} // namespace camwarden
