// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/prometheus.h"

#include "daemon/httpapi/modeljson.h"

#include <array>
#include <cmath>
#include <glib.h>

namespace camwarden
{

static std::string
escaped (const std::string &text)
{
  g_autofree char *valid = g_utf8_make_valid (text.data (), static_cast<gssize> (text.size ()));
  std::string result;
  for (const char *c = valid; *c; c++)
    result += *c == '\\' ? "\\\\" : *c == '"' ? "\\\"" : *c == '\n' ? "\\n" : std::string (1, *c);
  return result;
}

static std::string
number_text (double value)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];
  /* Counters are whole numbers: people read them, too. */
  return g_ascii_formatd (buffer, sizeof buffer,
                          value == std::floor (value) && std::fabs (value) < 1e15 ? "%.0f" : "%.9g",
                          value);
}

void
PrometheusText::family (const char *name, const char *type, const char *help)
{
  name_ = name;
  text_ += std::string ("# HELP ") + name + " " + help + "\n# TYPE " + name + " " + type + "\n";
}

void
PrometheusText::sample (Labels labels, double value, const char *suffix)
{
  if (!std::isfinite (value))
    return;
  text_ += std::string (name_) + suffix;
  const char *separator = "{";
  for (const auto &[name, text] : labels) {
    text_ += std::string (separator) + name + "=\"" + escaped (text) + "\"";
    separator = ",";
  }
  text_ += (labels.size () ? "} " : " ") + number_text (value) + "\n";
}

static double
seconds (int64_t us)
{
  return static_cast<double> (us) / 1e6;
}

static double
number (uint64_t count)
{
  return static_cast<double> (count);
}

using Cameras = std::vector<CameraStatus>;

/* One sample for each camera. */
static void
per_camera (PrometheusText &page, const Cameras &cameras, const char *name, const char *type,
            const char *help, const std::function<double (const CameraStatus &)> &value)
{
  page.family (name, type, help);
  for (const auto &camera : cameras)
    page.sample ({ { "camera", camera.id } }, value (camera));
}

/* "dropped-queue" of both sinks, as {sink="redis",reason="queue"}. */
static void
add_drops (PrometheusText &page, const Cameras &cameras)
{
  page.family (
      "camwarden_frames_dropped_total", "counter",
      "Frames that a sink should have taken and lost, by reason, of the present pipeline.");
  const auto add = [&page] (const std::string &camera, const char *sink,
                            const ElementCounts &counts) {
    for (const auto &[name, count] : counts)
      if (name.starts_with ("dropped-"))
        page.sample ({ { "camera", camera }, { "sink", sink }, { "reason", name.substr (8) } },
                     number (count));
  };
  for (const auto &camera : cameras) {
    add (camera.id, "redis", camera.redis_counts);
    add (camera.id, "store", camera.store_counts);
  }
}

static void
add_ages (PrometheusText &page, const Cameras &cameras)
{
  page.family ("camwarden_frame_age_seconds", "histogram",
               "Age of the newest frame behind the source, looked at once a second when the worker "
               "reports. It shows stalls; it is not the time a frame takes from the camera to a "
               "consumer.");
  for (const auto &camera : cameras) {
    double sum = 0;
    for (size_t i = 0; i <= AgeHistogram::bounds.size (); i++) {
      sum += number (camera.ages.count (i));
      const bool last = i == AgeHistogram::bounds.size ();
      page.sample ({ { "camera", camera.id },
                     { "le", last ? "+Inf" : number_text (seconds (AgeHistogram::bounds[i])) } },
                   sum, "_bucket");
    }
    page.sample ({ { "camera", camera.id } }, seconds (camera.ages.sum ()), "_sum");
    page.sample ({ { "camera", camera.id } }, sum, "_count");
  }
}

static void
add_faults (PrometheusText &page, const Cameras &cameras)
{
  page.family ("camwarden_faults_total", "counter", "Faults since the daemon started, by code.");
  for (const auto &camera : cameras)
    for (const auto &[code, count] : camera.faults)
      page.sample ({ { "camera", camera.id }, { "code", code } }, number (count));
  page.family ("camwarden_cures_total", "counter",
               "Restarts that the recovery ordered since the daemon started, by tier.");
  const char *tiers[] = { "source", "pipeline", "device", "worker", "machine" };
  for (const auto &camera : cameras)
    for (size_t i = 0; i < camera.cures.size (); i++)
      page.sample ({ { "camera", camera.id }, { "tier", tiers[i] } }, camera.cures[i]);
}

static double
count_of (const ElementCounts &counts, const char *name)
{
  const auto found = counts.find (name);
  return found == counts.end () ? NAN : number (found->second);
}

