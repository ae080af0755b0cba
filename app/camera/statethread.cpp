// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/statethread.h"

#include <utility>

namespace camwarden
{

StateThread::StateThread (MainQueue &queue, Overdue overdue)
    : queue_ (queue), overdue_ (std::move (overdue)), thread_ ([this] { loop (); })
{}

StateThread::~StateThread ()
{
  {
    std::lock_guard<std::mutex> lock (mutex_);
    quit_ = true;
  }
  wake_.notify_one ();
  thread_.join ();
}

void
StateThread::post (const char *name, int64_t deadline_us, std::function<void ()> job,
                   std::function<void ()> done)
{
  jobs_.push_back ({ name, deadline_us, std::move (job), std::move (done) });
  if (jobs_.size () == 1)
    next ();
}

bool
StateThread::busy () const
{
  return !jobs_.empty ();
}

void
StateThread::next ()
{
  const guint ms = static_cast<guint> (jobs_.front ().deadline / 1000);
  deadline_ = Timer::once (ms, [this] { overdue_ (jobs_.front ().name); });
  {
    std::lock_guard<std::mutex> lock (mutex_);
    work_ = std::move (jobs_.front ().work);
  }
  wake_.notify_one ();
}

void
StateThread::finished ()
{
  deadline_.cancel ();
  const auto done = std::move (jobs_.front ().done);
  jobs_.pop_front ();
  if (!jobs_.empty ())
    next ();
  if (done)
    done ();
}

void
StateThread::loop ()
{
  std::unique_lock<std::mutex> lock (mutex_);
  while (!quit_) {
    if (!work_) {
      wake_.wait (lock);
      continue;
    }
    const auto work = std::exchange (work_, nullptr);
    lock.unlock ();
    work ();
    queue_.post ([this] { finished (); });
    lock.lock ();
  }
}

} // namespace camwarden
