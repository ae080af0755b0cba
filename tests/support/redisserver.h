// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <string>
#include <sys/types.h>
#include <vector>

namespace camwarden
{

/* A real redis-server of the test's own: a free loopback port, a Unix socket and a directory that
 * goes with it. start() returns when it answers; a failure ends the test. */
class RedisServer
{
public:
  explicit RedisServer (std::vector<std::string> extra_arguments = {});
  ~RedisServer ();
  RedisServer (const RedisServer &) = delete;
  RedisServer &operator= (const RedisServer &) = delete;

  void start ();  /* again after kill(): same port, same directory */
  void kill ();   /* SIGKILL and wait */
  void freeze (); /* SIGSTOP */
  void thaw ();   /* SIGCONT */

  [[nodiscard]] int
  port () const
  {
    return port_;
  }
  [[nodiscard]] const std::string &
  socket_path () const
  {
    return socket_path_;
  }
  [[nodiscard]] pid_t
  pid () const
  {
    return pid_;
  }

  /* redis://127.0.0.1:PORT/CHANNEL */
  [[nodiscard]] std::string location (const std::string &channel) const;

  /* One command on a connection of its own; the reply in redis-cli's raw form. */
  std::string command (const std::vector<std::string> &words) const;

private:
  bool answers ();

  int port_;
  pid_t pid_ = 0;
  std::string directory_;
  std::string socket_path_;
  std::vector<std::string> extra_arguments_;
};

/* A loopback TCP port nobody listens on at the moment. */
int free_port ();

} // namespace camwarden
