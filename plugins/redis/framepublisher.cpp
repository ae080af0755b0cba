// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/framepublisher.h"

#include "common/textcheck.h"
#include "redis/redisstream.h"

#include <atomic>
#include <condition_variable>
#include <hiredis/hiredis.h>
#include <mutex>

namespace camwarden
{

/* Was the first attempt to connect decided? Guarded by its mutex. */
struct FramePublisher::Attempts
{
  std::mutex mutex;
  std::condition_variable changed;
  bool decided = false;

  static void on_cancelled (GCancellable *cancellable, gpointer data);
};

static constexpr int64_t CAPS_EVERY = 20 * G_USEC_PER_SEC;
static constexpr const char *CAPS_TTL_S = "60";
static constexpr size_t MAX_CAMERA = 128;
/* A message on the request channel that is longer ends the connection; up to here it is counted. */
static constexpr size_t MAX_MESSAGE = 16 * 1024 * 1024;

static std::string
random_run ()
{
  char text[9];
  g_snprintf (text, sizeof text, "%08x", g_random_int ());
  return text;
}

FramePublisher::FramePublisher (PublisherSettings settings, Events events)
    : settings_ (std::move (settings)), events_ (std::move (events)),
      channel_ (settings_.redis.where.channel), attempts_ (std::make_unique<Attempts> ()),
      link_ (settings_.redis,
             { [this] (LinkState state, const std::string &why) { on_link_state (state, why); },
               {},
               [this] { on_tick (); } })
{
  header_.camera = printable (settings_.camera, MAX_CAMERA);
  header_.run = random_run ();
  link_.set_queue_limit (settings_.max_queued_frames, settings_.max_queued_bytes);
  if (settings_.request_channel.empty ())
    return;
  RedisLink::Events handlers;
  handlers.state
      = [this] (LinkState state, const std::string &why) { on_request_link_state (state, why); };
  handlers.message = [this] (std::string_view, std::string_view text) { on_request (text); };
  RedisSettings redis = settings_.redis;
  redis.max_reply = MAX_MESSAGE;
  request_link_ = std::make_unique<RedisLink> (redis, handlers);
  request_link_->subscribe ({ settings_.request_channel });
}

FramePublisher::~FramePublisher ()
{
  stop ();
}

void
FramePublisher::start ()
{
  update_wanted ();
  link_.start ();
  if (request_link_)
    request_link_->start ();
}

void
FramePublisher::stop ()
{
  if (request_link_)
    request_link_->stop ();
  link_.stop ();
}

/* Under the lock, so that it cannot fall between the waiter's look and its sleep. */
void
FramePublisher::Attempts::on_cancelled (GCancellable *, gpointer data)
{
  auto *self = static_cast<Attempts *> (data);
  std::lock_guard<std::mutex> lock (self->mutex);
  self->changed.notify_all ();
}

void
FramePublisher::wait_first_attempt (int64_t timeout, GCancellable *cancellable)
{
  const gulong handler = g_cancellable_connect (cancellable, G_CALLBACK (Attempts::on_cancelled),
                                                attempts_.get (), nullptr);
  {
    std::unique_lock<std::mutex> lock (attempts_->mutex);
    attempts_->changed.wait_for (lock, std::chrono::microseconds (timeout), [&] {
      return attempts_->decided || g_cancellable_is_cancelled (cancellable);
    });
  }
  g_cancellable_disconnect (cancellable, handler);
}

bool
FramePublisher::drain (int64_t timeout, GCancellable *cancellable)
{
  return link_.drain (timeout, cancellable);
}

/* --- what is known of the frames ---------------------------------------------------------------
 */

void
FramePublisher::set_caps (const GstCaps *caps)
{
  const GstStructure *structure = gst_caps_get_structure (caps, 0);
  gst_structure_get_int (structure, "width", &header_.width);
  gst_structure_get_int (structure, "height", &header_.height);
  int numerator = 0, denominator = 1;
  if (gst_structure_get_fraction (structure, "framerate", &numerator, &denominator))
    header_.fps = static_cast<double> (numerator) / denominator;
  g_autofree char *text = gst_caps_to_string (caps);
  header_.caps = text;
  caps_text_.set (text);
  caps_told_ = 0;
  refresh_caps_key ();
}

void
FramePublisher::set_health (const char *verdict)
{
  header_.health = verdict;
}

/* --- one frame ---------------------------------------------------------------------------------
 */

void
FramePublisher::publish (GstBuffer *buffer, int64_t captured_mono, int64_t captured_utc,
                         bool synced)
{
  std::vector<std::string> answered;
  if (request_link_) {
    answered = requests_.with ([&] (RequestBox &box) { return box.take (captured_mono); });
    if (answered.empty ())
      return;
  } else {
    answered.emplace_back ();
  }
  const uint64_t dropped = counters_->with ([] (FrameCounters &c) { return c.dropped (); });
  header_.seq++;
  header_.mono = captured_mono;
  header_.ts = captured_utc;
  header_.synced = synced;
  header_.dropped = dropped - std::exchange (dropped_told_, dropped);
  for (const auto &request : answered)
    send_frame (buffer, request);
  note_refusals ();
  update_wanted ();
}

void
FramePublisher::send_frame (GstBuffer *buffer, const std::string &request)
{
  counters_->with ([] (FrameCounters &counters) { counters.sent++; });
  header_.request = request;
  auto batch = compose (buffer);
  if (batch)
    link_.send (std::move (batch));
  else
    counters_->with ([] (FrameCounters &counters) { counters.dropped_invalid++; });
}

static bool
is_jpeg (GstBuffer *buffer)
{
  guint8 start[2];
  return gst_buffer_extract (buffer, 0, start, 2) == 2 && start[0] == 0xFF && start[1] == 0xD8;
}

std::unique_ptr<FrameBatch>
FramePublisher::compose (GstBuffer *buffer)
{
  if ((settings_.modes & PUBLISH_JPEG_ONLY) && !is_jpeg (buffer))
    return nullptr;
  auto batch = std::make_unique<FrameBatch> (buffer, settings_.copy, counters_);
  if (!batch->mapped ())
    return nullptr;
  const std::string json = settings_.metadata ? to_json (header_) : "";
  if (settings_.modes & PUBLISH_PUBSUB)
    batch->add_publish ("PUBLISH", channel_, json);
  if (settings_.modes & PUBLISH_SHARDED)
    batch->add_publish ("SPUBLISH", channel_, json);
  if (settings_.modes & PUBLISH_STREAM)
    batch->add_xadd (channel_ + ":stream", settings_.max_stream_length, json);
  if (settings_.modes & PUBLISH_KEY)
    batch->add_set (channel_ + ":last", json, settings_.key_ttl_ms);
  batch->finish ();
  return batch;
}

/* --- what the server says ----------------------------------------------------------------------
 */

void
FramePublisher::on_link_state (LinkState state, const std::string &why)
{
  {
    std::lock_guard<std::mutex> lock (attempts_->mutex);
    attempts_->decided = true;
  }
  attempts_->changed.notify_all ();
  refusal_told_ = false;
  if (state == LinkState::Offline)
    request_refusal_told_ = false;
  if (state == LinkState::Ready) {
    caps_told_ = 0;
    refresh_caps_key ();
  } else {
    demand_.with ([] (Demand &demand) { demand.disconnected (); });
    counters_->with ([] (FrameCounters &counters) { counters.receivers = -1; });
    update_wanted ();
  }
  if (events_.link)
    events_.link (state == LinkState::Ready, why);
}

/* Everything else that may happen to it happens to the other connection too, and is told there. */
void
FramePublisher::on_request_link_state (LinkState state, const std::string &why)
{
  const bool refused = state == LinkState::Offline && redis_error_code (why) == RedisError::Auth;
  if (refused && !request_refusal_told_.exchange (true) && events_.refused)
    events_.refused ("the request channel " + settings_.request_channel + ": " + why);
}

void
FramePublisher::on_request (std::string_view text)
{
  const bool valid = is_valid_request (text);
  const int64_t now = g_get_monotonic_time ();
  requests_.with ([&] (RequestBox &box) {
    if (valid)
      box.add (std::string (text), now);
    else
      box.reject ();
  });
  if (valid)
    update_wanted ();
}

void
FramePublisher::on_tick ()
{
  note_refusals ();
  refresh_caps_key ();
  if (settings_.track_demand && !request_link_
      && (settings_.modes & (PUBLISH_PUBSUB | PUBLISH_SHARDED)))
    ask_demand ();
  update_wanted ();
}

/* NUMSUB answers with name and number; the rest with a number. */
static int64_t
number_of (const redisReply *reply)
{
  if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2)
    reply = reply->element[1];
  return reply && reply->type == REDIS_REPLY_INTEGER ? reply->integer : 0;
}

