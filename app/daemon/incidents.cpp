// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/incidents.h"

#include "daemon/kernellog.h"
#include "daemon/statuspublisher.h"

#include <algorithm>

namespace camwarden
{

namespace
{

constexpr int kernel_seconds = 60;
constexpr size_t most_faults = 32; /* that are told of one incident */

std::string
text (std::string_view view)
{
  return std::string (view);
}

void
log_fault (const FaultReport &report)
{
  const Fault &fault = report.fault;
  const std::string kind = text (fault_class_name (fault.fault_class));
  g_log_structured (G_LOG_DOMAIN, G_LOG_LEVEL_WARNING, "CAMWARDEN_CAMERA", report.camera.c_str (),
                    "CAMWARDEN_INCIDENT", report.incident.c_str (), "CAMWARDEN_CLASS",
                    kind.c_str (), "CAMWARDEN_PART", fault.part.c_str (), "CAMWARDEN_CODE",
                    fault.code.c_str (), "MESSAGE", "camera %s: fault %s/%s, class %s",
                    report.camera.c_str (), fault.part.c_str (), fault.code.c_str (),
                    kind.c_str ());
}

std::string
cure_text (const CureReport &report, const Fault &reason)
{
  const std::string tier = text (tier_name (report.tier));
  const std::string what = reason.part + "/" + reason.code;
  const std::string attempts = std::to_string (report.attempts);
  switch (report.event) {
  case CureReport::Event::Cure:
    break;
  case CureReport::Event::Cured:
    if (report.tier == Tier::Count)
      return "frames came again by themselves, " + std::to_string (report.took / 1000)
             + " ms after " + what;
    return "cured by " + tier + " at attempt " + attempts + ", "
           + std::to_string (report.took / 1000) + " ms after " + what;
  case CureReport::Event::GivenUp:
    return what + " is not cured by anything that is allowed; tried again now and then";
  }
  return "cure of " + what + ": " + tier + ", attempt " + attempts;
}

void
log_cure (const CureReport &report, const Fault &reason)
{
  const std::string tier = text (tier_name (report.tier));
  const auto level
      = report.event == CureReport::Event::GivenUp ? G_LOG_LEVEL_WARNING : G_LOG_LEVEL_MESSAGE;
  g_log_structured (G_LOG_DOMAIN, level, "CAMWARDEN_CAMERA", report.camera.c_str (),
                    "CAMWARDEN_INCIDENT", report.incident.c_str (), "CAMWARDEN_TIER", tier.c_str (),
                    "MESSAGE", "camera %s: %s", report.camera.c_str (),
                    cure_text (report, reason).c_str ());
}

/* Of what the worker keeps, under the names of the files. */
void
add_files (EvidenceItems &items, GVariant *values)
{
  const char *graph = nullptr;
  if (g_variant_lookup (values, "graph", "&s", &graph) && *graph)
    items.files.emplace_back ("pipeline.dot", evidence_data (std::string_view (graph)));
  for (const char *name : { "last-good", "first-bad" }) {
    g_autoptr (GVariant) picture = g_variant_lookup_value (values, name, G_VARIANT_TYPE_BYTESTRING);
    if (picture)
      items.files.emplace_back (text (name) + ".jpg",
                                evidence_data (g_variant_get_data_as_bytes (picture)));
  }
  g_autofree const char **lines = nullptr;
  std::string log;
  if (g_variant_lookup (values, "log", "^a&s", &lines))
    for (const char **line = lines; *line; line++)
      log += text (*line) + "\n";
  if (!log.empty ())
    items.files.emplace_back ("worker.log", evidence_data (log));
}

CureReport::Event
event_of (RecoveryAction::Kind kind)
{
  switch (kind) {
  case RecoveryAction::Kind::Cured:
    return CureReport::Event::Cured;
  case RecoveryAction::Kind::GivenUp:
    return CureReport::Event::GivenUp;
  case RecoveryAction::Kind::Order:
    break;
  }
  return CureReport::Event::Cure;
}

} // namespace

Incidents::Incidents (World world, EvidenceSettings evidence)
    : world_ (std::move (world)), store_ (std::move (evidence))
{}

FaultReport
Incidents::report (const CameraSet::Camera &camera, const Fault &fault) const
{
  FaultReport report;
  report.camera = camera.config.id;
  report.incident = std::to_string (camera.supervisor->incident ());
  report.wall = g_get_real_time ();
  report.fault = fault;
  report.worker_lines = camera.supervisor->last_lines ();
  if (const SystemSample *sample = world_.sample ()) {
    report.temperature = sample->temperature;
    if (sample->power_known)
      report.throttled = sample->power_now.throttled;
  }
  return report;
}

void
Incidents::fault (const CameraSet::Camera &camera, const Fault &fault)
{
  const FaultReport told = report (camera, fault);
  Said &said = said_[told.camera];
  const int64_t incident = camera.supervisor->incident ();
  const std::string what = fault.part + "/" + fault.code;
  const bool new_incident = std::exchange (said.incident, incident) != incident;
  if (new_incident)
    said = { .incident = incident };
  if (said.faults.size () >= most_faults || !said.faults.insert (what).second)
    return;
  log_fault (told);
  publish (told.camera, camera.config.channel, fault_json (told));
  if (new_incident && fault.first > Tier::Count)
    gather (camera, told);
}

/* The worker is asked before it gets its first order: what it shows is the fault. */
void
Incidents::gather (const CameraSet::Camera &camera, const FaultReport &report)
{
  auto gathering = std::make_shared<Gathering> (); /* shared by the steps of one job */
  gathering->report = report;
  gathering->channel = camera.config.channel;
  gathering->items.code = report.fault.code;
  gathering->items.wall = report.wall;
  camera.supervisor->evidence (
      [this, gathering, here = life_.alive ()] (GVariant *values, const GError *error) {
        if (here.expired ())
          return;
        if (!error)
          add_files (gathering->items, values);
        recent_kernel_lines (world_.root, kernel_seconds,
                             [this, gathering, here] (std::vector<std::string> lines) {
                               if (here.expired ())
                                 return;
                               gathering->report.kernel_lines = std::move (lines);
                               keep (gathering);
                             });
      });
}

void
Incidents::keep (const std::shared_ptr<Gathering> &gathering)
{
  gathering->items.fault_json = fault_json (gathering->report);
  store_.write (gathering->report.camera, std::move (gathering->items),
                [this, gathering, here = life_.alive ()] (const std::string &path) {
                  if (here.expired () || path.empty ())
                    return;
                  g_message ("camera %s: evidence in %s", gathering->report.camera.c_str (),
                             path.c_str ());
                  publish (gathering->report.camera, gathering->channel,
                           evidence_json (gathering->report.camera, gathering->report.incident,
                                          g_get_real_time (), path));
                });
}

void
Incidents::recovery (const CameraSet::Camera &camera, const RecoveryAction &action,
                     const Fault &reason)
{
  const CureReport report{ .camera = camera.config.id,
                           .incident = std::to_string (camera.supervisor->incident ()),
                           .wall = g_get_real_time (),
                           .event = event_of (action.kind),
                           .tier = action.tier,
                           .attempts = action.attempts,
                           .took = action.took };
  publish (report.camera, camera.config.channel, cure_json (report));
  /* Of a hundred probes for an absent camera the log keeps the first. */
  Said &said = said_[report.camera];
  const bool again = action.kind == RecoveryAction::Kind::Order
                     && std::exchange (said.tier, action.tier) == action.tier;
  if (!again)
    log_cure (report, reason);
}

void
Incidents::removed (const std::string &camera)
{
  said_.erase (camera);
}

void
Incidents::publish (const std::string &id, const std::string &channel,
                    const std::string &json) const
{
  world_.send ({ "PUBLISH", camera_prefix (id, channel) + "event", json });
}

} // namespace camwarden
