// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/framegate.h"

#include <algorithm>
#include <utility>

namespace camwarden
{

FrameGate::FrameGate (GateSettings settings)
    : settings_ (Settings{ .gate = settings }), gate_ (settings)
{}

GateSettings
FrameGate::Settings::effective () const
{
  GateSettings merged = gate;
  merged.min_interval = std::max (source_limit, ordered_limit);
  merged.keep_every = keep_every;
  merged.least_interval = least_interval;
  merged.store = gate.store && !hold_store;
  return merged;
}

void
FrameGate::configure (GateSettings settings)
{
  settings_.with ([&] (Settings &mine) { mine.gate = settings; });
  changed_ = true;
}

void
FrameGate::limit_source_rate (int64_t min_interval)
{
  settings_.with ([&] (Settings &mine) { mine.source_limit = min_interval; });
  changed_ = true;
}

void
FrameGate::limit_rate (int64_t min_interval)
{
  settings_.with ([&] (Settings &mine) { mine.ordered_limit = min_interval; });
  changed_ = true;
}

void
FrameGate::hold_back (unsigned keep_every, int64_t least_interval, bool hold_store)
{
  settings_.with ([&] (Settings &mine) {
    mine.keep_every = keep_every;
    mine.least_interval = least_interval;
    mine.hold_store = hold_store;
  });
  changed_ = true;
}

void
FrameGate::set_redis (bool wanted)
{
  redis_ = wanted;
}

void
FrameGate::set_preview (bool wanted)
{
  preview_ = wanted;
}

void
FrameGate::capture (Captured done)
{
  waiting_.with ([&] (std::vector<Waiting> &waiting) {
    waiting.push_back ({ false, GST_CLOCK_TIME_NONE, std::move (done) });
    waiting_count_ = static_cast<unsigned> (waiting.size ());
  });
}

uint64_t
FrameGate::frames () const
{
  return frames_;
}

uint64_t
FrameGate::passed () const
{
  return passed_;
}

uint64_t
FrameGate::held_back () const
{
  return held_back_;
}

int64_t
FrameGate::last_frame () const
{
  return last_frame_;
}

bool
FrameGate::wanted () const
{
  return redis_ || preview_ || settings_.with ([] (const Settings &s) { return s.gate.always; });
}

bool
FrameGate::arrive (GstBuffer *buffer)
{
  const int64_t now = g_get_monotonic_time ();
  frames_.fetch_add (1, std::memory_order_relaxed);
  last_frame_.store (now, std::memory_order_relaxed);
  if (changed_.exchange (false))
    gate_.configure (settings_.get ().effective ());
  const bool capture = waiting_count_ > 0;
  if (!gate_.pass (now, { redis_, preview_, capture })) {
    held_back_.fetch_add (gate_.held_back (), std::memory_order_relaxed);
    return false;
  }
  passed_.fetch_add (1, std::memory_order_relaxed);
  if (capture)
    arm (buffer);
  return true;
}

void
FrameGate::arm (GstBuffer *buffer)
{
  waiting_.with ([&] (std::vector<Waiting> &waiting) {
    for (auto &one : waiting) {
      /* A source that began anew counts from zero again. */
      const bool rewound = one.armed && GST_BUFFER_PTS (buffer) < one.pts;
      if (!one.armed || rewound)
        one.pts = GST_BUFFER_PTS (buffer);
      one.armed = true;
    }
  });
}

std::vector<FrameGate::Captured>
FrameGate::take_armed (GstBuffer *buffer)
{
  const GstClockTime pts = GST_BUFFER_PTS (buffer);
  return waiting_.with ([&] (std::vector<Waiting> &waiting) {
    std::vector<Captured> taken;
    std::vector<Waiting> left;
    for (auto &one : waiting) {
      const bool stamped = GST_CLOCK_TIME_IS_VALID (one.pts) && GST_CLOCK_TIME_IS_VALID (pts);
      const bool older = stamped && pts < one.pts; /* still inside a slow encoder */
      if (one.armed && !older)
        taken.push_back (std::move (one.done));
      else
        left.push_back (std::move (one));
    }
    waiting = std::move (left);
    waiting_count_ = static_cast<unsigned> (waiting.size ());
    return taken;
  });
}

void
FrameGate::encoded (GstBuffer *buffer, GstPad *pad)
{
  if (waiting_count_ == 0)
    return;
  const auto taken = take_armed (buffer);
  if (taken.empty ())
    return;
  Picture picture;
  g_autoptr (GstCaps) caps = gst_pad_get_current_caps (pad);
  const GstStructure *structure = caps ? gst_caps_get_structure (caps, 0) : nullptr;
  if (structure && gst_structure_has_name (structure, "image/jpeg")) {
    gst_structure_get_int (structure, "width", &picture.width);
    gst_structure_get_int (structure, "height", &picture.height);
    gpointer data = nullptr;
    gsize size = 0;
    gst_buffer_extract_dup (buffer, 0, static_cast<gsize> (-1), &data, &size);
    picture.jpeg.reset (g_bytes_new_take (data, size), g_bytes_unref);
  }
  for (const auto &done : taken)
    done (picture);
}

} // namespace camwarden
