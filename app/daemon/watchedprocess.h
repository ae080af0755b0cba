// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/ref.h"

#include <functional>
#include <sys/types.h>

namespace camwarden
{

/* A process held by its pidfd: a child of ours or one that was found running. A signal can never
 * reach another process that got the same number meanwhile. Main thread only. */
class WatchedProcess
{
public:
  /* Once, from the main loop. status is as waitpid() gives it, -1 for a process that is not our
   * child. */
  using Exited = std::function<void (int status)>;

  WatchedProcess () = default;
  ~WatchedProcess ();
  WatchedProcess (const WatchedProcess &) = delete;
  WatchedProcess &operator= (const WatchedProcess &) = delete;

  /* False: there is no such process. */
  [[nodiscard]] bool watch (pid_t pid, Exited exited);
  void signal (int number);
  /* Kills it and waits until it is gone: for the end of the program. */
  void kill_now ();

  [[nodiscard]] pid_t
  pid () const
  {
    return pid_;
  }
  explicit operator bool () const { return pid_ != 0; }

private:
  void ended ();
  void close ();

  pid_t pid_ = 0;
  int64_t killed_at_ = 0; /* monotonic us; 0: it was not */
  int fd_ = -1;
  SourceId source_;
  Exited exited_;
};

/* "exit code 1", "signal 9 (Killed)". */
[[nodiscard]] std::string exit_text (int status);

} // namespace camwarden
