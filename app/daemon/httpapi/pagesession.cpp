// SPDX-License-Identifier: LGPL-2.1-or-later
#define G_LOG_DOMAIN "camwarden-http"
#include "daemon/httpapi/pagesession.h"

#include "buildconfig.h"
#include "common/jsoncheck.h"
#include "common/textcheck.h"
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/meteredconnection.h"
#include "daemon/httpapi/tokenfile.h"
#include "daemon/httpapi/websocket.h"
#include "redis/frameheader.h"

#include <algorithm>
#include <vector>

namespace camwarden
{

static constexpr guint64 longest_message = 4096;
/* Of what no whole message and no pong accounts for: pieces of a message, pings. */
static constexpr int64_t most_unaccounted = 64 * 1024;
static constexpr int64_t unaccounted_per_second = 4;
static constexpr unsigned deepest_message = 8;
static constexpr size_t most_views = 64;
static constexpr int64_t time_to_authenticate = 2'000'000;
static constexpr int64_t time_to_leave = 2'000'000;
static constexpr double messages_per_second = 1000;

/* Of our own, beside those of RFC 6455. */
static constexpr unsigned short code_policy = SOUP_WEBSOCKET_CLOSE_POLICY_VIOLATION;
static constexpr unsigned short code_token = 4401;

PageSession::PageSession (Websockets &hub, SoupWebsocketConnection *connection,
                          const Client &client)
    : hub_ (hub), connection_ (Ref<SoupWebsocketConnection>::share (connection)), id_ (client.id),
      peer_ (client.peer), address_ (client.address), socket_ (client.socket),
      stream_ (Ref<GIOStream>::share (client.stream)), opened_ (g_get_monotonic_time ()),
      heard_ (opened_), credited_ (opened_),
      rate_ (messages_per_second, messages_per_second, opened_)
{
  soup_websocket_connection_set_max_incoming_payload_size (connection, longest_message);
  metered_connection_limit (stream_.get (), most_unaccounted);
  /* Three chances to answer. */
  soup_websocket_connection_set_keepalive_interval (
      connection, std::max (1U, static_cast<guint> (hub.silence_allowed_ / 3'000'000)));
  const auto message = +[] (SoupWebsocketConnection *, int type, GBytes *data, gpointer self) {
    auto *session = static_cast<PageSession *> (self);
    session->account_for (g_bytes_get_size (data));
    session->message (static_cast<SoupWebsocketDataType> (type), data);
  };
  const auto pong = +[] (SoupWebsocketConnection *, GBytes *data, gpointer self) {
    auto *session = static_cast<PageSession *> (self);
    session->account_for (g_bytes_get_size (data));
    session->heard_ = g_get_monotonic_time ();
  };
  const auto closed = +[] (SoupWebsocketConnection *, gpointer self) {
    static_cast<PageSession *> (self)->ended ();
  };
  on_message_ = SignalHandler (
      connection, g_signal_connect (connection, "message", G_CALLBACK (message), this));
  on_pong_
      = SignalHandler (connection, g_signal_connect (connection, "pong", G_CALLBACK (pong), this));
  on_closed_ = SignalHandler (connection,
                              g_signal_connect (connection, "closed", G_CALLBACK (closed), this));
}

PageSession::~PageSession ()
{
  ended ();
}

/* The highest role that an address has by itself, or by a token. */
Role
PageSession::role_by (std::optional<std::string_view> token, Access *answer) const
{
  const int64_t now = g_get_monotonic_time ();
  Role has = Role::None;
  for (const Role role : { Role::Read, Role::Control, Role::Admin }) {
    const Access access = hub_.access_.decide (peer_, address_, token, role, now);
    if (role == Role::Read)
      *answer = access;
    if (access != Access::Allowed)
      break;
    has = role;
  }
  return has;
}

void
PageSession::begin ()
{
  Access answer = Access::Allowed;
  role_ = role_by (std::nullopt, &answer);
  hello ();
}

void
PageSession::send (SoupWebsocketDataType type, GBytes *data)
{
  if (soup_websocket_connection_get_state (connection_.get ()) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_send_message (connection_.get (), type, data);
}

void
PageSession::hello ()
{
  JsonWriter json;
  json.begin_object ()
      .add ("type", "hello")
      .add ("version", CAMWARDEN_VERSION)
      .add ("needs_token", role_ == Role::None)
      .add_text ("role", role_ == Role::None ? "" : role_name (role_))
      .end_object ();
  g_autoptr (GBytes) text = json.finish ();
  send (SOUP_WEBSOCKET_DATA_TEXT, text);
  /* It may ask by a message for each of them, and read none. */
  if (role_ != Role::None && writable ())
    send_text (hub_.state ());
}

void
PageSession::authenticate (const std::string &token)
{
  Access answer = Access::Allowed;
  const Role role = role_by (token, &answer);
  if (answer == Access::Allowed) {
    role_ = role;
    token_ = token;
    hello ();
    return;
  }
  if (answer == Access::WrongToken)
    note_wrong_token (hub_.access_, address_, g_get_monotonic_time ());
  leave (code_token, answer == Access::TooManyTries ? "too many wrong tokens" : "wrong token");
}

void
PageSession::check_token ()
{
  if (token_.empty () || over_)
    return;
  Access answer = Access::Allowed;
  role_ = role_by (token_, &answer);
  if (role_ == Role::None)
    leave (code_token, "this token is no longer known");
}

/* A frame of so much is over and done with: it and its head, which is no longer than this. */
void
PageSession::account_for (gsize size)
{
  metered_connection_credit (stream_.get (), static_cast<int64_t> (size) + (size < 126 ? 6 : 8));
}

void
PageSession::message (SoupWebsocketDataType type, GBytes *data)
{
  if (leaving_ || over_)
    return;
  const auto keep = shared_from_this ();
  gsize size = 0;
  const auto *bytes = static_cast<const char *> (g_bytes_get_data (data, &size));
  const std::string_view text (bytes, size);
  g_autoptr (JsonParser) parser = json_parser_new ();
  if (type != SOUP_WEBSOCKET_DATA_TEXT || size > longest_message || !is_valid_utf8 (text)
      || !JsonCheck (text, deepest_message).is_object ()
      || !json_parser_load_from_data (parser, bytes, static_cast<gssize> (size), nullptr))
    leave (code_policy, "a message is one JSON object");
  else if (!rate_.take (g_get_monotonic_time ()))
    leave (code_policy, "too many messages");
  else
    obey (json_node_get_object (json_parser_get_root (parser)));
}

static JsonNode *
member (JsonObject *object, const char *name, GType type)
{
  JsonNode *node = json_object_get_member (object, name);
  return node && JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == type ? node
                                                                                         : nullptr;
}

void
PageSession::obey (JsonObject *object)
{
  if (JsonNode *token = member (object, "auth", G_TYPE_STRING))
    authenticate (json_node_get_string (token));
  if (role_ == Role::None || leaving_)
    return;
  if (JsonNode *number = member (object, "ack", G_TYPE_INT64))
    acknowledge (json_node_get_int (number));
  JsonNode *view = json_object_get_member (object, "view");
  if (view && JSON_NODE_HOLDS_ARRAY (view))
    set_views (json_node_get_array (view));
}

static std::vector<std::string>
names_in (JsonArray *array)
{
  std::vector<std::string> names;
  for (guint i = 0; i < json_array_get_length (array) && names.size () < most_views; i++) {
    JsonNode *node = json_array_get_element (array, i);
    if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
      names.emplace_back (json_node_get_string (node));
  }
  return names;
}

void
PageSession::set_views (JsonArray *wanted)
{
  wanted_ = names_in (wanted);
  for (auto it = views_.begin (); it != views_.end ();) {
    if (std::find (wanted_.begin (), wanted_.end (), it->first) != wanted_.end ()) {
      ++it;
      continue;
    }
    hub_.model_.unwatch_frames (it->second.watch);
    it = views_.erase (it);
  }
  open_views ();
}

/* Also those that could not be had so far: the camera is new, or previews were held back. */
void
PageSession::open_views ()
{
  for (const auto &name : wanted_) {
    if (views_.contains (name))
      continue;
    const uint64_t watch
        = hub_.model_.watch_frames (name, [this, name] (GBytes *jpeg) { arrived (name, jpeg); });
    if (watch)
      views_[name].watch = watch;
  }
}

void
PageSession::arrived (const std::string &camera, GBytes *jpeg)
{
  const auto found = views_.find (camera);
  if (found == views_.end () || leaving_)
    return;
  View &view = found->second;
  g_clear_pointer (&view.next, g_bytes_unref);
  view.next = g_bytes_ref (jpeg);
  wake ();
}

bool
PageSession::writable () const
{
  return !g_socket_is_closed (socket_.get ())
         && (g_socket_condition_check (socket_.get (), G_IO_OUT) & G_IO_OUT);
}

/* Acknowledgements may come from somebody who reads nothing. When the loop is idle and the socket
 * still takes something, libsoup has nothing left to write. */
void
PageSession::wake ()
{
  if (sending_)
    return;
  const auto idle = +[] (gpointer data) -> gboolean {
    auto *self = static_cast<PageSession *> (data);
    self->sending_.forget ();
    self->send_pictures ();
    return G_SOURCE_REMOVE;
  };
  sending_ = SourceId (g_idle_add (idle, this));
}

/* To the camera that has waited longest first. */
void
PageSession::send_pictures ()
{
  const auto keep = shared_from_this ();
  while (!over_ && !leaving_ && writable ()) {
    auto first = views_.end ();
    for (auto it = views_.begin (); it != views_.end (); ++it)
      if (it->second.next && !it->second.unanswered
          && (first == views_.end () || it->second.sent < first->second.sent))
        first = it;
    if (first == views_.end ())
      return;
    GBytes *jpeg = std::exchange (first->second.next, nullptr);
    send_picture (first->first, first->second, jpeg);
    g_bytes_unref (jpeg);
  }
}

static void
append_number (GByteArray *array, uint32_t number)
{
  const uint32_t big = GUINT32_TO_BE (number);
  g_byte_array_append (array, reinterpret_cast<const guint8 *> (&big), sizeof big);
}

/* In milliseconds, by the clock that stamped it, which is this machine's. */
static uint32_t
age_of (std::string_view jpeg)
{
  const auto header = parse_frame_header (jpeg_comment (jpeg));
  if (!header)
    return UINT32_MAX;
  const int64_t age = (g_get_real_time () - header->ts) / 1000;
  return age < 0 || age >= UINT32_MAX ? UINT32_MAX : static_cast<uint32_t> (age);
}

void
PageSession::send_picture (const std::string &camera, View &view, GBytes *jpeg)
{
  gsize size = 0;
  const auto *data = static_cast<const char *> (g_bytes_get_data (jpeg, &size));
  if (++last_number_ == 0)
    last_number_ = 1;
  view.unanswered = last_number_;
  view.sent = g_get_monotonic_time ();
  GByteArray *array = g_byte_array_sized_new (static_cast<guint> (size + camera.size () + 10));
  const guint8 head[] = { 1, static_cast<guint8> (camera.size ()) };
  g_byte_array_append (array, head, sizeof head);
  g_byte_array_append (array, reinterpret_cast<const guint8 *> (camera.data ()),
                       head[1]); /* ids are short */
  append_number (array, view.unanswered);
  append_number (array, age_of ({ data, size }));
  g_byte_array_append (array, reinterpret_cast<const guint8 *> (data), static_cast<guint> (size));
  g_autoptr (GBytes) message = g_byte_array_free_to_bytes (array);
  send (SOUP_WEBSOCKET_DATA_BINARY, message);
}

void
PageSession::acknowledge (int64_t number)
{
  for (auto &[camera, view] : views_) {
    if (!view.unanswered || view.unanswered != number)
      continue;
    view.unanswered = 0;
    if (view.next)
      wake ();
  }
}

void
PageSession::send_text (const std::string &text)
{
  if (role_ == Role::None || leaving_ || over_)
    return;
  /* What is not read piles up in memory: two pings that nobody answered are enough. */
  const int64_t now = g_get_monotonic_time (), patience = hub_.silence_allowed_ * 2 / 3;
  if (now - heard_ > patience || (blocked_ && now - blocked_ > patience))
    return;
  g_autoptr (GBytes) bytes = g_bytes_new (text.data (), text.size ());
  send (SOUP_WEBSOCKET_DATA_TEXT, bytes);
}

void
PageSession::check (int64_t now)
{
  if (over_)
    return;
  hub_.connections_.enter (id_, ConnectionPhase::Streaming);
  if (leaving_) {
    if (now - leaving_ > time_to_leave)
      cut ();
    return;
  }
  const int64_t seconds = (now - credited_) / G_USEC_PER_SEC;
  credited_ += seconds * G_USEC_PER_SEC;
  metered_connection_credit (stream_.get (), seconds * unaccounted_per_second);
  blocked_ = writable () ? 0 : blocked_ ? blocked_ : now;
  if (role_ == Role::None && now - opened_ > time_to_authenticate)
    leave (code_token, "no token came");
  const int64_t patience = hub_.silence_allowed_;
  const bool stuck = std::any_of (views_.begin (), views_.end (), [=] (const auto &item) {
    return item.second.unanswered && now - item.second.sent > patience;
  });
  if (stuck || now - heard_ > patience || (blocked_ && now - blocked_ > patience)) {
    cut ();
    return;
  }
  open_views ();
  wake ();
}

void
PageSession::leave (unsigned short code, const char *why)
{
  if (leaving_ || over_)
    return;
  leaving_ = g_get_monotonic_time ();
  if (soup_websocket_connection_get_state (connection_.get ()) == SOUP_WEBSOCKET_STATE_OPEN)
    soup_websocket_connection_close (connection_.get (), code, why);
}

void
PageSession::cut ()
{
  if (over_)
    return;
  /* Before the shutdown: libsoup tells of the end from within it. */
  const Ref<GSocket> socket = socket_;
  ended ();
  g_socket_shutdown (socket.get (), TRUE, TRUE, nullptr);
}

void
PageSession::ended ()
{
  if (over_)
    return;
  over_ = true;
  sending_.reset ();
  for (const auto &[camera, view] : views_)
    hub_.model_.unwatch_frames (view.watch);
  views_.clear ();
  wanted_.clear ();
}

} // namespace camwarden
