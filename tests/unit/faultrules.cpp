// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/faultrules.h"

#include "support/asserttext.h"

#include <cerrno>
#include <fstream>
#include <glib.h>
#include <set>
#include <sstream>
#include <vector>

using namespace camwarden;

namespace
{

constexpr bool streaming = true;

struct Row
{
  SourceComplaint complaint;
  FaultClass fault_class;
  Tier first;
  const char *code;
};

/* As GStreamer writes it: where, who, and the details on a line of their own. */
std::string
debug (const char *function, const char *details)
{
  return std::string ("../sys/file.c(608): ") + function + " (): /GstPipeline:p/GstSrc:s:\n"
         + details;
}

const Row rows[]{
  /* v4l2src */
  { { "v4l2src", "resource", 3, debug ("gst_v4l2_open", "system error: x"), ENOENT },
    FaultClass::Absent,
    Tier::Source,
    "resource-not-found" },
  { { "v4l2src", "resource", 3, debug ("gst_v4l2_open", "Capabilities: 0x4a00000") },
    FaultClass::Configuration,
    Tier::Count,
    "not-a-camera" },
  { { "v4l2src", "resource", 13, debug ("gst_v4l2_get_capabilities", "system error: x"), ENOTTY },
    FaultClass::Configuration,
    Tier::Count,
    "not-a-camera" },
  { { "v4l2src", "resource", 13, debug ("gst_v4l2_get_capabilities", "system error: x"), ENODEV },
    FaultClass::Absent,
    Tier::Source,
    "device-gone" },
  { { "v4l2src", "resource", 7, debug ("gst_v4l2_open", "system error: x"), EACCES },
    FaultClass::Absent,
    Tier::Source,
    "permission-denied" },
  { { "v4l2src", "resource", 7, debug ("gst_v4l2_open", "system error: x"), EBUSY },
    FaultClass::Busy,
    Tier::Source,
    "resource-busy" },
  { { "v4l2src", "resource", 7, debug ("gst_v4l2_open", "system error: x") },
    FaultClass::Absent,
    Tier::Source,
    "open-failed" },
  { { "v4l2src", "resource", 4, debug ("gst_v4l2_object_set_format_full", "Call to S_FMT failed") },
    FaultClass::Busy,
    Tier::Source,
    "resource-busy" },
  { { "v4l2src", "resource", 1, debug ("gst_v4l2_object_set_format_full", "x"), EPROTO },
    FaultClass::Camera,
    Tier::Device,
    "usb-protocol-error" },
  { { "v4l2src", "resource", 1, debug ("gst_v4l2_object_set_format_full", "x"), EIO },
    FaultClass::Camera,
    Tier::Device,
    "io-error" },
  { { "v4l2src", "resource", 1, debug ("gst_v4l2_object_set_format_full", "x"), ETIMEDOUT },
    FaultClass::Camera,
    Tier::Device,
    "usb-timeout" },
  { { "v4l2src", "resource", 1, debug ("gst_v4l2_object_set_format_full", "x") },
    FaultClass::Camera,
    Tier::Device,
    "device-init-failed" },
  { { "v4l2src", "resource", 1, debug ("gst_v4l2src_create", ""), 0, streaming },
    FaultClass::Camera,
    Tier::Source,
    "driver-fault" },
  { { "v4l2src", "resource", 13, debug ("gst_v4l2src_decide_allocation", "x") },
    FaultClass::Camera,
    Tier::Source,
    "pool-failed" },
  { { "v4l2src", "resource", 13, debug ("gst_v4l2src_decide_allocation", "x"), ENOSPC },
    FaultClass::Camera,
    Tier::Source,
    "no-bandwidth" },
  { { "v4l2src", "resource", 13, debug ("gst_v4l2src_decide_allocation", "x"), ENOMEM },
    FaultClass::Camera,
    Tier::Source,
    "no-memory" },
  { { "v4l2src", "resource", 13, debug ("gst_v4l2src_decide_allocation", "x"), EIO },
    FaultClass::Camera,
    Tier::Device,
    "io-error" },
  { { "v4l2src", "resource", 9, debug ("gst_v4l2_buffer_pool_poll", "poll error"), 0, streaming },
    FaultClass::Absent,
    Tier::Source,
    "device-gone" },
  { { "v4l2src", "stream", 1, "streaming stopped, reason error (-5)", ENODEV, streaming },
    FaultClass::Absent,
    Tier::Source,
    "device-gone" },
  { { "v4l2src", "stream", 1, "streaming stopped, reason error (-5)", EIO, streaming },
    FaultClass::Camera,
    Tier::Device,
    "io-error" },
  { { "v4l2src", "stream", 1, "streaming stopped, reason error (-5)", 0, streaming },
    FaultClass::Camera,
    Tier::Source,
    "stream-failed" },
  { { "v4l2src", "resource", 14, debug ("gst_v4l2src_create", "") },
    FaultClass::Camera,
    Tier::Source,
    "no-buffer" },
  /* libcamerasrc */
  { { "libcamerasrc", "resource", 3, "libcamera::CameraMananger::cameras() is empty" },
    FaultClass::Absent,
    Tier::Source,
    "resource-not-found" },
  { { "libcamerasrc", "resource", 4, "libcamera::Camera::acquire() failed: x" },
    FaultClass::Busy,
    Tier::Source,
    "resource-busy" },
  { { "libcamerasrc", "resource", 13, "Camera.start() failed with error code -1" },
    FaultClass::Camera,
    Tier::Device,
    "start-failed" },
  { { "libcamerasrc", "resource", 13, "Camera::start() failed with error code -1" },
    FaultClass::Camera,
    Tier::Device,
    "start-failed" },
  { { "libcamerasrc", "resource", 13, "Camera::configure() failed with error code -22", EINVAL },
    FaultClass::Configuration,
    Tier::Count,
    "configure-failed" },
  { { "libcamerasrc", "resource", 13, "Camera::generateConfiguration() returned nullptr" },
    FaultClass::Configuration,
    Tier::Count,
    "configure-failed" },
  { { "libcamerasrc", "resource", 13, "GstLibcameraSrcState::process failed" },
    FaultClass::Camera,
    Tier::Source,
    "pool-failed" },
  { { "libcamerasrc", "resource", 14, "libcamera::Camera::createRequest() failed" },
    FaultClass::Camera,
    Tier::Worker,
    "no-frame-memory" },
  { { "libcamerasrc", "library", 3, "libcamera::CameraMananger::start() failed: x" },
    FaultClass::Camera,
    Tier::Worker,
    "camera-manager-failed" },
  { { "libcamerasrc", "resource", 13, "GstLibcameraSrcState::process failed", 0, streaming },
    FaultClass::Camera,
    Tier::Worker,
    "pool-failed" },
  { { "libcamerasrc", "stream", 1, "streaming stopped, reason error (-5)", ENODEV, streaming },
    FaultClass::Camera,
    Tier::Worker,
    "device-gone" },
  { { "libcamerasrc", "stream", 1, "streaming stopped, reason error (-5)", 0, streaming },
    FaultClass::Camera,
    Tier::Worker,
    "stream-failed" },
  /* any other */
  { { "filesrc", "resource", 3, "" }, FaultClass::Absent, Tier::Source, "resource-not-found" },
  { { "rtspsrc", "resource", 5, "" }, FaultClass::Absent, Tier::Source, "open-failed" },
  { { "rtspsrc", "resource", 15, "" }, FaultClass::Configuration, Tier::Count, "not-authorized" },
  { { "othersrc", "resource", 1, "" }, FaultClass::Camera, Tier::Source, "resource-failed" },
  { { "othersrc", "resource", 4, "" }, FaultClass::Busy, Tier::Source, "resource-busy" },
  { { "othersrc", "resource", 9, "" }, FaultClass::Camera, Tier::Source, "resource-read" },
  { { "othersrc", "resource", 11, "" }, FaultClass::Camera, Tier::Source, "resource-error" },
  { { "othersrc", "resource", 14, "" }, FaultClass::Camera, Tier::Source, "no-buffer" },
  { { "othersrc", "resource", 14, "", ENOSPC }, FaultClass::Camera, Tier::Source, "no-bandwidth" },
  { { "othersrc", "resource", 13, "" },
    FaultClass::Configuration,
    Tier::Count,
    "resource-settings" },
  { { "othersrc", "resource", 13, "", 0, streaming },
    FaultClass::Camera,
    Tier::Pipeline,
    "caps-refused" },
  { { "othersrc", "stream", 1, "streaming stopped, reason not-negotiated (-4)" },
    FaultClass::Configuration,
    Tier::Count,
    "not-negotiated" },
  { { "othersrc", "stream", 1, "streaming stopped, reason not-negotiated (-4)", 0, streaming },
    FaultClass::Camera,
    Tier::Pipeline,
    "caps-refused" },
  { { "othersrc", "stream", 1, "streaming stopped, reason not-linked (-1)" },
    FaultClass::Camera,
    Tier::Pipeline,
    "not-linked" },
  { { "othersrc", "stream", 1, "streaming stopped, reason error (-5)" },
    FaultClass::Camera,
    Tier::Source,
    "stream-failed" },
  { { "decodebin", "stream", 6, "" },
    FaultClass::Configuration,
    Tier::Count,
    "unsupported-stream" },
  { { "avidemux", "stream", 9, "" }, FaultClass::Camera, Tier::Source, "stream-broken" },
  { { "othersrc", "library", 1, "" }, FaultClass::Camera, Tier::Source, "library-error" },
  { { "decodebin", "core", 12, "" }, FaultClass::Configuration, Tier::Count, "missing-plugin" },
  { { "othersrc", "core", 1, "" }, FaultClass::Camera, Tier::Source, "core-error" },
  { { "othersrc", "of-its-own", 7, "" }, FaultClass::Camera, Tier::Source, "core-error" },
};

void
check (const Ruling &found, const Row &row)
{
  g_test_message ("%s %s/%d -> %s", row.complaint.factory.c_str (), row.complaint.domain.c_str (),
                  row.complaint.code, row.code);
  ASSERT_TEXT (std::string (found.code), row.code);
  g_assert_true (found.fault_class == row.fault_class);
  g_assert_true (found.first == row.first);
  g_assert_true (found.first <= tier_cap (found.fault_class));
}

} // namespace

