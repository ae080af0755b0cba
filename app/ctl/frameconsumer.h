// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"
#include "ctl/framemeter.h"
#include "redis/redislink.h"

namespace camwarden
{

/* Subscribes to a camera's channel as any consumer does, and measures what comes. */
class FrameConsumer
{
public:
  explicit FrameConsumer (RedisSettings settings);

  void start ();

  [[nodiscard]] FrameFigures look ();
  [[nodiscard]] FrameFigures all () const;

  [[nodiscard]] bool
  connected () const
  {
    return link_.state () == LinkState::Ready;
  }
  /* Why there is no connection, for people. */
  [[nodiscard]] std::string
  trouble () const
  {
    return trouble_.get ();
  }

private:
  void arrived (std::string_view message); /* on the link's thread */

  const bool same_machine_; /* its monotonic clock is ours */
  const std::string channel_;
  Locked<FrameMeter> meter_;
  Locked<std::string> trouble_;
  RedisLink link_; /* last: it uses the others until its end */
};

} // namespace camwarden
