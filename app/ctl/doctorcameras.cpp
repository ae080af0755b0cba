// SPDX-License-Identifier: LGPL-2.1-or-later
/* What "doctor" says of cameras, elements and programs. */
#include "buildconfig.h"
#include "config/i18n.h"
#include "config/values.h"
#include "ctl/doctor.h"
#include "ctl/textformat.h"
#include "gobject/ref.h"

#include <algorithm>
#include <map>
#include <set>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

/* Names of a colon-separated file such as /etc/group: the fields of the line that begins so, or
 * whose third field is that number. */
std::vector<std::string>
database_line (const Machine &machine, const char *file, const std::string &name, long number)
{
  const auto text = machine.text (file);
  for (const auto &line : split_words (text.value_or (""), "\n")) {
    std::vector<std::string> fields;
    for (size_t begin = 0; begin <= line.size ();) {
      const size_t end = std::min (line.find (':', begin), line.size ());
      fields.push_back (line.substr (begin, end - begin));
      begin = end + 1;
    }
    if (fields.size () >= 4
        && (name.empty () ? fields[2] == std::to_string (number) : fields[0] == name))
      return fields;
  }
  return {};
}

bool
in_group (const Inspection &all, const std::string &user, gid_t group)
{
  const auto line = database_line (all.machine, "/etc/group", "", group);
  const auto passwd = database_line (all.machine, "/etc/passwd", user, 0);
  if (passwd.size () >= 4 && passwd[3] == std::to_string (group))
    return true;
  if (line.empty ())
    return false;
  const auto members = split_words (line[3], ",");
  return std::find (members.begin (), members.end (), user) != members.end ()
         || all.unit.has_word ("SupplementaryGroups", line[0]);
}

bool
may_use (const Inspection &all, const std::string &user, const struct stat &status)
{
  if (user == "root" || (status.st_mode & 0006) == 0006)
    return true;
  const auto passwd = database_line (all.machine, "/etc/passwd", user, 0);
  if (passwd.size () >= 3 && passwd[2] == std::to_string (status.st_uid))
    return (status.st_mode & 0600) == 0600;
  return (status.st_mode & 0060) == 0060 && in_group (all, user, status.st_gid);
}

/* "/dev/video0" of device=... or of "v4l2src device=/dev/video0 ! ..."; empty: none is named. */
std::string
device_of (const CameraConfig &camera)
{
  if (!camera.device.empty ())
    return camera.device.front () == '/' ? camera.device : "";
  constexpr std::string_view word = "device=/";
  const size_t at = camera.source.find (word);
  if (at == std::string::npos)
    return "";
  const size_t begin = at + word.size () - 1;
  return camera.source.substr (begin, camera.source.find_first_of (" \t!\"", begin) - begin);
}

void
check_device (Inspection &all, const CameraConfig &camera, const std::string &device)
{
  struct stat status
  {};
  const bool there = stat (all.machine.path (device).c_str (), &status) == 0;
  all.error (!there, "camera-missing",
             text_of (_ ("camera %s: %s is not there"), camera.id.c_str (), device.c_str ()),
             _ ("the device that the configuration names does not exist"),
             _ ("plug it in, or take a device that camwardenctl cameras lists"));
  const std::string user = service_user (all);
  const auto group = database_line (all.machine, "/etc/group", "", status.st_gid);
  all.error (there && !may_use (all, user, status), "camera-permission",
             text_of (_ ("camera %s: the user %s may not open %s"), camera.id.c_str (),
                      user.c_str (), device.c_str ()),
             text_of (_ ("the device belongs to the group %s, with mode %04o"),
                      group.empty () ? std::to_string (status.st_gid).c_str () : group[0].c_str (),
                      static_cast<unsigned> (status.st_mode & 07777)),
             text_of (_ ("usermod -aG %s %s, then systemctl restart camwarden"),
                      group.empty () ? "video" : group[0].c_str (), user.c_str ()));
  all.hint (there && device.starts_with ("/dev/video"), "camera-unstable-name",
            text_of (_ ("camera %s: %s may be another camera after a reboot"), camera.id.c_str (),
                     device.c_str ()),
            _ ("the kernel numbers cameras in the order in which it finds them"),
            _ ("name it by its place: ls -l /dev/v4l/by-path"));
}

bool
has_any_camera (const Machine &machine)
{
  const auto names = machine.names ("/dev");
  return std::any_of (names.begin (), names.end (), [] (const std::string &name) {
    return name.starts_with ("video") || name.starts_with ("media");
  });
}

/* The elements that a gst-launch description names. */
std::set<std::string>
elements_in (const std::string &description)
{
  std::set<std::string> elements;
  bool first = true;
  for (const auto &word : split_words (description, " \t")) {
    const bool name = first && word.find ('=') == std::string::npos
                      && word.find ('/') == std::string::npos
                      && word.find ('.') == std::string::npos && word != "(" && word != "auto";
    if (name && word != "!")
      elements.insert (word);
    first = word == "!";
  }
  return elements;
}

