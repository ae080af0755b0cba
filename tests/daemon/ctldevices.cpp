// SPDX-License-Identifier: LGPL-2.1-or-later
/* camwardenctl's list of camera devices, on a machine made of files and a kernel that obeys. */
#include "ctl/devicesview.h"
#include "support/asserttext.h"
#include "support/tempdir.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <linux/media.h>
#include <linux/videodev2.h>
#include <map>

using namespace camwarden;

namespace
{

struct Size
{
  unsigned width, height, fps;
};

struct Device
{
  std::string card;
  uint32_t can = V4L2_CAP_VIDEO_CAPTURE;
  std::map<uint32_t, std::vector<Size>> formats;
  bool endless = false;  /* numbers its formats, sizes and rates without end */
  bool stepwise = false; /* any size up to 4096 x 2160 */
  std::vector<std::pair<uint32_t, std::string>> entities; /* of a media device */
};

/* Its devices by their path below the root. */
class FakeCalls : public DeviceCalls
{
public:
  explicit FakeCalls (std::string root) : root_ (std::move (root)) {}

  std::map<std::string, Device> devices;
  int open_count = 0;

  int
  open (const char *path) override
  {
    const std::string name = std::string (path).substr (root_.size ());
    int fd = 100;
    for (const auto &[known, device] : devices) {
      if (known == name) {
        open_count++;
        return fd;
      }
      fd++;
    }
    errno = EACCES;
    return -1;
  }

  int
  control (int fd, unsigned long request, void *argument) override
  {
    auto found = devices.begin ();
    std::advance (found, fd - 100);
    const bool good = answer (found->second, request, argument);
    errno = good ? 0 : EINVAL;
    return good ? 0 : -1;
  }

  void
  close (int) override
  {
    open_count--;
  }

private:
  static bool
  answer (const Device &device, unsigned long request, void *argument)
  {
    switch (request) {
    case VIDIOC_QUERYCAP:
      return capabilities (device, *static_cast<v4l2_capability *> (argument));
    case VIDIOC_ENUM_FMT:
      return format (device, *static_cast<v4l2_fmtdesc *> (argument));
    case VIDIOC_ENUM_FRAMESIZES:
      return size (device, *static_cast<v4l2_frmsizeenum *> (argument));
    case VIDIOC_ENUM_FRAMEINTERVALS:
      return rate (device, *static_cast<v4l2_frmivalenum *> (argument));
    case MEDIA_IOC_DEVICE_INFO:
      strcpy (static_cast<media_device_info *> (argument)->driver, "unicam");
      return !device.entities.empty ();
    case MEDIA_IOC_ENUM_ENTITIES:
      return entity (device, *static_cast<media_entity_desc *> (argument));
    default:
      return false;
    }
  }

  static bool
  capabilities (const Device &device, v4l2_capability &answer)
  {
    memset (answer.card, 'x', sizeof answer.card); /* no end where the name is too long */
    memcpy (answer.card, device.card.c_str (),
            std::min (device.card.size () + 1, sizeof answer.card));
    strcpy (reinterpret_cast<char *> (answer.bus_info), "usb-1.2");
    strcpy (reinterpret_cast<char *> (answer.driver), "fake");
    answer.capabilities = V4L2_CAP_DEVICE_CAPS | V4L2_CAP_VIDEO_CAPTURE;
    answer.device_caps = device.can;
    return true;
  }

  static bool
  format (const Device &device, v4l2_fmtdesc &answer)
  {
    if (answer.type != V4L2_BUF_TYPE_VIDEO_CAPTURE)
      return false;
    auto found = device.formats.begin ();
    if (answer.index < device.formats.size ())
      std::advance (found, answer.index);
    else if (!device.endless)
      return false;
    answer.pixelformat = found->first;
    return true;
  }

  static bool
  size (const Device &device, v4l2_frmsizeenum &answer)
  {
    const auto &sizes = device.formats.at (answer.pixel_format);
    if (device.stepwise) {
      answer.type = V4L2_FRMSIZE_TYPE_STEPWISE;
      answer.stepwise.max_width = 4096;
      answer.stepwise.max_height = 2160;
      return true;
    }
    answer.type = V4L2_FRMSIZE_TYPE_DISCRETE;
    if (answer.index >= sizes.size () && !device.endless)
      return false;
    const Size &one = sizes[answer.index % sizes.size ()];
    answer.discrete = { one.width, one.height };
    return true;
  }

