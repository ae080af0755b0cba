// SPDX-License-Identifier: LGPL-2.1-or-later
#include "web/fakeworld.h"

#include "redis/frameheader.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace camwarden
{

static constexpr int64_t second = 1'000'000;
static constexpr int64_t minute = 60 * second;
static constexpr int64_t hour = 60 * minute;

FakeWorld::FakeWorld (const std::vector<std::string> &cameras)
{
  list.clear ();
  for (const auto &id : cameras)
    list.push_back (healthy_camera (id));
  daemon.uptime = 90 * hour;
  daemon.started = g_get_real_time () - daemon.uptime;
  const std::string first = cameras.empty () ? "front" : cameras.front ();
  add_event (20 * hour, Severity::Warning, "stop", "", "stop", "The daemon was stopped");
  add_event (19 * hour + 30 * minute, Severity::Info, "start", "", "start", "The daemon started");
  add_event (13 * hour, Severity::Warning, "fault", "", "disconnected", "Redis did not answer");
  add_event (9 * hour, Severity::Warning, "fault", first, "stall", "No frame for 1.0 s");
  add_event (5 * hour + 5 * minute, Severity::Critical, "fault", first, "no-camera",
             "The camera was unplugged");
  add_event (4 * hour + 50 * minute, Severity::Info, "cured", first, "no-camera",
             "Frames came again");
  add_event (20 * minute, Severity::Warning, "order", "", "order", "Somebody asked for a test");
  add_log ("info", "Camwarden 0.1.0 started");
  add_log ("info", "Redis 7.0.15 answers at 127.0.0.1:6390");
  add_log ("warning", "source: no frame for 1.0 s");
  add_log ("error", "Could not open /dev/video0: Device or resource busy");
  add_log ("debug", "The gate opened");
  sampled.sample.memory = MemoryInfo{ 4ull << 30, 5ull << 29, 0, 0 };
  sampled.sample.load = LoadAverage{ 0.42, 0.38, 0.35 };
  for (unsigned core = 0; core < 4; core++)
    sampled.sample.cores[core] = CpuShare{ 0.2, 0 };
  DiskSample disk;
  disk.name = "frames";
  disk.mount = disk.path = "/var";
  disk.known = true;
  disk.total = 64ull << 30;
  disk.available = 38ull << 30;
  sampled.sample.disks = { disk };
  sampled.sample.temperature_zone = "cpu-thermal";
  LinkSample link;
  link.counters.name = "eth0";
  link.up = true;
  sampled.sample.links = { link };
  sampled.sample.default_route = "eth0";
  sampled.sample.clock_synchronised = true;
  test_result.width = 1280;
  test_result.height = 720;
  test_result.bytes = 84'231;
  test_result.verdict = "ok";
  order.message = "Frames come again after a restart of the source";
  live ();
}

void
FakeWorld::add_event (int64_t ago, Severity severity, const char *kind, const std::string &camera,
                      const char *code, const std::string &text)
{
  Event event;
  event.id = static_cast<int64_t> (event_list.size ()) + 1;
  event.time = g_get_real_time () - ago;
  event.kind = kind;
  event.severity = severity;
  event.camera = camera;
  event.code = code;
  event.text = text;
  event_list.push_back (event);
  if (ago == 0)
    tell (event);
}

void
FakeWorld::add_log (const std::string &level, const std::string &text)
{
  LogEntry entry;
  entry.time = g_get_real_time ();
  entry.level = level;
  entry.text = text;
  lines_.push_back (entry);
}

void
FakeWorld::live ()
{
  seconds_++;
  const double wave = std::sin (seconds_ / 7.0);
  SystemSample &sample = sampled.sample;
  sample.time = g_get_monotonic_time ();
  sample.uptime = 200 * hour;
  if (sampled.thresholds.empty ()) {
    sample.cpu = CpuShare{ 0.31 + 0.08 * wave, 0.01 };
    sample.temperature = 52.5 + wave;
  }
  auto &counters = sample.links.front ().counters;
  counters.rx_bytes += static_cast<uint64_t> (60'000 + 20'000 * wave);
  counters.tx_bytes += static_cast<uint64_t> (1'400'000 + 300'000 * wave);
  const auto status
      = [&] (Quantity what, const char *instance, double value, double warning, double critical) {
          const auto level = value >= critical  ? ThresholdLevel::Critical
                             : value >= warning ? ThresholdLevel::Warning
                                                : ThresholdLevel::None;
          return ThresholdStatus{ what, instance, level, value, warning, critical };
        };
  sampled.thresholds = { status (Quantity::Cpu, "", sample.cpu->busy, 0.85, 0.95),
                         status (Quantity::Memory, "", sample.memory->used (), 0.90, 0.95),
                         status (Quantity::Disk, "/var", sample.disks.front ().used (), 0.90, 0.95),
                         status (Quantity::Temperature, "", *sample.temperature, 70, 80) };
}

void
FakeWorld::show (GBytes *jpeg, double fps)
{
  daemon.uptime = g_get_real_time () - daemon.started;
  gsize size = 0;
  const auto *data = static_cast<const char *> (g_bytes_get_data (jpeg, &size));
  for (auto &camera : list) {
    if (silent_ || camera.state != CameraState::Streaming) {
      if (camera.last_frame_age)
        camera.last_frame_age = *camera.last_frame_age + static_cast<int64_t> (1e6 / fps);
      continue;
    }
    FrameHeader header;
    header.camera = camera.id;
    header.run = "fake";
    header.seq = camera.frames;
    header.ts = g_get_real_time () - 12'000;
    const std::string frame = jpeg_head (to_json (header)) + std::string (data + 2, size - 2);
    g_autoptr (GBytes) bytes = g_bytes_new (frame.data (), frame.size ());
    camera.frames++;
    camera.published++;
    camera.fps = fps;
    camera.target_fps = fps;
    camera.last_frame_age = 12'000;
    set_picture (bytes);
    push (camera.id, bytes);
  }
}

void
FakeWorld::heal ()
{
  for (auto &camera : list)
    camera = healthy_camera (camera.id);
  if (list.empty ())
    list.push_back (healthy_camera ("front"));
  silent_ = false;
  daemon.redis = FakeModel ().daemon.redis;
  sampled.emergency = false;
  sampled.degrade_step = 0;
  sampled.degrade_text.clear ();
  sampled.sample.disks.front ().available = 38ull << 30;
  sampled.sample.cpu = CpuShare{ 0.31, 0.01 };
  sampled.sample.temperature = 52.5;
  live ();
}

void
FakeWorld::set_fault (const std::string &wanted, CameraStatus &camera)
{
  camera.fps = 0;
  camera.consecutive_failures = 2;
  camera.last_error = "v4l2src: no frame for 1.0 s";
  camera.last_error_time = g_get_real_time ();
  if (wanted == "stall") {
    camera.state = CameraState::Stalled;
    camera.verdict = "stall";
  } else if (wanted == "recovering") {
    camera.state = CameraState::Stalled;
    camera.recovery = "pipeline";
    camera.next_attempt = g_get_real_time () + 30 * second;
  } else if (wanted == "given-up") {
    camera.state = CameraState::NoCamera;
    camera.given_up = true;
    camera.recovery = "worker";
    camera.next_attempt = g_get_real_time () + 5 * minute;
    camera.last_error = "v4l2src: there is no device /dev/video0";
  } else if (wanted == "respawning") {
    camera.state = CameraState::Respawning;
    camera.last_error = "the worker ended: signal 11";
  } else if (wanted == "starting") {
    camera.state = CameraState::Starting;
    camera.last_error.clear ();
  } else if (wanted == "failed") {
    camera.state = CameraState::Failed;
    camera.last_error = "source: there is no element \"v4l3src\"";
  } else if (wanted == "off") {
    camera.state = CameraState::Stopped;
    camera.last_error.clear ();
  }
}

bool
FakeWorld::set_machine (const std::string &wanted)
{
  SystemSample &sample = sampled.sample;
  if (wanted == "disk-full") {
    sample.disks.front ().available = 1ull << 30;
    for (auto &camera : list)
      camera.store_paused = "full";
  } else if (wanted == "hot") {
    sample.temperature = 84;
    sample.cpu = CpuShare{ 0.97, 0.01 };
    sampled.degrade_step = 2;
    sampled.degrade_text = "JPEG quality less by 15";
  } else if (wanted == "emergency") {
    sampled.emergency = true;
    sampled.emergency_since = g_get_real_time ();
    sampled.emergency_cause = "processor at 97 % and 84 °C";
    sampled.degrade_step = 2;
    sampled.degrade_text = "no previews, JPEG quality less 15 (cpu)";
  } else if (wanted == "redis-away") {
    daemon.redis.connected = false;
    daemon.redis.error = "Connection refused";
  } else if (wanted == "redis-elsewhere-away") {
    daemon.redis.connected = daemon.redis.embedded = false;
    daemon.redis.uri = "redis://10.0.0.9:6379";
    daemon.redis.host = "10.0.0.9";
    daemon.redis.port = 6379;
    daemon.redis.error = "Connection timed out";
  } else {
    return false;
  }
  live ();
  return true;
}

bool
FakeWorld::set_alert (const std::string &wanted)
{
  if (wanted == "alert") {
    Alert alert;
    alert.id = static_cast<int64_t> (alert_list.size ()) + 1;
    alert.code = "temperature";
    alert.part = "system";
    alert.since = g_get_real_time () - 12 * minute;
    alert.value = 74.2;
    alert.threshold = 70;
    alert.unit = "C";
    alert.text = "The machine is hot";
    alert.cause = "the fan stands still";
    alert.done = "JPEG quality less by 15";
    alert_list.push_back (alert);
    tell (alert);
  } else if (wanted == "alert-over" && !alert_list.empty ()) {
    alert_list.back ().until = g_get_real_time ();
    tell (alert_list.back ());
  } else if (wanted == "event") {
    add_event (0, Severity::Warning, "fault", list.front ().id, "stall", "No frame for 1.0 s");
  } else {
    return false;
  }
  return true;
}

bool
FakeWorld::obey (const std::string &wanted)
{
  static const std::vector<std::string> faults{ "stall",    "recovering", "given-up", "respawning",
                                                "starting", "failed",     "off" };
  if (wanted == "heal")
    heal ();
  else if (std::find (faults.begin (), faults.end (), wanted) != faults.end ())
    set_fault (wanted, list.front ());
  else if (wanted == "silent")
    silent_ = true;
  else if (wanted == "test-picture")
    list.front ().test_picture = true;
  else if (wanted == "no-cameras")
    list.clear ();
  else if (wanted == "hostile")
    list.front ().last_error
        = "<img src=x onerror=document.title='owned'><script>alert(1)</script>";
  else if (wanted == "restarted")
    daemon.started = g_get_real_time ();
  else if (wanted.starts_with ("log "))
    add_log ("warning", wanted.substr (4));
  else
    return set_machine (wanted) || set_alert (wanted);
  return true;
}

/* 0 to 1: how it was at that time. */
static double
up_at (const std::string &series, int64_t ago)
{
  if (series.starts_with ("camera.") && ago > 4 * hour + 50 * minute
      && ago < 5 * hour + 16 * minute)
    return 0;
  if (series.starts_with ("camera.") && ago > 9 * hour - 5 * minute && ago < 9 * hour + 5 * minute)
    return 0.7;
  if (series == "redis_up" && ago > 13 * hour - 5 * minute && ago < 13 * hour + 5 * minute)
    return 0.85;
  return 1;
}

static double
value_at (const std::string &series, double at, int64_t ago)
{
  const double wave = std::sin (at / 900) + 0.4 * std::sin (at / 131) + 0.2 * std::sin (at / 17);
  if (series.ends_with ("up"))
    return up_at (series, ago);
  if (series.ends_with (".fps"))
    return 15 * up_at (series, ago) - 0.1 * std::abs (wave);
  static const std::map<std::string, std::pair<double, double>> shapes{
    { "cpu", { 32, 9 } },         { "iowait", { 2, 1 } },     { "memory", { 38, 2 } },
    { "swap", { 1, 0.4 } },       { "disk", { 40, 0.5 } },    { "temperature", { 52, 3 } },
    { "rx", { 60'000, 20'000 } }, { "tx", { 1.4e6, 2.5e5 } }, { "redis_rtt_ms", { 0.2, 0.04 } },
  };
  const auto found = shapes.find (series);
  return found == shapes.end () ? std::numeric_limits<double>::quiet_NaN ()
                                : found->second.first + found->second.second * wave;
}

void
FakeWorld::history (const HistoryQuery &query, HistoryDone done)
{
  const int64_t now = g_get_real_time ();
  HistoryAnswer answer;
  answer.from = query.from;
  answer.to = query.to ? query.to : now;
  answer.step = query.step ? query.step
                           : std::max<int64_t> (second, (answer.to - answer.from)
                                                            / static_cast<int64_t> (query.points));
  for (int64_t time = answer.from; time < answer.to; time += answer.step)
    if (now - time < 23 * hour && (now - time < 19 * hour + 30 * minute || now - time > 20 * hour))
      answer.times.push_back (time);
  for (const auto &name : query.series) {
    HistorySeries series{ name, {}, {}, {} };
    for (const int64_t time : answer.times) {
      const double value = value_at (name, static_cast<double> (time) / 1e6, now - time);
      series.average.push_back (value);
      series.least.push_back (value * 0.97);
      series.most.push_back (value * (name.ends_with ("up") ? 1 : 1.04));
    }
    answer.series.push_back (series);
  }
  done (answer);
}

void
FakeWorld::log (const LogQuery &query, LogDone done)
{
  static const std::vector<std::string> levels{ "error", "warning", "info", "debug" };
  const auto rank = [] (const std::string &level) {
    return std::find (levels.begin (), levels.end (), level) - levels.begin ();
  };
  LogAnswer answer;
  answer.source = "memory";
  answer.cursor = std::to_string (lines_.size ());
  const size_t first = query.after.empty () ? 0 : strtoul (query.after.c_str (), nullptr, 10);
  for (size_t i = first; i < lines_.size (); i++)
    if (rank (lines_[i].level) <= rank (query.least)
        && lines_[i].text.find (query.contains) != std::string::npos)
      answer.lines.push_back (lines_[i]);
  done (answer, "");
}

void
FakeWorld::recover (const std::string &camera, Tier from, const std::string &who, OrderDone done)
{
  FakeModel::recover (camera, from, who, [this, done] (const OrderResult &result) {
    if (result.ok)
      heal ();
    done (result);
  });
}

} // namespace camwarden
