// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <glib.h>
#include <memory>

namespace camwarden
{

/* Calls from other threads into the main loop, for objects of the main thread. A member of the
 * object, declared last: what is still under way when the object goes is dropped. */
class MainCall
{
public:
  /* A function that may be called in any thread; `target` then runs in the main loop. */
  [[nodiscard]] std::function<void ()>
  to (std::function<void ()> target) const
  {
    return [alive = std::weak_ptr<int> (alive_), target = std::move (target)] {
      post ([alive, target] {
        if (!alive.expired ())
          target ();
      });
    };
  }

  /* At once the same for a single call. */
  void
  call (std::function<void ()> target) const
  {
    to (std::move (target)) ();
  }

  /* For callbacks that come in the main loop anyway: expired when the object has gone. */
  [[nodiscard]] std::weak_ptr<int>
  alive () const
  {
    return alive_;
  }

private:
  static void
  post (std::function<void ()> function)
  {
    g_idle_add_full (
        G_PRIORITY_DEFAULT,
        [] (gpointer data) -> gboolean {
          (*static_cast<std::function<void ()> *> (data)) ();
          return G_SOURCE_REMOVE;
        },
        new std::function<void ()> (std::move (function)),
        [] (gpointer data) { delete static_cast<std::function<void ()> *> (data); });
  }

  std::shared_ptr<int> alive_ = std::make_shared<int> (0);
};

} // namespace camwarden
