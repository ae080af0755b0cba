// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/frameconsumer.h"

#include "redis/frameheader.h"

#include <hiredis/hiredis.h>
#include <span>

namespace camwarden
{

static constexpr size_t largest_frame = 64 * 1024 * 1024;
static constexpr const char *block_ms = "1000"; /* shorter than the link waits for an answer */
static constexpr int64_t oldest = 3600 * int64_t{ G_USEC_PER_SEC };

static bool
is_here (const RedisLocation &where)
{
  return !where.socket_path.empty () || where.host == "localhost" || where.host == "::1"
         || where.host.starts_with ("127.");
}

static RedisSettings
with_room (RedisSettings settings)
{
  settings.max_reply = largest_frame;
  settings.client_name = "camwardenctl";
  return settings;
}

FrameConsumer::FrameConsumer (RedisSettings settings, FramesFrom from)
    : same_machine_ (is_here (settings.where)), channel_ (settings.where.channel), from_ (from),
      meter_ (FrameMeter (g_get_monotonic_time ())),
      link_ (
          with_room (std::move (settings)),
          { .state =
                [this] (LinkState state, const std::string &why) {
                  trouble_.set (why);
                  if (state == LinkState::Ready && from_ == FramesFrom::Stream)
                    ask_stream ();
                },
            .message = [this] (std::string_view, std::string_view frame) { arrived (frame, {}); },
            .tick = {} })
{}

void
FrameConsumer::start ()
{
  if (from_ == FramesFrom::Channel)
    link_.subscribe ({ channel_ });
  link_.start ();
}

/* One question waits at the server all the time; the link asks anew when it comes back. */
void
FrameConsumer::ask_stream ()
{
  link_.command (
      { "XREAD", "COUNT", "1", "BLOCK", block_ms, "STREAMS", channel_ + ":stream", last_id_ },
      [this] (const redisReply *reply) {
        if (!reply)
          return;
        if (reply->type == REDIS_REPLY_ERROR)
          return refusal_.set (reply->str);
        take_entries (*reply);
        ask_stream ();
      });
}

static std::string_view
text_of (const redisReply *reply)
{
  return reply->type == REDIS_REPLY_STRING ? std::string_view (reply->str, reply->len)
                                           : std::string_view ();
}

/* The elements of an answer; none when it is of another kind. */
static std::span<redisReply *const>
elements_of (const redisReply &reply)
{
  if (reply.type != REDIS_REPLY_ARRAY)
    return {};
  return { reply.element, reply.elements };
}

/* [[KEY, [[ID, [m, JSON, d, PAYLOAD]], ...]]], or nil when nothing came. */
void
FrameConsumer::take_entries (const redisReply &reply)
{
  for (const redisReply *stream : elements_of (reply)) {
    if (elements_of (*stream).size () != 2)
      continue;
    for (const redisReply *entry : elements_of (*stream->element[1])) {
      const auto parts = elements_of (*entry);
      if (parts.size () != 2)
        continue;
      last_id_ = text_of (parts[0]);
      std::string_view header, payload;
      const auto fields = elements_of (*parts[1]);
      for (size_t i = 0; i + 1 < fields.size (); i += 2)
        (text_of (fields[i]) == "m" ? header : payload) = text_of (fields[i + 1]);
      arrived (payload, header);
    }
  }
}

/* A Redis on this machine may still carry another machine's frames: such a time makes no sense, and
 * then the calendar's is taken, which is good if the camera's clock was synchronised. */
static std::optional<int64_t>
latency_of (const FrameHeader &header, bool same_machine)
{
  const auto believable = [] (int64_t us) { return us >= 0 && us < oldest; };
  const int64_t by_mono = g_get_monotonic_time () - header.mono;
  const int64_t by_calendar = g_get_real_time () - header.ts;
  if (same_machine && believable (by_mono))
    return by_mono;
  return header.synced && believable (by_calendar) ? std::optional (by_calendar) : std::nullopt;
}

void
FrameConsumer::arrived (std::string_view payload, std::string_view entry_header)
{
  FrameSeen seen;
  seen.bytes = payload.size ();
  const auto text = entry_header.empty () ? jpeg_comment (payload) : entry_header;
  if (const auto header = parse_frame_header (text)) {
    seen.has_header = true;
    seen.run = header->run;
    seen.seq = header->seq;
    seen.latency = latency_of (*header, same_machine_);
  }
  meter_.with ([&] (FrameMeter &meter) { meter.frame (seen, g_get_monotonic_time ()); });
}

FrameFigures
FrameConsumer::look ()
{
  return meter_.with ([] (FrameMeter &meter) { return meter.look (g_get_monotonic_time ()); });
}

FrameFigures
FrameConsumer::all () const
{
  return meter_.with ([] (const FrameMeter &meter) { return meter.all (g_get_monotonic_time ()); });
}

} // namespace camwarden
