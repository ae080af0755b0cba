// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/alertjson.h"

#include "daemon/httpapi/jsonwriter.h"

namespace camwarden
{

static std::optional<int64_t>
known_time (int64_t wall)
{
  return wall ? std::optional<int64_t> (wall) : std::nullopt;
}

void
write_alert (JsonWriter &json, const Alert &alert)
{
  json.add ("id", alert.id)
      .add ("code", alert.code)
      .add_text ("instance", alert.instance)
      .add ("part", alert.part)
      .add ("severity", std::string (severity_name (alert.severity)))
      .add ("open", alert.until == 0)
      .add_time ("since", known_time (alert.since))
      .add_time ("until", known_time (alert.until))
      .add ("value", alert.value)
      .add ("threshold", alert.threshold)
      .add_text ("unit", alert.unit)
      .add ("text", alert.text)
      .add_text ("cause", alert.cause)
      .add_text ("done", alert.done)
      .add_time ("acknowledged", known_time (alert.acknowledged))
      .add_text ("acknowledged_by", alert.acknowledged_by);
  json.begin_object ("parameters");
  for (const auto &[name, value] : alert.parameters)
    json.add (name.c_str (), value);
  json.end_object ();
}

void
write_event (JsonWriter &json, const Event &event)
{
  json.add ("id", event.id)
      .add_time ("time", known_time (event.time))
      .add ("kind", event.kind)
      .add ("severity", std::string (severity_name (event.severity)))
      .add_text ("camera", event.camera)
      .add_text ("code", event.code)
      .add ("text", event.text);
}

} // namespace camwarden
