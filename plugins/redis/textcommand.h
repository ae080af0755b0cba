// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "redis/redislink.h"
#include "redis/redisstream.h"

#include <string>
#include <utility>
#include <vector>

namespace camwarden
{

/* An ordinary command with one answer, or with none (SUBSCRIBE and PING of a subscriber, whose
 * answers come as messages). */
class TextCommand : public Outgoing
{
public:
  TextCommand (const std::vector<std::string> &words, unsigned answers, RedisLink::Answer done = {})
      : text_ (format_command (words)), done_ (std::move (done))
  {
    pieces.push_back ({ text_.data (), text_.size () });
    commands = answers;
  }

  void
  answered (unsigned, const redisReply &reply) override
  {
    if (done_)
      done_ (&reply);
  }

  void
  lost (LostReason) override
  {
    if (done_)
      done_ (nullptr);
  }

private:
  std::string text_;
  RedisLink::Answer done_;
};

} // namespace camwarden
