// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <gst/check/gstharness.h>
#include <gst/check/gsttestclock.h>
#include <gst/video/video.h>
#include <memory>
#include <string>
#include <vector>

#include "fakes/testpicture.h"
#include "gobject/ref.h"
#include "gobject/syncfilter.h"
#include "support/asserttext.h"

namespace camwarden
{

/* What an element message `healthprobe` says. */
struct ProbeReport
{
  std::string verdict;
  std::string previous;
  gboolean change = FALSE;
  guint64 since = 0, jitter = 0, gap = 0, age = 0, frames = 0;
  double fps = 0, mean = 0, deviation = 0, sharpness = 0, difference = 0;
  gboolean blocked = FALSE;

  /* Fails the test when a field is missing or of another type. */
  static ProbeReport
  parse (const GstStructure *fields)
  {
    ProbeReport report;
    const char *verdict = gst_structure_get_string (fields, "verdict");
    const char *previous = gst_structure_get_string (fields, "previous");
    g_assert_true (verdict && previous);
    report.verdict = verdict;
    report.previous = previous;
    g_assert_true (gst_structure_get (
        fields, "change", G_TYPE_BOOLEAN, &report.change, "since", G_TYPE_UINT64, &report.since,
        "fps", G_TYPE_DOUBLE, &report.fps, "jitter", G_TYPE_UINT64, &report.jitter, "gap",
        G_TYPE_UINT64, &report.gap, "age", G_TYPE_UINT64, &report.age, "frames", G_TYPE_UINT64,
        &report.frames, "luma-mean", G_TYPE_DOUBLE, &report.mean, "luma-deviation", G_TYPE_DOUBLE,
        &report.deviation, "sharpness", G_TYPE_DOUBLE, &report.sharpness, "difference",
        G_TYPE_DOUBLE, &report.difference, "blocked", G_TYPE_BOOLEAN, &report.blocked, nullptr));
    return report;
  }
};

/* All healthprobe messages that wait on the bus. */
inline std::vector<ProbeReport>
take_reports (GstBus *bus)
{
  std::vector<ProbeReport> reports;
  while (GstMessage *message = gst_bus_pop (bus)) {
    const GstStructure *fields = gst_message_get_structure (message);
    if (fields && gst_structure_has_name (fields, "healthprobe"))
      reports.push_back (ProbeReport::parse (fields));
    gst_message_unref (message);
  }
  return reports;
}

/* A healthprobe in a harness, with a clock and a camera of the test's own. */
class ProbeTest
{
public:
  explicit ProbeTest (const char *caps, GstClockTime frame_interval = 40 * GST_MSECOND)
      : interval (frame_interval),
        clock (GST_TEST_CLOCK (gst_test_clock_new_with_start_time (100 * GST_SECOND))),
        probe (gst_element_factory_make ("healthprobe", nullptr)), bus (gst_bus_new ())
  {
    g_assert_nonnull (probe);
    g_object_set (probe, "clock", clock, nullptr);
    harness = gst_harness_new_with_element (probe, "sink", "src");
    gst_element_set_bus (probe, bus);
    set_caps (caps);
  }

  ~ProbeTest ()
  {
    gst_element_set_bus (probe, nullptr);
    gst_harness_teardown (harness);
    gst_object_unref (probe);
    gst_object_unref (bus);
    gst_object_unref (clock);
  }

  ProbeTest (const ProbeTest &) = delete;

  void
  set_caps (const char *text)
  {
    g_autoptr (GstCaps) parsed = gst_caps_from_string (text);
    gst_harness_set_src_caps (harness, gst_caps_ref (parsed));
    if (gst_structure_has_name (gst_caps_get_structure (parsed, 0), "video/x-raw"))
      g_assert_true (gst_video_info_from_caps (&info, parsed));
    painter = std::make_unique<TestPicture> (static_cast<unsigned> (info.width),
                                             static_cast<unsigned> (info.height), 3u);
  }

