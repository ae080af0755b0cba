// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/recordsjson.h"

#include "daemon/httpapi/jsonwriter.h"

#include <algorithm>

namespace camwarden
{

static std::optional<int64_t>
known (int64_t time)
{
  return time ? std::optional<int64_t> (time) : std::nullopt;
}

static std::string
name_of (Severity severity)
{
  return std::string (severity_name (severity));
}

void
write_alert (JsonWriter &json, const Alert &alert, int64_t now_wall)
{
  const int64_t end = alert.until ? alert.until : now_wall;
  json.add ("id", alert.id)
      .add_time ("timestamp", alert.since)
      .add ("severity", name_of (alert.severity))
      .add ("type", alert.code)
      .add ("message", alert.text)
      .add ("open", alert.until == 0)
      .add_text ("instance", alert.instance)
      .add ("part", alert.part)
      .add_time ("since", alert.since)
      .add_time ("until", known (alert.until))
      .add_seconds ("duration", std::max<int64_t> (0, end - alert.since))
      .add ("value", alert.value)
      .add ("threshold", alert.threshold)
      .add_text ("unit", alert.unit)
      .add_text ("cause", alert.cause)
      .add_text ("done", alert.done);
  json.begin_object ("parameters");
  for (const auto &[name, value] : alert.parameters)
    json.add (name.c_str (), value);
  json.end_object ()
      .add_time ("acknowledged", known (alert.acknowledged))
      .add_text ("acknowledged_by", alert.acknowledged_by);
}

void
write_event (JsonWriter &json, const Event &event)
{
  json.add ("id", event.id)
      .add_time ("timestamp", event.time)
      .add ("kind", event.kind)
      .add ("severity", name_of (event.severity))
      .add_text ("camera", event.camera)
      .add_text ("code", event.code)
      .add ("message", event.text)
      .add_json ("detail", event.json);
}

void
write_log_entry (JsonWriter &json, const LogEntry &entry)
{
  json.add_time ("timestamp", entry.time)
      .add ("level", entry.level)
      .add_text ("camera", entry.camera)
      .add ("message", entry.text);
}

void
write_alerts (JsonWriter &json, const std::vector<Alert> &alerts, int64_t now_wall)
{
  for (const auto &alert : alerts) {
    json.begin_object ();
    write_alert (json, alert, now_wall);
    json.end_object ();
  }
}

static void
write_numbers (JsonWriter &json, const char *name, const std::vector<double> &numbers)
{
  json.begin_array (name);
  for (const double number : numbers)
    json.value (number);
  json.end_array ();
}

static double
seconds (int64_t us)
{
  return static_cast<double> (us) / 1e6;
}

void
write_history (JsonWriter &json, const HistoryAnswer &history)
{
  json.begin_object ()
      .add ("from", seconds (history.from))
      .add ("to", seconds (history.to))
      .add ("step", seconds (history.step));
  json.begin_array ("times");
  for (const int64_t time : history.times)
    json.value (seconds (time));
  json.end_array ().begin_object ("series");
  for (const auto &series : history.series) {
    json.begin_object (series.name.c_str ());
    write_numbers (json, "average", series.average);
    write_numbers (json, "least", series.least);
    write_numbers (json, "most", series.most);
    json.end_object ();
  }
  json.end_object ().end_object ();
}

std::string
log_text (const LogEntry &entry)
{
  return iso_time (entry.time) + " " + entry.level + ": " + entry.text;
}

static std::string
text_of (JsonWriter &json)
{
  g_autoptr (GBytes) bytes = json.finish ();
  gsize size = 0;
  const auto *text = static_cast<const char *> (g_bytes_get_data (bytes, &size));
  return { text, size - 1 }; /* without the newline */
}

std::string
event_text (const Event &event)
{
  JsonWriter json;
  json.begin_object ();
  write_event (json, event);
  json.end_object ();
  return text_of (json);
}

std::string
alert_text (const Alert &alert, int64_t now_wall)
{
  JsonWriter json;
  json.begin_object ();
  write_alert (json, alert, now_wall);
  json.end_object ();
  return text_of (json);
}

} // namespace camwarden
