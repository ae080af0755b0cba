// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <gio/gio.h>
#include <string>

namespace camwarden
{

/* A camera at a USB port can be switched off and on there without a hand at its cable: the kernel
 * forgets a device whose file `authorized` is 0 and looks at it anew at 1. root: "/" but in
 * tests. */

/* The USB device behind /dev/videoN or a link to it, as a folder of sysfs without the root:
 * "/sys/devices/.../usb1/1-1". "": it is at no USB port, or is not there. A device that has gone
 * cannot be asked for its port any more: ask while it works. */
[[nodiscard]] std::string usb_port_of (const std::string &root, const std::string &device);

/* Off, a pause, on, then until the device is there again; all within `time` (us), in a thread. Once
 * it is off, it is switched on whatever happens. done: in the main loop, with NULL when the device
 * is back. */
void reset_usb_port (const std::string &root, const std::string &port, const std::string &device,
                     int64_t time, std::function<void (const GError *)> done);

/* Before the program ends, which would end the thread too: waits up to `time` (us) until none is
 * switched off any more. */
[[nodiscard]] bool wait_for_usb_ports (int64_t time);

} // namespace camwarden
