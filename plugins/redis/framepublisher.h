// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"
#include "redis/demand.h"
#include "redis/framebatch.h"
#include "redis/frameheader.h"
#include "redis/redislink.h"
#include "redis/requestbox.h"

#include <atomic>
#include <functional>
#include <gst/gst.h>
#include <memory>
#include <string>

namespace camwarden
{

enum PublishMode : unsigned {
  PUBLISH_PUBSUB = 1u << 0,
  PUBLISH_SHARDED = 1u << 1,
  PUBLISH_STREAM = 1u << 2,
  PUBLISH_KEY = 1u << 3,
};
constexpr unsigned PUBLISH_JPEG_ONLY = PUBLISH_PUBSUB | PUBLISH_SHARDED | PUBLISH_KEY;

struct PublisherSettings
{
  RedisSettings redis;
  unsigned modes = PUBLISH_PUBSUB;
  std::string camera;
  std::string request_channel; /* empty: every frame is published */
  unsigned max_stream_length = 30;
  uint64_t key_ttl_ms = 0; /* 0: for ever */
  unsigned max_queued_frames = 4;
  size_t max_queued_bytes = 8 * 1024 * 1024;
  CopyPolicy copy = CopyPolicy::Auto;
  bool metadata = true;
  bool track_demand = false;
};

struct RequestCounters
{
  uint64_t received = 0;
  uint64_t invalid = 0;
  uint64_t dropped = 0;
};

/* Frames to Redis: chooses which are published, writes their headers, composes the commands, keeps
 * the books. One thread calls publish(); the callbacks come from the connections' threads. */
class FramePublisher
{
public:
  struct Events
  {
    std::function<void (bool connected, const std::string &why)> link;
    std::function<void (bool wanted)> wanted;
    std::function<void (const std::string &reply)> refused; /* once per connection */
  };

  FramePublisher (PublisherSettings settings, Events events);
  ~FramePublisher ();
  FramePublisher (const FramePublisher &) = delete;
  FramePublisher &operator= (const FramePublisher &) = delete;

  void start ();
  void stop ();

  /* Until the first attempt to connect has succeeded or failed, or the time (us) is over. */
  void wait_first_attempt (int64_t timeout, GCancellable *cancellable);
  bool drain (int64_t timeout, GCancellable *cancellable);

  void set_caps (const GstCaps *caps);
  void set_health (const char *verdict);

  /* captured_mono, captured_utc: us. `synced`: can the UTC time be believed? */
  void publish (GstBuffer *buffer, int64_t captured_mono, int64_t captured_utc, bool synced);

  [[nodiscard]] bool wanted () const;
  [[nodiscard]] FrameCounters
  counters () const
  {
    return counters_->get ();
  }
  [[nodiscard]] RequestCounters requests () const;
  [[nodiscard]] LinkStats
  link_stats () const
  {
    return link_.stats ();
  }

private:
  void on_link_state (LinkState state, const std::string &why);
  void on_request_link_state (LinkState state, const std::string &why);
  void on_request (std::string_view text);
  void on_tick ();
  void ask_demand ();
  void refresh_caps_key ();
  void note_refusals ();
  bool is_wanted ();
  void update_wanted ();
  void send_frame (GstBuffer *buffer, const std::string &request);
  std::unique_ptr<FrameBatch> compose (GstBuffer *buffer);

  const PublisherSettings settings_;
  const Events events_;
  const std::string channel_;
  SharedCounters counters_ = std::make_shared<Locked<FrameCounters>> ();

  /* streaming thread only */
  FrameHeader header_;
  uint64_t dropped_told_ = 0;

  /* shared with the connections' threads */
  Locked<RequestBox> requests_;
  Locked<Demand> demand_;
  Locked<std::string> caps_text_;
  Locked<bool> wanted_{ false };
  std::atomic<bool> refusal_told_{ false };
  std::atomic<bool> request_refusal_told_{ false };
  std::atomic<int64_t> caps_told_{ 0 }; /* monotonic, when the caps key was last written */
  struct Attempts;
  std::unique_ptr<Attempts> attempts_;

  RedisLink link_;
  std::unique_ptr<RedisLink> request_link_;
};

} // namespace camwarden