  /* A frame with that picture; where the format has other components, they are 128. */
  [[nodiscard]] GstBuffer *
  paint (PictureKind kind)
  {
    std::vector<uint8_t> luma (static_cast<size_t> (info.width)
                               * static_cast<size_t> (info.height));
    painter->paint (luma.data (), static_cast<size_t> (info.width), kind, index);
    GstBuffer *buffer = gst_buffer_new_allocate (nullptr, GST_VIDEO_INFO_SIZE (&info), nullptr);
    gst_buffer_memset (buffer, 0, 128, GST_VIDEO_INFO_SIZE (&info));
    GstVideoFrame frame;
    g_assert_true (gst_video_frame_map (&frame, &info, buffer, GST_MAP_WRITE));
    const guint component = GST_VIDEO_INFO_IS_RGB (&info) ? GST_VIDEO_COMP_G : GST_VIDEO_COMP_Y;
    auto *data = static_cast<uint8_t *> (GST_VIDEO_FRAME_COMP_DATA (&frame, component));
    const int stride = GST_VIDEO_FRAME_COMP_STRIDE (&frame, component);
    const int step = GST_VIDEO_FRAME_COMP_PSTRIDE (&frame, component);
    for (int y = 0; y < info.height; y++)
      for (int x = 0; x < info.width; x++)
        data[y * stride + x * step] = luma[static_cast<size_t> (y * info.width + x)];
    gst_video_frame_unmap (&frame);
    return buffer;
  }

  /* Lets time pass, waits on the clock that come due included. */
  void
  advance (GstClockTime duration)
  {
    const GstClockTime target = now () + duration;
    GstClockID id = nullptr;
    while (gst_test_clock_peek_next_pending_id (clock, &id)) {
      const GstClockTime due = gst_clock_id_get_time (id);
      gst_clock_id_unref (id);
      if (due > target)
        break;
      if (due > now ())
        gst_test_clock_set_time (clock, due);
      gst_clock_id_unref (gst_test_clock_process_next_clock_id (clock));
      g_assert_cmpuint (gst_test_clock_peek_id_count (clock), <=, 1);
    }
    gst_test_clock_set_time (clock, target);
    collect ();
  }

  /* The next frame, an interval after the one before. Takes the buffer. */
  void
  push (GstBuffer *buffer)
  {
    advance (interval);
    GST_BUFFER_PTS (buffer) = index++ * interval;
    g_assert_cmpint (gst_harness_push (harness, buffer), ==, GST_FLOW_OK);
    gst_buffer_unref (gst_harness_pull (harness));
    collect ();
  }

  void
  show (PictureKind kind, GstClockTime duration)
  {
    for (const GstClockTime end = now () + duration; now () < end;)
      push (paint (kind));
  }

  /* The same picture again and again. */
  void
  freeze (PictureKind kind, GstClockTime duration)
  {
    g_autoptr (GstBuffer) frame = paint (kind);
    for (const GstClockTime end = now () + duration; now () < end;)
      push (gst_buffer_copy_deep (frame));
  }

  [[nodiscard]] GstClockTime
  now () const
  {
    return gst_clock_get_time (GST_CLOCK (clock));
  }

  [[nodiscard]] ProbeReport
  stats () const
  {
    GstStructure *fields = nullptr;
    g_object_get (probe, "stats", &fields, nullptr);
    const ProbeReport report = ProbeReport::parse (fields);
    gst_structure_free (fields);
    return report;
  }

  [[nodiscard]] std::string
  verdict () const
  {
    return stats ().verdict;
  }

  /* "ok dark ok": the verdicts told so far, and forgets them. */
  [[nodiscard]] std::string
  changes ()
  {
    std::string text, before;
    for (const ProbeReport &report : reports) {
      if (!report.change)
        continue;
      if (!before.empty ())
        ASSERT_TEXT (report.previous, before.c_str ());
      text += (text.empty () ? "" : " ") + report.verdict;
      before = report.verdict;
    }
    reports.clear ();
    return text;
  }

  void
  collect ()
  {
    for (ProbeReport &report : take_reports (bus))
      reports.push_back (std::move (report));
  }

  GstClockTime interval;
  GstVideoInfo info;
  uint64_t index = 0;
  GstHarness *harness = nullptr;
  GstTestClock *clock;
  GstElement *probe;
  GstBus *bus;
  std::unique_ptr<TestPicture> painter;
  std::vector<ProbeReport> reports;
};

} // namespace camwarden
