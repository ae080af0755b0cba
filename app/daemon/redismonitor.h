// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/maincall.h"
#include "redis/redislink.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace camwarden
{

/* The daemon's own connection to Redis: says how the server is, carries the cameras' status.
 * Main thread. */
class RedisMonitor
{
public:
  struct Status
  {
    bool connected = false;
    std::string error; /* why it is not */
    std::string role;  /* master, slave; empty: not known */
    int64_t rtt = -1;  /* us */
    uint64_t connects = 0;
    int64_t away_since = 0; /* monotonic us; 0: it is connected */
  };

  /* changed: connected or not. */
  RedisMonitor (RedisSettings settings, std::function<void ()> changed);
  RedisMonitor (const RedisMonitor &) = delete;
  RedisMonitor &operator= (const RedisMonitor &) = delete;

  [[nodiscard]] Status status () const;
  /* Lost while there is no connection. */
  void command (const std::vector<std::string> &words);
  /* What the server tells of itself; "": it refuses to. Nothing comes when there is no connection.
   */
  void info (std::function<void (const std::string &)> told);
  /* error: why it was not done; "": it was. Once, on the main loop. */
  void ask (const std::vector<std::string> &words,
            std::function<void (const std::string &error)> done);
  /* Until everything is answered, at most so long (us): for the end of the program. What the server
   * does afterwards is not told. */
  void drain (int64_t timeout);

private:
  void state (LinkState state, const std::string &why);
  void ask_role ();

  Status status_;
  bool told_ = false;   /* the log knows how it is */
  bool ending_ = false; /* that the server goes, too, is no news then */
  std::function<void ()> changed_;
  MainCall main_;
  std::unique_ptr<RedisLink> link_; /* last: its thread ends first */
};

} // namespace camwarden
