// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <condition_variable>
#include <functional>
#include <gst/gst.h>
#include <memory>
#include <mutex>
#include <thread>

#include "gobject/syncfilter.h"
#include "health/framejudge.h"
#include "health/lumasampler.h"

namespace camwarden
{

/* Decodes a JPEG frame now and then on a thread of low priority and tells what its picture is
 * like. The thread starts with the first frame and ends in the destructor, which waits for the
 * decoding of one frame at most. */
class JpegLooker
{
public:
  /* Called on the looker's thread, for a frame that could be decoded. */
  using Answer = std::function<void (const PictureNumbers &)>;

  explicit JpegLooker (Answer answer);
  ~JpegLooker ();
  JpegLooker (const JpegLooker &) = delete;
  JpegLooker &operator= (const JpegLooker &) = delete;

  /* Whether the element that decodes is installed. */
  [[nodiscard]] static bool is_available ();

  /* Copies the payload: the camera gets its buffer back at once. False while one is in work. */
  bool look (GstBuffer *buffer);

private:
  void run ();
  [[nodiscard]] bool decode (GstBuffer *buffer);

  const Answer answer_;

  std::mutex mutex_;
  std::condition_variable wake_;
  GstBuffer *waiting_ = nullptr; /* under mutex_ */
  bool busy_ = false;            /* under mutex_ */
  bool ends_ = false;            /* under mutex_ */

  /* the looker's thread only */
  std::unique_ptr<SyncFilter> decoder_;
  LumaSampler sampler_;
  SharpnessMeter meter_;

  std::thread thread_;
};

} // namespace camwarden
