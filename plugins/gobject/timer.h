// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <glib.h>
#include <memory>
#include <utility>

namespace camwarden
{

/* A function that the default main context calls after a while, unless the timer goes first. It may
 * end or replace its own timer. */
class Timer
{
public:
  Timer () = default;
  Timer (Timer &&other) noexcept = default;
  Timer (const Timer &) = delete;
  ~Timer () { cancel (); }

  Timer &
  operator= (Timer other) noexcept
  {
    std::swap (call_, other.call_);
    return *this;
  }

  [[nodiscard]] static Timer
  once (guint ms, std::function<void ()> function)
  {
    return Timer (ms, std::move (function), false);
  }

  [[nodiscard]] static Timer
  every (guint ms, std::function<void ()> function)
  {
    return Timer (ms, std::move (function), true);
  }

  void
  cancel ()
  {
    if (!call_)
      return;
    if (guint id = std::exchange (call_->id, 0))
      g_source_remove (id);
    call_.reset ();
  }

  explicit operator bool () const { return call_ && call_->id != 0; }

private:
  /* Shared with the source: the function may destroy the timer while it runs. */
  struct Call
  {
    std::function<void ()> function;
    bool repeat;
    guint id = 0;
  };
  using Shared = std::shared_ptr<Call>;

  Timer (guint ms, std::function<void ()> function, bool repeat)
      : call_ (std::make_shared<Call> (Call{ std::move (function), repeat }))
  {
    call_->id = g_timeout_add_full (G_PRIORITY_DEFAULT, ms, dispatch, new Shared (call_),
                                    [] (gpointer data) { delete static_cast<Shared *> (data); });
  }

  static gboolean
  dispatch (gpointer data)
  {
    const Shared call = *static_cast<Shared *> (data);
    if (!call->repeat)
      call->id = 0;
    call->function ();
    return call->repeat && call->id != 0;
  }

  Shared call_;
};

} // namespace camwarden