  static bool
  rate (const Device &device, v4l2_frmivalenum &answer)
  {
    answer.type = V4L2_FRMIVAL_TYPE_DISCRETE;
    for (const Size &one : device.formats.at (answer.pixel_format))
      if (one.width == answer.width && one.fps > 0 && (answer.index < 2 || device.endless)) {
        answer.discrete = { 1, answer.index == 0 ? one.fps / 2 : one.fps };
        return true;
      }
    return false;
  }

  static bool
  entity (const Device &device, media_entity_desc &answer)
  {
    const uint32_t index = answer.id & ~MEDIA_ENT_ID_FLAG_NEXT;
    if (index >= device.entities.size ())
      return false;
    answer.id = index + 1;
    answer.type = device.entities[index].first;
    strcpy (answer.name, device.entities[index].second.c_str ());
    return true;
  }

  const std::string root_;
};

/* Two nodes of one webcam, and a codec. */
class FakeMachine
{
public:
  FakeMachine ()
  {
    for (const char *name : { "video10", "video0", "video1", "v4l-subdev0", "videoX" })
      folder.write (std::string ("sys/class/video4linux/") + name + "/name", "As sysfs has it\n");
    std::filesystem::create_directories (folder.path ("sys/class/video4linux/video0/device"));
    std::filesystem::create_symlink ("../../../bus/usb/drivers/uvcvideo",
                                     folder.path ("sys/class/video4linux/video0/device/driver"));
    std::filesystem::create_directories (folder.path ("dev/v4l/by-id"));
    std::filesystem::create_symlink ("../../video0", folder.path ("dev/v4l/by-id/usb-Cam-index0"));
    folder.write ("proc/77/comm", "ffmpeg\n");
    std::filesystem::create_directories (folder.path ("proc/77/fd"));
    std::filesystem::create_symlink ("/dev/video0", folder.path ("proc/77/fd/3"));
    std::filesystem::create_symlink ("/dev/video0", folder.path ("proc/77/fd/4"));
    std::filesystem::create_symlink ("socket:[1]", folder.path ("proc/77/fd/5"));
    calls.devices["/dev/video0"]
        = { .card = "HD Cam",
            .formats = { { V4L2_PIX_FMT_MJPEG, { { 1920, 1080, 30 }, { 640, 480, 60 } } },
                         { V4L2_PIX_FMT_YUYV, { { 640, 480, 0 } } } },
            .entities = {} };
    calls.devices["/dev/video1"]
        = { .card = "HD Cam", .can = V4L2_CAP_META_CAPTURE, .formats = {}, .entities = {} };
  }

  TempDir folder;
  FakeCalls calls{ folder.path () };

  std::vector<VideoDevice>
  find ()
  {
    auto devices = find_video_devices (folder.path (), calls);
    g_assert_cmpint (calls.open_count, ==, 0);
    return devices;
  }
};

} // namespace

static void
test_devices ()
{
  FakeMachine machine;
  const auto devices = machine.find ();
  g_assert_cmpuint (devices.size (), ==, 3);
  const VideoDevice &camera = devices[0];
  ASSERT_TEXT (camera.node, "/dev/video0");
  ASSERT_TEXT (camera.name, "HD Cam");
  ASSERT_TEXT (camera.driver, "uvcvideo");
  ASSERT_TEXT (camera.bus, "usb-1.2");
  ASSERT_TEXT (camera.stable, "/dev/v4l/by-id/usb-Cam-index0");
  g_assert_true (camera.kind == DeviceKind::Capture);
  const std::vector<VideoMode> modes{ { "MJPG", 1920, 1080, 30 },
                                      { "MJPG", 640, 480, 60 },
                                      { "YUYV", 640, 480, {} } };
  g_assert_cmpuint (camera.modes.size (), ==, modes.size ());
  for (const auto &mode : modes)
    g_assert_true (std::find (camera.modes.begin (), camera.modes.end (), mode)
                   != camera.modes.end ());
  g_assert_cmpuint (camera.holders.size (), ==, 1);
  g_assert_cmpint (camera.holders[0].pid, ==, 77);
  ASSERT_TEXT (camera.holders[0].name, "ffmpeg");
  g_assert_true (devices[1].kind == DeviceKind::Other);
  ASSERT_TEXT (devices[2].node, "/dev/video10");
  g_assert_true (devices[2].kind == DeviceKind::Unknown);
  ASSERT_TEXT (devices[2].name, "As sysfs has it");
  ASSERT_TEXT (devices[2].problem, strerror (EACCES));
}