static void
add_frames (PrometheusText &page, const Cameras &cameras)
{
  per_camera (page, cameras, "camwarden_frames_total", "counter",
              "Frames behind the source, of the present worker.",
              [] (const auto &camera) { return number (camera.frames); });
  per_camera (page, cameras, "camwarden_frames_encoded_total", "counter",
              "Frames that somebody wanted, of the present pipeline.",
              [] (const auto &camera) { return number (camera.encoded); });
  per_camera (page, cameras, "camwarden_frames_published_total", "counter",
              "Frames that Redis has answered for, of the present pipeline.",
              [] (const auto &camera) { return number (camera.published); });
  per_camera (page, cameras, "camwarden_frames_stored_total", "counter",
              "Frames stored as files, of the present pipeline.",
              [] (const auto &camera) { return number (camera.stored); });
  add_drops (page, cameras);
  per_camera (page, cameras, "camwarden_fps", "gauge", "Frames per second behind the source.",
              [] (const auto &camera) { return camera.fps.value_or (NAN); });
  per_camera (page, cameras, "camwarden_fps_target", "gauge",
              "Frames per second that are configured.",
              [] (const auto &camera) { return camera.target_fps.value_or (NAN); });
  add_ages (page, cameras);
}

static void
add_state (PrometheusText &page, const Cameras &cameras)
{
  per_camera (
      page, cameras, "camwarden_camera_up", "gauge", "1: frames come at this moment.",
      [] (const auto &camera) { return camera.state == CameraState::Streaming ? 1.0 : 0.0; });
  page.family ("camwarden_camera_state", "gauge", "1 at the state that the camera is in.");
  for (const auto &camera : cameras)
    page.sample (
        { { "camera", camera.id }, { "state", std::string (camera_state_name (camera.state)) } },
        1);
  per_camera (page, cameras, "camwarden_camera_failures", "gauge",
              "Faults in a row that needed a cure.",
              [] (const auto &camera) { return camera.consecutive_failures; });
  per_camera (page, cameras, "camwarden_worker_restarts_total", "counter",
              "Workers that were started anew since the daemon started.",
              [] (const auto &camera) { return number (camera.restarts); });
  per_camera (page, cameras, "camwarden_store_bytes", "gauge", "Bytes of the stored frames.",
              [] (const auto &camera) { return count_of (camera.store_counts, "bytes"); });
  per_camera (page, cameras, "camwarden_store_files", "gauge", "Stored frames.",
              [] (const auto &camera) { return count_of (camera.store_counts, "files"); });
}

static void
add_availability (PrometheusText &page, const std::vector<Availability> &availability)
{
  page.family ("camwarden_camera_availability_ratio", "gauge",
               "Share of the window in which the camera delivered frames, from the history; time "
               "of which nothing is known does not count.");
  for (const auto &one : availability)
    page.sample ({ { "camera", one.camera }, { "window", one.window } }, one.share);
}

static void
add_value (PrometheusText &page, const char *name, const char *type, const char *help, double value)
{
  page.family (name, type, help);
  page.sample ({}, value);
}

static void
add_redis (PrometheusText &page, const RedisStatus &redis)
{
  add_value (page, "camwarden_redis_up", "gauge", "1: the daemon is connected to Redis.",
             redis.connected ? 1 : 0);
  add_value (page, "camwarden_redis_rtt_seconds", "gauge", "A recent round trip to Redis.",
             redis.rtt ? seconds (*redis.rtt) : NAN);
  add_value (page, "camwarden_redis_reconnects_total", "counter",
             "Connections of the daemon to Redis after the first one.", number (redis.reconnects));
  add_value (page, "camwarden_redis_restarts_total", "counter",
             "Starts of the private redis-server after the first one.", number (redis.restarts));
}

static void
add_memory (PrometheusText &page, const SystemSample &sample)
{
  add_value (page, "camwarden_cpu_ratio", "gauge", "Share of all processors in use, 0 to 1.",
             sample.cpu ? sample.cpu->busy : NAN);
  add_value (page, "camwarden_load1", "gauge", "Load average over one minute.",
             sample.load ? sample.load->one : NAN);
  add_value (page, "camwarden_memory_total_bytes", "gauge", "Memory of the machine.",
             sample.memory ? number (sample.memory->total) : NAN);
  add_value (page, "camwarden_memory_available_bytes", "gauge",
             "Memory that can be had without swapping.",
             sample.memory ? number (sample.memory->available) : NAN);
  add_value (page, "camwarden_temperature_celsius", "gauge", "The hottest thermal zone.",
             sample.temperature.value_or (NAN));
  add_value (page, "camwarden_under_voltage", "gauge", "1: the power supply is too weak.",
             !sample.power_known              ? NAN
             : sample.power_now.under_voltage ? 1
                                              : 0);
  add_value (page, "camwarden_machine_uptime_seconds", "gauge", "Since the machine started.",
             sample.uptime ? seconds (*sample.uptime) : NAN);
}

