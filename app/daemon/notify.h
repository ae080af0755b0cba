// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace camwarden
{

/* Tells the service manager how we are: sd_notify(3) by hand. Without one everything here does
 * nothing. A message that does not fit into the manager's queue is lost rather than waited for. */
class Notifier
{
public:
  /* Takes NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID out of the environment, so that no child
   * speaks in our name. */
  [[nodiscard]] static Notifier from_environment ();

  /* socket: a path, or "@name" of an abstract socket; empty: nobody listens. */
  explicit Notifier (std::string socket, int64_t watchdog = 0)
      : socket_ (std::move (socket)), watchdog_ (watchdog)
  {}

  void ready () const;
  void reloading () const; /* to be followed by ready() */
  void stopping () const;
  void alive () const;
  /* One line for `systemctl status`. Only a changed one is sent. */
  void status (std::string_view text);

  /* How often alive() has to be called, us; 0: never. Half of what the manager allows. */
  [[nodiscard]] int64_t
  watchdog_interval () const
  {
    return watchdog_ / 2;
  }

private:
  void send (std::string_view message) const;

  std::string socket_;
  int64_t watchdog_;
  std::string status_;
};

} // namespace camwarden
