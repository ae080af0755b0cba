// SPDX-License-Identifier: LGPL-2.1-or-later
#include "health/jpeglooker.h"

#include <sys/resource.h>

#include "health/lumaframe.h"

namespace camwarden
{

namespace
{
constexpr const char *DECODER = "jpegdec";
constexpr const char *DECODED = "video/x-raw, format = (string) { I420, Y42B, Y444, GRAY8 }";
constexpr int NICENESS = 15;
} // namespace

JpegLooker::JpegLooker (Answer answer) : answer_ (std::move (answer))
{}

JpegLooker::~JpegLooker ()
{
  {
    std::lock_guard<std::mutex> lock (mutex_);
    ends_ = true;
    wake_.notify_all ();
  }
  if (thread_.joinable ())
    thread_.join ();
  gst_clear_buffer (&waiting_);
}

bool
JpegLooker::is_available ()
{
  GstElementFactory *factory = gst_element_factory_find (DECODER);
  const bool found = factory != nullptr;
  gst_clear_object (&factory);
  return found;
}

bool
JpegLooker::look (GstBuffer *buffer)
{
  std::lock_guard<std::mutex> lock (mutex_);
  if (waiting_ || busy_)
    return false;
  waiting_ = gst_buffer_copy_deep (buffer);
  if (!thread_.joinable ())
    thread_ = std::thread ([this] { run (); });
  wake_.notify_all ();
  return true;
}

void
JpegLooker::run ()
{
  setpriority (PRIO_PROCESS, 0, NICENESS); /* on Linux: of this thread alone */
  std::unique_lock<std::mutex> lock (mutex_);
  while (true) {
    wake_.wait (lock, [this] { return ends_ || waiting_; });
    if (ends_)
      break;
    GstBuffer *buffer = waiting_;
    waiting_ = nullptr;
    busy_ = true;
    lock.unlock ();
    /* A decoder that met garbage starts afresh: it may have kept some of it. */
    if (!decode (buffer))
      decoder_.reset ();
    lock.lock ();
    busy_ = false;
  }
  lock.unlock ();
  decoder_.reset ();
}

bool
JpegLooker::decode (GstBuffer *buffer)
{
  if (!decoder_)
    decoder_ = SyncFilter::make (DECODER, DECODED);
  if (!decoder_) {
    gst_buffer_unref (buffer);
    return false;
  }
  g_autoptr (GstCaps) caps = gst_caps_new_empty_simple ("image/jpeg");
  g_autoptr (GstBuffer) picture = decoder_->run (buffer, caps);
  GstVideoInfo info;
  GstVideoFrame frame;
  if (!picture || !decoder_->result_caps ()
      || !gst_video_info_from_caps (&info, decoder_->result_caps ())
      || !gst_video_frame_map (&frame, &info, picture, GST_MAP_READ))
    return false;
  const LumaView view = luma_view (&frame, GST_VIDEO_COMP_Y);
  const LumaNumbers numbers = sampler_.measure (view);
  const auto sharpness = meter_.measure (view);
  gst_video_frame_unmap (&frame);
  answer_ ({ numbers.mean, numbers.deviation, true, sharpness });
  return true;
}

} // namespace camwarden