static void
test_rows ()
{
  for (const auto &row : rows)
    check (judge_error (row.complaint), row);
}

static void
test_libcamera_is_not_stopped ()
{
  for (const auto &row : rows) {
    SourceComplaint complaint = row.complaint;
    complaint.factory = "libcamerasrc";
    complaint.was_streaming = true;
    g_assert_true (judge_error (complaint).first == Tier::Worker);
  }
  g_assert_true (judge_stall ("libcamerasrc").first == Tier::Worker);
  g_assert_true (judge_stall ("v4l2src").first == Tier::Source);
}

static void
test_warnings ()
{
  const auto lost = judge_warning ({ "v4l2src", "resource", 9, "", 0, streaming });
  g_assert_true (lost && lost->code == "no-signal" && lost->first == Tier::Count);
  g_assert_false (judge_warning ({ "v4l2src", "resource", 13, "" }).has_value ());
  g_assert_false (judge_warning ({ "avidemux", "resource", 9, "" }).has_value ());
}

static void
test_lines ()
{
  const struct
  {
    const char *line, *code;
  } lines[]{
    { "ERROR RPI vc4.cpp:951 Camera frontend has timed out!", "frontend-timeout" },
    { "ERROR RPI raspberrypi.cpp:1 Unicam has timed out!", "frontend-timeout" },
    { "WARN V4L2 v4l2_videodevice.cpp:1 Dequeue timer of 1000000.00us has expired!",
      "frontend-timeout" },
    { "ERROR V4L2 /dev/video0[13:cap]: Failed to start streaming: Broken pipe", "start-failed" },
    { "ERROR V4L2 Unable to request 4 buffers: Cannot allocate memory", "no-buffers" },
    { "ERROR V4L2 Not enough buffers provided by V4L2VideoDevice", "no-buffers" },
    { "ERROR V4L2 Failed to queue buffer 3: Invalid argument", "no-buffers" },
    { "WARN V4L2 Zero sequence expected for first frame (got 2)", "late-first-frame" },
    { "Pipeline handler in use by another process", "resource-busy" },
    { "uvcvideo 1-1:1.1: Failed to query (129) UVC probe control : -71 (exp. 26).",
      "usb-protocol-error" },
    { "uvcvideo 1-1:1.1: Failed to set UVC probe control : -110 (exp. 26).", "usb-timeout" },
    { "usb 1-1: Not enough bandwidth for new device state.", "no-bandwidth" },
    { "[vc_sm_cma_import_dmabuf_internal]: failed to import", "no-frame-memory" },
    { "bcm2835-codec bcm2835-codec: component timed out", "codec-timeout" },
    { "INFO: task v4l2src0:src:812 blocked for more than 120 seconds.", "task-blocked" },
    { "INFO: task camwarden-camer:812 blocked for more than 241 seconds.", "task-blocked" },
  };
  for (const auto &one : lines) {
    const auto found = classify_line (one.line);
    g_test_message ("%s", one.line);
    g_assert_true (found.has_value ());
    ASSERT_TEXT (std::string (found->code), one.code);
  }
  g_assert_true (classify_line (lines[14].line)->fault_class == FaultClass::Wedged);
  for (const char *line : { "", "camera front: streaming", "uvcvideo: Found UVC 1.00 device",
                            "INFO Camera camera_manager.cpp:299 libcamera v0.0.3" })
    g_assert_false (classify_line (line).has_value ());
}

