// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/directories.h"

#include "config/i18n.h"
#include "gobject/ref.h"

#include <cerrno>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

/* systemd separates several directories by colons; ours is the first. */
static std::string
from_systemd (const char *variable)
{
  const char *value = g_getenv (variable);
  if (!value || *value != '/')
    return {};
  const std::string text = value;
  return text.substr (0, text.find (':'));
}

std::string
runtime_directory ()
{
  if (std::string directory = from_systemd ("RUNTIME_DIRECTORY"); !directory.empty ())
    return directory;
  const char *xdg = g_getenv ("XDG_RUNTIME_DIR");
  if (xdg && *xdg == '/')
    return std::string (xdg) + "/camwarden";
  return "/tmp/camwarden-" + std::to_string (getuid ());
}

std::string
state_directory ()
{
  if (std::string directory = from_systemd ("STATE_DIRECTORY"); !directory.empty ())
    return directory;
  const char *xdg = g_getenv ("XDG_STATE_HOME");
  if (xdg && *xdg == '/')
    return std::string (xdg) + "/camwarden";
  return std::string (g_get_home_dir ()) + "/.local/state/camwarden";
}

std::string
logs_directory ()
{
  if (std::string directory = from_systemd ("LOGS_DIRECTORY"); !directory.empty ())
    return directory;
  return state_directory () + "/log";
}

std::string
control_socket_path ()
{
  return runtime_directory () + "/http.sock";
}

std::string
embedded_redis_socket_path ()
{
  return runtime_directory () + "/redis.sock";
}

std::string
embedded_redis_password_path ()
{
  return runtime_directory () + "/redis.password";
}

std::string
camera_lock_path (const std::string &camera)
{
  return runtime_directory () + "/camera-" + camera + ".lock";
}

std::string
ensure_directory (const std::string &path)
{
  if (g_mkdir_with_parents (path.c_str (), 0700) != 0)
    return take_string (g_strdup_printf (_ ("Cannot make the directory %s: %s"), path.c_str (),
                                         g_strerror (errno)));
  struct stat info
  {};
  if (lstat (path.c_str (), &info) != 0)
    return take_string (g_strdup_printf (_ ("Cannot look at the directory %s: %s"), path.c_str (),
                                         g_strerror (errno)));
  /* systemd's dynamic users get a link of root's; a stranger's link in /tmp is a trap. */
  if (S_ISLNK (info.st_mode) && (info.st_uid == 0 || info.st_uid == getuid ())
      && stat (path.c_str (), &info) != 0)
    return take_string (g_strdup_printf (_ ("Cannot look at the directory %s: %s"), path.c_str (),
                                         g_strerror (errno)));
  if (!S_ISDIR (info.st_mode))
    return take_string (
        g_strdup_printf (_ ("%s is not a directory; remove it or move it away"), path.c_str ()));
  if (info.st_uid != getuid ())
    return take_string (g_strdup_printf (
        _ ("The directory %s belongs to another user; remove it or set RUNTIME_DIRECTORY or "
           "STATE_DIRECTORY"),
        path.c_str ()));
  return {};
}

} // namespace camwarden
