// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/healthjson.h"

#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/machinejson.h"
#include "daemon/httpapi/modeljson.h"
#include "daemon/httpapi/recordsjson.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unistd.h>

namespace camwarden
{

/* As psutil's users divide: 1024 three times. */
static double
gigabytes (uint64_t bytes)
{
  return rounded (static_cast<double> (bytes) / (1024.0 * 1024 * 1024), 100);
}

static double
megabytes (uint64_t bytes)
{
  return rounded (static_cast<double> (bytes) / (1024.0 * 1024), 10);
}

static const DiskSample *
fullest_disk (const SystemSample &sample)
{
  const DiskSample *fullest = nullptr;
  for (const DiskSample &disk : sample.disks)
    if (disk.known && (!fullest || disk.used () > fullest->used ()))
      fullest = &disk;
  return fullest;
}

static std::string
level_of (const MachineStatus &machine, Quantity what)
{
  ThresholdLevel level = ThresholdLevel::None;
  for (const ThresholdStatus &threshold : machine.thresholds)
    if (threshold.what == what)
      level = std::max (level, threshold.level);
  return level == ThresholdLevel::None ? "healthy" : std::string (threshold_level_name (level));
}

static void
write_resources (JsonWriter &json, const SystemSample &sample)
{
  const DiskSample *disk = fullest_disk (sample);
  json.begin_object ("system_resources")
      .add ("cpu_percent", sample.cpu ? std::optional (percent (sample.cpu->busy)) : std::nullopt)
      .add ("memory_percent",
            sample.memory ? std::optional (percent (sample.memory->used ())) : std::nullopt)
      .add ("memory_available_gb",
            sample.memory ? std::optional (gigabytes (sample.memory->available)) : std::nullopt)
      .add ("disk_percent", disk ? std::optional (percent (disk->used ())) : std::nullopt)
      .add ("disk_free_gb", disk ? std::optional (gigabytes (disk->available)) : std::nullopt);
  json.begin_array ("load_average");
  if (sample.load)
    json.value (sample.load->one).value (sample.load->five).value (sample.load->fifteen);
  json.end_array ().end_object ();
}

static void
write_redis_status (JsonWriter &json, const RedisStatus &redis)
{
  json.begin_object ("redis_status")
      .add ("connected", redis.connected)
      .add ("host", redis.host)
      .add ("port", redis.port)
      .add ("response_time_ms",
            redis.rtt ? std::optional (static_cast<double> (*redis.rtt) / 1000.0) : std::nullopt)
      .add ("reconnects", redis.reconnects)
      .add_text ("error", redis.error)
      .end_object ();
}

static void
write_process (JsonWriter &json, const std::string &name, bool runs, std::optional<int64_t> pid,
               const SystemSample &sample)
{
  json.begin_object (name.c_str ()).add ("running", runs).begin_array ("pids");
  if (pid)
    json.value (*pid);
  json.end_array ();
  const auto found
      = std::find_if (sample.processes.begin (), sample.processes.end (),
                      [&] (const ProcessSample &one) { return pid && one.pid == *pid; });
  const ProcessSample *known = found == sample.processes.end () ? nullptr : &*found;
  json.add ("memory_mb", known ? std::optional (megabytes (known->rss)) : std::nullopt)
      .add ("cpu_percent",
            known && known->cpu ? std::optional (percent (*known->cpu)) : std::nullopt)
      .add ("threads", known ? std::optional (known->threads) : std::nullopt)
      .end_object ();
}

static void
write_processes (JsonWriter &json, const ApiModel &model, const SystemSample &sample)
{
  const RedisStatus redis = model.status ().redis;
  json.begin_object ("process_status");
  write_process (json, "camwardend", true, getpid (), sample);
  if (redis.embedded) {
    const auto found
        = std::find_if (sample.processes.begin (), sample.processes.end (),
                        [] (const ProcessSample &one) { return one.name == "redis-server"; });
    const bool known = found != sample.processes.end () && found->running;
    /* Its number comes with the next sample of the machine. */
    write_process (json, "redis-server", known || redis.connected,
                   known ? std::optional<int64_t> (found->pid) : std::nullopt, sample);
  }
  for (const auto &camera : model.cameras ())
    if (camera.state != CameraState::Stopped)
      write_process (json, "camera-" + camera.id, camera.worker_pid.has_value (), camera.worker_pid,
                     sample);
  json.end_object ();
}

static void
write_network (JsonWriter &json, const SystemSample &sample, bool redis)
{
  const bool up = std::any_of (sample.links.begin (), sample.links.end (),
                               [] (const LinkSample &link) { return link.up; });
  json.begin_object ("network_status")
      .add ("local_network_connected", up)
      .add ("redis_host_reachable", redis)
      .add_text ("default_route", sample.default_route);
  json.begin_object ("interfaces");
  for (const LinkSample &link : sample.links)
    json.begin_object (link.counters.name.c_str ())
        .add ("up", link.up)
        .add ("rx_bytes", link.counters.rx_bytes)
        .add ("tx_bytes", link.counters.tx_bytes)
        .add ("rx_errors", link.counters.rx_errors)
        .add ("tx_errors", link.counters.tx_errors)
        .end_object ();
  json.end_object ().end_object ();
}

static void
write_disks (JsonWriter &json, const MachineStatus &machine)
{
  json.begin_object ("disk_status").add ("status", level_of (machine, Quantity::Disk));
  json.begin_object ("disks");
  for (const DiskSample &disk : machine.sample.disks)
    if (disk.known)
      json.begin_object (disk.name.c_str ())
          .add ("path", disk.path)
          .add ("mount", disk.mount)
          .add ("percent", percent (disk.used ()))
          .add ("total_gb", gigabytes (disk.total))
          .add ("free_gb", gigabytes (disk.available))
          .add ("read_only", disk.read_only)
          .end_object ();
  json.end_object ().end_object ();
}

static void
write_memory (JsonWriter &json, const MachineStatus &machine)
{
  const auto &memory = machine.sample.memory;
  const auto size = [&] (uint64_t MemoryInfo::*member) {
    return memory ? std::optional (gigabytes ((*memory).*member)) : std::nullopt;
  };
  json.begin_object ("memory_status")
      .add ("status", level_of (machine, Quantity::Memory))
      .add ("total_gb", size (&MemoryInfo::total))
      .add ("available_gb", size (&MemoryInfo::available))
      .add ("swap_total_gb", size (&MemoryInfo::swap_total))
      .add ("swap_free_gb", size (&MemoryInfo::swap_free))
      .end_object ();
}

static void
write_performance (JsonWriter &json, const std::vector<CameraStatus> &cameras)
{
  json.begin_object ("performance_metrics");
  for (const auto &camera : cameras)
    json.begin_object (camera.id.c_str ())
        .add ("fps", camera.fps)
        .add ("target_fps", camera.target_fps)
        .add_seconds ("last_frame_age", camera.last_frame_age)
        .add ("frames", camera.frames)
        .add ("published", camera.published)
        .add ("dropped", camera.dropped)
        .end_object ();
  json.end_object ();
}

static void
write_log_counts (JsonWriter &json, const LogCounts &counts)
{
  json.begin_object ("log_analysis")
      .add ("hours", 1)
      .add ("recent_errors", counts.errors)
      .add ("recent_warnings", counts.warnings)
      .add ("camera_issues", counts.camera)
      .add ("redis_issues", counts.redis)
      .end_object ();
}

static void
write_uptime (JsonWriter &json, const SystemSample &sample, int64_t now_wall)
{
  json.begin_object ("system_uptime")
      .add_seconds ("uptime_seconds", sample.uptime)
      .add_time ("boot_time",
                 sample.uptime ? std::optional (now_wall - *sample.uptime) : std::nullopt)
      .end_object ();
}

static void
write_power (JsonWriter &json, const SystemSample &sample)
{
  const auto flags = [&] (const PowerFlags &power) {
    const auto known
        = [&] (bool flag) { return sample.power_known ? std::optional (flag) : std::nullopt; };
    json.add ("under_voltage", known (power.under_voltage))
        .add ("frequency_capped", known (power.frequency_capped))
        .add ("throttled", known (power.throttled))
        .add ("soft_temperature_limit", known (power.soft_temperature_limit));
  };
  json.begin_object ("power_status");
  flags (sample.power_now);
  json.begin_object ("since_boot");
  flags (sample.power_since_boot);
  json.end_object ().end_object ();
}

static void
write_protection (JsonWriter &json, const MachineStatus &machine)
{
  json.begin_object ("protection")
      .add ("degrade_step", machine.degrade_step)
      .add_text ("degrade_text", machine.degrade_text)
      .add ("emergency", machine.emergency)
      .add_time ("emergency_since", machine.emergency_since)
      .add_text ("emergency_cause", machine.emergency_cause)
      .add_text ("reboot_trouble", machine.reboot_trouble)
      .add_text ("reboot_reason", machine.reboot_reason)
      .end_object ();
}

void
write_old_camera (JsonWriter &json, const CameraStatus &camera)
{
  const bool capturing = camera.state == CameraState::Streaming;
  const bool started = capturing || camera.state == CameraState::Stalled;
  json.add ("camera", camera.id).begin_object ("camera_state");
  json.add ("initialized", camera.worker_pid.has_value ())
      .add ("started", started)
      .add ("capturing", capturing)
      .add_time ("last_frame_timestamp", camera.last_frame_time)
      .add ("total_frames_captured", camera.frames)
      .add ("total_frames_failed", camera.dropped)
      .end_object ();
  json.begin_object ("health_status")
      .add ("status", health_level_name (camera_level (facts_of (camera))))
      .add ("consecutive_failures", camera.consecutive_failures)
      .add ("recovery_attempts", std::accumulate (camera.cures.begin (), camera.cures.end (), 0U))
      .add ("health_score", health_score (camera.consecutive_failures))
      .add_text ("last_error", camera.last_error)
      .add_time ("last_error_timestamp", camera.last_error_time)
      .end_object ();
  json.add ("is_initialized", camera.worker_pid.has_value ())
      .add ("is_capturing", capturing)
      .add_seconds ("last_frame_age", camera.last_frame_age)
      .add ("recovery_in_progress", !camera.recovery.empty () && !camera.given_up)
      .add ("should_reboot", camera.recovery == tier_name (Tier::Machine));
}

static void
write_old_cameras (JsonWriter &json, const std::vector<CameraStatus> &cameras)
{
  json.begin_object ("camera_status");
  if (!cameras.empty ())
    write_old_camera (json, cameras.front ());
  json.begin_object ("cameras");
  for (const auto &camera : cameras) {
    json.begin_object (camera.id.c_str ());
    write_old_camera (json, camera);
    json.end_object ();
  }
  json.end_object ().end_object ();
}

void
write_health (JsonWriter &json, const ApiModel &model, int64_t now_wall)
{
  const MachineStatus machine = model.machine ();
  const SystemSample &sample = machine.sample;
  const RedisStatus redis = model.status ().redis;
  const auto cameras = model.cameras ();
  json.add ("timestamp", iso_time (now_wall))
      .add ("overall_status", health_level_name (health_of (model).overall));
  write_resources (json, sample);
  write_old_cameras (json, cameras);
  write_redis_status (json, redis);
  write_processes (json, model, sample);
  write_network (json, sample, redis.connected);
  write_disks (json, machine);
  write_memory (json, machine);
  write_performance (json, cameras);
  write_log_counts (json, model.log_counts ());
  json.begin_array ("alerts");
  write_alerts (json, model.alerts ({ .over = false }), now_wall);
  json.end_array ();
  write_uptime (json, sample, now_wall);
  json.begin_object ("temperature")
      .add ("cpu_temp_celsius", sample.temperature)
      .add_text ("zone", sample.temperature_zone)
      .end_object ();
  write_power (json, sample);
  write_thresholds (json, machine.thresholds);
  write_protection (json, machine);
}

void
write_system_info (JsonWriter &json, const ApiModel &model, int64_t now_wall)
{
  const DaemonStatus status = model.status ();
  const SystemSample sample = model.machine ().sample;
  json.add ("hostname", status.hostname)
      .add ("version", status.version)
      .add_time ("started", status.started)
      .add_seconds ("uptime", status.uptime)
      .add_time ("boot_time",
                 sample.uptime ? std::optional (now_wall - *sample.uptime) : std::nullopt)
      .add ("cpu_cores", static_cast<uint64_t> (sample.cores.size ()))
      .add ("memory_total_gb",
            sample.memory ? std::optional (gigabytes (sample.memory->total)) : std::nullopt)
      .add ("cameras", static_cast<uint64_t> (model.cameras ().size ()));
}

} // namespace camwarden
