// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"
#include "ctl/framemeter.h"
#include "redis/redislink.h"

#include <string>
#include <string_view>

namespace camwarden
{

enum class FramesFrom {
  Channel, /* modes pubsub */
  Stream,  /* mode stream: the entries of CHANNEL:stream */
};

/* Reads a camera's frames as any consumer does, and measures what comes. */
class FrameConsumer
{
public:
  explicit FrameConsumer (RedisSettings settings, FramesFrom from = FramesFrom::Channel);

  void start ();

  [[nodiscard]] FrameFigures look ();
  [[nodiscard]] FrameFigures all () const;

  [[nodiscard]] bool
  connected () const
  {
    return link_.state () == LinkState::Ready;
  }
  /* What the server said instead of the stream's entries; empty: nothing. */
  [[nodiscard]] std::string
  refusal () const
  {
    return refusal_.get ();
  }
  /* Why there is no connection, for people. */
  [[nodiscard]] std::string
  trouble () const
  {
    return trouble_.get ();
  }

private:
  /* All on the link's thread. */
  void arrived (std::string_view payload, std::string_view header);
  void ask_stream ();
  void take_entries (const redisReply &reply);

  const bool same_machine_; /* its monotonic clock is ours */
  const std::string channel_;
  const FramesFrom from_;
  std::string last_id_ = "$"; /* of the stream: only what comes from now on */
  Locked<FrameMeter> meter_;
  Locked<std::string> trouble_, refusal_;
  RedisLink link_; /* last: it uses the others until its end */
};

} // namespace camwarden
