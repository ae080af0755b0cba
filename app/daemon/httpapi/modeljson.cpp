// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/modeljson.h"

#include "daemon/httpapi/jsonwriter.h"

#include <algorithm>

namespace camwarden
{

CameraFacts
facts_of (const CameraStatus &camera)
{
  return { camera.id,           camera.state,        camera.verdict,
           camera.test_picture, camera.store_paused, camera.last_error };
}

static RedisFacts
facts_of (const RedisStatus &redis)
{
  return { redis.connected, redis.uri, redis.error };
}

static MachineFacts
facts_of (const MachineStatus &machine)
{
  MachineFacts facts;
  for (const auto &one : machine.thresholds)
    facts.thresholds.push_back (
        { one.what, one.instance, one.level, one.value, one.warning, one.critical });
  if (machine.sample.power_known) {
    facts.under_voltage = machine.sample.power_now.under_voltage;
    facts.throttled = machine.sample.power_now.throttled;
  }
  facts.emergency = machine.emergency;
  facts.emergency_cause = machine.emergency_cause;
  facts.degrade_step = machine.degrade_step;
  facts.degrade_text = machine.degrade_text;
  facts.reboot_trouble = machine.reboot_trouble;
  facts.history_trouble = machine.history_trouble;
  facts.others = machine.others;
  return facts;
}

HealthReport
health_of (const ApiModel &model)
{
  std::vector<CameraFacts> cameras;
  for (const auto &camera : model.cameras ())
    cameras.push_back (facts_of (camera));
  const DaemonStatus status = model.status ();
  return report_health (cameras, facts_of (status.redis), status.configuration_error,
                        facts_of (model.machine ()));
}

/* In JSON's spelling. */
static void
write_counts (JsonWriter &json, const char *name, const ElementCounts &counts)
{
  json.begin_object (name);
  for (const auto &[field, count] : counts) {
    std::string key = field;
    std::replace (key.begin (), key.end (), '-', '_');
    json.add (key.c_str (), count);
  }
  json.end_object ();
}

static void
write_camera_counts (JsonWriter &json, const CameraStatus &camera)
{
  json.add ("frames", camera.frames)
      .add ("published", camera.published)
      .add ("dropped", camera.dropped)
      .add ("stored", camera.stored)
      .add_text ("store_paused", camera.store_paused)
      .add_text ("degraded", camera.degraded)
      .add ("restarts", camera.restarts)
      .add ("recycles", camera.recycles)
      .add ("consecutive_failures", camera.consecutive_failures)
      .add ("health_score", health_score (camera.consecutive_failures));
  json.begin_object ("counts").add ("encoded", camera.encoded).add ("held_back", camera.held_back);
  write_counts (json, "redis", camera.redis_counts);
  write_counts (json, "store", camera.store_counts);
  json.end_object ();
}

static void
write_recovery (JsonWriter &json, const CameraStatus &camera)
{
  json.begin_object ("recovery")
      .add_text ("tier", camera.recovery)
      .add ("given_up", camera.given_up)
      .add_time ("next_attempt", camera.next_attempt)
      .add ("cured", camera.cured);
  json.begin_object ("restarts");
  const char *tiers[] = { "source", "pipeline", "device", "worker", "machine" };
  for (size_t i = 0; i < camera.cures.size (); i++)
    json.add (tiers[i], camera.cures[i]);
  json.end_object ().end_object ();
}

static void
write_worker (JsonWriter &json, const CameraStatus &camera)
{
  json.begin_object ("worker")
      .add ("pid", camera.worker_pid)
      .add_time ("started", camera.worker_started)
      .end_object ()
      .add_text ("last_error", camera.last_error)
      .add_time ("last_error_timestamp", camera.last_error_time);
}

void
write_camera (JsonWriter &json, const CameraStatus &camera)
{
  const std::string base = "/api/cameras/" + camera.id;
  json.add ("id", camera.id)
      .add ("status", health_level_name (camera_level (facts_of (camera))))
      .add ("state", std::string (camera_state_name (camera.state)))
      .add ("verdict", camera.verdict)
      .add_time ("verdict_since", camera.verdict_since)
      .add_text ("source", camera.source)
      .add ("test_picture", camera.test_picture)
      .add_text ("channel", camera.channel)
      .add_text ("modes", camera.modes)
      .add_text ("caps", camera.caps)
      .add ("fps", camera.fps)
      .add ("target_fps", camera.target_fps)
      .add ("width", camera.width)
      .add ("height", camera.height)
      .add_seconds ("last_frame_age", camera.last_frame_age)
      .add_time ("last_frame_timestamp", camera.last_frame_time)
      .add ("wanted", camera.wanted);
  write_camera_counts (json, camera);
  write_recovery (json, camera);
  write_worker (json, camera);
  json.begin_object ("links")
      .add ("self", base)
      .add ("snapshot", base + "/snapshot.jpg")
      .add ("stream", base + "/stream.mjpg")
      .end_object ();
}

static void
write_redis (JsonWriter &json, const RedisStatus &redis)
{
  json.begin_object ("redis")
      .add ("status", redis.connected ? "healthy" : "critical")
      .add ("embedded", redis.embedded)
      .add ("connected", redis.connected)
      .add ("uri", redis.uri)
      .add ("host", redis.host)
      .add ("port", redis.port)
      .add_text ("server", redis.server);
  if (redis.rtt)
    json.add ("response_time_ms", static_cast<double> (*redis.rtt) / 1000.0);
  else
    json.add_null ("response_time_ms");
  json.add ("reconnects", redis.reconnects)
      .add ("restarts", redis.restarts)
      .add_text ("error", redis.error)
      .end_object ();
}

void
write_status (JsonWriter &json, const ApiModel &model, int64_t now_wall)
{
  const DaemonStatus status = model.status ();
  json.begin_object ()
      .add ("status", status.ready ? "running" : "starting")
      .add ("health", health_level_name (health_of (model).overall))
      .add ("timestamp", iso_time (now_wall))
      .add ("uptime", status.uptime / G_USEC_PER_SEC)
      .add ("version", status.version)
      .add ("hostname", status.hostname)
      .add ("started", iso_time (status.started))
      .add ("ready", status.ready)
      .add_text ("not_ready", status.not_ready)
      .add_text ("configuration_error", status.configuration_error);
  write_redis (json, status.redis);
  json.begin_array ("cameras");
  for (const auto &camera : model.cameras ())
    json.begin_object ()
        .add ("id", camera.id)
        .add ("status", health_level_name (camera_level (facts_of (camera))))
        .end_object ();
  json.end_array ().end_object ();
}

/* The one "camera" of old is the worst of ours. */
static void
write_worst_camera (JsonWriter &json, const std::vector<CameraStatus> &cameras)
{
  HealthLevel level = HealthLevel::Off;
  int score = 100;
  for (const auto &camera : cameras) {
    const HealthLevel own = camera_level (facts_of (camera));
    level = std::max (level, own);
    if (own != HealthLevel::Off)
      score = std::min (score, health_score (camera.consecutive_failures));
  }
  json.begin_object ("camera")
      .add ("status", health_level_name (level))
      .add ("health_score", score)
      .end_object ();
}

static void
write_processes (JsonWriter &json, const DaemonStatus &status,
                 const std::vector<CameraStatus> &cameras)
{
  const auto process = [&json] (const std::string &name, bool running) {
    json.begin_object (name.c_str ())
        .add ("status", running ? "healthy" : "critical")
        .end_object ();
  };
  json.begin_object ("processes");
  process ("camwardend", true);
  if (status.redis.embedded)
    process ("redis-server", status.redis.connected);
  for (const auto &camera : cameras)
    if (camera.state != CameraState::Stopped)
      process ("camera-" + camera.id, camera.worker_pid.has_value ());
  json.end_object ();
}

static void
write_components (JsonWriter &json, const DaemonStatus &status,
                  const std::vector<CameraStatus> &cameras)
{
  json.begin_object ("components");
  write_worst_camera (json, cameras);
  json.begin_object ("cameras");
  for (const auto &camera : cameras)
    json.begin_object (camera.id.c_str ())
        .add ("status", health_level_name (camera_level (facts_of (camera))))
        .add ("health_score", health_score (camera.consecutive_failures))
        .end_object ();
  json.end_object ();
  json.begin_object ("redis")
      .add ("status", status.redis.connected ? "healthy" : "critical")
      .end_object ();
  write_processes (json, status, cameras);
  json.end_object ();
}

void
write_health_summary (JsonWriter &json, const ApiModel &model, int64_t now_wall)
{
  const HealthReport report = health_of (model);
  json.begin_object ()
      .add ("timestamp", iso_time (now_wall))
      .add ("overall_status", health_level_name (report.overall))
      .add ("issues_count", static_cast<uint64_t> (report.issues.size ()))
      .add ("critical_issues", static_cast<uint64_t> (report.count (HealthLevel::Critical)))
      .add ("warnings", static_cast<uint64_t> (report.count (HealthLevel::Warning)));
  json.begin_array ("issues");
  for (const auto &issue : report.issues)
    json.begin_object ()
        .add ("severity", health_level_name (issue.level))
        .add ("part", issue.part)
        .add ("code", issue.code)
        .add_text ("instance", issue.instance)
        .add ("message", issue.text)
        .end_object ();
  json.end_array ();
  write_components (json, model.status (), model.cameras ());
  json.end_object ();
}

} // namespace camwarden
