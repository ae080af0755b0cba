// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/ref.h"

#include <functional>
#include <string>
#include <sys/types.h>

namespace camwarden
{

/* Asks the server behind a Unix socket for a sign of life. Any answer counts, a refusal too: only
 * a server whose loop turns gives one. One question at a time; main thread only, never blocks. */
class RedisProbe
{
public:
  using Answered = std::function<void ()>;

  RedisProbe () = default;
  ~RedisProbe ();
  RedisProbe (const RedisProbe &) = delete;
  RedisProbe &operator= (const RedisProbe &) = delete;

  /* False: nobody listens, or nobody accepts any more. A question still open is given up. */
  bool ask (const std::string &socket_path, Answered answered);
  void cancel ();

  /* Who listens behind that socket; 0: nobody. Works with a stopped process too. */
  [[nodiscard]] static pid_t listener (const std::string &socket_path);

private:
  gboolean readable ();

  int fd_ = -1;
  SourceId source_;
  Answered answered_;
};

} // namespace camwarden