static void
per_disk (PrometheusText &page, const SystemSample &sample, const char *name, const char *help,
          const std::function<double (const DiskSample &)> &value)
{
  page.family (name, "gauge", help);
  for (const DiskSample &disk : sample.disks)
    if (disk.known)
      page.sample ({ { "use", disk.name }, { "mount", disk.mount } }, value (disk));
}

static void
per_process (PrometheusText &page, const SystemSample &sample, const char *name, const char *help,
             const std::function<double (const ProcessSample &)> &value)
{
  page.family (name, "gauge", help);
  for (const ProcessSample &process : sample.processes)
    if (process.running)
      page.sample ({ { "process", process.name } }, value (process));
}

static void
add_machine (PrometheusText &page, const MachineStatus &machine)
{
  const SystemSample &sample = machine.sample;
  add_memory (page, sample);
  per_disk (page, sample, "camwarden_disk_total_bytes", "Size of the file system.",
            [] (const auto &disk) { return number (disk.total); });
  per_disk (page, sample, "camwarden_disk_available_bytes", "What is free on it.",
            [] (const auto &disk) { return number (disk.available); });
  per_process (page, sample, "camwarden_process_resident_bytes", "Memory of our processes.",
               [] (const auto &process) { return number (process.rss); });
  per_process (page, sample, "camwarden_process_cpu_ratio",
               "Processors in use by our processes; 1 is one whole core.",
               [] (const auto &process) { return process.cpu.value_or (NAN); });
  per_process (page, sample, "camwarden_process_descriptors", "Open descriptors.",
               [] (const auto &process) { return process.descriptors; });
  page.family ("camwarden_threshold_level", "gauge",
               "What a figure of the machine is at: 0 good, 1 warning, 2 critical.");
  for (const ThresholdStatus &threshold : machine.thresholds)
    page.sample ({ { "what", std::string (quantity_name (threshold.what)) },
                   { "instance", threshold.instance } },
                 static_cast<int> (threshold.level));
  add_value (page, "camwarden_degrade_step", "gauge",
             "How much is held back to protect the machine; 0: nothing.", machine.degrade_step);
  add_value (page, "camwarden_emergency", "gauge", "1: the machine is in an emergency.",
             machine.emergency ? 1 : 0);
}

static void
add_daemon (PrometheusText &page, const ApiModel &model)
{
  const DaemonStatus status = model.status ();
  page.family ("camwarden_build_info", "gauge", "Always 1; the labels say what runs.");
  page.sample ({ { "version", status.version } }, 1);
  add_value (page, "camwarden_up_seconds", "gauge", "Since the daemon started.",
             seconds (status.uptime));
  add_value (page, "camwarden_health_level", "gauge",
             "The worst of all parts: 0 healthy, 1 warning, 2 critical.",
             static_cast<int> (health_of (model).overall)
                 - static_cast<int> (HealthLevel::Healthy));
  page.family ("camwarden_alerts_open", "gauge", "Open alerts, by severity.");
  std::array<double, 3> open{};
  for (const Alert &alert : model.alerts ({ .over = false, .limit = 1000 }))
    open[static_cast<size_t> (alert.severity)]++;
  for (const Severity severity : { Severity::Info, Severity::Warning, Severity::Critical })
    page.sample ({ { "severity", std::string (severity_name (severity)) } },
                 open[static_cast<size_t> (severity)]);
}

std::vector<Availability>
availability_of (const HistoryAnswer &history, const char *window)
{
  std::vector<Availability> found;
  for (const HistorySeries &series : history.series) {
    if (!series.name.starts_with ("camera.") || !series.name.ends_with (".up"))
      continue;
    double sum = 0, count = 0;
    for (const double share : series.average)
      if (std::isfinite (share)) {
        sum += share;
        count++;
      }
    if (count > 0)
      found.push_back ({ series.name.substr (7, series.name.size () - 10), window, sum / count });
  }
  return found;
}

std::string
metrics_text (const ApiModel &model, const std::vector<Availability> &availability)
{
  PrometheusText page;
  const Cameras cameras = model.cameras ();
  add_daemon (page, model);
  add_frames (page, cameras);
  add_faults (page, cameras);
  add_state (page, cameras);
  add_availability (page, availability);
  add_redis (page, model.status ().redis);
  add_machine (page, model.machine ());
  return page.text ();
}

} // namespace camwarden
