// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "camera/mainqueue.h"
#include "gobject/timer.h"

#include <condition_variable>
#include <deque>
#include <thread>

namespace camwarden
{

/* What may hang in a driver runs here, one job after the other, so that the main loop stays
 * answerable and a hang can be told from a slow start. Used from the main thread only. */
class StateThread
{
public:
  using Overdue = std::function<void (const char *job)>;

  /* overdue: on the main thread; a job is late. It cannot be stopped: only the process can end. */
  StateThread (MainQueue &queue, Overdue overdue);
  ~StateThread (); /* joins: not to be called while a job hangs */
  StateThread (const StateThread &) = delete;
  StateThread &operator= (const StateThread &) = delete;

  /* job runs on the thread, done after it on the main thread. name: a literal. */
  void post (const char *name, int64_t deadline_us, std::function<void ()> job,
             std::function<void ()> done);
  [[nodiscard]] bool busy () const;

private:
  struct Job
  {
    const char *name;
    int64_t deadline;
    std::function<void ()> work;
    std::function<void ()> done;
  };

  void next ();
  void finished ();
  void loop ();

  /* Main thread only. */
  MainQueue &queue_;
  Overdue overdue_;
  std::deque<Job> jobs_; /* the first one runs */
  Timer deadline_;

  std::mutex mutex_; /* guards the two below */
  std::function<void ()> work_;
  bool quit_ = false;
  std::condition_variable wake_;
  std::thread thread_;
};

} // namespace camwarden
