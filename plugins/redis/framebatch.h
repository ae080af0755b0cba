// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"
#include "redis/redislink.h"

#include <gst/gst.h>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* What became of the frames: sent = published + dropped (all reasons) + those under way. */
struct FrameCounters
{
  uint64_t sent = 0;      /* publishes handed to the link */
  uint64_t published = 0; /* answered without an error by at least one of the modes */
  uint64_t bytes = 0;     /* payload of these */
  uint64_t dropped_queue = 0;
  uint64_t dropped_offline = 0;
  uint64_t dropped_link = 0;
  uint64_t dropped_refused = 0; /* all modes answered with an error */
  uint64_t dropped_stopped = 0;
  uint64_t dropped_invalid = 0; /* not a JPEG where one is needed */
  uint64_t refusals = 0;        /* single error replies */
  uint64_t copied = 0;          /* frames whose memory had to be copied to wait */
  int64_t receivers = -1;       /* of the last PUBLISH; -1: none answered yet */
  int64_t receivers_news = -1;  /* the same until somebody has taken notice */
  std::string refusal;          /* the last error reply */

  [[nodiscard]] uint64_t
  dropped () const
  {
    return dropped_queue + dropped_offline + dropped_link + dropped_refused + dropped_stopped
           + dropped_invalid;
  }
};

/* Shared by the element and the frames under way, which may outlive it by a moment. */
using SharedCounters = std::shared_ptr<Locked<FrameCounters>>;

enum class CopyPolicy {
  Auto,
  Never,
  Always,
};

/* One frame on its way: all its commands with the payload straight from the buffer's memory. */
class FrameBatch : public Outgoing
{
public:
  FrameBatch (GstBuffer *buffer, CopyPolicy copy, SharedCounters counters);
  ~FrameBatch () override;

  /* False when the buffer could not be mapped for reading. */
  [[nodiscard]] bool
  mapped () const
  {
    return mapped_;
  }

  /* PUBLISH or SPUBLISH CHANNEL JPEG-with-comment. `json`: the header; empty: none. */
  void add_publish (const char *verb, std::string_view channel, std::string_view json);
  /* SET KEY JPEG-with-comment [PX ttl] */
  void add_set (std::string_view key, std::string_view json, uint64_t ttl_ms);
  /* XADD KEY MAXLEN ~ N * m JSON d PAYLOAD */
  void add_xadd (std::string_view key, unsigned length, std::string_view json);
  /* Call after the last add. */
  void finish ();

  void answered (unsigned index, const redisReply &reply) override;
  void lost (LostReason reason) override;
  void keep () override;
  void written () override;

private:
  struct Segment
  {
    size_t offset = 0; /* of the text before the payload */
    size_t length = 0;
    size_t skip = 0; /* bytes of the payload that the text replaces */
    bool payload = false;
  };

  void begin_command (size_t words);
  void add_word (std::string_view word);
  void add_payload (std::string_view head, size_t skip);
  void add_jpeg (std::string_view json);
  void add_text_piece ();
  void append_payload_pieces (size_t skip);
  void release ();
  void settle (FrameCounters &counters, uint64_t FrameCounters::*fate);

  GstBuffer *buffer_;
  const CopyPolicy copy_;
  SharedCounters counters_;
  bool mapped_ = true;
  bool publishes_ = false; /* the first command's answer counts receivers */
  /* under the counters' lock */
  bool settled_ = false;
  bool any_published_ = false;
  unsigned answers_ = 0;
  /* sender's thread until sent */
  size_t payload_size_ = 0;
  std::vector<GstMapInfo> maps_;
  std::string text_;
  size_t segment_start_ = 0;
  std::vector<Segment> segments_;
  std::string copy_storage_;
};

} // namespace camwarden
