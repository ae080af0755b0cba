// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <deque>
#include <mutex>
#include <utility>

namespace camwarden
{

/* Reports on their way out, from several threads, in the order they were put in, and without a
 * lock held while one is handed over: whoever comes while another thread is sending leaves its own
 * to that one. put() is called under the lock that orders the reports. */
template <typename T> class Outbox
{
public:
  void
  put (T item)
  {
    std::lock_guard<std::mutex> lock (mutex_);
    items_.push_back (std::move (item));
  }

  template <typename F>
  void
  send (F &&deliver)
  {
    std::unique_lock<std::mutex> lock (mutex_);
    if (sending_)
      return;
    sending_ = true;
    while (!items_.empty ()) {
      T item = std::move (items_.front ());
      items_.pop_front ();
      lock.unlock ();
      deliver (item);
      lock.lock ();
    }
    sending_ = false;
  }

  void
  clear ()
  {
    std::lock_guard<std::mutex> lock (mutex_);
    items_.clear ();
  }

private:
  std::mutex mutex_;
  std::deque<T> items_;
  bool sending_ = false;
};

} // namespace camwarden
