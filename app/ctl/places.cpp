// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/places.h"

#include "config/directories.h"

#include <glib.h>
#include <unistd.h>

namespace camwarden
{

static constexpr const char *service_state = "/var/lib/camwarden";

static bool
is_said (const char *variable)
{
  const char *value = g_getenv (variable);
  return value && *value;
}

void
adopt_service_directories ()
{
  if (is_said ("STATE_DIRECTORY") || is_said ("RUNTIME_DIRECTORY") || is_said ("LOGS_DIRECTORY")
      || is_said ("XDG_STATE_HOME"))
    return;
  const bool own_state = getuid () != 0 && access (state_directory ().c_str (), F_OK) == 0;
  if (own_state || access (service_state, F_OK) != 0)
    return;
  g_setenv ("STATE_DIRECTORY", service_state, FALSE);
  g_setenv ("RUNTIME_DIRECTORY", "/run/camwarden", FALSE);
  g_setenv ("LOGS_DIRECTORY", "/var/log/camwarden", FALSE);
}

std::optional<Config>
load_config (const std::string &file, std::vector<Finding> &findings)
{
  return Config::load (ConfigSources::from_environment (file.empty () ? nullptr : file.c_str ()),
                       findings);
}

std::string
main_config_file (const std::string &file)
{
  const ConfigPaths paths
      = ConfigSources::from_environment (file.empty () ? nullptr : file.c_str ()).paths;
  return paths.single_file.empty () ? paths.main_file : paths.single_file;
}

} // namespace camwarden