static void
test_codes ()
{
  std::set<std::string_view> seen;
  for (const auto &one : fault_codes ()) {
    g_assert_true (seen.insert (one.code).second);
    g_assert_true (one.first <= tier_cap (one.fault_class));
    const Fault fault = fault_of (one.code, "source", "why");
    g_assert_true (fault.fault_class == one.fault_class && fault.first == one.first);
    ASSERT_TEXT (fault.part + fault.code + fault.evidence,
                 "source" + std::string (one.code) + "why");
  }
}

/* "| `code` | class | tier | ..." */
static std::set<std::string>
documented ()
{
  std::ifstream file (std::string (g_getenv ("CAMWARDEN_SOURCE_ROOT")) + "/docs/faults.md");
  std::set<std::string> found;
  for (std::string line; std::getline (file, line);) {
    if (!line.starts_with ("| `"))
      continue;
    std::istringstream words (line);
    std::string bar, code, fault_class, tier;
    words >> bar >> code >> bar >> fault_class >> bar >> tier;
    found.insert (code + " " + fault_class + " " + tier);
  }
  return found;
}

static void
test_documentation ()
{
  std::set<std::string> known;
  for (const auto &one : fault_codes ())
    known.insert ("`" + std::string (one.code) + "` "
                  + std::string (fault_class_name (one.fault_class)) + " "
                  + std::string (tier_name (one.first)));
  const std::set<std::string> told = documented ();
  for (const auto &one : known)
    if (!told.contains (one))
      g_test_message ("not in docs/faults.md: %s", one.c_str ());
  for (const auto &one : told)
    if (!known.contains (one))
      g_test_message ("only in docs/faults.md: %s", one.c_str ());
  g_assert_true (known == told);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/faultrules/rows", test_rows);
  g_test_add_func ("/faultrules/libcamera-is-not-stopped", test_libcamera_is_not_stopped);
  g_test_add_func ("/faultrules/warnings", test_warnings);
  g_test_add_func ("/faultrules/lines", test_lines);
  g_test_add_func ("/faultrules/codes", test_codes);
  g_test_add_func ("/faultrules/documentation", test_documentation);
  return g_test_run ();
}
