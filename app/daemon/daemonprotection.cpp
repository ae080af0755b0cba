// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the protection of the machine reaches: cameras, stores, our own files. */
#include "builddate.h"

#include "config/directories.h"
#include "daemon/cleaner.h"
#include "daemon/daemon.h"
#include "daemon/slowthread.h"

namespace camwarden
{

namespace
{

/* Several answers are one sum, told when the last one has come. */
class Sum
{
public:
  explicit Sum (std::function<void (uint64_t)> done) : done_ (std::move (done)) {}
  ~Sum () { done_ (bytes_); }
  Sum (const Sum &) = delete;
  Sum &operator= (const Sum &) = delete;

  void
  add (uint64_t bytes)
  {
    bytes_ += bytes;
  }

private:
  std::function<void (uint64_t)> done_;
  uint64_t bytes_ = 0;
};

CleanOrder
clean_order (const Config &config)
{
  CleanOrder order;
  order.log_file = config.log ().file;
  order.log_keep = config.log ().keep;
  order.evidence = state_directory () + "/faults";
  order.directories = { state_directory (), runtime_directory () };
  return order;
}

IdlePrune
idle_prune (const CameraConfig &camera, uint64_t bytes)
{
  return { .location = camera.store_location,
           .camera = camera.id,
           .bytes = bytes,
           .protect_us = camera.prune_keep_newest,
           .slice_files = static_cast<uint64_t> (camera.prune_slice_files),
           .slice_us = camera.prune_slice_time,
           .clock_set_us = CAMWARDEN_BUILD_DATE * G_USEC_PER_SEC };
}

} // namespace

void
Daemon::start_protector ()
{
  Protector::Levers levers;
  levers.apply = [this] (const Degrade &degrade, const std::string &emergency) {
    parts_.cameras->protect (degrade, emergency);
  };
  levers.hurry = [this] (bool on) { parts_.safeguards->hurry (on); };
  levers.clean = [this] (std::function<void (uint64_t)> done) {
    in_slow_thread<uint64_t> (
        [order = clean_order (*parts_.config), wall = g_get_real_time ()] {
          return clean_own_files (order, wall).bytes;
        },
        std::move (done));
  };
  levers.prune = [this] (uint64_t bytes, std::function<void (uint64_t)> done) {
    prune_frames (bytes, std::move (done));
  };
  levers.recycle = [this] (const std::string &camera) { return parts_.cameras->recycle (camera); };
  Protector::Events events;
  events.event = [this] (const Event &event) {
    EventReport report;
    report.event = event;
    report.log = false; /* it has a line */
    parts_.records->event (std::move (report));
  };
  const Config &config = *parts_.config;
  parts_.protector = std::make_unique<Protector> (
      system_root (), protector_settings (config.thresholds (), config.recovery ()),
      std::move (levers), std::move (events));
}

/* Each camera gives an equal part: by its worker, which knows its files, or by ourselves while
 * there is none. */
void
Daemon::prune_frames (uint64_t bytes, std::function<void (uint64_t)> done)
{
  std::vector<const CameraSet::Camera *> stores;
  for (const auto &[id, camera] : parts_.cameras->all ())
    if (camera->config.store)
      stores.push_back (camera.get ());
  const auto sum = std::make_shared<Sum> (std::move (done)); /* shared by all answers */
  for (const auto *camera : stores) {
    const uint64_t part = bytes / stores.size () + 1;
    if (camera->supervisor->health ().storing) {
      camera->supervisor->prune (part,
                                 [sum] (uint64_t freed, const GError *) { sum->add (freed); });
      continue;
    }
    in_slow_thread<uint64_t> (
        [order = idle_prune (camera->config, part), wall = g_get_real_time ()] {
          return prune_idle_store (order, wall, [] { return true; });
        },
        [sum] (uint64_t freed) { sum->add (freed); });
  }
}

/* What Redis tells of itself; a server that refuses the question is not watched. The private one's
 * log counts the readers that were cut off, INFO only from 7.2 on. */
void
Daemon::ask_redis ()
{
  constexpr int64_t interval = 30 * G_USEC_PER_SEC;
  const int64_t now = g_get_monotonic_time ();
  if (!parts_.monitor || !parts_.protector || now - redis_asked_ < interval)
    return;
  redis_asked_ = now;
  if (!parts_.monitor->status ().connected)
    return parts_.protector->redis_gone ();
  parts_.monitor->info ([this] (const std::string &text) {
    if (!parts_.protector || text.empty ())
      return;
    RedisFigures figures = parse_redis_info (text);
    if (parts_.redis)
      figures.buffer_disconnections = parts_.redis->cut_readers ();
    parts_.protector->redis_figures (figures);
  });
}

} // namespace camwarden