void
FramePublisher::ask_demand ()
{
  const char *question = settings_.modes & PUBLISH_PUBSUB ? "NUMSUB" : "SHARDNUMSUB";
  link_.command ({ "PUBSUB", question, channel_ }, [this] (const redisReply *reply) {
    demand_.with ([&] (Demand &demand) { demand.subscribers (number_of (reply)); });
    update_wanted ();
  });
  if (!(settings_.modes & PUBLISH_PUBSUB))
    return;
  link_.command ({ "PUBSUB", "NUMPAT" }, [this] (const redisReply *reply) {
    demand_.with ([&] (Demand &demand) { demand.patterns (number_of (reply)); });
    update_wanted ();
  });
}

void
FramePublisher::refresh_caps_key ()
{
  const int64_t now = g_get_monotonic_time ();
  const int64_t told = caps_told_;
  const std::string text = caps_text_.get ();
  if (text.empty () || (told != 0 && now - told < CAPS_EVERY) || link_.state () != LinkState::Ready)
    return;
  caps_told_ = now;
  link_.command ({ "SET", channel_ + ":caps", text, "EX", CAPS_TTL_S });
}

void
FramePublisher::note_refusals ()
{
  const std::string reply = counters_->with (
      [] (FrameCounters &counters) { return std::exchange (counters.refusal, std::string ()); });
  if (!reply.empty () && !refusal_told_.exchange (true) && events_.refused)
    events_.refused (reply);
}

