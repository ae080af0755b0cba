// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "meter.h"

#include <condition_variable>
#include <gst/gst.h>
#include <memory>
#include <mutex>
#include <thread>

namespace camwarden::bench
{

/* The same frames for every pipeline: pushed from their own memory into the first element's pad, so
 * that the source costs next to nothing. It never lends more than `window` frames: flat out, it
 * goes as fast as they come back. */
class FrameSource
{
public:
  struct Plan
  {
    int64_t count = 0;
    int64_t warm_up = 10;
    int64_t fps = 0;
    int64_t window = 4;
    std::string caps;
  };

  FrameSource (std::vector<std::string> frames, Plan plan, Meter &meter);
  ~FrameSource ();
  FrameSource (const FrameSource &) = delete;
  FrameSource &operator= (const FrameSource &) = delete;

  /* Pushes into this pad on a thread of its own, as a source element's task would. */
  void start (GstPad *sink);
  /* Until all is pushed and given back. */
  void join ();

private:
  void run (GstPad *sink);
  void push_start (GstPad *source) const;
  GstBuffer *lend (const std::string &frame);
  void wait_for (int64_t lent);
  static void give_back (gpointer data);

  std::vector<std::string> frames_;
  Plan plan_;
  Meter &meter_;
  std::mutex mutex_;
  std::condition_variable back_;
  int64_t lent_ = 0; /* behind mutex_ */
  GstPad *pad_ = nullptr;
  std::thread thread_;
};

} // namespace camwarden::bench
