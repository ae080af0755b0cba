// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/logthread.h"

#include <chrono>
#include <csignal>
#include <pthread.h>
#include <thread>
#include <utility>

namespace camwarden
{

void
LogThread::configure (LogFileSettings settings)
{
  const std::lock_guard<std::mutex> lock (mutex_);
  used_ = !settings.path.empty ();
  settings_ = std::move (settings);
  if (used_ || started_)
    start ();
}

void
LogThread::write (std::string line)
{
  const std::lock_guard<std::mutex> lock (mutex_);
  if (!used_)
    return;
  if (lines_.size () >= most_lines)
    left_out_++;
  else
    lines_.push_back (std::move (line));
  changed_.notify_all ();
}

void
LogThread::settle (int64_t patience)
{
  std::unique_lock<std::mutex> lock (mutex_);
  if (started_)
    changed_.wait_for (lock, std::chrono::microseconds (patience),
                       [this] { return !busy_ && lines_.empty () && !settings_; });
}

/* Under mutex_. Signals are the main thread's. */
void
LogThread::start ()
{
  changed_.notify_all ();
  if (std::exchange (started_, true))
    return;
  sigset_t all, before;
  sigfillset (&all);
  pthread_sigmask (SIG_BLOCK, &all, &before);
  std::thread ([this] { run (); }).detach ();
  pthread_sigmask (SIG_SETMASK, &before, nullptr);
}

void
LogThread::run ()
{
  pthread_setname_np (pthread_self (), "log");
  std::unique_lock<std::mutex> lock (mutex_);
  while (true) {
    changed_.wait (lock, [this] { return settings_ || !lines_.empty (); });
    auto settings = std::exchange (settings_, {});
    std::deque<std::string> lines = std::exchange (lines_, {});
    const unsigned left_out = std::exchange (left_out_, 0);
    busy_ = true;
    lock.unlock ();
    /* Lines from before a change of the file are a matter of milliseconds. */
    if (settings)
      file_.configure (std::move (*settings));
    if (left_out > 0)
      lines.push_back (std::to_string (left_out)
                       + " lines are missing here: the disk did not answer\n");
    for (const std::string &line : lines)
      if (const std::string problem = file_.write (line); !problem.empty ())
        problem_ (problem);
    lock.lock ();
    busy_ = false;
    changed_.notify_all ();
  }
}

} // namespace camwarden
