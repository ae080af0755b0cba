// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is kept of what happens, and who is told. */
#include "buildconfig.h"
#include "config/directories.h"
#include "daemon/daemon.h"
#include "daemon/httpapi/modeljson.h"

namespace camwarden
{

static constexpr guint LOOK_MS = 1000; /* at the conditions that make alerts */

Records::World
Daemon::records_world ()
{
  Records::World world;
  world.issues = [this] { return health_of (model_).issues; };
  world.cameras = [this] {
    std::vector<std::string> ids;
    for (const auto &camera : parts_.config->cameras ())
      ids.push_back (camera.id);
    return ids;
  };
  world.channel = [this] (const std::string &id) {
    const CameraConfig *camera = parts_.config->camera (id);
    return camera_prefix (id, camera ? camera->channel : "") + "event";
  };
  world.redis = [this] (const std::vector<std::string> &words, auto done) {
    if (parts_.monitor && done)
      parts_.monitor->ask (words, std::move (done));
    else if (parts_.monitor)
      parts_.monitor->command (words);
    else if (done)
      done ("there is no connection yet");
  };
  return world;
}

/* Before everything of which something may be told. */
void
Daemon::start_records ()
{
  const std::string directory = state_directory ();
  if (const std::string why = ensure_directory (directory); !why.empty ())
    g_warning ("%s", why.c_str ());
  parts_.records = std::make_unique<Records> (records_world (), parts_.config->alerts (),
                                              parts_.config->history (), directory);
}

void
Daemon::watch_conditions ()
{
  parts_.records->note ("start", Severity::Info, "", "", "camwardend " CAMWARDEN_VERSION " runs");
  look_ = Timer::every (LOOK_MS, [this] { parts_.records->tick (); });
}

void
Daemon::take_sample (const SystemSample &sample)
{
  if (parts_.records)
    parts_.records->sample (sampler_.take (sample, model_.status ().redis, model_.cameras (),
                                           g_get_monotonic_time (), g_get_real_time ()));
}

void
Daemon::note_reload (const std::string &why)
{
  const bool good = why.empty ();
  parts_.records->note ("configuration", good ? Severity::Info : Severity::Warning, "",
                        good ? "reloaded" : "refused",
                        good ? "configuration reloaded" : "configuration not reloaded: " + why);
}

/* All that has happened is told while Redis is still there. */
void
Daemon::finish_records ()
{
  look_.cancel ();
  parts_.records->finish ();
}

} // namespace camwarden
