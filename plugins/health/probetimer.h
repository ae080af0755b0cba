// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <gst/gst.h>
#include <mutex>

#include "gobject/ref.h"

namespace camwarden
{

/* One asynchronous wait on a clock at a time; no thread of its own.
 *
 * The wait is made and taken back without a lock held, and nothing waits for the callback, so
 * there is nothing to deadlock on. A wait taken back may still fire: fired() tells, and the
 * element is reached through a weak reference, so it may even be gone. */
class ProbeTimer
{
public:
  ~ProbeTimer () { stop (); }

  /* From now on waits may be set. */
  void
  start (GstClock *clock)
  {
    std::lock_guard<std::mutex> lock (mutex_);
    clock_ = Ref<GstClock>::share (clock);
  }

  void
  stop ()
  {
    Ref<GstClock> clock;
    GstClockID id = nullptr;
    {
      std::lock_guard<std::mutex> lock (mutex_);
      std::swap (clock, clock_);
      std::swap (id, id_);
    }
    cancel (id);
  }

  /* Calls back at that time, or earlier if an earlier wait is already set. Does nothing while
   * stopped. */
  void
  set (GstClockTime time, GstClockCallback callback, gpointer element)
  {
    GstClockID old = nullptr, fresh = nullptr;
    {
      std::lock_guard<std::mutex> lock (mutex_);
      if (!clock_ || (id_ && time_ <= time))
        return;
      old = id_;
      id_ = gst_clock_new_single_shot_id (clock_.get (), time);
      fresh = gst_clock_id_ref (id_);
      time_ = time;
    }
    cancel (old);
    auto *weak = g_new (GWeakRef, 1);
    g_weak_ref_init (weak, element);
    gst_clock_id_wait_async (fresh, callback, weak, free_weak);
    gst_clock_id_unref (fresh);
  }

  /* In the callback: is this the wait that is set? It is not set any more then. */
  [[nodiscard]] bool
  fired (GstClockID id)
  {
    {
      std::lock_guard<std::mutex> lock (mutex_);
      if (id_ != id)
        return false;
      id_ = nullptr;
    }
    gst_clock_id_unref (id);
    return true;
  }

private:
  static void
  cancel (GstClockID id)
  {
    if (!id)
      return;
    gst_clock_id_unschedule (id);
    gst_clock_id_unref (id);
  }

  static void
  free_weak (gpointer data)
  {
    auto *weak = static_cast<GWeakRef *> (data);
    g_weak_ref_clear (weak);
    g_free (weak);
  }

  std::mutex mutex_;
  Ref<GstClock> clock_;
  GstClockID id_ = nullptr;
  GstClockTime time_ = 0;
};

} // namespace camwarden
