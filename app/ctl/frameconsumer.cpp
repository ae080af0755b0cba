// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/frameconsumer.h"

#include "redis/frameheader.h"

namespace camwarden
{

static constexpr size_t largest_frame = 64 * 1024 * 1024;
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

FrameConsumer::FrameConsumer (RedisSettings settings)
    : same_machine_ (is_here (settings.where)), channel_ (settings.where.channel),
      meter_ (FrameMeter (g_get_monotonic_time ())),
      link_ (with_room (std::move (settings)),
             { .state = [this] (LinkState, const std::string &why) { trouble_.set (why); },
               .message = [this] (std::string_view, std::string_view frame) { arrived (frame); },
               .tick = {} })
{}

void
FrameConsumer::start ()
{
  link_.subscribe ({ channel_ });
  link_.start ();
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
FrameConsumer::arrived (std::string_view message)
{
  FrameSeen seen;
  seen.bytes = message.size ();
  if (const auto header = parse_frame_header (jpeg_comment (message))) {
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
