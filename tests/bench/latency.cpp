// SPDX-License-Identifier: LGPL-2.1-or-later
/* From a frame's entry into redissink to its last byte in a subscriber's hands. */
#include "framesource.h"

#include <hiredis/hiredis.h>

namespace camwarden::bench
{

struct Journey
{
  std::mutex mutex;
  std::vector<int64_t> entered; /* behind mutex; ns, in order */
  std::vector<double> took;     /* the subscriber's; ms */
};

static GstPadProbeReturn
on_entry (GstPad *, GstPadProbeInfo *, gpointer data)
{
  auto *journey = static_cast<Journey *> (data);
  std::lock_guard<std::mutex> lock (journey->mutex);
  journey->entered.push_back (wall_ns ());
  return GST_PAD_PROBE_OK;
}

static redisContext *
subscribe (const Options &options)
{
  redisContext *context = redisConnect ("127.0.0.1", static_cast<int> (options.number ("port")));
  if (!context || context->err)
    die ("hiredis cannot connect");
  freeReplyObject (redisCommand (context, "SUBSCRIBE %s", options.text ("channel").c_str ()));
  return context;
}

/* Frames arrive in order and none is lost at 30 a second: the nth that enters is the nth read. */
static void
read_frames (redisContext *context, int64_t count, Journey *journey)
{
  for (int64_t i = 0; i < count; i++) {
    void *reply = nullptr;
    if (redisGetReply (context, &reply) != REDIS_OK)
      die ("hiredis cannot read");
    const int64_t now = wall_ns ();
    freeReplyObject (reply);
    std::lock_guard<std::mutex> lock (journey->mutex);
    journey->took.push_back (static_cast<double> (now - journey->entered[static_cast<size_t> (i)])
                             / 1e6);
  }
}

int
run_latency (const Options &options)
{
  GstElement *pipeline = gst_pipeline_new (nullptr);
  GstElement *sink = gst_element_factory_make ("redissink", nullptr);
  if (!sink)
    die ("no redissink");
  g_object_set (sink, "location", options.text ("location").c_str (), "enable-last-sample", FALSE,
                nullptr);
  gst_bin_add (GST_BIN (pipeline), sink);
  Journey journey;
  GstPad *pad = gst_element_get_static_pad (sink, "sink");
  gst_pad_add_probe (pad, GST_PAD_PROBE_TYPE_BUFFER, on_entry, &journey, nullptr);
  gst_element_set_state (pipeline, GST_STATE_PLAYING);
  redisContext *context = subscribe (options);
  g_usleep (500000); /* redissink has connected */

  FrameSource::Plan plan;
  plan.count = options.number ("count");
  plan.fps = options.number ("fps", 30);
  plan.caps = options.text ("caps");
  Meter meter (0);
  FrameSource source (load_frames (options.text ("frames")), plan, meter);
  source.start (pad);
  read_frames (context, plan.count + plan.warm_up, &journey);
  source.join ();
  journey.took.erase (journey.took.begin (), journey.took.begin () + plan.warm_up);
  meter.add ("median_ms", percentile (journey.took, 0.5));
  meter.add ("p99_ms", percentile (journey.took, 0.99));
  meter.print ();
  redisFree (context);
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (pad);
  gst_object_unref (pipeline);
  return 0;
}

} // namespace camwarden::bench
