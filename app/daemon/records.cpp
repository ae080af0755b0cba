// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/records.h"

#include "config/settings.h"
#include "daemon/alertjson.h"

#include <algorithm>

namespace camwarden
{

namespace
{

AlertBook::Settings
book_settings (const AlertsConfig &config)
{
  return { config.min_duration, config.min_interval };
}

HistoryLimits
limits (const HistoryConfig &config)
{
  return { config.raw_days, config.average_days };
}

GLogLevelFlags
log_level (Severity severity)
{
  return severity == Severity::Info ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING;
}

/* With its fields, of which there may be any number. */
void
log_event (const EventReport &report)
{
  const Event &event = report.event;
  const std::string text
      = event.camera.empty () ? event.text : "camera " + event.camera + ": " + event.text;
  const std::string severity (severity_name (event.severity));
  std::vector<std::pair<std::string, std::string>> fields{
    { "GLIB_DOMAIN", G_LOG_DOMAIN },
    { "MESSAGE", text },
    { "PRIORITY", event.severity == Severity::Info ? "5" : "4" },
    { "CAMWARDEN_EVENT", event.kind },
    { "CAMWARDEN_SEVERITY", severity },
    { "CAMWARDEN_CODE", event.code },
  };
  if (!event.camera.empty ())
    fields.emplace_back ("CAMWARDEN_CAMERA", event.camera);
  for (const auto &field : report.log_fields) {
    std::erase_if (fields, [&field] (const auto &one) { return one.first == field.first; });
    fields.push_back (field);
  }
  std::vector<GLogField> pieces;
  pieces.reserve (fields.size ());
  for (const auto &[name, value] : fields)
    pieces.push_back ({ name.c_str (), value.c_str (), -1 });
  g_log_structured_array (log_level (event.severity), pieces.data (), pieces.size ());
}

} // namespace

/* Ids go on where the daemon before ended, and never lie below the time in seconds: should that
 * daemon's be lost, they are not used again all the same. */
Records::Records (World world, const AlertsConfig &alerts, const HistoryConfig &history,
                  const std::string &directory)
    : world_ (std::move (world)), host_ (g_get_host_name ()),
      last_id_ (g_get_real_time () / G_USEC_PER_SEC),
      book_ (book_settings (alerts), [this] { return next_id (); }),
      history_ (
          { history.location, limits (history) },
          { [this] (const HistoryOpened &past) { opened (past); },
            [this] (const std::string &why) {
              trouble_ = why;
              if (why.empty ())
                g_message ("history: kept on disk again");
              else
                g_warning ("history: %s; the last hour is kept in memory", why.c_str ());
            },
            [this] (const std::string &aside, const std::string &why) { damaged (aside, why); } })
{
  add_sinks (directory, alerts);
}

Records::~Records ()
{
  finish ();
}

void
Records::add_sinks (const std::string &directory, const AlertsConfig &alerts)
{
  sinks_.push_back (make_webhook_sink (directory + "/webhook-queue.json", host_));
  if (auto mqtt = make_mqtt_sink (host_))
    sinks_.push_back (std::move (mqtt));
  else if (!alerts.mqtt.empty ())
    g_warning ("mqtt: this program was built without it, nobody is told there");
  for (const auto &sink : sinks_)
    sink->configure (alerts);
  show ();
}

void
Records::configure (const AlertsConfig &alerts, const HistoryConfig &history)
{
  book_.configure (book_settings (alerts));
  history_.configure (limits (history));
  for (const auto &sink : sinks_)
    sink->configure (alerts);
  show ();
}

/* --- the file --- */

void
Records::opened (const HistoryOpened &past)
{
  opened_ = true;
  last_id_ = std::max (last_id_, past.last_id);
  apply (book_.restore (g_get_monotonic_time (), g_get_real_time (), past.alerts));
  show ();
  submit ();
}

void
Records::damaged (const std::string &aside, const std::string &why)
{
  damage_ = why + ". It was set aside as " + aside + ", and a new one was begun";
  damaged_at_ = g_get_monotonic_time ();
  for (const auto &alert : book_.open ())
    history_.alert (alert);
  EventReport report;
  report.event.kind = "history";
  report.event.severity = Severity::Critical;
  report.event.code = "damaged";
  report.event.text = "history: " + damage_;
  event (std::move (report));
}

std::string
Records::trouble () const
{
  if (!trouble_.empty ())
    return trouble_;
  const bool recent = damaged_at_ && g_get_monotonic_time () - damaged_at_ < DAMAGE_SHOWN;
  return recent ? damage_ : "";
}

/* --- events --- */

void
Records::event (EventReport report)
{
  if (report.event.time == 0)
    report.event.time = g_get_real_time ();
  if (report.log)
    log_event (report);
  if (!report.keep || !may_keep (report.event))
    return publish (report.event);
  Waiting waiting;
  waiting.report = std::move (report);
  waiting.deadline = g_get_monotonic_time () + TELL_PATIENCE;
  waiting_.push_back (std::move (waiting));
  if (opened_)
    submit ();
  if (!patience_)
    patience_ = Timer::once (TELL_PATIENCE / 1000 + 10, [this] {
      patience_.cancel ();
      release ();
    });
}

/* A camera that fails and is cured every few seconds for a day must not wear out the disk. */
bool
Records::may_keep (const Event &event)
{
  static constexpr std::string_view many[]{ "fault", "cure", "cured", "given-up", "evidence" };
  if (std::find (std::begin (many), std::end (many), event.kind) == std::end (many))
    return true;
  const int64_t now = g_get_monotonic_time ();
  const bool allowed = budget_.allows (now);
  if (allowed)
    budget_.spend (now);
  if (!allowed && !std::exchange (flooded_, true))
    g_warning ("history: %u events of cameras within an hour: more are published on Redis only",
               KEPT_AN_HOUR);
  flooded_ = !allowed;
  return allowed;
}

void
Records::note (const char *kind, Severity severity, const std::string &camera,
               const std::string &code, const std::string &text)
{
  EventReport report;
  report.event.kind = kind;
  report.event.severity = severity;
  report.event.camera = camera;
  report.event.code = code;
  report.event.text = text;
  report.log = false;
  event (std::move (report));
}

/* What waits gets its number, and goes to the file. */
void
Records::submit ()
{
  for (auto &waiting : waiting_)
    if (!std::exchange (waiting.submitted, true)) {
      Event &event = waiting.report.event;
      event.id = next_id ();
      if (event.json.empty ())
        event.json = event_record_json (event);
      history_.event (event, [this, id = event.id] (bool) { kept (id); });
    }
}

void
Records::kept (int64_t id)
{
  for (auto &waiting : waiting_)
    waiting.kept = waiting.kept || waiting.report.event.id == id;
  release ();
}

/* In their order; one that the disk holds up is not waited for longer than promised. */
void
Records::release ()
{
  const int64_t now = g_get_monotonic_time ();
  while (!waiting_.empty () && (waiting_.front ().kept || waiting_.front ().deadline <= now)) {
    submit ();
    const Event event = std::move (waiting_.front ().report.event);
    waiting_.pop_front ();
    publish (event);
    tell (event);
  }
  if (!waiting_.empty () && !patience_)
    patience_ = Timer::once (
        static_cast<guint> (std::max<int64_t> (waiting_.front ().deadline - now, 0) / 1000 + 10),
        [this] {
          patience_.cancel ();
          release ();
        });
}

void
Records::finish ()
{
  for (auto &waiting : waiting_)
    waiting.deadline = 0;
  release ();
}

void
Records::publish (const Event &event)
{
  const std::string channel
      = event.camera.empty () ? MACHINE_CHANNEL : world_.channel (event.camera);
  world_.redis ({ "PUBLISH", channel, event.json }, {});
}

/* Who is told may stop watching, or begin to. */
void
Records::tell (const Event &event)
{
  std::vector<uint64_t> tokens;
  for (const auto &[token, watch] : watches_)
    tokens.push_back (token);
  for (const uint64_t token : tokens)
    if (const auto found = watches_.find (token); found != watches_.end () && found->second.event) {
      const auto call = found->second.event;
      call (event);
    }
}

uint64_t
Records::watch (ApiModel::Watch watch)
{
  const uint64_t token = next_watch_++;
  watches_[token] = std::move (watch);
  return token;
}

void
Records::unwatch (uint64_t token)
{
  watches_.erase (token);
}

void
Records::history (const HistoryQuery &query, History::QueryDone done)
{
  history_.query (query, g_get_real_time (), std::move (done));
}

/* --- alerts --- */

void
Records::tick ()
{
  const int64_t now = g_get_monotonic_time (), wall = g_get_real_time ();
  apply (book_.update (now, wall, world_.issues ()));
  if (world_.cameras () != shown_cameras_)
    show ();
}

void
Records::recovered (const std::string &camera, const std::string &text)
{
  apply (book_.done ("camera/" + camera, text));
}

bool
Records::acknowledge (int64_t alert, const std::string &who)
{
  const auto changes = book_.acknowledge (alert, g_get_real_time (), who);
  apply (changes);
  return !changes.shown.empty ();
}

void
Records::apply (const AlertBook::Changes &changes)
{
  for (const auto &kept : changes.kept)
    history_.alert (kept);
  const auto watches = watches_; /* who is told may stop watching */
  for (const auto &alert : changes.shown)
    for (const auto &[token, watch] : watches)
      if (watches_.contains (token) && watch.alert)
        watch.alert (alert);
  for (const auto &message : changes.messages)
    tell (message, g_get_real_time ());
  if (!changes.shown.empty ())
    show ();
}

void
Records::tell (const AlertMessage &message, int64_t wall)
{
  const Alert &alert = message.alert;
  const bool over = message.kind == AlertMessage::Kind::Over;
  EventReport report;
  Event &event = report.event;
  event.time = wall;
  event.kind = alert_event_name (message.kind);
  event.severity = over ? Severity::Info : alert.severity;
  if (const auto camera = alert.parameters.find ("camera"); camera != alert.parameters.end ())
    event.camera = camera->second;
  event.code = alert.code;
  event.text = "alert: " + alert_line (message);
  event.json = alert_json (message, wall, host_);
  report.log_fields = { { "CAMWARDEN_ALERT", alert.code },
                        { "CAMWARDEN_ALERT_ID", std::to_string (alert.id) },
                        { "CAMWARDEN_PART", alert.part },
                        { "CAMWARDEN_INSTANCE", alert.instance },
                        { "CAMWARDEN_SEVERITY", std::string (severity_name (alert.severity)) } };
  this->event (std::move (report));
  for (const auto &sink : sinks_)
    sink->send (message, wall);
}

void
Records::show ()
{
  shown_cameras_ = world_.cameras ();
  const auto open = book_.alerts ({ .over = false, .limit = 1000 });
  for (const auto &sink : sinks_)
    sink->show (open, shown_cameras_);
}

namespace
{

/* Of several tests, each with its own time. */
struct Round
{
  ApiModel::AlertTested done;
  std::vector<SinkResult> results;
  size_t missing = 0;

  void
  add (const SinkResult &result)
  {
    results.push_back (result);
    if (--missing == 0)
      done (results);
  }
};

} // namespace

void
Records::test (ApiModel::AlertTested done)
{
  const int64_t wall = g_get_real_time ();
  const AlertMessage message = test_message (wall);
  auto round = std::make_shared<Round> (); /* by the sinks */
  round->done = std::move (done);
  std::vector<AlertSink *> used;
  for (const auto &sink : sinks_)
    if (sink->is_used ())
      used.push_back (sink.get ());
  round->missing = used.size () + 2;
  g_message ("alert: %s", message.alert.text.c_str ());
  round->add ({ "log", true, "Written" });
  world_.redis ({ "PUBLISH", MACHINE_CHANNEL, alert_json (message, wall, host_) },
                [round] (const std::string &error) {
                  round->add (
                      { "redis", error.empty (),
                        error.empty () ? "Published on cam:event" : "Not published: " + error });
                });
  for (AlertSink *sink : used)
    sink->test (message, wall, [round] (const SinkResult &result) { round->add (result); });
}

} // namespace camwarden
