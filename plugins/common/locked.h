// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <mutex>
#include <utility>

namespace camwarden
{

/* A value reachable only under its mutex:
 *
 *   Locked<Settings> settings;
 *   settings.with ([&] (Settings &s) { s.interval = 5; });
 *   auto copy = settings.get ();
 *
 * The function given to with() must not block, post, push or join. */
template <typename T> class Locked
{
public:
  Locked () = default;
  explicit Locked (T value) : value_ (std::move (value)) {}

  template <typename F>
  decltype (auto)
  with (F &&function)
  {
    std::lock_guard<std::mutex> lock (mutex_);
    return std::forward<F> (function) (value_);
  }

  template <typename F>
  decltype (auto)
  with (F &&function) const
  {
    std::lock_guard<std::mutex> lock (mutex_);
    return std::forward<F> (function) (value_);
  }

  [[nodiscard]] T
  get () const
  {
    std::lock_guard<std::mutex> lock (mutex_);
    return value_;
  }

  void
  set (T value)
  {
    std::lock_guard<std::mutex> lock (mutex_);
    value_ = std::move (value);
  }

private:
  mutable std::mutex mutex_;
  T value_{};
};

} // namespace camwarden
