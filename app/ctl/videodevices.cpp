// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/videodevices.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <linux/media.h>
#include <linux/videodev2.h>
#include <map>
#include <sys/ioctl.h>
#include <unistd.h>

namespace camwarden
{

namespace fs = std::filesystem;

int
DeviceCalls::open (const char *path)
{
  return ::open (path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
}

int
DeviceCalls::control (int fd, unsigned long request, void *argument)
{
  int result = 0;
  do
    result = ::ioctl (fd, request, argument);
  while (result < 0 && errno == EINTR);
  return result;
}

void
DeviceCalls::close (int fd)
{
  ::close (fd);
}

const char *
device_kind_name (DeviceKind kind)
{
  switch (kind) {
  case DeviceKind::Capture:
    return "capture";
  case DeviceKind::Sensor:
    return "sensor";
  case DeviceKind::Other:
    return "other";
  default:
    return "unknown";
  }
}

namespace
{

/* A driver that numbers its formats or sizes without end. */
constexpr unsigned most_formats = 64, most_sizes = 64, most_rates = 64, most_entities = 256;

std::string
first_line (const fs::path &file)
{
  std::ifstream stream (file);
  std::string line;
  std::getline (stream, line);
  return line;
}

std::string
link_name (const fs::path &link)
{
  std::error_code error;
  const fs::path target = fs::read_symlink (link, error);
  return error ? std::string () : target.filename ().string ();
}

std::vector<std::string>
names_in (const fs::path &folder)
{
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entry (folder, error);
  for (; !error && entry != fs::directory_iterator (); entry.increment (error))
    names.push_back (entry->path ().filename ().string ());
  return names;
}

/* The number behind `prefix`; nothing: another name. */
std::optional<unsigned>
number_of (const std::string &name, const std::string &prefix)
{
  if (!name.starts_with (prefix) || name.size () == prefix.size () || name.size () > 12
      || name.find_first_not_of ("0123456789", prefix.size ()) != std::string::npos)
    return {};
  return static_cast<unsigned> (std::stoul (name.substr (prefix.size ())));
}

/* The texts of the kernel's structures need not have an end. */
template <size_t size>
std::string
text_of (const __u8 (&bytes)[size])
{
  const auto *text = reinterpret_cast<const char *> (bytes);
  return { text, strnlen (text, size) };
}

std::string
format_name (uint32_t code)
{
  std::string name;
  for (unsigned shift = 0; shift < 32; shift += 8)
    name += static_cast<char> ((code >> shift) & 0x7F);
  return name.substr (0, name.find_last_not_of (' ') + 1);
}

/* One open device. */
class Asker
{
public:
  Asker (DeviceCalls &calls, const std::string &path)
      : calls_ (calls), fd_ (calls.open (path.c_str ()))
  {}
  Asker (const Asker &) = delete;
  ~Asker ()
  {
    if (fd_ >= 0)
      calls_.close (fd_);
  }

  [[nodiscard]] bool
  good () const
  {
    return fd_ >= 0;
  }

  template <typename T>
  [[nodiscard]] bool
  ask (unsigned long request, T &argument) const
  {
    return calls_.control (fd_, request, &argument) == 0;
  }

private:
  DeviceCalls &calls_;
  const int fd_;
};

std::optional<double>
highest_rate (const Asker &device, uint32_t format, unsigned width, unsigned height)
{
  std::optional<double> best;
  for (unsigned index = 0; index < most_rates; index++) {
    v4l2_frmivalenum one{};
    one.index = index;
    one.pixel_format = format;
    one.width = width;
    one.height = height;
    if (!device.ask (VIDIOC_ENUM_FRAMEINTERVALS, one))
      break;
    const v4l2_fract &interval
        = one.type == V4L2_FRMIVAL_TYPE_DISCRETE ? one.discrete : one.stepwise.min;
    if (interval.numerator > 0)
      best = std::max (best.value_or (0),
                       static_cast<double> (interval.denominator) / interval.numerator);
    if (one.type != V4L2_FRMIVAL_TYPE_DISCRETE)
      break;
  }
  return best;
}

void
add_sizes (const Asker &device, uint32_t format, std::vector<VideoMode> &modes)
{
  for (unsigned index = 0; index < most_sizes; index++) {
    v4l2_frmsizeenum one{};
    one.index = index;
    one.pixel_format = format;
    if (!device.ask (VIDIOC_ENUM_FRAMESIZES, one))
      return;
    const bool discrete = one.type == V4L2_FRMSIZE_TYPE_DISCRETE;
    const unsigned width = discrete ? one.discrete.width : one.stepwise.max_width;
    const unsigned height = discrete ? one.discrete.height : one.stepwise.max_height;
    modes.push_back (
        { format_name (format), width, height, highest_rate (device, format, width, height) });
    if (!discrete)
      return;
  }
}

void
add_modes (const Asker &device, uint32_t type, std::vector<VideoMode> &modes)
{
  for (unsigned index = 0; index < most_formats; index++) {
    v4l2_fmtdesc format{};
    format.index = index;
    format.type = type;
    if (!device.ask (VIDIOC_ENUM_FMT, format))
      return;
    add_sizes (device, format.pixelformat, modes);
  }
}

void
ask_device (VideoDevice &device, DeviceCalls &calls, const std::string &path)
{
  const Asker asker (calls, path);
  v4l2_capability abilities{};
  if (!asker.good () || !asker.ask (VIDIOC_QUERYCAP, abilities)) {
    device.problem = strerror (errno);
    return;
  }
  const uint32_t can = abilities.capabilities & V4L2_CAP_DEVICE_CAPS ? abilities.device_caps
                                                                     : abilities.capabilities;
  device.name = text_of (abilities.card);
  device.bus = text_of (abilities.bus_info);
  if (device.driver.empty ())
    device.driver = text_of (abilities.driver);
  const bool plain = can & V4L2_CAP_VIDEO_CAPTURE, planes = can & V4L2_CAP_VIDEO_CAPTURE_MPLANE;
  device.kind = plain || planes ? DeviceKind::Capture : DeviceKind::Other;
  if (plain || planes)
    add_modes (asker, plain ? V4L2_BUF_TYPE_VIDEO_CAPTURE : V4L2_BUF_TYPE_VIDEO_CAPTURE_MPLANE,
               device.modes);
}

/* What the entities of a media device call themselves, of those that are image sensors. */
void
add_sensors (const std::string &root, const std::string &node, DeviceCalls &calls,
             std::vector<VideoDevice> &devices)
{
  const Asker asker (calls, root + node);
  media_device_info info{};
  if (!asker.good () || !asker.ask (MEDIA_IOC_DEVICE_INFO, info))
    return;
  media_entity_desc entity{};
  for (unsigned i = 0; i < most_entities; i++) {
    entity.id |= MEDIA_ENT_ID_FLAG_NEXT;
    if (!asker.ask (MEDIA_IOC_ENUM_ENTITIES, entity))
      return;
    if (entity.type != MEDIA_ENT_F_CAM_SENSOR)
      continue;
    VideoDevice sensor;
    sensor.node = node;
    sensor.name = { entity.name, strnlen (entity.name, sizeof entity.name) };
    sensor.driver = { info.driver, strnlen (info.driver, sizeof info.driver) };
    sensor.bus = { info.bus_info, strnlen (info.bus_info, sizeof info.bus_info) };
    sensor.kind = DeviceKind::Sensor;
    devices.push_back (std::move (sensor));
  }
}

/* /dev/video0 -> usb-046d_HD_Pro_Webcam-video-index0 */
std::map<std::string, std::string>
stable_names (const std::string &root)
{
  std::map<std::string, std::string> names;
  const fs::path folder = fs::path (root) / "dev/v4l/by-id";
  for (const auto &name : names_in (folder))
    if (const std::string target = link_name (folder / name); !target.empty ())
      names["/dev/" + target] = "/dev/v4l/by-id/" + name;
  return names;
}

void
add_holders (const std::string &root, std::vector<VideoDevice> &devices)
{
  const fs::path processes = fs::path (root) / "proc";
  std::map<std::string, std::vector<Holder>> found;
  for (const auto &pid : names_in (processes)) {
    if (!number_of (pid, ""))
      continue;
    const fs::path folder = processes / pid / "fd";
    for (const auto &fd : names_in (folder)) {
      std::error_code error;
      const std::string target = fs::read_symlink (folder / fd, error).string ();
      if (error || !target.starts_with ("/dev/"))
        continue;
      auto &holders = found[target];
      const long number = std::stol (pid);
      if (holders.empty () || holders.back ().pid != number)
        holders.push_back ({ number, first_line (processes / pid / "comm") });
    }
  }
  for (auto &device : devices)
    device.holders = found[device.node];
}

std::vector<std::string>
nodes_in (const fs::path &folder, const std::string &prefix)
{
  std::vector<std::pair<unsigned, std::string>> numbered;
  for (const auto &name : names_in (folder))
    if (const auto number = number_of (name, prefix))
      numbered.emplace_back (*number, name);
  std::sort (numbered.begin (), numbered.end ());
  std::vector<std::string> names;
  for (auto &[number, name] : numbered)
    names.push_back (std::move (name));
  return names;
}

} // namespace

std::vector<VideoDevice>
find_video_devices (const std::string &root, DeviceCalls &calls)
{
  const std::string base = root == "/" ? "" : root;
  const fs::path known = base + "/sys/class/video4linux";
  const auto stable = stable_names (base + "/");
  std::vector<VideoDevice> devices;
  for (const auto &name : nodes_in (known, "video")) {
    VideoDevice device;
    device.node = "/dev/" + name;
    device.name = first_line (known / name / "name");
    device.driver = link_name (known / name / "device/driver");
    if (const auto found = stable.find (device.node); found != stable.end ())
      device.stable = found->second;
    ask_device (device, calls, base + device.node);
    devices.push_back (std::move (device));
  }
  for (const auto &name : nodes_in (base + "/dev", "media"))
    add_sensors (base, "/dev/" + name, calls, devices);
  add_holders (base + "/", devices);
  return devices;
}

} // namespace camwarden
