// SPDX-License-Identifier: LGPL-2.1-or-later
#define G_LOG_DOMAIN "camwarden-http"
#include "daemon/httpapi/websocket.h"

#include "daemon/httpapi/exchange.h"
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/machinejson.h"
#include "daemon/httpapi/modeljson.h"
#include "daemon/httpapi/pagesession.h"
#include "daemon/httpapi/recordsjson.h"

#include <algorithm>

namespace camwarden
{

static constexpr guint tick_ms = 250;
static constexpr int64_t state_interval = 1'000'000;
static constexpr size_t most_alerts = 100;

Websockets::Websockets (SoupServer *server, ApiModel &model, AccessRules &access,
                        Connections &connections, int64_t silence_allowed)
    : server_ (Ref<SoupServer>::share (server)), model_ (model), access_ (access),
      connections_ (connections), silence_allowed_ (silence_allowed)
{
  /* 4 KiB could become 4 MiB, and pictures do not get smaller. */
  soup_server_remove_websocket_extension (server, SOUP_TYPE_WEBSOCKET_EXTENSION_DEFLATE);
  /* Host and Origin have been checked by the time it is called. */
  soup_server_add_websocket_handler (server, websocket_path, nullptr, nullptr, on_open, this,
                                     nullptr);
}

Websockets::~Websockets ()
{
  for (const auto &session : std::exchange (sessions_, {}))
    session->cut ();
  if (watch_)
    model_.unwatch (watch_);
}

static bool
is_upgrade (const Exchange &exchange)
{
  const std::string protocol = exchange.header ("Upgrade").value_or ("");
  return g_ascii_strcasecmp (protocol.c_str (), "websocket") == 0;
}

void
Websockets::upgrade (const std::shared_ptr<Exchange> &exchange)
{
  if (!is_upgrade (*exchange)) {
    exchange->add_header ("Upgrade", "websocket");
    exchange->reply_problem (426, "This path speaks WebSocket only. docs/websocket.md tells how.");
    return;
  }
  const Client *client = connections_.find (exchange->message ());
  if (client && connections_.become_stream (client->id, StreamKind::Websocket, nullptr))
    return; /* libsoup goes on with the handshake, since there is no answer yet */
  exchange->add_header ("Retry-After", "10");
  exchange->reply_problem (503, "All connections for streams are in use. Close a page.");
}

Route
Websockets::route ()
{
  return { .method = "GET",
           .path_template = websocket_path,
           .role = Role::None,
           .handle = [this] (const std::shared_ptr<Exchange> &exchange) { upgrade (exchange); },
           .doc = "The dashboard's WebSocket: state, events, alerts and pictures" };
}

void
Websockets::on_open (SoupServer *, SoupServerMessage *message, const char *,
                     SoupWebsocketConnection *connection, gpointer self)
{
  auto *sockets = static_cast<Websockets *> (self);
  if (const Client *client = sockets->connections_.find (message))
    sockets->open (connection, *client);
}

void
Websockets::open (SoupWebsocketConnection *connection, const Client &client)
{
  const auto session = std::make_shared<PageSession> (*this, connection, client);
  const bool counted = connections_.become_stream (client.id, StreamKind::Websocket,
                                                   [weak = std::weak_ptr (session)] {
                                                     if (const auto strong = weak.lock ())
                                                       strong->cut ();
                                                   });
  if (!counted)
    return;
  connections_.enter (client.id, ConnectionPhase::Streaming);
  sessions_.push_back (session);
  start ();
  session->begin ();
}

static std::string
text_of (JsonWriter &json)
{
  g_autoptr (GBytes) bytes = json.finish ();
  gsize size = 0;
  const auto *data = static_cast<const char *> (g_bytes_get_data (bytes, &size));
  return std::string (data, size);
}

template <typename Write>
static std::string
object_of (Write write)
{
  JsonWriter json;
  json.begin_object ();
  write (json);
  json.end_object ();
  return text_of (json);
}

void
Websockets::start ()
{
  if (tick_)
    return;
  tick_ = SourceId (g_timeout_add (
      tick_ms,
      [] (gpointer self) -> gboolean {
        static_cast<Websockets *> (self)->tick ();
        return G_SOURCE_CONTINUE;
      },
      this));
  const auto tell_event = [this] (const Event &event) { tell ("event", event_text (event)); };
  const auto tell_alert
      = [this] (const Alert &alert) { tell ("alert", alert_text (alert, g_get_real_time ())); };
  watch_ = model_.watch ({ tell_event, tell_alert });
}

void
Websockets::tell (const char *kind, const std::string &object)
{
  const std::string text
      = std::string ("{\"type\":\"") + kind + "\",\"" + kind + "\":" + object + "}";
  for (const auto &session : std::vector (sessions_))
    session->send_text (text);
}

/* What nobody should learn a second late. */
static std::string
outline_of (const ApiModel &model)
{
  const HealthReport report = health_of (model);
  std::string text = health_level_name (report.overall);
  for (const auto &issue : report.issues)
    text += "\n" + issue.part + issue.code;
  for (const auto &camera : model.cameras ())
    text += "\n" + camera.id + " " + std::string (camera_state_name (camera.state)) + camera.verdict
            + camera.recovery + (camera.given_up ? "!" : "") + camera.last_error;
  const MachineStatus machine = model.machine ();
  return text + (machine.emergency ? "\nemergency" : "") + machine.degrade_text;
}

static std::string
alerts_text (const ApiModel &model)
{
  JsonWriter json;
  json.begin_object ().begin_array ("alerts");
  AlertQuery query;
  query.over = false;
  query.limit = most_alerts;
  write_alerts (json, model.alerts (query), g_get_real_time ());
  json.end_array ().end_object ();
  return text_of (json);
}

static std::string
cameras_text (const ApiModel &model)
{
  JsonWriter json;
  json.begin_object ().begin_array ("cameras");
  for (const auto &camera : model.cameras ()) {
    json.begin_object ();
    write_camera (json, camera);
    json.end_object ();
  }
  json.end_array ().end_object ();
  return text_of (json);
}

/* The members of an object's text, to go into another object. */
static std::string
members (const std::string &object)
{
  const size_t end = object.rfind ('}');
  return object.substr (1, end - 1);
}

const std::string &
Websockets::state ()
{
  const int64_t now = g_get_real_time ();
  JsonWriter status, health;
  write_status (status, model_, now);
  write_health_summary (health, model_, now);
  const MachineStatus machine = model_.machine ();
  const auto write = [&machine] (JsonWriter &json) { write_machine (json, machine); };
  state_ = R"({"type":"state","status":)" + text_of (status) + R"(,"health":)" + text_of (health)
           + R"(,"machine":)" + object_of (write) + "," + members (cameras_text (model_)) + ","
           + members (alerts_text (model_)) + "}";
  return state_;
}

void
Websockets::send_state ()
{
  state_at_ = g_get_monotonic_time ();
  const std::string &text = state ();
  for (const auto &session : std::vector (sessions_))
    session->send_text (text);
}

void
Websockets::tick ()
{
  const int64_t now = g_get_monotonic_time ();
  for (const auto &session : std::vector (sessions_))
    session->check (now);
  std::erase_if (sessions_, [] (const auto &session) { return session->over (); });
  if (sessions_.empty ()) {
    tick_.reset ();
    model_.unwatch (std::exchange (watch_, 0));
    return;
  }
  std::string outline = outline_of (model_);
  const bool changed = outline != outline_;
  outline_ = std::move (outline);
  /* A little early is in time: the next tick would be late. */
  if (changed || now - state_at_ >= state_interval - tick_ms * 500)
    send_state ();
}

void
Websockets::check_tokens ()
{
  for (const auto &session : std::vector (sessions_))
    session->check_token ();
}

} // namespace camwarden
