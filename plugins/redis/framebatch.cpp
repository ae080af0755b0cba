// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/framebatch.h"

#include "common/textcheck.h"
#include "gobject/heldbuffer.h"
#include "redis/frameheader.h"

#include <hiredis/hiredis.h>

namespace camwarden
{

static uint64_t FrameCounters::*
counter_of (LostReason reason)
{
  switch (reason) {
  case LostReason::Overflow:
    return &FrameCounters::dropped_queue;
  case LostReason::Offline:
    return &FrameCounters::dropped_offline;
  case LostReason::Link:
    return &FrameCounters::dropped_link;
  case LostReason::Stopped:
    break;
  }
  return &FrameCounters::dropped_stopped;
}

FrameBatch::FrameBatch (GstBuffer *buffer, CopyPolicy copy, SharedCounters counters)
    : buffer_ (gst_buffer_ref (buffer)), copy_ (copy), counters_ (std::move (counters))
{
  droppable = true;
  const guint count = gst_buffer_n_memory (buffer);
  maps_.reserve (count);
  for (guint i = 0; i < count && mapped_; i++) {
    GstMapInfo map;
    mapped_ = gst_memory_map (gst_buffer_peek_memory (buffer, i), &map, GST_MAP_READ);
    if (!mapped_)
      break;
    maps_.push_back (map);
    payload_size_ += map.size;
  }
}

FrameBatch::~FrameBatch ()
{
  release ();
}

void
FrameBatch::release ()
{
  for (auto &map : maps_)
    gst_memory_unmap (map.memory, &map);
  maps_.clear ();
  gst_clear_buffer (&buffer_);
}

/* --- RESP --------------------------------------------------------------------------------------
 */

void
FrameBatch::begin_command (size_t words)
{
  text_ += '*' + std::to_string (words) + "\r\n";
  commands++;
}

void
FrameBatch::add_word (std::string_view word)
{
  text_ += '$' + std::to_string (word.size ()) + "\r\n";
  text_ += word;
  text_ += "\r\n";
}

/* A word made of `head` and the payload from `skip` on. */
void
FrameBatch::add_payload (std::string_view head, size_t skip)
{
  text_ += '$' + std::to_string (head.size () + payload_size_ - skip) + "\r\n";
  text_ += head;
  segments_.push_back ({ segment_start_, text_.size () - segment_start_, skip, true });
  segment_start_ = text_.size ();
  text_ += "\r\n";
}

/* The header takes the place of the JPEG's first marker; without one the JPEG stays as it is. */
void
FrameBatch::add_jpeg (std::string_view json)
{
  if (json.empty ())
    add_payload ({}, 0);
  else
    add_payload (jpeg_head (json), 2);
}

void
FrameBatch::add_publish (const char *verb, std::string_view channel, std::string_view json)
{
  publishes_ = publishes_ || commands == 0;
  begin_command (3);
  add_word (verb);
  add_word (channel);
  add_jpeg (json);
}

void
FrameBatch::add_set (std::string_view key, std::string_view json, uint64_t ttl_ms)
{
  begin_command (ttl_ms ? 5 : 3);
  add_word ("SET");
  add_word (key);
  add_jpeg (json);
  if (ttl_ms) {
    add_word ("PX");
    add_word (std::to_string (ttl_ms));
  }
}

void
FrameBatch::add_xadd (std::string_view key, unsigned length, std::string_view json)
{
  begin_command (10);
  for (std::string_view word :
       { std::string_view ("XADD"), key, std::string_view ("MAXLEN"), std::string_view ("~") })
    add_word (word);
  add_word (std::to_string (length));
  add_word ("*");
  add_word ("m");
  add_word (json);
  add_word ("d");
  add_payload ({}, 0);
}

/* The text no longer grows: pointers into it are good from here on. */
void
FrameBatch::finish ()
{
  segments_.push_back ({ segment_start_, text_.size () - segment_start_, 0, false });
  pieces.reserve (segments_.size () * (1 + maps_.size ()));
  for (const auto &segment : segments_) {
    pieces.push_back ({ text_.data () + segment.offset, segment.length });
    if (segment.payload)
      append_payload_pieces (segment.skip);
  }
}

void
FrameBatch::append_payload_pieces (size_t skip)
{
  for (const auto &map : maps_) {
    const size_t skipped = std::min (skip, map.size);
    skip -= skipped;
    if (map.size > skipped)
      pieces.push_back ({ map.data + skipped, map.size - skipped });
  }
}

/* --- its fate ----------------------------------------------------------------------------------
 */

/* Answers and a loss may come from two threads at the same moment: the counters' lock decides. */
void
FrameBatch::answered (unsigned index, const redisReply &reply)
{
  const bool refused = reply.type == REDIS_REPLY_ERROR;
  counters_->with ([&] (FrameCounters &counters) {
    answers_++;
    any_published_ = any_published_ || !refused;
    if (refused) {
      counters.refusals++;
      counters.refusal = printable ({ reply.str, static_cast<size_t> (reply.len) });
    } else if (publishes_ && index == 0) {
      counters.receivers = counters.receivers_news = reply.integer;
    }
    if (answers_ == commands && !any_published_)
      settle (counters, &FrameCounters::dropped_refused);
    else if (answers_ == commands)
      settle (counters, &FrameCounters::published);
  });
}

/* A frame that one of its modes has published is published, whatever became of the others. */
void
FrameBatch::lost (LostReason reason)
{
  counters_->with ([&] (FrameCounters &counters) {
    settle (counters, any_published_ ? &FrameCounters::published : counter_of (reason));
  });
}

void
FrameBatch::settle (FrameCounters &counters, uint64_t FrameCounters::*fate)
{
  if (settled_)
    return;
  settled_ = true;
  counters.*fate += 1;
  if (fate == &FrameCounters::published)
    counters.bytes += payload_size_;
}

/* The pieces that are left to write are pointed at the copy, from where they were. */
void
FrameBatch::keep ()
{
  const bool hold
      = copy_ == CopyPolicy::Never || (copy_ == CopyPolicy::Auto && may_be_held (buffer_));
  if (hold)
    return;
  copy_storage_.reserve (payload_size_);
  for (const auto &map : maps_) {
    const size_t base = copy_storage_.size ();
    copy_storage_.append (reinterpret_cast<const char *> (map.data), map.size);
    const auto *begin = reinterpret_cast<const char *> (map.data);
    for (auto &piece : pieces) {
      const auto *at = static_cast<const char *> (piece.buffer);
      if (at >= begin && at < begin + map.size)
        piece.buffer = copy_storage_.data () + base + (at - begin);
    }
  }
  release ();
  counters_->with ([] (FrameCounters &counters) { counters.copied++; });
}

void
FrameBatch::written ()
{
  release ();
  std::string ().swap (copy_storage_);
}

} // namespace camwarden
