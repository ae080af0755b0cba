// SPDX-License-Identifier: LGPL-2.1-or-later
#define G_LOG_DOMAIN "camwarden-http"
#include "daemon/httpapi/dispatcher.h"

#include "common/textcheck.h"
#include "daemon/httpapi/exchange.h"
#include "daemon/httpapi/ticket.h"
#include "daemon/httpapi/tokenfile.h"
#include "daemon/httpapi/websocket.h"

#include <algorithm>
#include <cstring>

namespace camwarden
{

static constexpr goffset largest_body = 64 * 1024;
static constexpr size_t longest_url = 2048;
static constexpr size_t deepest_json = 32;
static constexpr const char *handled_paths[]{ nullptr, websocket_path };
static constexpr const char *exchange_key = "camwarden-exchange";
static constexpr const char *body_size_key = "camwarden-body-size";

using SharedExchange = std::shared_ptr<Exchange>;

static SharedExchange
exchange_of (SoupServerMessage *message)
{
  auto *holder
      = static_cast<SharedExchange *> (g_object_get_data (G_OBJECT (message), exchange_key));
  return holder ? *holder : nullptr;
}

Dispatcher::Dispatcher (SoupServer *server, Connections &connections, HostTable hosts,
                        AccessRules &access, AddressBuckets rates, std::vector<Route> routes)
    : server_ (Ref<SoupServer>::share (server)), connections_ (connections),
      hosts_ (std::move (hosts)), access_ (access), rates_ (std::move (rates)),
      routes_ (std::move (routes)),
      started_ (server, g_signal_connect (server, "request-started", G_CALLBACK (on_started), this))
{
  /* A path with a handler of its own, as libsoup's WebSockets need, hides the one of all paths. */
  for (const char *path : handled_paths) {
    soup_server_add_early_handler (server, path, on_head, this, nullptr);
    soup_server_add_handler (server, path, on_request, this, nullptr);
  }
}

Dispatcher::~Dispatcher ()
{
  for (const char *path : handled_paths)
    soup_server_remove_handler (server_.get (), path);
}

void
Dispatcher::on_started (SoupServer *, SoupServerMessage *message, gpointer self)
{
  static_cast<Dispatcher *> (self)->start (message);
}

void
Dispatcher::start (SoupServerMessage *message)
{
  const Client *client = connections_.find (message);
  if (!client)
    return;
  connections_.enter (client->id, ConnectionPhase::Header);
  set_common_headers (message);
  auto *holder
      = new SharedExchange (std::make_shared<Exchange> (message, connections_, client->id));
  const auto release = [] (gpointer data) {
    auto *held = static_cast<SharedExchange *> (data);
    (*held)->over ();
    delete held;
  };
  g_object_set_data_full (G_OBJECT (message), exchange_key, holder, release);
  g_signal_connect (message, "got-chunk", G_CALLBACK (on_chunk), this);
  g_signal_connect (message, "wrote-body-data", G_CALLBACK (on_progress), this);
  g_signal_connect (message, "wrote-chunk", G_CALLBACK (on_wrote_chunk), this);
  g_signal_connect (message, "finished", G_CALLBACK (on_finished), this);
}

void
Dispatcher::on_head (SoupServer *, SoupServerMessage *message, const char *, GHashTable *,
                     gpointer self)
{
  auto *dispatcher = static_cast<Dispatcher *> (self);
  const auto exchange = exchange_of (message);
  const Client *client = dispatcher->connections_.find (message);
  if (!exchange || !client) {
    soup_server_message_set_status (message, SOUP_STATUS_INTERNAL_SERVER_ERROR, nullptr);
    return;
  }
  dispatcher->connections_.enter (client->id, ConnectionPhase::Body);
  dispatcher->check_head (*exchange, *client);
}

void
Dispatcher::check_head (Exchange &exchange, const Client &client)
{
  g_autofree char *url = g_uri_to_string (soup_server_message_get_uri (exchange.message ()));
  if (strlen (url) > longest_url) {
    exchange.reply_problem (414, "A URL has at most 2048 characters here.");
    return;
  }
  if (check_body_head (exchange) && check_host (exchange, client) && check_rate (exchange, client)
      && find_route (exchange) && check_origin (exchange))
    (void)check_access (exchange, client);
}

static int
count_header (SoupMessageHeaders *headers, const char *wanted, std::string &last)
{
  SoupMessageHeadersIter iter;
  const char *name, *value;
  int count = 0;
  soup_message_headers_iter_init (&iter, headers);
  while (soup_message_headers_iter_next (&iter, &name, &value))
    if (g_ascii_strcasecmp (name, wanted) == 0) {
      count++;
      last = value;
    }
  return count;
}

bool
Dispatcher::check_host (Exchange &exchange, const Client &client)
{
  /* No browser, and so no stranger's page, reaches a Unix socket. */
  if (client.peer == Peer::Unix)
    return true;
  SoupServerMessage *message = exchange.message ();
  std::string host;
  const int count = count_header (soup_server_message_get_request_headers (message), "Host", host);
  if (count > 1) {
    exchange.reply_problem (400, "A request has one Host header.");
    return false;
  }
  if (count == 0)
    return true; /* HTTP/1.0: no browser of this century; libsoup refuses it in HTTP/1.1 */
  /* An absolute request target names the host once more. */
  GUri *uri = soup_server_message_get_uri (message);
  const char *target = g_uri_get_host (uri);
  const bool six = target && strchr (target, ':');
  const std::string again = !target ? host : six ? "[" + std::string (target) + "]" : target;
  if (hosts_.accepts (host) && hosts_.accepts (again))
    return true;
  exchange.reply_problem (
      421, "This server does not answer to the name in the Host header. Use its address or its own "
           "name, or add the name to `hosts` in [http].");
  return false;
}

bool
Dispatcher::check_rate (Exchange &exchange, const Client &client)
{
  const int64_t now = g_get_monotonic_time ();
  /* The dashboard is a dozen small files: they cost hardly more than a refusal. */
  if (exchange.path ().starts_with ("/assets/"))
    return true;
  if (client.peer != Peer::Other || rates_.take (client.address, now))
    return true;
  exchange.add_header ("Retry-After",
                       std::to_string (rates_.wait (client.address, now) / 1'000'000 + 1));
  exchange.reply_problem (429, "Too many requests from this address. Slow down.");
  return false;
}

bool
Dispatcher::find_route (Exchange &exchange)
{
  const std::string asked = exchange.method (), path = exchange.path ();
  const std::string method = asked == "HEAD" ? "GET" : asked;
  std::string allowed;
  for (const Route &route : routes_) {
    auto parameters = match_path (route.path_template, path);
    if (!parameters)
      continue;
    if (route.method == method) {
      exchange.route_ = &route;
      exchange.parameters_ = std::move (*parameters);
      return true;
    }
    allowed
        += (allowed.empty () ? "" : ", ") + route.method + (route.method == "GET" ? ", HEAD" : "");
  }
  if (allowed.empty ()) {
    exchange.reply_problem (404, "There is nothing at this path. docs/rest.md lists the routes.");
    return false;
  }
  exchange.add_header ("Allow", allowed);
  exchange.reply_problem (405, "This path takes " + allowed + ".");
  return false;
}

bool
Dispatcher::check_origin (Exchange &exchange)
{
  const bool upgrade = exchange.header ("Upgrade").has_value ();
  if (exchange.method () != "POST" && !upgrade)
    return true;
  const auto origin = exchange.header ("Origin");
  const std::string host = exchange.header ("Host").value_or ("");
  const auto site = exchange.header ("Sec-Fetch-Site").value_or ("same-origin");
  if (origin_allowed (origin, host) && (site == "same-origin" || site == "none"))
    return true;
  exchange.reply_problem (403, "Pages of other sites may not do this.");
  return false;
}

/* `Bearer TOKEN`, or Basic with the token as password, whatever the user. */
static std::optional<std::string>
presented_token (const Exchange &exchange)
{
  const std::string text = exchange.header ("Authorization").value_or ("");
  if (g_ascii_strncasecmp (text.c_str (), "Bearer ", 7) == 0)
    return text.substr (7);
  if (g_ascii_strncasecmp (text.c_str (), "Basic ", 6) != 0)
    return std::nullopt;
  gsize size = 0;
  g_autofree guchar *decoded = g_base64_decode (text.c_str () + 6, &size);
  const std::string pair (reinterpret_cast<const char *> (decoded), size);
  const size_t colon = pair.find (':');
  return colon == std::string::npos ? "" : pair.substr (colon + 1);
}

static void
ask_for_token (Exchange &exchange, const char *detail)
{
  exchange.add_header ("WWW-Authenticate", "Basic realm=\"Camwarden\", charset=\"UTF-8\"");
  exchange.reply_problem (401, detail);
}

/* The page itself is open, and asks for the token; a picture at the same path is not. */
static Role
needed_role (const Exchange &exchange, Role of_route)
{
  return exchange.query ("action") ? std::max (of_route, Role::Read) : of_route;
}

/* A ticket that is not good is as if there were none: it counts as no try with a token. */
static bool
has_ticket (const Exchange &exchange, const Route &route)
{
  const auto ticket = route.ticket ? exchange.query ("ticket") : std::nullopt;
  return ticket && ticket_opens (*ticket, exchange.path (), g_get_real_time ());
}

bool
Dispatcher::check_access (Exchange &exchange, const Client &client)
{
  const int64_t now = g_get_monotonic_time ();
  const Role needed = needed_role (exchange, exchange.route_->role);
  const auto token = presented_token (exchange);
  exchange.who_ = client.address + (token ? " with a token" : "");
  if (!token && has_ticket (exchange, *exchange.route_))
    return true;
  switch (access_.decide (client.peer, client.address, token, needed, now)) {
  case Access::Allowed:
    return true;
  case Access::NeedsToken:
    ask_for_token (exchange,
                   "This needs a token: Authorization: Bearer TOKEN, or any user with the "
                   "token as password.");
    return false;
  case Access::WrongToken:
    note_wrong_token (access_, client.address, now);
    ask_for_token (exchange, "This token is not known.");
    return false;
  case Access::RoleTooSmall:
    exchange.reply_problem (403, std::string ("This needs a token of the role ")
                                     + role_name (needed) + ".");
    return false;
  case Access::TooManyTries:
    exchange.add_header ("Retry-After",
                         std::to_string (access_.wait (client.address, now) / 1'000'000 + 1));
    exchange.reply_problem (429, "Too many wrong tokens came from this address. Wait a minute.");
    return false;
  }
  return false;
}

bool
Dispatcher::check_body_head (Exchange &exchange)
{
  SoupMessageHeaders *headers = soup_server_message_get_request_headers (exchange.message ());
  if (soup_message_headers_get_encoding (headers) != SOUP_ENCODING_CONTENT_LENGTH
      || soup_message_headers_get_content_length (headers) <= largest_body)
    return true;
  refuse_body (exchange);
  return false;
}

void
Dispatcher::refuse_body (Exchange &exchange)
{
  if (exchange.refused_)
    return;
  exchange.refused_ = true;
  SoupServerMessage *message = exchange.message ();
  soup_message_body_set_accumulate (soup_server_message_get_request_body (message), FALSE);
  soup_server_message_set_status (message, SOUP_STATUS_REQUEST_ENTITY_TOO_LARGE, nullptr);
  /* libsoup answers only when it has read all of the body; and it reads without a pause, as long as
   * there is something to read: the main loop would stand still. */
  soup_server_message_pause (message);
  connections_.refuse (exchange.connection_, 413, "A body has at most 65536 bytes here.",
                       [weak = exchange.weak_from_this ()] {
                         const auto self = weak.lock ();
                         if (self && self->message ())
                           soup_server_message_unpause (self->message ());
                       });
}

void
Dispatcher::on_chunk (SoupServerMessage *message, GBytes *chunk, gpointer self)
{
  const auto exchange = exchange_of (message);
  if (!exchange || exchange->refused_)
    return;
  auto *data = G_OBJECT (message);
  const auto size = static_cast<gsize> (GPOINTER_TO_SIZE (g_object_get_data (data, body_size_key)))
                    + g_bytes_get_size (chunk);
  g_object_set_data (data, body_size_key, GSIZE_TO_POINTER (size));
  if (size > static_cast<gsize> (largest_body))
    static_cast<Dispatcher *> (self)->refuse_body (*exchange);
}

static bool
is_json_type (const std::optional<std::string> &type)
{
  const std::string text = type.value_or ("");
  return g_ascii_strncasecmp (text.c_str (), "application/json", 16) == 0
         && (text.size () == 16 || strchr ("; \t", text[16]));
}

bool
Dispatcher::read_body (Exchange &exchange)
{
  SoupMessageBody *raw = soup_server_message_get_request_body (exchange.message ());
  g_autoptr (GBytes) bytes = soup_message_body_flatten (raw);
  gsize size = 0;
  const auto *data = static_cast<const char *> (g_bytes_get_data (bytes, &size));
  if (size == 0)
    return true;
  /* Forms can be sent by any page without asking; JSON cannot. */
  if (!is_json_type (exchange.header ("Content-Type"))) {
    exchange.reply_problem (415, "The body must be empty or application/json.");
    return false;
  }
  const std::string_view text (data, size);
  if (!is_valid_utf8 (text) || json_depth (text) > deepest_json) {
    exchange.reply_problem (400, "The body is not UTF-8, or nests deeper than 32 levels.");
    return false;
  }
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = nullptr;
  if (!json_parser_load_from_data (parser, data, static_cast<gssize> (size), &error)
      || !json_parser_get_root (parser)) {
    exchange.reply_problem (400, std::string ("The body is no JSON: ")
                                     + (error ? error->message : "it holds no value"));
    return false;
  }
  exchange.body_.reset (json_parser_steal_root (parser));
  return true;
}

void
Dispatcher::on_request (SoupServer *, SoupServerMessage *message, const char *, GHashTable *,
                        gpointer self)
{
  if (const auto exchange = exchange_of (message); exchange && exchange->route_)
    static_cast<Dispatcher *> (self)->handle (exchange);
}

void
Dispatcher::handle (const Shared &exchange)
{
  connections_.enter (exchange->connection_, ConnectionPhase::Working);
  if (exchange->method () == "POST" && !read_body (*exchange))
    return;
  exchange->route_->handle (exchange);
}

void
Dispatcher::on_progress (SoupServerMessage *message, guint, gpointer self)
{
  if (const auto exchange = exchange_of (message))
    static_cast<Dispatcher *> (self)->connections_.progress (exchange->connection_);
}

void
Dispatcher::on_wrote_chunk (SoupServerMessage *message, gpointer)
{
  const auto exchange = exchange_of (message);
  if (exchange && exchange->wrote_chunk)
    exchange->wrote_chunk ();
}

void
Dispatcher::on_finished (SoupServerMessage *message, gpointer self)
{
  const auto exchange = exchange_of (message);
  if (!exchange)
    return;
  static_cast<Dispatcher *> (self)->connections_.enter (exchange->connection_,
                                                        ConnectionPhase::Idle);
  exchange->over ();
}

} // namespace camwarden
