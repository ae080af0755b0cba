// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framesource.h"

namespace camwarden::bench
{

FrameSource::FrameSource (std::vector<std::string> frames, Plan plan, Meter &meter)
    : frames_ (std::move (frames)), plan_ (std::move (plan)), meter_ (meter)
{}

FrameSource::~FrameSource ()
{
  if (thread_.joinable ())
    thread_.join ();
  gst_clear_object (&pad_);
}

void
FrameSource::give_back (gpointer data)
{
  auto *self = static_cast<FrameSource *> (data);
  std::lock_guard<std::mutex> lock (self->mutex_);
  self->lent_--;
  self->back_.notify_one ();
}

GstBuffer *
FrameSource::lend (const std::string &frame)
{
  {
    std::lock_guard<std::mutex> lock (mutex_);
    lent_++;
  }
  return gst_buffer_new_wrapped_full (GST_MEMORY_FLAG_READONLY, const_cast<char *> (frame.data ()),
                                      frame.size (), 0, frame.size (), this, give_back);
}

void
FrameSource::wait_for (int64_t lent)
{
  std::unique_lock<std::mutex> lock (mutex_);
  back_.wait (lock, [&] { return lent_ <= lent; });
}

void
FrameSource::push_start (GstPad *source) const
{
  gst_pad_push_event (source, gst_event_new_stream_start ("bench"));
  GstCaps *caps = gst_caps_from_string (plan_.caps.c_str ());
  if (!caps || !gst_pad_push_event (source, gst_event_new_caps (caps)))
    die ("the pipeline does not take " + plan_.caps);
  gst_caps_unref (caps);
  GstSegment segment;
  gst_segment_init (&segment, GST_FORMAT_TIME);
  gst_pad_push_event (source, gst_event_new_segment (&segment));
}

void
FrameSource::run (GstPad *sink)
{
  gst_pad_set_active (pad_, TRUE);
  if (gst_pad_link (pad_, sink) != GST_PAD_LINK_OK)
    die ("cannot link");
  push_start (pad_);
  Pacer pacer (plan_.fps);
  const int64_t interval = GST_SECOND / (plan_.fps > 0 ? plan_.fps : 30);
  for (int64_t i = -plan_.warm_up; i < plan_.count; i++) {
    if (i == 0) {
      wait_for (0);
      meter_.begin ();
    }
    pacer.wait ();
    wait_for (plan_.window - 1);
    const auto number = static_cast<size_t> (i + plan_.warm_up);
    GstBuffer *buffer = lend (frames_[number % frames_.size ()]);
    GST_BUFFER_PTS (buffer) = number * static_cast<size_t> (interval);
    if (gst_pad_push (pad_, buffer) != GST_FLOW_OK)
      die ("the pipeline refused a frame");
  }
  wait_for (0);
  meter_.end (plan_.count);
  gst_pad_push_event (pad_, gst_event_new_eos ());
}

void
FrameSource::start (GstPad *sink)
{
  pad_ = gst_pad_new ("src", GST_PAD_SRC);
  thread_ = std::thread ([this, sink] { run (sink); });
}

void
FrameSource::join ()
{
  thread_.join ();
}

} // namespace camwarden::bench
