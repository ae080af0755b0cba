// SPDX-License-Identifier: LGPL-2.1-or-later
/* Alerts, events, history, log. */
#include "daemon/httpapi/eventstream.h"
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/queryreader.h"
#include "daemon/httpapi/recordsjson.h"
#include "daemon/httpapi/routes.h"

#include <charconv>

namespace camwarden
{

static constexpr int64_t largest_page = 1000;
static constexpr int64_t hour = 3600 * int64_t{ G_USEC_PER_SEC };

/* --- alerts --- */

static void
get_alerts (ApiModel &model, const Shared &exchange)
{
  QueryReader query (*exchange);
  AlertQuery wanted;
  const auto open = query.flag ("open");
  wanted.open = open.value_or (true);
  wanted.over = !open.value_or (false);
  wanted.part = query.text ("part");
  wanted.limit = static_cast<size_t> (query.integer ("limit", 100, 1, largest_page));
  if (!query.good ())
    return;
  JsonWriter json;
  json.begin_array ();
  write_alerts (json, model.alerts (wanted), g_get_real_time ());
  json.end_array ();
  exchange->reply_json (json);
}

static void
acknowledge_alert (ApiModel &model, const Shared &exchange)
{
  const std::string &text = exchange->parameter ("id");
  int64_t id = 0;
  const auto [stop, problem] = std::from_chars (text.data (), text.data () + text.size (), id);
  if (problem != std::errc () || *stop || !model.acknowledge (id, exchange->who ())) {
    exchange->reply_problem (404, "There is no such alert. GET /api/alerts lists them.");
    return;
  }
  JsonWriter json;
  json.begin_object ()
      .add ("success", true)
      .add ("message", "Acknowledged")
      .add ("timestamp", iso_time (g_get_real_time ()))
      .end_object ();
  exchange->reply_json (json);
}

static void
test_alerts (ApiModel &model, const Shared &exchange)
{
  exchange->wait ();
  model.test_alerts ([exchange] (const std::vector<SinkResult> &results) {
    bool good = true;
    JsonWriter json;
    json.begin_object ().begin_array ("sinks");
    for (const auto &result : results) {
      good &= result.ok;
      json.begin_object ()
          .add ("sink", result.sink)
          .add ("success", result.ok)
          .add_text ("message", result.message)
          .end_object ();
    }
    json.end_array ()
        .add ("success", good)
        .add ("timestamp", iso_time (g_get_real_time ()))
        .end_object ();
    exchange->reply_json (json);
  });
}

/* --- events --- */

static Severity
severity_of (const std::string &name)
{
  return name == "critical"  ? Severity::Critical
         : name == "warning" ? Severity::Warning
                             : Severity::Info;
}

static void
reply_events (const Shared &exchange, const EventQuery &query, const std::vector<Event> &events)
{
  JsonWriter json;
  json.begin_object ().begin_array ("events");
  for (const Event &event : events) {
    json.begin_object ();
    write_event (json, event);
    json.end_object ();
  }
  json.end_array ();
  /* Where the next page begins: after the last one, or before it. */
  const bool more = events.size () >= query.limit;
  json.add ("next_after", query.after && more ? std::optional (events.back ().id) : std::nullopt)
      .add ("next_before", !query.after && more ? std::optional (events.back ().id) : std::nullopt)
      .end_object ();
  exchange->reply_json (json);
}

static void
list_events (ApiModel &model, const Shared &exchange)
{
  QueryReader query (*exchange);
  EventQuery wanted;
  /* 0 for the database is newest first; no event has the id 1, they begin at the time in seconds.
   */
  const int64_t after = query.integer ("after", -1, 0, G_MAXINT64);
  wanted.after = after < 0 ? 0 : std::max<int64_t> (after, 1);
  wanted.before = query.integer ("before", 0, 0, G_MAXINT64);
  wanted.from = query.time ("from", 0);
  wanted.to = query.time ("to", 0);
  wanted.camera = query.text ("camera");
  wanted.kind = query.text ("kind");
  wanted.least = severity_of (query.word ("severity", "info", { "info", "warning", "critical" }));
  wanted.limit = static_cast<size_t> (query.integer ("limit", 100, 1, largest_page));
  if (!query.good ())
    return;
  exchange->wait ();
  model.events (wanted,
                [exchange, wanted] (const std::vector<Event> &events, const std::string &error) {
                  if (error.empty ())
                    reply_events (exchange, wanted, events);
                  else
                    exchange->reply_problem (503, error);
                });
}

/* What a client saw last, which it says as browsers do, or in the first request by `after`. */
static std::optional<int64_t>
last_event (Exchange &exchange, QueryReader &query)
{
  const std::string text = exchange.header ("Last-Event-ID").value_or ("");
  int64_t id = 0;
  const auto [stop, problem] = std::from_chars (text.data (), text.data () + text.size (), id);
  if (!text.empty () && problem == std::errc () && !*stop && id >= 0)
    return id;
  const int64_t after = query.integer ("after", -1, 0, G_MAXINT64);
  return after < 0 ? std::nullopt : std::optional (after);
}

static void
get_events (ApiModel &model, const Shared &exchange)
{
  const std::string accept = exchange->header ("Accept").value_or ("");
  if (accept.find ("text/event-stream") == std::string::npos)
    return list_events (model, exchange);
  QueryReader query (*exchange);
  EventStreamOptions options;
  options.after = last_event (*exchange, query);
  if (query.good ())
    stream_events (model, exchange, options);
}

/* --- history --- */

static void
get_history (ApiModel &model, const Shared &exchange)
{
  const int64_t now = g_get_real_time ();
  QueryReader query (*exchange);
  HistoryQuery wanted;
  wanted.to = query.time ("to", now);
  wanted.from = query.time ("from", wanted.to - 24 * hour);
  wanted.step = static_cast<int64_t> (query.number ("step", 0, 0, 366 * 86400.0) * 1e6);
  wanted.points = static_cast<size_t> (query.integer ("points", 300, 1, 2000));
  wanted.series = query.list ("series", 100);
  if (!query.good ())
    return;
  if (wanted.from >= wanted.to)
    return exchange->reply_problem (400, "from is before to.");
  exchange->wait ();
  model.history (wanted, [exchange] (const HistoryAnswer &answer) {
    if (!answer.error.empty ())
      return exchange->reply_problem (503, answer.error);
    JsonWriter json;
    write_history (json, answer);
    exchange->reply_json (json);
  });
}

/* --- log --- */

static void
reply_log (const Shared &exchange, const LogAnswer &answer, bool objects)
{
  JsonWriter json;
  if (objects)
    json.begin_object ().begin_array ("lines");
  else
    json.begin_array ();
  for (const LogEntry &entry : answer.lines) {
    if (!objects) {
      json.value (log_text (entry));
      continue;
    }
    json.begin_object ();
    write_log_entry (json, entry);
    json.end_object ();
  }
  json.end_array ();
  if (objects)
    json.add_text ("cursor", answer.cursor).add ("source", answer.source).end_object ();
  exchange->reply_json (json);
}

static void
get_log (ApiModel &model, const Shared &exchange)
{
  QueryReader query (*exchange);
  LogQuery wanted;
  wanted.type = query.word ("type", "all", { "all", "errors", "camera", "redis" });
  wanted.least = query.word ("level", "debug", { "error", "warning", "info", "debug" });
  wanted.camera = query.text ("camera");
  wanted.contains = query.text ("contains");
  wanted.after = query.text ("after", 512);
  wanted.limit = static_cast<size_t> (query.integer ("limit", 100, 1, largest_page));
  const double hours = query.number ("hours", 0, 0, 24 * 366);
  if (hours > 0)
    wanted.since = g_get_real_time () - static_cast<int64_t> (hours * static_cast<double> (hour));
  const bool objects = query.word ("format", "lines", { "lines", "json" }) == "json";
  if (!query.good ())
    return;
  exchange->wait ();
  model.log (wanted, [exchange, objects] (const LogAnswer &answer, const std::string &error) {
    if (error.empty ())
      reply_log (exchange, answer, objects);
    else
      exchange->reply_problem (503, error);
  });
}

static std::vector<Route>
alert_routes (ApiModel &model)
{
  return {
    { .method = "GET",
      .path_template = "/api/alerts",
      .role = Role::Read,
      .handle = with_model (model, get_alerts),
      .doc = "Alerts, open ones first, each newest first",
      .name = "getAlerts",
      .parameters
      = { { "open", "1: only those that are open; 0: only those that are over", "", "boolean" },
          { "part", "only of this part, such as camera/front, redis, system", "" },
          { "limit", "at most so many, 1 to 1000; 100", "50", "integer" } } },
    { .method = "POST",
      .path_template = "/api/alerts/{id}/acknowledge",
      .role = Role::Control,
      .handle = with_model (model, acknowledge_alert),
      .doc = "Says that somebody knows of this alert",
      .name = "acknowledgeAlert",
      .parameters = { { "id", "the alert's id", "1", "integer" } } },
    { .method = "POST",
      .path_template = "/api/alerts/test",
      .role = Role::Control,
      .handle = with_model (model, test_alerts),
      .doc = "Sends a test message to everybody who would hear of an alert; how that went",
      .name = "testAlerts" },
  };
}

std::vector<Route>
record_routes (ApiModel &model)
{
  auto routes = alert_routes (model);
  routes.push_back (
      { .method = "GET",
        .path_template = "/api/events",
        .role = Role::Read,
        .handle = with_model (model, get_events),
        .doc = "What happened, newest first; with `Accept: text/event-stream` what happens, as "
               "server-sent events",
        .name = "getEvents",
        .parameters = { { "after", "only ids above it, oldest first", "", "integer" },
                        { "before", "only ids below it", "", "integer" },
                        { "from", "not before this time, seconds since 1970 or ISO 8601", "" },
                        { "to", "not after this time", "" },
                        { "camera", "only of this camera", "front" },
                        { "kind", "only of this kind, such as fault, cured, order, alert", "" },
                        { "severity", "at least info, warning or critical; info", "info" },
                        { "limit", "at most so many, 1 to 1000; 100", "100", "integer" } },
        .ticket = true });
  routes.push_back (
      { .method = "GET",
        .path_template = "/api/history",
        .role = Role::Read,
        .handle = with_model (model, get_history),
        .doc = "Figures over time, as series; times in seconds since 1970, null: nothing is known",
        .name = "getHistory",
        .parameters
        = { { "from", "the first moment, seconds since 1970 or ISO 8601; 24 h before `to`", "" },
            { "to", "the last moment; now", "" },
            { "step", "seconds between two points; chosen by `points`", "", "number" },
            { "points", "about so many points, 1 to 2000; 300", "300", "integer" },
            { "series", "names between commas, a * at the end matches the rest; all",
              "cpu,camera.front.*" } } });
  routes.push_back (
      { .method = "GET",
        .path_template = "/api/logs/recent",
        .role = Role::Read,
        .handle = with_model (model, get_log),
        .doc = "The latest lines of the log, oldest first",
        .name = "getLog",
        .parameters
        = { { "type",
              "all; errors: warnings and worse; camera or redis: what is about "
              "them",
              "all" },
            { "level", "at least error, warning, info or debug; debug", "info" },
            { "camera", "only about this camera", "" },
            { "contains", "only with this text, in any case", "" },
            { "hours", "only of the last so many hours; 0: any", "24", "number" },
            { "limit", "at most so many lines, 1 to 1000; 100", "100", "integer" },
            { "format", "lines: an array of texts; json: objects and a cursor", "" },
            { "after", "the cursor of an earlier answer: only what came later", "" } } });
  return routes;
}

} // namespace camwarden
