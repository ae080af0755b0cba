// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/devicewatch.h"

#include <array>
#include <string_view>

namespace camwarden
{

namespace
{

/* "v4l" is the folder of links: with the first camera it is made, with the last one it goes. */
bool
is_camera_name (std::string_view name)
{
  constexpr std::array<std::string_view, 3> beginnings{ "video", "media", "v4l-subdev" };
  if (name == "v4l")
    return true;
  for (const auto beginning : beginnings)
    if (name.starts_with (beginning))
      return true;
  return false;
}

/* A node is made first and given to the group video then: it is of use after that only. */
bool
appears (GFileMonitorEvent event)
{
  return event == G_FILE_MONITOR_EVENT_CREATED || event == G_FILE_MONITOR_EVENT_MOVED_IN
         || event == G_FILE_MONITOR_EVENT_ATTRIBUTE_CHANGED;
}

} // namespace

DeviceWatch::DeviceWatch (std::string root, std::function<void ()> arrived)
    : devices_ (std::move (root)), arrived_ (std::move (arrived))
{
  if (!devices_.ends_with ('/'))
    devices_ += '/';
  devices_ += "dev";
  if (!g_file_test (devices_.c_str (), G_FILE_TEST_IS_DIR)) {
    g_message ("%s: there is no such directory: a camera that is plugged in is found at the next "
               "attempt only",
               devices_.c_str ());
    return;
  }
  nodes_ = watch (
      devices_, [] (GFileMonitor *, GFile *file, GFile *, GFileMonitorEvent event, gpointer self) {
        g_autofree char *name = g_file_get_basename (file);
        if (appears (event) && is_camera_name (name))
          static_cast<DeviceWatch *> (self)->tell_soon ();
      });
  watch_links ();
}

DeviceWatch::Folder
DeviceWatch::watch (const std::string &path, Changed changed)
{
  Folder folder;
  g_autoptr (GError) error = nullptr;
  g_autoptr (GFile) file = g_file_new_for_path (path.c_str ());
  folder.monitor = Ref<GFileMonitor>::adopt (
      g_file_monitor_directory (file, G_FILE_MONITOR_WATCH_MOVES, nullptr, &error));
  if (!folder.monitor) {
    g_message ("%s: %s: a camera that is plugged in is found at the next attempt only",
               path.c_str (), error->message);
    return folder;
  }
  folder.handler
      = SignalHandler (folder.monitor.get (), g_signal_connect (folder.monitor.get (), "changed",
                                                                G_CALLBACK (changed), this));
  return folder;
}

/* Anew each time, since the folder may be another one by now. */
void
DeviceWatch::watch_links ()
{
  const std::string path = devices_ + "/v4l/by-path";
  links_ = {};
  if (!g_file_test (path.c_str (), G_FILE_TEST_IS_DIR))
    return;
  links_
      = watch (path, [] (GFileMonitor *, GFile *, GFile *, GFileMonitorEvent event, gpointer self) {
          if (appears (event))
            static_cast<DeviceWatch *> (self)->tell_soon ();
        });
}

void
DeviceWatch::tell_soon ()
{
  if (soon_)
    return;
  const auto due = [] (gpointer self) -> gboolean {
    static_cast<DeviceWatch *> (self)->tell ();
    return G_SOURCE_REMOVE;
  };
  soon_ = SourceId (g_timeout_add (GATHER, due, this));
}

void
DeviceWatch::tell ()
{
  soon_.forget ();
  watch_links ();
  const auto arrived = arrived_; /* which may end this */
  arrived ();
}

} // namespace camwarden
