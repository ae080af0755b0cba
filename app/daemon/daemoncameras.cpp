// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who hears of the cameras and of the machine, and what reaches the cameras from there. */
#include "config/directories.h"
#include "daemon/daemon.h"
#include "daemon/systemquestion.h"
#include "daemon/usbport.h"

namespace camwarden
{

void
Daemon::start_levers ()
{
  parts_.services = make_service_control ();
  parts_.rebooter = std::make_unique<Rebooter> (parts_.config->recovery (), state_directory (),
                                                *parts_.services);
  Incidents::World world;
  world.root = system_root ();
  world.sample = [this] () -> const SystemSample * {
    return parts_.safeguards && parts_.safeguards->sample ().time ? &parts_.safeguards->sample ()
                                                                  : nullptr;
  };
  world.event = [this] (EventReport report) { parts_.records->event (std::move (report)); };
  world.cured = [this] (const std::string &camera, const std::string &what) {
    parts_.records->recovered (camera, what);
  };
  parts_.incidents = std::make_unique<Incidents> (
      std::move (world), EvidenceSettings{ .directory = state_directory () + "/faults" });
}

CameraSet::Events
Daemon::camera_events ()
{
  CameraSet::Events events;
  events.changed = [this] (const CameraSet::Camera &camera) {
    const CameraHealth &health = camera.supervisor->health ();
    note_usb_port (health);
    sampler_.camera (health.id, health.state, g_get_monotonic_time ());
    publisher_.update (health, camera.config.channel, g_get_monotonic_time ());
  };
  events.removed = [this] (const std::string &id) {
    publisher_.offline (id);
    sampler_.camera_removed (id);
    parts_.incidents->removed (id);
    if (parts_.safeguards)
      parts_.safeguards->camera_removed (id);
  };
  events.fault = [this] (const CameraSet::Camera &camera, const Fault &fault) {
    parts_.incidents->fault (camera, fault);
    if (parts_.safeguards)
      parts_.safeguards->camera_fault (camera.config.id, fault);
  };
  events.recovery
      = [this] (const CameraSet::Camera &camera, const RecoveryAction &action,
                const Fault &reason) { parts_.incidents->recovery (camera, action, reason); };
  events.reset_device = [this] (const std::string &device, int64_t deadline, auto done) {
    reset_usb_port (system_root (), usb_ports_[device].port, device, deadline, std::move (done));
  };
  events.reboot = [this] (const std::string &id, const Fault &reason, auto done) {
    parts_.rebooter->request (reason, id, [this, id, done] (bool asked, const std::string &why) {
      g_warning ("camera %s: %s", id.c_str (), why.c_str ());
      parts_.records->note ("reboot", asked ? Severity::Critical : Severity::Warning, id,
                            asked ? "asked" : "refused", why);
      done (asked);
    });
  };
  events.root = system_root ();
  events.state_directory = state_directory ();
  return events;
}

void
Daemon::start_cameras ()
{
  parts_.cameras = std::make_unique<CameraSet> (camera_events ());
  parts_.cameras->apply (parts_.config->cameras (), parts_.config->recovery (), worker_command ());
  devices_ = std::make_unique<DeviceWatch> (system_root (),
                                            [this] { parts_.cameras->device_arrived (); });
}

/* While the camera works: one that has gone cannot be asked for its port any more. Anew each time
 * that it streams again: it may be plugged in elsewhere under the same name. */
void
Daemon::note_usb_port (const CameraHealth &health)
{
  if (health.state != CameraState::Streaming) {
    for (auto &[device, known] : usb_ports_)
      if (known.camera == health.id)
        known.camera.clear ();
    return;
  }
  if (health.device.empty ())
    return;
  UsbPort &known = usb_ports_[health.device];
  if (std::exchange (known.camera, health.id) != health.id)
    known.port = usb_port_of (system_root (), health.device);
}

void
Daemon::start_safeguards ()
{
  const Config &config = *parts_.config;
  Safeguards::Events events;
  events.sample = [this] (const SystemSample &sample) {
    parts_.protector->sampled (sample, parts_.safeguards->thresholds ());
    take_sample (sample);
  };
  events.power_changed = [this] (bool weak) { parts_.cameras->set_weak_power (weak); };
  parts_.safeguards = std::make_unique<Safeguards> (
      SystemMonitorSettings{ .root = system_root () },
      thresholds_settings (config.thresholds (), config.recovery ()), safeguards_world (parts_),
      std::move (events));
  parts_.safeguards->start ();
}

/* What the worker reads tells it of the server too. */
WorkerCommand
Daemon::worker_command () const
{
  WorkerCommand command;
  command.config_file = worker_config_;
  return command;
}

} // namespace camwarden
