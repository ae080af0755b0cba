// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/ref.h"

#include <functional>
#include <gio/gio.h>
#include <string>

namespace camwarden
{

/* Tells when a camera may have been plugged in: a device node video*, media* or v4l-subdev*, or a
 * link in v4l/by-path, appears in ROOT/dev. Main thread only. */
class DeviceWatch
{
public:
  static constexpr unsigned GATHER = 100; /* ms; a camera brings several nodes and links */

  /* arrived: in the main loop, once for all that appears within GATHER. It may end the watch. */
  DeviceWatch (std::string root, std::function<void ()> arrived);
  DeviceWatch (const DeviceWatch &) = delete;
  DeviceWatch &operator= (const DeviceWatch &) = delete;

private:
  using Changed = void (*) (GFileMonitor *, GFile *, GFile *, GFileMonitorEvent, gpointer);

  struct Folder
  {
    Ref<GFileMonitor> monitor; /* outlives the handler */
    SignalHandler handler;
  };

  [[nodiscard]] Folder watch (const std::string &path, Changed changed);
  void watch_links ();
  void tell_soon ();
  void tell ();

  std::string devices_;
  std::function<void ()> arrived_;
  Folder nodes_, links_;
  SourceId soon_;
};

} // namespace camwarden