static void
test_endless_driver ()
{
  FakeMachine machine;
  Device &device = machine.calls.devices["/dev/video0"];
  device.endless = true;
  device.card = std::string (100, 'x');
  const auto devices = machine.find ();
  g_assert_cmpuint (devices[0].modes.size (), ==, 64 * 64);
  g_assert_cmpuint (devices[0].name.size (), ==, 32);
}

static void
test_ranges ()
{
  FakeMachine machine;
  machine.calls.devices["/dev/video0"].stepwise = true;
  const auto devices = machine.find ();
  g_assert_cmpuint (devices[0].modes.size (), ==, 2);
  g_assert_cmpuint (devices[0].modes[0].width, ==, 4096);
}

static void
test_sensors ()
{
  FakeMachine machine;
  machine.folder.write ("dev/media0", "");
  machine.folder.write ("dev/media1", "");
  machine.calls.devices["/dev/media0"] = { .card = {},
                                           .formats = {},
                                           .entities = { { MEDIA_ENT_F_IO_V4L, "unicam-image" },
                                                         { MEDIA_ENT_F_CAM_SENSOR, "imx708" } } };
  const auto devices = machine.find ();
  g_assert_cmpuint (devices.size (), ==, 4);
  ASSERT_TEXT (devices[3].node, "/dev/media0");
  ASSERT_TEXT (devices[3].name, "imx708");
  ASSERT_TEXT (devices[3].driver, "unicam");
  g_assert_true (devices[3].kind == DeviceKind::Sensor);
}

static void
test_empty_machine ()
{
  const TempDir folder;
  FakeCalls calls (folder.path ());
  g_assert_true (find_video_devices (folder.path (), calls).empty ());
  g_assert_nonnull (strstr (format_devices ({}, false, {}).c_str (), "No camera is connected"));
}

static void
test_text ()
{
  FakeMachine machine;
  auto devices = machine.find ();
  Terminal terminal;
  const std::string text = format_devices (devices, false, terminal);
  ASSERT_TEXT (text, "/dev/video0   HD Cam, uvcvideo, usb-1.2\n"
                     "              /dev/v4l/by-id/usb-Cam-index0\n"
                     "              MJPG 1920x1080@30 640x480@60\n"
                     "              YUYV 640x480\n"
                     "              held by ffmpeg (77)\n"
                     "/dev/video10  As sysfs has it\n"
                     "              cannot be asked: Permission denied\n");
  g_assert_nonnull (strstr (format_devices (devices, true, terminal).c_str (), "/dev/video1 "));
  devices[0].name = devices[0].stable = devices[0].holders[0].name
      = "\033[31m" + std::string (300, 'n');
  devices[0].modes.resize (200, { "MJPG", 640, 480, 30 });
  for (const auto &line : { format_devices (devices, true, terminal) }) {
    g_assert_null (strchr (line.c_str (), '\033'));
    size_t begin = 0;
    for (size_t end; (end = line.find ('\n', begin)) != std::string::npos; begin = end + 1)
      g_assert_cmpuint (end - begin, <=, 80);
  }
}

static void
test_json ()
{
  FakeMachine machine;
  const JsonBuilderPtr json (json_builder_new ());
  write_devices (json.get (), machine.find ());
  const JsonNodePtr root (json_builder_get_root (json.get ()));
  const auto devices = json_objects (root.get ());
  g_assert_cmpuint (devices.size (), ==, 3);
  ASSERT_TEXT (json_text (devices[0], "kind"), "capture");
  g_assert_cmpuint (json_objects (devices[0], "modes").size (), ==, 3);
  ASSERT_TEXT (json_text (json_objects (devices[0], "holders")[0], "name"), "ffmpeg");
  ASSERT_TEXT (json_text (devices[2], "problem"), strerror (EACCES));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/devices/facts", test_devices);
  g_test_add_func ("/devices/endless", test_endless_driver);
  g_test_add_func ("/devices/ranges", test_ranges);
  g_test_add_func ("/devices/sensors", test_sensors);
  g_test_add_func ("/devices/none", test_empty_machine);
  g_test_add_func ("/devices/text", test_text);
  g_test_add_func ("/devices/json", test_json);
  return g_test_run ();
}
