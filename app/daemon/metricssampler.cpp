// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/metricssampler.h"

#include <algorithm>
#include <utility>

namespace camwarden
{

namespace
{

constexpr int64_t redis_start = 5'000'000; /* us */

std::optional<double>
percent (std::optional<double> share)
{
  return share ? std::optional (*share * 100) : std::nullopt;
}

std::optional<double>
per_second (std::optional<double> amount, int64_t time)
{
  return amount && time > 0 ? std::optional (*amount * 1e6 / static_cast<double> (time))
                            : std::nullopt;
}

/* Of the fullest file system. */
const DiskSample *
fullest (const SystemSample &sample)
{
  const DiskSample *found = nullptr;
  for (const auto &disk : sample.disks)
    if (disk.known && (!found || disk.used () > found->used ()))
      found = &disk;
  return found;
}

std::optional<double>
swap_used (const MemoryInfo &memory)
{
  if (memory.swap_total == 0)
    return 0;
  return 1
         - static_cast<double> (std::min (memory.swap_free, memory.swap_total))
               / static_cast<double> (memory.swap_total);
}

} // namespace

void
MetricsSampler::camera (const std::string &id, CameraState state, int64_t now)
{
  Camera &camera = cameras_[id];
  camera.started = camera.started || state != CameraState::Starting;
  if (camera.started)
    camera.up.set (now, state == CameraState::Streaming);
}

void
MetricsSampler::camera_removed (const std::string &id)
{
  cameras_.erase (id);
}

void
MetricsSampler::add_machine (const SystemSample &sample, int64_t now)
{
  const auto &memory = sample.memory;
  const DiskSample *disk = fullest (sample);
  using Number = std::optional<double>;
  shape_.add ("cpu", sample.cpu ? Number (sample.cpu->busy * 100) : Number ());
  shape_.add ("iowait", sample.cpu ? Number (sample.cpu->iowait * 100) : Number ());
  shape_.add ("memory", percent (memory ? Number (memory->used ()) : Number ()));
  shape_.add ("memory_available",
              memory ? Number (static_cast<double> (memory->available)) : Number ());
  shape_.add ("swap", percent (memory ? swap_used (*memory) : Number ()));
  shape_.add ("disk", percent (disk ? Number (disk->used ()) : Number ()));
  shape_.add ("disk_free", disk ? Number (static_cast<double> (disk->available)) : Number ());
  shape_.add ("load1", sample.load ? Number (sample.load->one) : Number ());
  shape_.add ("temperature", sample.temperature);
  add_network (sample, now);
}

void
MetricsSampler::add_network (const SystemSample &sample, int64_t now)
{
  uint64_t rx = 0, tx = 0;
  for (const auto &link : sample.links) {
    rx += link.counters.rx_bytes;
    tx += link.counters.tx_bytes;
  }
  const int64_t before = std::exchange (last_, now);
  const int64_t passed = before < 0 ? 0 : now - before;
  shape_.add ("rx", per_second (rx_.take (rx), passed));
  shape_.add ("tx", per_second (tx_.take (tx), passed));
}

void
MetricsSampler::add_camera (const CameraStatus &status, int64_t now)
{
  const std::string begin = "camera." + status.id + ".";
  Camera &camera = cameras_[status.id];
  const auto age = status.last_frame_age;
  shape_.add (begin + "up", camera.started ? camera.up.take (now) : std::nullopt);
  shape_.add (begin + "fps", status.fps);
  shape_.add (begin + "age_ms",
              age ? std::optional (static_cast<double> (*age) / 1000) : std::nullopt);
  shape_.add (begin + "published", camera.published.take (status.published));
  shape_.add (begin + "dropped", camera.dropped.take (status.dropped));
  shape_.add (begin + "stored", camera.stored.take (status.stored));
}

/* The private server takes a moment after the daemon, too. */
std::optional<double>
MetricsSampler::redis_up (bool connected, int64_t now)
{
  if (begin_ < 0)
    begin_ = now;
  redis_started_ = redis_started_ || connected || now - begin_ > redis_start;
  return redis_started_ ? std::optional<double> (connected ? 1 : 0) : std::nullopt;
}

MetricsRow
MetricsSampler::take (const SystemSample &sample, const RedisStatus &redis,
                      const std::vector<CameraStatus> &cameras, int64_t now, int64_t wall)
{
  add_machine (sample, now);
  shape_.add ("redis_up", redis_up (redis.connected, now));
  shape_.add ("redis_rtt_ms", redis.connected && redis.rtt
                                  ? std::optional (static_cast<double> (*redis.rtt) / 1000)
                                  : std::nullopt);
  shape_.add ("service_up", 1);
  for (const auto &camera : cameras)
    if (camera.state != CameraState::Stopped)
      add_camera (camera, now);
  return shape_.finish (now, wall);
}

} // namespace camwarden
