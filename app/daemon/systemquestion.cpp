// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/systemquestion.h"

#include "config/directories.h"

#include <unistd.h>

namespace camwarden
{

static std::vector<SystemQuestion::Disk>
disks (const Config &config)
{
  std::vector<SystemQuestion::Disk> disks{ { "frames", config.store ().location, {} },
                                           { "state", state_directory (), {} },
                                           { "runtime", runtime_directory (), {} } };
  if (const std::string &file = config.log ().file; !file.empty ())
    disks.push_back ({ "log", take_string (g_path_get_dirname (file.c_str ())), {} });
  std::erase_if (disks, [] (const auto &disk) { return !g_path_is_absolute (disk.path.c_str ()); });
  return disks;
}

static std::vector<SystemQuestion::Process>
processes (const DaemonParts &parts)
{
  std::vector<SystemQuestion::Process> processes{ { "camwardend", getpid (), 0 } };
  if (parts.redis)
    processes.push_back ({ "redis-server", parts.redis->pid (), parts.redis->restarts () });
  if (parts.cameras)
    for (const auto &[id, camera] : parts.cameras->all ()) {
      const CameraHealth &health = camera->supervisor->health ();
      processes.push_back ({ "camera:" + id, health.pid, health.respawns });
    }
  return processes;
}

Safeguards::World
safeguards_world (const DaemonParts &parts)
{
  Safeguards::World world;
  world.question = [&parts] {
    SystemQuestion question;
    question.disks = disks (*parts.config);
    question.processes = processes (parts);
    if (parts.monitor)
      question.redis_reachable = parts.monitor->status ().connected;
    return question;
  };
  world.redis_away_since
      = [&parts] () -> int64_t { return parts.monitor ? parts.monitor->status ().away_since : -1; };
  return world;
}

} // namespace camwarden
