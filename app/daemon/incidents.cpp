// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/incidents.h"

#include "daemon/kernellog.h"

#include <algorithm>

namespace camwarden
{

namespace
{

constexpr int kernel_seconds = 60;
constexpr size_t most_faults = 32;  /* that are told of one incident */
constexpr unsigned most_cures = 20; /* that are kept of one incident */

std::string
text (std::string_view view)
{
  return std::string (view);
}

EventReport
event_report (const std::string &camera, int64_t wall, std::string_view kind)
{
  EventReport report;
  report.event.time = wall;
  report.event.kind = kind;
  report.event.camera = camera;
  return report;
}

EventReport
fault_event (const FaultReport &told)
{
  const Fault &fault = told.fault;
  const std::string kind = text (fault_class_name (fault.fault_class));
  EventReport report = event_report (told.camera, told.wall, "fault");
  report.event.severity = Severity::Warning;
  report.event.code = fault.code;
  report.event.text = "fault " + fault.part + "/" + fault.code + ", class " + kind;
  report.event.json = fault_json (told);
  report.log_fields = { { "CAMWARDEN_INCIDENT", told.incident },
                        { "CAMWARDEN_CLASS", kind },
                        { "CAMWARDEN_PART", fault.part } };
  return report;
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

EventReport
cure_event (const CureReport &told, const Fault &reason)
{
  EventReport report = event_report (told.camera, told.wall, cure_event_name (told.event));
  if (told.event == CureReport::Event::GivenUp)
    report.event.severity = Severity::Warning;
  report.event.code = text (tier_name (told.tier));
  report.event.text = cure_text (told, reason);
  report.event.json = cure_json (told);
  report.log_fields
      = { { "CAMWARDEN_INCIDENT", told.incident }, { "CAMWARDEN_TIER", report.event.code } };
  return report;
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
  world_.event (fault_event (told));
  if (new_incident && fault.first > Tier::Count)
    gather (camera, told);
}

/* The worker is asked before it gets its first order: what it shows is the fault. */
void
Incidents::gather (const CameraSet::Camera &camera, const FaultReport &report)
{
  auto gathering = std::make_shared<Gathering> (); /* shared by the steps of one job */
  gathering->report = report;
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
                  const FaultReport &about = gathering->report;
                  EventReport told = event_report (about.camera, g_get_real_time (), "evidence");
                  told.event.code = about.fault.code;
                  told.event.text = "evidence in " + path;
                  told.event.json
                      = evidence_json (about.camera, about.incident, told.event.time, path);
                  world_.event (std::move (told));
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
  /* Of a hundred probes for an absent camera the first is kept. */
  Said &said = said_[report.camera];
  const bool order = action.kind == RecoveryAction::Kind::Order;
  const bool again = order && std::exchange (said.tier, action.tier) == action.tier;
  EventReport told = cure_event (report, reason);
  told.log = !again;
  told.keep = !again && (!order || said.cures++ < most_cures);
  if (!again)
    world_.cured (report.camera, told.event.text);
  world_.event (std::move (told));
}

void
Incidents::removed (const std::string &camera)
{
  said_.erase (camera);
}

} // namespace camwarden
