// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/alertjson.h"

#include "daemon/jsonfields.h"

namespace camwarden
{

namespace
{

constexpr int64_t second = 1'000'000, minute = 60 * second, hour = 60 * minute, day = 24 * hour;

/* As people write it, whatever the locale. */
std::string
number_text (std::optional<double> value)
{
  if (!value)
    return {};
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  return g_ascii_formatd (text, sizeof text, "%.1f", *value);
}

std::string
iso_time (int64_t wall)
{
  if (wall <= 0)
    return {};
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (wall / second);
  return time ? take_string (g_date_time_format (time, "%Y-%m-%dT%H:%M:%SZ")) : "";
}

std::string
camera_of (const Alert &alert)
{
  const auto camera = alert.parameters.find ("camera");
  return camera == alert.parameters.end () ? "" : camera->second;
}

void
optional_real (JsonFields &fields, const char *key, std::optional<double> value)
{
  if (value)
    fields.real (key, *value);
  else
    fields.null (key);
}

} // namespace

std::string_view
alert_event_name (AlertMessage::Kind kind)
{
  return kind == AlertMessage::Kind::Over ? "alert-over" : "alert";
}

std::string
duration_text (int64_t us)
{
  const auto two = [] (int64_t big, const char *big_unit, int64_t small, const char *small_unit) {
    std::string text = std::to_string (big) + " " + big_unit;
    return small ? text + " " + std::to_string (small) + " " + small_unit : text;
  };
  if (us < minute)
    return std::to_string (us / second) + " s";
  if (us < hour)
    return std::to_string (us / minute) + " min";
  if (us < day)
    return two (us / hour, "h", us % hour / minute, "min");
  return two (us / day, "d", us % day / hour, "h");
}

std::string
alert_json (const AlertMessage &message, int64_t wall, const std::string &host)
{
  const Alert &alert = message.alert;
  JsonFields fields;
  fields.number ("v", 1);
  if (const std::string camera = camera_of (alert); !camera.empty ())
    fields.text ("cam", camera);
  fields.number ("ts", wall)
      .text ("event", alert_event_name (message.kind))
      .text ("host", host)
      .number ("alert", alert.id)
      .text ("code", alert.code)
      .text ("instance", alert.instance)
      .text ("part", alert.part)
      .text ("severity", severity_name (alert.severity))
      .number ("since", alert.since);
  if (message.kind == AlertMessage::Kind::Over)
    fields.number ("until", alert.until).number ("duration", message.lasted);
  optional_real (fields, "value", alert.value);
  optional_real (fields, "threshold", alert.threshold);
  return fields.text ("unit", alert.unit)
      .text ("text", alert.text)
      .text ("cause", alert.cause)
      .text ("done", alert.done)
      .finish ();
}

std::string
alert_line (const AlertMessage &message)
{
  const Alert &alert = message.alert;
  std::string line;
  if (message.kind == AlertMessage::Kind::Over)
    line = "Over after " + duration_text (message.lasted) + ": ";
  line += alert.text;
  if (alert.value) {
    line += " (" + number_text (alert.value) + " " + alert.unit;
    if (alert.threshold)
      line += ", limit " + number_text (alert.threshold) + " " + alert.unit;
    line += ")";
  }
  if (!alert.cause.empty ())
    line += ": " + alert.cause;
  if (!alert.done.empty ())
    line += "; " + alert.done;
  return line;
}

std::map<std::string, std::string>
alert_values (const AlertMessage &message, int64_t wall, const std::string &host)
{
  const Alert &alert = message.alert;
  const bool over = message.kind == AlertMessage::Kind::Over;
  const std::string severity (severity_name (alert.severity));
  return { { "event", std::string (alert_event_name (message.kind)) },
           { "host", host },
           { "id", std::to_string (alert.id) },
           { "code", alert.code },
           { "instance", alert.instance },
           { "part", alert.part },
           { "camera", camera_of (alert) },
           { "severity", severity },
           { "state", over ? "over" : severity },
           { "title", host + ": " + alert.text },
           { "line", alert_line (message) },
           { "text", alert.text },
           { "cause", alert.cause },
           { "done", alert.done },
           { "value", number_text (alert.value) },
           { "threshold", number_text (alert.threshold) },
           { "unit", alert.unit },
           { "time", iso_time (wall) },
           { "since", iso_time (alert.since) },
           { "until", iso_time (alert.until) },
           { "duration", over ? duration_text (message.lasted) : "" },
           /* 1 to 5, as ntfy counts */
           { "priority", over                                   ? "2"
                         : alert.severity == Severity::Critical ? "5"
                                                                : "3" } };
}

std::string
event_record_json (const Event &event)
{
  JsonFields fields;
  fields.number ("v", 1);
  if (!event.camera.empty ())
    fields.text ("cam", event.camera);
  return fields.number ("ts", event.time)
      .text ("event", event.kind)
      .number ("id", event.id)
      .text ("severity", severity_name (event.severity))
      .text ("code", event.code)
      .text ("text", event.text)
      .finish ();
}

AlertMessage
test_message (int64_t wall)
{
  AlertMessage message;
  message.alert.code = "test";
  message.alert.part = "daemon";
  message.alert.severity = Severity::Info;
  message.alert.since = wall;
  message.alert.text = "This is a test: everything is fine";
  return message;
}

} // namespace camwarden
