// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/usbport.h"

#include "daemon/background.h"
#include "daemon/rootpath.h"

#include <cctype>
#include <cerrno>
#include <chrono>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string_view>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr int64_t OFF_TIME = 500'000; /* us */
constexpr int64_t LOOK_INTERVAL = 50'000;

/* Shared while a port is off. Never destroyed: its threads may outlive the program's main(). */
std::shared_timed_mutex &off_now = *new std::shared_timed_mutex;

std::string_view
last_part (std::string_view path)
{
  return path.substr (path.rfind ('/') + 1);
}

std::string_view
parent (std::string_view path)
{
  return path.substr (0, path.rfind ('/'));
}

/* "1-1.4" is a device, "1-1.4:1.0" one of its interfaces, "usb1" the computer's own hub, with
 * everything that is plugged in there. Each has a file `authorized`. */
bool
is_interface (std::string_view name)
{
  return name.find (':') != std::string_view::npos;
}

bool
is_root_hub (std::string_view name)
{
  return name.starts_with ("usb");
}

bool
is_port (const std::string &port)
{
  const auto name = last_part (port);
  return port.starts_with ("/sys/") && port.find ("/../") == std::string::npos && !name.empty ()
         && isdigit (static_cast<unsigned char> (name.front ())) && !is_interface (name);
}

/* A failure of the reset; code 0: none. */
struct Failure
{
  int code = 0; /* of G_IO_ERROR, plus 1: its first is 0 */
  std::string text;
};

Failure
failure (int reason, std::string text)
{
  return { 1 + static_cast<int> (g_io_error_from_errno (reason)), std::move (text) };
}

/* 0, or errno. */
int
write_flag (const std::string &file, const char *flag)
{
  const int fd = open (file.c_str (), O_WRONLY | O_CLOEXEC | O_NOFOLLOW);
  if (fd < 0)
    return errno;
  const int reason = write (fd, flag, 1) == 1 ? 0 : errno;
  close (fd);
  return reason;
}

Failure
cannot_switch_off (const std::string &file, int reason)
{
  std::string text = file + ": " + g_strerror (reason);
  if (reason == EACCES || reason == EPERM || reason == EROFS)
    text += ": the USB port may not be switched. Install the udev rule 90-camwarden-usb.rules and "
            "the drop-in usb-reset.conf, or set device-reset=false in [recovery]";
  else
    text += ": the USB port cannot be switched off. Is the camera still plugged in?";
  return failure (reason, text);
}

/* The device must not stay off because the first attempt failed. */
int
switch_on (const std::string &file, int64_t deadline)
{
  for (;;) {
    const int reason = write_flag (file, "1");
    if (reason == 0 || g_get_monotonic_time () + OFF_TIME > deadline)
      return reason;
    g_usleep (OFF_TIME);
  }
}

bool
comes_back (const std::string &device, int64_t deadline)
{
  while (access (device.c_str (), F_OK) != 0) {
    if (g_get_monotonic_time () >= deadline)
      return false;
    g_usleep (LOOK_INTERVAL);
  }
  return true;
}

Failure
reset (const std::string &root, const std::string &port, const std::string &device, int64_t time)
{
  const int64_t deadline = g_get_monotonic_time () + time;
  const std::string file = below_root (root, port) + "/authorized";
  if (!is_port (port))
    return failure (EINVAL, "'" + port + "' is no USB device in /sys");
  std::shared_lock off (off_now);
  if (const int reason = write_flag (file, "0"))
    return cannot_switch_off (file, reason);
  g_usleep (OFF_TIME);
  if (const int reason = switch_on (file, deadline))
    return failure (reason, file + ": " + g_strerror (reason)
                                + ": the USB port stays switched off. Write 1 to this file, or "
                                  "unplug the camera and plug it in again");
  off.unlock ();
  const std::string node = below_root (root, device);
  if (!comes_back (node, deadline))
    return failure (ETIMEDOUT, node + " did not come back within "
                                   + std::to_string (time / 1'000'000)
                                   + " s after its USB port was switched off and on. Unplug the "
                                     "camera and plug it in again");
  return {};
}

} // namespace

bool
wait_for_usb_ports (int64_t time)
{
  const std::unique_lock none (off_now, std::chrono::microseconds (time));
  return none.owns_lock ();
}

std::string
usb_port_of (const std::string &root, const std::string &device)
{
  const std::string node = resolve_below (root, device);
  const auto name = last_part (node);
  if (!name.starts_with ("video"))
    return {};
  const std::string start
      = resolve_below (root, "/sys/class/video4linux/" + std::string (name) + "/device");
  for (std::string_view path = start; path.starts_with ("/sys/"); path = parent (path)) {
    const auto part = last_part (path);
    const std::string file = below_root (root, std::string (path)) + "/authorized";
    if (is_interface (part) || access (file.c_str (), F_OK) != 0)
      continue;
    return is_root_hub (part) ? std::string () : std::string (path);
  }
  return {};
}

void
reset_usb_port (const std::string &root, const std::string &port, const std::string &device,
                int64_t time, std::function<void (const GError *)> done)
{
  in_background<Failure> ([=] { return reset (root, port, device, time); },
                          [done = std::move (done)] (const Failure &failed) {
                            g_autoptr (GError) error = nullptr;
                            if (failed.code != 0)
                              error = g_error_new_literal (G_IO_ERROR, failed.code - 1,
                                                           failed.text.c_str ());
                            done (error);
                          });
}

} // namespace camwarden
