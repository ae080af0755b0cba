// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/daemonmodel.h"

#include "buildconfig.h"
#include "core/secrettext.h"
#include "redis/redislocation.h"

namespace camwarden
{

std::string
consumer_uri (const DaemonParts &parts)
{
  if (!parts.redis)
    return parts.config ? parts.config->redis ().uri : "";
  const unsigned port = parts.redis->port ();
  return port ? "redis://127.0.0.1:" + std::to_string (port) : "";
}

RedisStatus
DaemonModel::redis () const
{
  RedisStatus status;
  status.embedded = parts_.redis != nullptr;
  status.uri = consumer_uri (parts_);
  if (const auto where = parse_redis_location (status.uri.c_str (), nullptr)) {
    status.host = where->socket_path.empty () ? where->host : where->socket_path;
    status.port = where->socket_path.empty () ? static_cast<int> (where->port) : 0;
  }
  if (parts_.monitor) {
    const RedisMonitor::Status link = parts_.monitor->status ();
    status.connected = link.connected;
    status.error = link.error;
    status.reconnects = link.connects > 0 ? link.connects - 1 : 0;
    if (link.rtt >= 0)
      status.rtt = link.rtt;
  }
  if (parts_.redis) {
    status.server = parts_.redis->version ();
    status.restarts = parts_.redis->restarts ();
    if (!status.connected && parts_.redis->state () != EmbeddedRedis::State::Running)
      status.error = parts_.redis->why ();
  }
  return status;
}

DaemonStatus
DaemonModel::status () const
{
  DaemonStatus status;
  status.version = CAMWARDEN_VERSION;
  status.hostname = g_get_host_name ();
  status.started = parts_.started;
  status.uptime = g_get_monotonic_time () - parts_.started_mono;
  status.ready = parts_.ready;
  if (!parts_.ready)
    status.not_ready = "The daemon is starting";
  status.configuration_error = parts_.configuration_error;
  status.redis = redis ();
  return status;
}

static void
add_health (CameraStatus &status, const CameraHealth &health)
{
  status.state = health.state;
  status.verdict = health.verdict;
  status.test_picture = health.source == test_picture_source;
  if (health.pid != 0) {
    status.fps = health.fps;
    status.worker_pid = health.pid;
  }
  status.caps = health.caps;
  status.width = static_cast<int> (health.width);
  status.height = static_cast<int> (health.height);
  if (health.age >= 0) {
    status.last_frame_age = health.age;
    status.last_frame_time = g_get_real_time () - health.age;
  }
  status.wanted = health.wanted;
  status.frames = health.frames;
  status.published = health.published;
  status.dropped = health.dropped;
  status.stored = health.stored;
  status.store_paused = health.store_paused;
  status.encoded = health.encoded;
  status.held_back = health.held_back;
  status.degraded = health.degraded;
  status.redis_counts = health.redis_counts;
  status.store_counts = health.store_counts;
  status.restarts = health.respawns;
  status.recycles = health.recycles;
  status.cures = health.cures;
  status.cured = health.cured;
  status.recovery = health.recovery;
  status.given_up = health.given_up;
  if (health.next_attempt)
    status.next_attempt = health.next_attempt;
}

CameraStatus
camera_status (const CameraConfig &config, const CameraSet::Camera *camera)
{
  CameraStatus status;
  status.id = config.id;
  status.state = CameraState::Stopped;
  status.source = without_passwords (config.source);
  status.channel = config.channel;
  status.modes = config.modes;
  if (config.framerate.numerator > 0 && config.framerate.denominator > 0)
    status.target_fps
        = static_cast<double> (config.framerate.numerator) / config.framerate.denominator;
  if (!camera)
    return status;
  add_health (status, camera->supervisor->health ());
  if (camera->verdict_since)
    status.verdict_since = camera->verdict_since;
  if (camera->worker_started)
    status.worker_started = camera->worker_started;
  status.consecutive_failures = camera->failures;
  status.ages = camera->ages;
  status.faults = camera->faults;
  status.last_error = without_passwords (camera->last_error);
  if (camera->last_error_time)
    status.last_error_time = camera->last_error_time;
  return status;
}

std::vector<CameraStatus>
DaemonModel::cameras () const
{
  std::vector<CameraStatus> list;
  if (!parts_.config || !parts_.cameras)
    return list;
  for (const auto &config : parts_.config->all_cameras ())
    list.push_back (camera_status (config, parts_.cameras->find (config.id)));
  return list;
}

void
DaemonModel::snapshot (const std::string &camera, SnapshotDone done)
{
  const CameraSet::Camera *found = parts_.cameras ? parts_.cameras->find (camera) : nullptr;
  if (found)
    return found->supervisor->snapshot (std::move (done));
  g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_FOUND,
                                          "There is no running camera \"%s\"", camera.c_str ());
  done (nullptr, error);
}

uint64_t
DaemonModel::watch_frames (const std::string &camera, FrameArrived arrived)
{
  return parts_.cameras ? parts_.cameras->watch (camera, std::move (arrived)) : 0;
}

void
DaemonModel::unwatch_frames (uint64_t token)
{
  if (parts_.cameras)
    parts_.cameras->unwatch (token);
}

static double
limit (const Threshold &threshold, bool critical)
{
  return critical ? threshold.settings ().critical : threshold.settings ().warning;
}

MachineStatus
DaemonModel::machine () const
{
  MachineStatus status;
  if (parts_.rebooter) {
    status.reboot_trouble = parts_.rebooter->trouble ();
    status.reboot_reason = parts_.rebooter->last_reason ();
  }
  if (parts_.records)
    status.history_trouble = parts_.records->trouble ();
  if (!parts_.safeguards)
    return status;
  if (const Protector *protector = parts_.protector.get ()) {
    status.degrade_step = protector->degrade ().step ();
    status.degrade_text = protector->degrade_text ();
    status.emergency = protector->emergency ();
    status.others = protector->issues ();
    status.emergency_cause = protector->emergency_cause ();
    if (const int64_t since = protector->emergency_since ())
      status.emergency_since = since;
  }
  status.sample = parts_.safeguards->sample ();
  for (const auto &[key, threshold] : parts_.safeguards->thresholds ().all ())
    status.thresholds.push_back ({ .what = key.first,
                                   .instance = key.second,
                                   .level = threshold.level (),
                                   .value = threshold.value (),
                                   .warning = limit (threshold, false),
                                   .critical = limit (threshold, true) });
  return status;
}

} // namespace camwarden
