// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/faultrules.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>

namespace camwarden
{

namespace
{

constexpr FaultCode codes[]{
  /* no device */
  { "resource-not-found", FaultClass::Absent, Tier::Source },
  { "no-camera", FaultClass::Absent, Tier::Source },
  { "device-gone", FaultClass::Absent, Tier::Source },
  { "open-failed", FaultClass::Absent, Tier::Source },
  { "permission-denied", FaultClass::Absent, Tier::Source },
  { "resource-busy", FaultClass::Busy, Tier::Source },
  /* the device or its driver */
  { "io-error", FaultClass::Camera, Tier::Device },
  { "usb-protocol-error", FaultClass::Camera, Tier::Device },
  { "usb-timeout", FaultClass::Camera, Tier::Device },
  { "device-init-failed", FaultClass::Camera, Tier::Device },
  { "start-failed", FaultClass::Camera, Tier::Device },
  { "no-buffers", FaultClass::Camera, Tier::Device },
  { "no-bandwidth", FaultClass::Camera, Tier::Source },
  { "no-memory", FaultClass::Camera, Tier::Source },
  { "no-buffer", FaultClass::Camera, Tier::Source },
  { "pool-failed", FaultClass::Camera, Tier::Source },
  { "driver-fault", FaultClass::Camera, Tier::Source },
  { "no-frame-memory", FaultClass::Camera, Tier::Worker },
  { "camera-manager-failed", FaultClass::Camera, Tier::Worker },
  { "frontend-timeout", FaultClass::Camera, Tier::Worker },
  { "codec-timeout", FaultClass::Camera, Tier::Worker },
  { "task-blocked", FaultClass::Wedged, Tier::Machine },
  /* any other source */
  { "resource-failed", FaultClass::Camera, Tier::Source },
  { "resource-read", FaultClass::Camera, Tier::Source },
  { "resource-error", FaultClass::Camera, Tier::Source },
  { "stream-failed", FaultClass::Camera, Tier::Source },
  { "stream-broken", FaultClass::Camera, Tier::Source },
  { "library-error", FaultClass::Camera, Tier::Source },
  { "core-error", FaultClass::Camera, Tier::Source },
  { "stall", FaultClass::Camera, Tier::Source },
  { "eos", FaultClass::Camera, Tier::Source },
  { "ended", FaultClass::Transient, Tier::Count },
  { "late-first-frame", FaultClass::Transient, Tier::Count },
  { "state-change-failed", FaultClass::Camera, Tier::Source },
  { "state-change-hang", FaultClass::Hang, Tier::Worker },
  /* the pipeline */
  { "caps-refused", FaultClass::Camera, Tier::Pipeline },
  { "not-linked", FaultClass::Camera, Tier::Pipeline },
  { "element-failed", FaultClass::Camera, Tier::Pipeline },
  { "blocked", FaultClass::Camera, Tier::Pipeline },
  /* the picture */
  { "no-signal", FaultClass::Quality, Tier::Count },
  { "frozen", FaultClass::Quality, Tier::Count },
  { "dark", FaultClass::Quality, Tier::Count },
  { "bright", FaultClass::Quality, Tier::Count },
  { "blur", FaultClass::Quality, Tier::Count },
  /* what only people can change */
  { "configuration", FaultClass::Configuration, Tier::Count },
  { "configure-failed", FaultClass::Configuration, Tier::Count },
  { "not-a-camera", FaultClass::Configuration, Tier::Count },
  { "resource-settings", FaultClass::Configuration, Tier::Count },
  { "not-negotiated", FaultClass::Configuration, Tier::Count },
  { "not-authorized", FaultClass::Configuration, Tier::Count },
  { "unsupported-stream", FaultClass::Configuration, Tier::Count },
  { "missing-plugin", FaultClass::Configuration, Tier::Count },
  /* the store */
  { "paused-full", FaultClass::Storage, Tier::Count },
  { "paused-readonly", FaultClass::Storage, Tier::Count },
  { "paused-io", FaultClass::Storage, Tier::Count },
  { "paused-missing", FaultClass::Storage, Tier::Count },
  { "paused-permission", FaultClass::Storage, Tier::Count },
};

const FaultCode *
find_code (std::string_view code)
{
  const auto *found = std::find_if (std::begin (codes), std::end (codes),
                                    [&] (const FaultCode &one) { return one.code == code; });
  return found == std::end (codes) ? nullptr : found;
}

Ruling
ruling (std::string_view code)
{
  const FaultCode *row = find_code (code);
  if (!row)
    std::abort (); /* a rule names a code that the table lacks */
  return { row->fault_class, row->first, row->code };
}

/* GStreamer's numbers; its headers are not for this file. */
namespace resource
{
constexpr int Failed = 1, NotFound = 3, Busy = 4, OpenRead = 5, OpenReadWrite = 7, Read = 9,
              Settings = 13, NoSpaceLeft = 14, NotAuthorized = 15;
}
namespace stream
{
constexpr int Failed = 1, NotImplemented = 3, CodecNotFound = 6;
}
namespace library
{
constexpr int Init = 3;
}
namespace core
{
constexpr int MissingPlugin = 12;
}

constexpr int any = -1;

enum class When { Always, Streaming, Before };

/* The first row that fits rules. Empty and any fit everything. */
struct Rule
{
  std::string_view factory, domain;
  int first_code, last_code;
  int error_number;
  std::string_view word; /* of the debug text */
  When when;
  std::string_view code;
};

constexpr Rule
by_code (std::string_view factory, std::string_view domain, int code, std::string_view result,
         std::string_view word = {}, When when = When::Always)
{
  return { factory, domain, code, code, any, word, when, result };
}

constexpr Rule
by_errno (int error_number, std::string_view result)
{
  return { {}, {}, any, any, error_number, {}, When::Always, result };
}

constexpr Rule
by_domain (std::string_view domain, std::string_view result)
{
  return { {}, domain, any, any, any, {}, When::Always, result };
}

constexpr std::string_view v4l2 = "v4l2src";
constexpr std::string_view libcamera = "libcamerasrc";

constexpr Rule rules[]{
  /* Gone or taken, whatever else is known. The one node of two that gives no frames is there, but
   * will never be a camera. */
  by_code (v4l2, "resource", resource::NotFound, "not-a-camera", "Capabilities: 0x"),
  by_code ({}, "resource", resource::NotFound, "resource-not-found"),
  by_code ({}, "resource", resource::Busy, "resource-busy"),
  /* An errno says more than the code that hides it: out of bandwidth, out of memory and a broken
   * cable are one and the same message of V4L2's. */
  by_errno (ENODEV, "device-gone"),
  by_errno (ENXIO, "device-gone"),
  by_errno (ENOENT, "resource-not-found"),
  by_errno (EBUSY, "resource-busy"),
  by_errno (EACCES, "permission-denied"),
  by_errno (EPERM, "permission-denied"),
  by_errno (EIO, "io-error"),
  by_errno (EPROTO, "usb-protocol-error"),
  by_errno (ETIMEDOUT, "usb-timeout"),
  by_errno (ENOSPC, "no-bandwidth"),
  by_errno (ENOMEM, "no-memory"),

  by_code (libcamera, "resource", resource::Settings, "start-failed", "Camera.start()"),
  by_code (libcamera, "resource", resource::Settings, "start-failed", "Camera::start()"),
  by_code (libcamera, "resource", resource::Settings, "configure-failed", "Camera::configure()"),
  by_code (libcamera, "resource", resource::Settings, "configure-failed",
           "generateConfiguration()"),
  by_code (libcamera, "resource", resource::Settings, "pool-failed"),
  by_code (libcamera, "resource", resource::NoSpaceLeft, "no-frame-memory"),
  by_code (libcamera, "library", library::Init, "camera-manager-failed"),

  by_code (v4l2, "resource", resource::Settings, "not-a-camera", "gst_v4l2_get_capabilities"),
  by_code (v4l2, "resource", resource::Settings, "pool-failed", "gst_v4l2src_decide_allocation"),
  by_code (v4l2, "resource", resource::Failed, "driver-fault", "gst_v4l2src_create"),
  by_code (v4l2, "resource", resource::Failed, "device-init-failed"),
  by_code (v4l2, "resource", resource::Read, "device-gone"),

  by_code ({}, "resource", resource::Failed, "resource-failed"),
  by_code ({}, "resource", resource::OpenRead, "open-failed"),
  by_code ({}, "resource", resource::OpenReadWrite, "open-failed"),
  by_code ({}, "resource", resource::Read, "resource-read"),
  by_code ({}, "resource", resource::Settings, "caps-refused", {}, When::Streaming),
  by_code ({}, "resource", resource::Settings, "resource-settings", {}, When::Before),
  by_code ({}, "resource", resource::NoSpaceLeft, "no-buffer"),
  by_code ({}, "resource", resource::NotAuthorized, "not-authorized"),
  by_domain ("resource", "resource-error"),

  by_code ({}, "stream", stream::Failed, "caps-refused", "reason not-negotiated", When::Streaming),
  by_code ({}, "stream", stream::Failed, "not-negotiated", "reason not-negotiated", When::Before),
  by_code ({}, "stream", stream::Failed, "not-linked", "reason not-linked"),
  by_code ({}, "stream", stream::Failed, "stream-failed"),
  { {},
    "stream",
    stream::NotImplemented,
    stream::CodecNotFound,
    any,
    {},
    When::Always,
    "unsupported-stream" },
  by_domain ("stream", "stream-broken"),
  by_domain ("library", "library-error"),
  by_code ({}, "core", core::MissingPlugin, "missing-plugin"),
  by_domain ({}, "core-error"),
};

bool
fits (const Rule &rule, const SourceComplaint &complaint)
{
  return (rule.factory.empty () || rule.factory == complaint.factory)
         && (rule.domain.empty () || rule.domain == complaint.domain)
         && (rule.first_code == any
             || (complaint.code >= rule.first_code && complaint.code <= rule.last_code))
         && (rule.error_number == any || rule.error_number == complaint.error_number)
         && complaint.debug.find (rule.word) != std::string::npos
         && (rule.when == When::Always
             || (rule.when == When::Streaming) == complaint.was_streaming);
}

/* Both words in this order; the second may be empty. */
struct LineRule
{
  std::string_view first, second;
  std::string_view code;
};

constexpr LineRule line_rules[]{
  { "Camera frontend has timed out", "", "frontend-timeout" },
  { "Unicam has timed out", "", "frontend-timeout" },
  { "Dequeue timer of", "has expired", "frontend-timeout" },
  { "Pipeline handler in use by another process", "", "resource-busy" },
  { "Failed to start streaming", "", "start-failed" },
  { "Unable to request ", " buffers", "no-buffers" },
  { "Not enough buffers provided by V4L2VideoDevice", "", "no-buffers" },
  { "Failed to queue buffer", "", "no-buffers" },
  { "Zero sequence expected for first frame", "", "late-first-frame" },
  { "uvcvideo", ": -71", "usb-protocol-error" },
  { "uvcvideo", ": -110", "usb-timeout" },
  { "usb ", "Not enough bandwidth", "no-bandwidth" },
  { "vc_sm_cma_import_dmabuf", "failed", "no-frame-memory" },
  { "bcm2835-codec", "timed out", "codec-timeout" },
  { "task ", "blocked for more than ", "task-blocked" },
};

bool
fits (const LineRule &rule, std::string_view line)
{
  const size_t first = line.find (rule.first);
  return first != std::string_view::npos
         && line.find (rule.second, first + rule.first.size ()) != std::string_view::npos;
}

} // namespace

std::span<const FaultCode>
fault_codes ()
{
  return codes;
}

Fault
fault_of (std::string_view code, std::string part, std::string evidence)
{
  const Ruling row = ruling (code);
  return { row.fault_class, row.first, std::move (part), std::string (code), std::move (evidence) };
}

Ruling
judge_error (const SourceComplaint &complaint)
{
  const auto *rule = std::find_if (std::begin (rules), std::end (rules),
                                   [&] (const Rule &one) { return fits (one, complaint); });
  Ruling result = ruling (rule->code); /* the last rule fits everything */
  /* To stop a camera of libcamera's that was lost aborts the process: it is not tried. */
  if (complaint.factory == libcamera && complaint.was_streaming) {
    result.fault_class = FaultClass::Camera;
    result.first = Tier::Worker;
  }
  return result;
}

std::optional<Ruling>
judge_warning (const SourceComplaint &complaint)
{
  if (complaint.factory == v4l2 && complaint.domain == "resource"
      && complaint.code == resource::Read)
    return ruling ("no-signal");
  return {};
}

Ruling
judge_stall (std::string_view factory)
{
  Ruling result = ruling ("stall");
  if (factory == libcamera)
    result.first = Tier::Worker;
  return result;
}

bool
is_echo (std::string_view domain, int code)
{
  return domain == "stream" && code == stream::Failed;
}

std::optional<Ruling>
classify_line (std::string_view line)
{
  for (const auto &rule : line_rules)
    if (fits (rule, line))
      return ruling (rule.code);
  return {};
}

} // namespace camwarden
