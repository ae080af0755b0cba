// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

/* The calls to the kernel; a test has its own. Each returns as the system's does, with errno. */
class DeviceCalls
{
public:
  virtual ~DeviceCalls () = default;
  [[nodiscard]] virtual int open (const char *path);
  [[nodiscard]] virtual int control (int fd, unsigned long request, void *argument);
  virtual void close (int fd);
};

/* What a device offers. Of a range of sizes the largest one. */
struct VideoMode
{
  std::string format; /* the four characters: MJPG, YUYV */
  unsigned width = 0, height = 0;
  std::optional<double> fps; /* the highest rate at that size */

  bool operator== (const VideoMode &) const = default;
};

struct Holder
{
  long pid = 0;
  std::string name;
};

enum class DeviceKind {
  Capture, /* gives pictures */
  Sensor,  /* a camera module that libcamera drives; `node` is its media device */
  Other,   /* metadata, a codec, an output */
  Unknown, /* it could not be asked: `problem` */
};

[[nodiscard]] const char *device_kind_name (DeviceKind kind);

struct VideoDevice
{
  std::string node; /* /dev/video0 */
  std::string name, driver, bus;
  std::string stable; /* the name in /dev/v4l/by-id; empty: there is none */
  DeviceKind kind = DeviceKind::Unknown;
  std::vector<VideoMode> modes;
  std::vector<Holder> holders; /* other users' are not seen without the right to */
  std::string problem;         /* why it could not be asked */
};

/* Below `root`, "/" but in tests: sys/class/video4linux, dev, proc. By number, sensors last. */
[[nodiscard]] std::vector<VideoDevice> find_video_devices (const std::string &root,
                                                           DeviceCalls &calls);

} // namespace camwarden
