// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"

#include <deque>
#include <functional>
#include <glib.h>
#include <memory>

namespace camwarden
{

/* Calls from other threads into the main loop, in the order they were made. It belongs to an object
 * of the main thread; what is still under way when that goes is dropped. Threads that call must
 * have ended by then. */
class MainCall
{
public:
  MainCall () : source_ (g_source_new (&source_functions, sizeof (GSource)))
  {
    g_source_set_callback (
        source_,
        [] (gpointer self) -> gboolean {
          static_cast<MainCall *> (self)->run ();
          return G_SOURCE_CONTINUE;
        },
        this, nullptr);
    g_source_attach (source_, nullptr);
  }
  ~MainCall ()
  {
    g_source_destroy (source_);
    g_source_unref (source_);
  }
  MainCall (const MainCall &) = delete;
  MainCall &operator= (const MainCall &) = delete;

  /* In any thread. */
  void
  call (std::function<void ()> function)
  {
    const bool first = queue_.with ([&] (Queue &queue) {
      queue.push_back (std::move (function));
      return queue.size () == 1;
    });
    if (first)
      g_source_set_ready_time (source_, 0);
  }

  /* For callbacks that come in the main loop anyway: expired when the object has gone. */
  [[nodiscard]] std::weak_ptr<int>
  alive () const
  {
    return alive_;
  }

private:
  using Queue = std::deque<std::function<void ()>>;

  static gboolean
  dispatch (GSource *source, GSourceFunc function, gpointer self)
  {
    g_source_set_ready_time (source, -1);
    return function (self);
  }
  inline static GSourceFuncs source_functions{
    nullptr, nullptr, dispatch, nullptr, nullptr, nullptr
  };

  void
  run ()
  {
    const std::weak_ptr<int> here = alive_;
    const Queue calls = queue_.with ([] (Queue &queue) { return std::exchange (queue, {}); });
    for (const auto &call : calls)
      if (!here.expired ()) /* the one before may have ended the object */
        call ();
  }

  GSource *source_; /* made once: a call from a thread only wakes it */
  Locked<Queue> queue_;
  std::shared_ptr<int> alive_ = std::make_shared<int> (0);
};

} // namespace camwarden
