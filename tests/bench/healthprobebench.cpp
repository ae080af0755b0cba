// SPDX-License-Identifier: LGPL-2.1-or-later
/* What healthprobe costs a frame: CPU time of the streaming thread, medians of runs that
 * alternate between the element and none. JSON on stdout. */
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <gst/check/gstharness.h>
#include <gst/video/video.h>
#include <vector>

#include "fakes/testpicture.h"
#include "health/lumasampler.h"

using namespace camwarden;

namespace
{

constexpr int RUNS = 15;
constexpr int FRAMES = 200;

double
cpu_us ()
{
  timespec now{};
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double> (now.tv_sec) * 1e6 + static_cast<double> (now.tv_nsec) / 1e3;
}

double
median (std::vector<double> values)
{
  std::sort (values.begin (), values.end ());
  return values[values.size () / 2];
}

/* Eight frames that differ, since a frame like the one before could be cheaper. */
std::vector<GstBuffer *>
paint (const GstVideoInfo &info)
{
  std::vector<GstBuffer *> frames;
  TestPicture painter (static_cast<unsigned> (info.width), static_cast<unsigned> (info.height), 1);
  for (guint64 i = 0; i < 8; i++) {
    GstBuffer *buffer = gst_buffer_new_allocate (nullptr, GST_VIDEO_INFO_SIZE (&info), nullptr);
    GstMapInfo map;
    gst_buffer_map (buffer, &map, GST_MAP_WRITE);
    painter.paint (map.data, static_cast<size_t> (GST_VIDEO_INFO_PLANE_STRIDE (&info, 0)),
                   PictureKind::normal, i);
    gst_buffer_unmap (buffer, &map);
    frames.push_back (buffer);
  }
  return frames;
}

double
run (const char *element, const char *caps, const std::vector<GstBuffer *> &frames)
{
  GstHarness *harness = gst_harness_new (element);
  gst_harness_set_src_caps_str (harness, caps);
  gst_harness_set_drop_buffers (harness, TRUE);
  for (GstBuffer *frame : frames) /* warm */
    gst_harness_push (harness, gst_buffer_ref (frame));
  const double begin = cpu_us ();
  for (int i = 0; i < FRAMES; i++)
    gst_harness_push (harness, gst_buffer_ref (frames[static_cast<size_t> (i) % frames.size ()]));
  const double spent = cpu_us () - begin;
  gst_harness_teardown (harness);
  return spent / FRAMES;
}

void
bench_element (const char *format, int width, int height, bool last)
{
  g_autofree char *caps = g_strdup_printf (
      "video/x-raw,format=%s,width=%d,height=%d,framerate=30/1", format, width, height);
  g_autoptr (GstCaps) parsed = gst_caps_from_string (caps);
  GstVideoInfo info;
  gst_video_info_from_caps (&info, parsed);
  const auto frames = paint (info);
  std::vector<double> with, without;
  for (int i = 0; i < RUNS; i++) {
    with.push_back (run ("healthprobe", caps, frames));
    without.push_back (run ("identity", caps, frames));
  }
  LumaView view;
  GstMapInfo map;
  gst_buffer_map (frames[0], &map, GST_MAP_READ);
  view = { map.data, GST_VIDEO_INFO_COMP_STRIDE (&info, 0), GST_VIDEO_INFO_COMP_PSTRIDE (&info, 0),
           width, height };
  SharpnessMeter meter;
  std::vector<double> sharpness;
  for (int i = 0; i < RUNS * 4; i++) {
    const double begin = cpu_us ();
    if (!meter.measure (view))
      g_error ("the picture has no edges");
    sharpness.push_back (cpu_us () - begin);
  }
  gst_buffer_unmap (frames[0], &map);
  printf ("  {\"name\": \"healthprobe\", \"format\": \"%s\", \"width\": %d, \"height\": %d, "
          "\"us_per_frame\": %.1f, \"identity_us\": %.1f, \"sharpness_us\": %.1f}%s\n",
          format, width, height, median (with), median (without), median (sharpness),
          last ? "" : ",");
  for (GstBuffer *frame : frames)
    gst_buffer_unref (frame);
}

} // namespace

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  printf ("[\n");
  bench_element ("I420", 640, 480, false);
  bench_element ("I420", 1280, 720, false);
  bench_element ("YUY2", 1280, 720, false);
  bench_element ("I420", 1920, 1080, true);
  printf ("]\n");
  return 0;
}