std::map<std::string, std::string>
wanted_elements (const Inspection &all)
{
  constexpr const char *ours = "gstreamer1.0-camwarden", *base = "gstreamer1.0-plugins-base",
                       *good = "gstreamer1.0-plugins-good";
  std::map<std::string, std::string> wanted{ { "redissink", ours },
                                             { "healthprobe", ours },
                                             { "framestoresink", ours },
                                             { "videoconvert", base },
                                             { "videoscale", base } };
  for (const CameraConfig &camera : all.config.cameras ()) {
    for (const std::string &description : { camera.source, camera.encoder })
      for (const std::string &element : elements_in (description))
        wanted.emplace (element, "");
    if (camera.source == "auto")
      wanted.emplace ("v4l2src", good);
  }
  for (const auto &[element, package] :
       std::map<std::string, std::string>{ { "v4l2src", good },
                                           { "jpegenc", good },
                                           { "rtspsrc", good },
                                           { "videotestsrc", base },
                                           { "libcamerasrc", "gstreamer1.0-libcamera" } })
    if (wanted.contains (element))
      wanted[element] = package;
  return wanted;
}

bool
succeeds (const std::vector<std::string> &words)
{
  std::vector<const char *> argv;
  for (const std::string &word : words)
    argv.push_back (word.c_str ());
  argv.push_back (nullptr);
  int status = -1;
  return g_spawn_sync (
             nullptr, const_cast<char **> (argv.data ()), nullptr,
             static_cast<GSpawnFlags> (G_SPAWN_STDOUT_TO_DEV_NULL | G_SPAWN_STDERR_TO_DEV_NULL),
             nullptr, nullptr, nullptr, nullptr, &status, nullptr)
         && status == 0;
}

void
check_elements (Inspection &all)
{
  const std::string inspect = all.machine.program ("gst-inspect-1.0");
  all.hint (inspect.empty (), "no-gst-inspect", _ ("gst-inspect-1.0 is not installed"),
            _ ("without it nobody can tell which elements are there"),
            _ ("apt-get install gstreamer1.0-tools"));
  if (inspect.empty ())
    return;
  for (const auto &[element, package] : wanted_elements (all))
    all.error (!succeeds ({ inspect, "--exists", "--atleast-version=0.0", element }),
               "element-missing", text_of (_ ("the element %s is missing"), element.c_str ()),
               _ ("a camera's pipeline needs it"),
               package.empty ()
                   ? std::string (_ ("install its plugin: apt-file search, or correct source or "
                                     "encoder"))
                   : text_of (_ ("apt-get install %s"), package.c_str ()));
}

std::string
worker_path ()
{
  const char *named = g_getenv ("CAMWARDEN_WORKER");
  return named && *named ? named : CAMWARDEN_LIBEXECDIR "/camwarden-camera";
}

} // namespace

std::string
service_user (const Inspection &all)
{
  const std::string user = all.unit.value ("User");
  if (!all.unit.empty ())
    return user.empty () ? "root" : user;
  return all.machine.real () ? g_get_user_name () : "camwarden";
}

void
check_cameras (Inspection &all)
{
  std::map<std::string, std::string> owners;
  const bool automatic = std::any_of (all.config.cameras ().begin (), all.config.cameras ().end (),
                                      [] (const CameraConfig &camera) {
                                        return camera.source == "auto" && camera.device.empty ();
                                      });
  all.warning (automatic && !has_any_camera (all.machine), "no-camera",
               _ ("no camera is plugged in"), _ ("a test picture is shown in its place"),
               _ ("plug one in; on a Raspberry Pi see libcamera-hello --list-cameras"));
  for (const CameraConfig &camera : all.config.cameras ()) {
    const std::string device = device_of (camera);
    if (device.empty ())
      continue;
    check_device (all, camera, device);
    const auto [owner, is_new] = owners.emplace (device, camera.id);
    all.error (!is_new, "camera-twice",
               text_of (_ ("the cameras %s and %s use the same device"), owner->second.c_str (),
                        camera.id.c_str ()),
               text_of (_ ("only one program can open %s"), device.c_str ()),
               _ ("another device for one of them, or enabled=false"));
  }
}

void
check_programs (Inspection &all)
{
  check_elements (all);
  const std::string worker = worker_path ();
  all.error (access (worker.c_str (), X_OK) != 0, "worker-missing",
             text_of (_ ("the worker %s is missing"), worker.c_str ()),
             _ ("it runs a camera's pipeline"), _ ("install the package camwarden anew"));
  all.error (all.config.redis ().embedded () && all.machine.program ("redis-server").empty ()
                 && all.machine.program ("valkey-server").empty (),
             "redis-server-missing", _ ("redis-server is not installed"),
             _ ("without uri in [redis] the daemon runs a server of its own"),
             _ ("apt-get install redis-server, or name a server in uri of [redis]"));
  const std::string user = service_user (all);
  all.error (!all.unit.empty () && user != "root"
                 && database_line (all.machine, "/etc/passwd", user, 0).empty (),
             "user-missing", text_of (_ ("there is no user %s"), user.c_str ()),
             _ ("the service is to run as it"), _ ("systemd-sysusers, or User= in the unit"));
}

} // namespace camwarden
