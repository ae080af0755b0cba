// SPDX-License-Identifier: LGPL-2.1-or-later
#include "fakes/samples.h"

#include <cmath>
#include <unistd.h>

namespace camwarden
{

static constexpr int64_t second = G_USEC_PER_SEC;

static SystemSample
sample_machine ()
{
  SystemSample sample;
  sample.time = g_get_monotonic_time ();
  sample.cpu = CpuShare{ 0.231, 0.01 };
  sample.cores = { { 0, { 0.25, 0.01 } }, { 1, { 0.21, 0.01 } } };
  sample.load = LoadAverage{ 0.42, 0.38, 0.31 };
  sample.memory = MemoryInfo{ 4ULL << 30, 2560ULL << 20, 100ULL << 20, 100ULL << 20 };
  DiskSample disk;
  disk.name = "frames";
  disk.path = "/var/lib/camwarden/frames";
  disk.mount = "/";
  disk.type = "ext4";
  disk.known = true;
  disk.total = 64ULL << 30;
  disk.available = 40ULL << 30;
  sample.disks.push_back (disk);
  sample.temperature = 51.5;
  sample.temperature_zone = "cpu-thermal";
  sample.power_known = true;
  sample.power_since_boot.under_voltage = true;
  sample.links.push_back ({ { "eth0", 123456789, 0, 987654321, 0 }, true });
  sample.default_route = "eth0";
  sample.redis_reachable = true;
  ProcessSample daemon;
  daemon.name = "camwardend";
  daemon.pid = getpid ();
  daemon.running = true;
  daemon.rss = 24ULL << 20;
  daemon.threads = 4;
  daemon.descriptors = 30;
  daemon.cpu = 0.004;
  sample.processes.push_back (daemon);
  sample.uptime = 86'400 * second;
  sample.clock_synchronised = true;
  return sample;
}

static Alert
sample_alert ()
{
  Alert alert;
  alert.id = 1;
  alert.code = "temperature";
  alert.part = "system";
  alert.severity = Severity::Warning;
  alert.since = g_get_real_time () - 90 * second;
  alert.value = 72.5;
  alert.threshold = 70;
  alert.unit = "C";
  alert.text = "The machine is at 72.5 C, the limit is 70 C";
  alert.cause = "cpu-thermal";
  alert.done = "the preview is shown less often";
  alert.parameters = { { "zone", "cpu-thermal" } };
  return alert;
}

static Event
sample_event (int64_t id)
{
  Event event;
  event.id = id;
  event.time = g_get_real_time () - 60 * second;
  event.kind = "fault";
  event.severity = Severity::Warning;
  event.camera = "front";
  event.code = "stall";
  event.text = "camera front: source/stall: no frame for 1.2 s";
  event.json = R"({"tier": "source", "attempts": 1})";
  return event;
}

static HistoryAnswer
sample_history ()
{
  HistoryAnswer answer;
  answer.step = 60 * second;
  answer.to = g_get_real_time ();
  answer.from = answer.to - 3600 * second;
  const std::pair<const char *, double> figures[]
      = { { "cpu", 23.1 },           { "memory", 37.5 },
          { "disk", 37.5 },          { "disk_free", 40.0 * (1 << 30) },
          { "load1", 0.42 },         { "memory_available", 2560.0 * (1 << 20) },
          { "temperature", 51.5 },   { "redis_up", 1 },
          { "redis_rtt_ms", 0.18 },  { "camera.front.up", 1 },
          { "camera.front.fps", 30 } };
  for (int i = 0; i < 3; i++)
    answer.times.push_back (answer.from + i * answer.step);
  for (const auto &[name, value] : figures)
    answer.series.push_back (
        { name, { value, NAN, value }, { value, NAN, value }, { value, NAN, value + 1 } });
  return answer;
}

void
fill_with_samples (FakeModel &model)
{
  model.sampled.sample = sample_machine ();
  model.sampled.thresholds.push_back (
      { Quantity::Temperature, "", ThresholdLevel::None, 51.5, 70, 80 });
  model.alert_list = { sample_alert () };
  model.event_list = { sample_event (1), sample_event (2) };
  model.history_answer = sample_history ();
  model.log_answer = { { { g_get_real_time (), "warning", "front", "camera front: no frame" } },
                       "memory:1:1",
                       "memory" };
  model.log_counted = { 0, 2, 1, 1 };
  model.test_result = {
    { true, 200, "A new frame came, the picture is ok" }, 1280, 720, 123'456, "ok", 118.2, 41'000
  };
  model.order.message = "Frames come again after 1.3 s: the pipeline built anew";
  model.configuration_json
      = R"({"http":{"listen":{"value":"127.0.0.1:5000","default":"127.0.0.1:5000","derived":null,)"
        R"("where":"/etc/camwarden/camwarden.conf:12","secret":false}}})";
  CameraStatus &camera = model.list.front ();
  camera.encoded = 1000;
  camera.redis_counts = {
    { "sent", 1000 }, { "published", 1000 }, { "dropped-queue", 2 }, { "dropped-offline", 0 }
  };
  camera.store_counts = { { "stored", 100 }, { "bytes", 12'345'678 }, { "files", 100 } };
  camera.faults = { { "stall", 1 } };
  camera.cures = { 1, 0, 0, 0, 0 };
  camera.cured = 1;
  for (int i = 0; i < 60; i++)
    camera.ages.add (21'000);
  camera.last_error = "source/stall: no frame for 1.2 s";
  camera.last_error_time = g_get_real_time () - 60 * second;
}

} // namespace camwarden
