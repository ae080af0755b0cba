// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <string>
#include <thread>

namespace camwarden
{

/* A server on a loopback port that says what it is told to, whatever it is asked.
 *
 * A script is sent to each new connection. `greet`: the ROLE question of the handshake is read and
 * answered first, as a master would. Afterwards the connection is closed, or left silent. */
class RespServer
{
public:
  struct Script
  {
    std::string bytes;
    bool greet = false;     /* answer the handshake first */
    bool wait = false;      /* send only after something else was asked */
    bool close = true;      /* after the bytes; else silence */
    bool for_ever = false;  /* again and again */
    unsigned piece = 65536; /* bytes per write */
    unsigned pause = 0;     /* us after each of these */
  };

  explicit RespServer (Script script);
  ~RespServer ();
  RespServer (const RespServer &) = delete;
  RespServer &operator= (const RespServer &) = delete;

  [[nodiscard]] int
  port () const
  {
    return port_;
  }
  [[nodiscard]] unsigned
  connections () const
  {
    return connections_;
  }

private:
  void serve ();
  void play (int fd);
  bool wait_readable (int fd) const;

  const Script script_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> quit_{ false };
  std::atomic<unsigned> connections_{ 0 };
  std::thread thread_;
};

} // namespace camwarden