bool
FramePublisher::wanted () const
{
  return wanted_.get ();
}

bool
FramePublisher::is_wanted ()
{
  const int64_t receivers = counters_->with (
      [] (FrameCounters &counters) { return std::exchange (counters.receivers_news, -1); });
  const bool subscribed = demand_.with ([&] (Demand &demand) {
    if (receivers >= 0)
      demand.receivers (receivers);
    return demand.wanted ();
  });
  const bool waiting = !requests_.with ([] (RequestBox &box) { return box.empty (); });
  const bool stored = (settings_.modes & (PUBLISH_STREAM | PUBLISH_KEY)) && !request_link_;
  return stored || waiting || (!request_link_ && subscribed);
}

/* Worked out under the lock: of two threads, the one that looked last has the last word. */
void
FramePublisher::update_wanted ()
{
  bool wanted = false;
  const bool before = wanted_.with ([&] (bool &value) {
    wanted = is_wanted ();
    return std::exchange (value, wanted);
  });
  if (before != wanted && events_.wanted)
    events_.wanted (wanted);
}

RequestCounters
FramePublisher::requests () const
{
  return requests_.with ([] (const RequestBox &box) {
    return RequestCounters{ box.received (), box.invalid (), box.dropped () };
  });
}

} // namespace camwarden
