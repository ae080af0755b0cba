// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/cameraset.h"

#include "daemon/deviceholder.h"

#include <algorithm>

namespace camwarden
{

/* Of faults that are counted one by one. */
static constexpr size_t MOST_CODES = 64;

/* What a subscriber of that camera connects to; nothing when its frames do not go through plain
 * pub/sub. */
static std::optional<RedisSettings>
subscription (const CameraConfig &config)
{
  const std::string modes = "+" + config.modes + "+";
  if (modes.find ("+pubsub+") == std::string::npos)
    return {};
  g_autoptr (GError) error = nullptr;
  const auto where = parse_redis_location (config.location.c_str (), &error);
  if (!where) {
    g_warning ("camera %s: no preview through Redis: %s", config.id.c_str (), error->message);
    return {};
  }
  RedisSettings settings;
  settings.where = *where;
  settings.password_file = config.password_file;
  settings.ca_file = config.ca_file;
  settings.retry_delay = config.redis_backoff;
  settings.max_retry_delay = config.redis_backoff_max;
  settings.client_name = "camwardend-preview";
  return settings;
}

Preview::Ways
CameraSet::preview_ways (Camera &camera)
{
  Supervisor *supervisor = camera.supervisor.get (); /* lives as long as the preview */
  return { subscription (camera.config),
           [supervisor] (Preview::ImageDone done) { supervisor->snapshot (std::move (done)); },
           [supervisor] (bool on) { supervisor->set_preview (on); } };
}

void
CameraSet::apply (const std::vector<CameraConfig> &configs, const RecoveryConfig &recovery,
                  const WorkerCommand &command)
{
  auto wanted = [&configs] (const std::string &id) {
    return std::any_of (configs.begin (), configs.end (),
                        [&id] (const CameraConfig &config) { return config.id == id; });
  };
  for (auto i = cameras_.begin (); i != cameras_.end ();) {
    if (wanted (i->first)) {
      ++i;
      continue;
    }
    g_message ("camera %s: removed", i->first.c_str ());
    retire (std::move (i->second));
    i = cameras_.erase (i);
  }
  for (const auto &config : configs) {
    const auto found = cameras_.find (config.id);
    if (found == cameras_.end ()) {
      add (config, recovery, command);
      continue;
    }
    Camera &camera = *found->second;
    camera.supervisor->reload (config, recovery, command);
    if (camera.config != config) {
      camera.config = config;
      camera.preview->set_ways (preview_ways (camera));
    }
  }
}

void
CameraSet::add (const CameraConfig &config, const RecoveryConfig &recovery,
                const WorkerCommand &command)
{
  auto camera = std::make_unique<Camera> ();
  const std::string id = config.id;
  camera->config = config;
  SupervisorSettings settings;
  if (!events_.state_directory.empty ())
    settings.state_file = events_.state_directory + "/recovery-" + id;
  camera->supervisor = std::make_unique<Supervisor> (config, recovery, command,
                                                     std::move (settings), supervisor_events (id));
  camera->supervisor->set_weak_power (weak_power_);
  camera->supervisor->protect (degrade_, emergency_);
  camera->preview = std::make_unique<Preview> (preview_ways (*camera));
  camera->preview->suspend (degrade_.preview_off);
  Supervisor *supervisor = camera->supervisor.get ();
  cameras_[id] = std::move (camera);
  supervisor->start ();
}

Supervisor::Events
CameraSet::supervisor_events (const std::string &id)
{
  Supervisor::Events events;
  events.changed = [this, id] { changed (id); };
  events.fault = [this, id] (const Fault &told) { fault (id, told); };
  events.recovery = [this, id] (const RecoveryAction &action, const Fault &reason) {
    recovery (id, action, reason);
  };
  events.reset_device = events_.reset_device;
  if (events_.reboot)
    events.reboot = [this, id] (const Fault &reason, std::function<void (bool)> done) {
      events_.reboot (id, reason, std::move (done));
    };
  return events;
}

/* Its worker drains; it is kept until that has gone. */
void
CameraSet::retire (std::unique_ptr<Camera> camera)
{
  Camera *leaving = camera.get ();
  leaving->preview.reset ();
  leaving_.push_back (std::move (camera));
  events_.removed (leaving->config.id);
  leaving->supervisor->stop ([this, leaving, here = main_.alive ()] {
    if (here.expired ())
      return;
    /* Not from within the supervisor's own call. */
    main_.call ([this, leaving] {
      std::erase_if (leaving_, [leaving] (const auto &one) { return one.get () == leaving; });
      if (leaving_.empty () && cameras_.empty () && stopped_)
        std::exchange (stopped_, {}) ();
    });
  });
}

void
CameraSet::stop (std::function<void ()> done)
{
  stopped_ = std::move (done);
  auto cameras = std::move (cameras_);
  cameras_.clear ();
  for (auto &[id, camera] : cameras)
    retire (std::move (camera));
  if (leaving_.empty () && stopped_)
    std::exchange (stopped_, {}) ();
}

void
CameraSet::changed (const std::string &id)
{
  const auto found = cameras_.find (id);
  if (found == cameras_.end ())
    return;
  Camera &camera = *found->second;
  const CameraHealth &health = camera.supervisor->health ();
  if (std::exchange (camera.verdict, health.verdict) != health.verdict)
    camera.verdict_since = g_get_real_time ();
  if (std::exchange (camera.pid, health.pid) != health.pid)
    camera.worker_started = health.pid ? g_get_real_time () : 0;
  if (health.pid && health.age >= 0)
    camera.ages.add (health.age);
  events_.changed (camera);
}

void
CameraSet::fault (const std::string &id, const Fault &fault)
{
  const auto found = cameras_.find (id);
  if (found == cameras_.end ())
    return;
  Camera &camera = *found->second;
  if (camera.faults.size () < MOST_CODES || camera.faults.count (fault.code))
    camera.faults[fault.code]++;
  camera.failures += fault.first != Tier::Count;
  camera.last_error = fault.part + "/" + fault.code + ": " + fault.evidence;
  camera.last_error_time = g_get_real_time ();
  if (fault.fault_class == FaultClass::Busy)
    name_holder (id);
  if (events_.fault)
    events_.fault (camera, fault);
}

/* Whoever has the device is named, and left in peace. */
void
CameraSet::name_holder (const std::string &id)
{
  const auto found = cameras_.find (id);
  const std::string device = found->second->supervisor->health ().device;
  if (device.empty ())
    return;
  find_holders (events_.root, device,
                [this, id, device, here = main_.alive ()] (std::vector<DeviceHolder> holders) {
                  if (here.expired ())
                    return;
                  const auto camera = cameras_.find (id);
                  if (camera == cameras_.end ())
                    return;
                  std::erase_if (holders, [own = camera->second->pid] (const DeviceHolder &one) {
                    return one.pid == own;
                  });
                  if (holders.empty ())
                    return;
                  std::string text = device + " is held by " + holder_text (holders.front ());
                  if (std::exchange (camera->second->holder, text) != text)
                    g_warning ("camera %s: %s", id.c_str (), text.c_str ());
                  camera->second->last_error = std::move (text);
                });
}

void
CameraSet::recovery (const std::string &id, const RecoveryAction &action, const Fault &reason)
{
  const auto found = cameras_.find (id);
  if (found == cameras_.end ())
    return;
  if (action.kind == RecoveryAction::Kind::Cured)
    found->second->failures = 0;
  if (events_.recovery)
    events_.recovery (*found->second, action, reason);
}

void
CameraSet::set_weak_power (bool weak)
{
  weak_power_ = weak;
  for (const auto &[id, camera] : cameras_)
    camera->supervisor->set_weak_power (weak);
}

void
CameraSet::protect (const Degrade &degrade, const std::string &emergency)
{
  degrade_ = degrade;
  emergency_ = emergency;
  for (const auto &[id, camera] : cameras_) {
    camera->supervisor->protect (degrade, emergency);
    camera->preview->suspend (degrade.preview_off);
  }
}

bool
CameraSet::recycle (const std::string &id)
{
  const auto found = cameras_.find (id);
  return found != cameras_.end () && !found->second->preview->watched ()
         && found->second->supervisor->recycle ();
}

void
CameraSet::device_arrived ()
{
  for (const auto &[id, camera] : cameras_)
    camera->supervisor->device_arrived ();
}

const CameraSet::Camera *
CameraSet::find (const std::string &id) const
{
  const auto found = cameras_.find (id);
  return found == cameras_.end () ? nullptr : found->second.get ();
}

uint64_t
CameraSet::watch (const std::string &id, Preview::FrameArrived arrived)
{
  const auto found = cameras_.find (id);
  if (found == cameras_.end ())
    return 0;
  const uint64_t token = next_token_++;
  found->second->preview->watch (token, std::move (arrived));
  return token;
}

void
CameraSet::unwatch (uint64_t token)
{
  for (const auto &[id, camera] : cameras_)
    if (camera->preview->unwatch (token))
      return;
}

} // namespace camwarden
