// SPDX-License-Identifier: LGPL-2.1-or-later
/* Sinks, filters and sources in a pipeline, all fed alike. */
#include "framesource.h"

#include <cstdio>
#include <gst/gst.h>

namespace camwarden::bench
{

static GstElement *
parse (const std::string &description)
{
  GError *error = nullptr;
  GstElement *bin = gst_parse_bin_from_description (description.c_str (), FALSE, &error);
  if (!bin || error)
    die (description + ": " + (error ? error->message : "no pipeline"));
  return bin;
}

static void
fail_on_error (GstElement *pipeline)
{
  GstBus *bus = gst_element_get_bus (pipeline);
  GstMessage *message = gst_bus_pop_filtered (bus, GST_MESSAGE_ERROR);
  if (message) {
    GError *error = nullptr;
    gst_message_parse_error (message, &error, nullptr);
    die (error->message);
  }
  gst_object_unref (bus);
}

/* A sink's last sample would keep a frame for ever, and the source waits for each to come back. */
static void
forget_samples (GstElement *bin)
{
  GstIterator *sinks = gst_bin_iterate_sinks (GST_BIN (bin));
  GValue item = G_VALUE_INIT;
  while (gst_iterator_next (sinks, &item) == GST_ITERATOR_OK) {
    g_object_set (g_value_get_object (&item), "enable-last-sample", FALSE, nullptr);
    g_value_reset (&item);
  }
  gst_iterator_free (sinks);
}

static GstElement *
start (GstElement *bin)
{
  forget_samples (bin);
  GstElement *pipeline = gst_pipeline_new (nullptr);
  gst_bin_add (GST_BIN (pipeline), bin);
  if (gst_element_set_state (pipeline, GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE) {
    fail_on_error (pipeline);
    die ("the pipeline does not start");
  }
  return pipeline;
}

/* A number out of an element's `stats`. */
static double
stat (GstElement *element, const char *name)
{
  GstStructure *stats = nullptr;
  g_object_get (element, "stats", &stats, nullptr);
  const GValue *value = stats ? gst_structure_get_value (stats, name) : nullptr;
  GValue number = G_VALUE_INIT;
  g_value_init (&number, G_TYPE_DOUBLE);
  const double result
      = value && g_value_transform (value, &number) ? g_value_get_double (&number) : -1;
  gst_clear_structure (&stats);
  return result;
}

/* Figures of the elements that are named in the description "x". */
static void
add_stats (GstElement *bin, const Options &options, Meter &meter)
{
  GstElement *element = gst_bin_get_by_name (GST_BIN (bin), "x");
  if (!element)
    return;
  std::string names = options.text ("stats");
  for (size_t end = 0; !names.empty (); names.erase (0, end + 1)) {
    end = std::min (names.find (','), names.size () - 1);
    const std::string name = names.substr (0, names[end] == ',' ? end : end + 1);
    meter.add (name, stat (element, name.c_str ()));
  }
  gst_object_unref (element);
}

static void
wait_connected (GstElement *bin)
{
  GstElement *sink = gst_bin_get_by_name (GST_BIN (bin), "x");
  for (int i = 0; sink && i < 500; i++) {
    GstStructure *stats = nullptr;
    g_object_get (sink, "stats", &stats, nullptr);
    const char *state = stats ? gst_structure_get_string (stats, "link-state") : nullptr;
    const bool ready = !state || std::string (state) == "ready";
    gst_clear_structure (&stats);
    if (ready)
      break;
    g_usleep (10000);
  }
  gst_clear_object (&sink);
}

static FrameSource::Plan
plan_of (const Options &options)
{
  FrameSource::Plan plan;
  plan.count = options.number ("count");
  plan.warm_up = options.number ("warm-up", 10);
  plan.fps = options.number ("fps");
  plan.window = options.number ("window", 4);
  plan.caps = options.text ("caps");
  return plan;
}

/* pipeline="redissink name=x ..." : pushes frames into it and measures until all came back. */
static int
feed (const Options &options)
{
  GstElement *bin = parse (options.text ("pipeline"));
  GstPad *sink = gst_bin_find_unlinked_pad (GST_BIN (bin), GST_PAD_SINK);
  if (!sink)
    die ("nothing to push into");
  GstElement *pipeline = start (bin);
  wait_connected (bin);
  Meter meter (static_cast<pid_t> (options.number ("other")));
  FrameSource source (load_frames (options.text ("frames")), plan_of (options), meter);
  source.start (sink);
  source.join ();
  fail_on_error (pipeline);
  add_stats (bin, options, meter);
  meter.print ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  return 0;
}

struct Drain
{
  int64_t seen = 0;
  int64_t warm_up = 0;
  int64_t count = 0;
  Meter meter{ 0 };
  GMainLoop *loop = nullptr;
};

static void
on_handoff (GstElement *, GstBuffer *, GstPad *, Drain *drain)
{
  const int64_t number = drain->seen++ - drain->warm_up;
  if (number == 0)
    drain->meter.begin ();
  if (number == drain->count) {
    drain->meter.end (drain->count);
    g_main_loop_quit (drain->loop);
  }
}

/* pipeline="redissrc ... ! fakesink name=y": measures from frame to frame. */
static int
consume (const Options &options)
{
  GstElement *bin = parse (options.text ("pipeline"));
  GstElement *sink = gst_bin_get_by_name (GST_BIN (bin), "y");
  Drain drain;
  drain.warm_up = options.number ("warm-up", 10);
  drain.count = options.number ("count");
  drain.loop = g_main_loop_new (nullptr, FALSE);
  g_object_set (sink, "signal-handoffs", TRUE, nullptr);
  g_signal_connect (sink, "handoff", G_CALLBACK (on_handoff), &drain);
  GstElement *pipeline = start (bin);
  printf ("ready\n");
  fflush (stdout);
  g_main_loop_run (drain.loop);
  fail_on_error (pipeline);
  drain.meter.print ();
  gst_element_set_state (pipeline, GST_STATE_NULL);
  gst_object_unref (sink);
  gst_object_unref (pipeline);
  g_main_loop_unref (drain.loop);
  return 0;
}

int
run_pipeline (const Options &options)
{
  return options.text ("role") == "consume" ? consume (options) : feed (options);
}

} // namespace camwarden::bench
