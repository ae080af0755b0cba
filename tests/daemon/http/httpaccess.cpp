// SPDX-License-Identifier: LGPL-2.1-or-later
/* Who gets what: names, origins, tokens, roles, tickets, bodies, rates. */
#include "daemon/http/httptest.h"
#include "fakes/samples.h"
#include "support/asserttext.h"

#include <cstring>
#include <glib/gstdio.h>
#include <set>
#include <tuple>

using namespace camwarden;

static void
test_hosts_on_the_wire ()
{
  ApiServerOptions options;
  options.hosts = { "cameras.example" };
  options.socket = write_file ("", 0600) + ".sock";
  HttpFixture http (options);
  for (const char *host : { "localhost", "localhost:5000", "127.0.0.1", "[::1]:5000", "10.1.2.3",
                            "cameras.example", "CAMERAS.example:80" })
    g_assert_cmpint (http.get ("/healthz", std::string ("Host: ") + host + "\r\n").status, ==, 200);
  for (const char *host : { "evil.example", "localhost.evil.example", "127.0.0.1.evil.example" })
    for (const char *path : { "/healthz", "/", "/api/status", "/nothing" })
      check_problem (http.get (path, std::string ("Host: ") + host + "\r\n"), 421);
  g_assert_cmpint (http.get ("/healthz", "Host: localhost\r\nHost: evil.example\r\n").status, ==,
                   400);
  g_assert_cmpint (http.get ("/healthz", "Host: evil.example\r\nHost: localhost\r\n").status, ==,
                   400);
  g_assert_cmpint (http.get ("/healthz", "Host: \r\n").status, >=, 400);
  check_problem (http.get ("http://evil.example/healthz"), 421);
  g_assert_cmpint (http.get ("http://localhost/healthz").status, ==, 200);
  http.run ([&] {
    HttpClient old (http.port);
    old.send ("GET /healthz HTTP/1.0\r\n\r\n");
    g_assert_cmpint (old.receive ().status, ==, 200);
    HttpClient local (options.socket);
    local.send ("GET /healthz HTTP/1.0\r\n\r\n");
    g_assert_cmpint (local.receive ().status, ==, 200);
  });
}

static void
test_origins_on_the_wire ()
{
  ApiServerOptions options;
  options.routes = test_routes ();
  HttpFixture http (options);
  const auto post
      = [&] (const char *lines) { return http.request ("POST", "/test/control", lines); };
  g_assert_cmpint (post ("").status, ==, 200);
  g_assert_cmpint (post ("Origin: http://localhost\r\n").status, ==, 200);
  for (const char *lines :
       { "Origin: http://evil.example\r\n", "Origin: null\r\n", "Origin: http://localhost:81\r\n",
         "Sec-Fetch-Site: cross-site\r\n", "Sec-Fetch-Site: same-site\r\n" })
    check_problem (post (lines), 403);
  /* Reading is no matter of the origin; opening a WebSocket is. */
  g_assert_cmpint (http.get ("/healthz", "Origin: http://evil.example\r\n").status, ==, 200);
  check_problem (http.get ("/healthz", "Upgrade: websocket\r\nOrigin: http://evil.example\r\n"),
                 403);
}

/* What the documents promise, written down once more by hand: a route that is not here fails. */
static const std::map<std::string, Role> promised_roles{
  { "GET /", Role::None },
  { "GET /assets/{file}", Role::None },
  { "GET /healthz", Role::Read },
  { "GET /readyz", Role::Read },
  { "GET /metrics", Role::Read },
  { "GET /api/status", Role::Read },
  { "GET /api/health", Role::Read },
  { "GET /api/health/summary", Role::Read },
  { "GET /api/dashboard", Role::Read },
  { "GET /api/config", Role::Read },
  { "GET /api/openapi.yaml", Role::Read },
  { "GET /api/cameras", Role::Read },
  { "GET /api/cameras/{id}", Role::Read },
  { "GET /api/cameras/{id}/snapshot.jpg", Role::Read },
  { "GET /api/cameras/{id}/stream.mjpg", Role::Read },
  { "GET /api/cameras/{id}/graph.dot", Role::Read },
  { "GET /api/cameras/{id}/graph.svg", Role::Read },
  { "GET /api/camera/status", Role::Read },
  { "GET /api/alerts", Role::Read },
  { "GET /api/events", Role::Read },
  { "GET /api/history", Role::Read },
  { "GET /api/logs/recent", Role::Read },
  { "GET /api/metrics/history", Role::Read },
  { "GET /api/metrics/performance", Role::Read },
  { "POST /api/ticket", Role::Read },
  { "POST /api/cameras/{id}/test", Role::Control },
  { "POST /api/cameras/{id}/recover", Role::Control },
  { "POST /api/camera/test", Role::Control },
  { "POST /api/camera/recover", Role::Control },
  { "POST /api/alerts/{id}/acknowledge", Role::Control },
  { "POST /api/alerts/test", Role::Control },
  { "POST /api/system/restart-services", Role::Control },
  { "POST /api/system/reboot", Role::Admin },
  { "POST /api/system/reboot/clear", Role::Admin },
  { "POST /test/control", Role::Control },
  { "POST /test/admin", Role::Admin },
  { "GET /test/admin", Role::Admin },
};

/* Of one request: 401, 403, or 0 for whatever the route itself answers. */
static int
refusal (Role needed, Peer peer, Role has)
{
  if (peer == Peer::Unix)
    return 0;
  const Role free = peer == Peer::Loopback ? Role::Control : Role::None;
  if (std::max (has, free) >= needed)
    return 0;
  return has == Role::None ? 401 : 403;
}

/* With the examples of the path's parameters. */
static std::string
example_request (const Route &route, const std::string &token)
{
  std::string path = route.path_template;
  for (const RouteParameter &parameter : route.parameters)
    if (const size_t at = path.find ("{" + parameter.name + "}"); at != std::string::npos)
      path.replace (at, parameter.name.size () + 2, parameter.example);
  g_assert_true (path.find ('{') == std::string::npos);
  const std::string json = route.example.body.empty () ? "" : "Content-Type: application/json\r\n";
  return request_text (route.method == "GET" ? "HEAD" : route.method, path, bearer (token) + json,
                       route.example.body);
}

static ApiServerOptions
with_other_hosts ()
{
  ApiServerOptions options;
  options.token_file = token_file ();
  options.classify = [] (const std::string &address) {
    return address == "127.0.0.1" ? Peer::Loopback : Peer::Other;
  };
  options.rate = options.burst = 1e6;
  return options;
}

/* Every route of the table, from everywhere, as everybody. */
static void
test_roles ()
{
  ApiServerOptions options = with_other_hosts ();
  options.routes = test_routes ();
  options.socket = options.token_file + ".sock";
  HttpFixture http (options);
  fill_with_samples (http.model);
  g_autoptr (GBytes) jpeg = picture ();
  http.model.set_picture (jpeg);
  auto routes = api_routes (http.model);
  for (const auto &route : test_routes ())
    routes.push_back (route);
  const std::pair<Role, std::string> holders[] = { { Role::None, "" },
                                                   { Role::Read, read_token },
                                                   { Role::Control, control_token },
                                                   { Role::Admin, admin_token } };
  std::set<std::string> seen;
  for (const auto &route : routes) {
    const std::string name = route.method + " " + route.path_template;
    seen.insert (name);
    if (!promised_roles.count (name))
      g_error ("%s is in no table of roles", name.c_str ());
    for (const auto &[role, token] : holders)
      for (const Peer peer : { Peer::Unix, Peer::Loopback, Peer::Other }) {
        /* Graphviz has nothing to do with it, and takes its time. */
        if (route.name == "getDrawing" && refusal (Role::Read, peer, role) == 0)
          continue;
        const std::string text = example_request (route, token);
        int status = 0;
        http.run ([&, p = peer] {
          auto client = p == Peer::Unix
                            ? std::make_unique<HttpClient> (options.socket)
                            : std::make_unique<HttpClient> (
                                http.port, p == Peer::Other ? "127.0.0.9" : "127.0.0.1");
          client->send (text);
          status = client->receive (route.method == "GET").status;
        });
        const int no = refusal (promised_roles.at (name), peer, role);
        if (status != (no ? no : static_cast<int> (route.example.status)))
          g_error ("%s as %s from peer %d: %d", name.c_str (), role_name (role),
                   static_cast<int> (peer), status);
      }
  }
  g_assert_cmpuint (seen.size (), ==, promised_roles.size ());
  /* The page is everybody's, the pictures at the same path are not. */
  for (const char *action : { "snapshot", "stream" })
    check_problem (http.request ("GET", std::string ("/?action=") + action, "", "", "127.0.0.9"),
                   401);
}

/* Host and Origin of a POST, and what comes of it. */
static void
test_host_and_origin_together ()
{
  static const struct
  {
    const char *host, *origin; /* NULL: no Origin */
    int status;
  } rows[] = {
    { "localhost", nullptr, 200 },
    { "localhost", "http://localhost", 200 },
    { "LOCALHOST:80", "http://localhost", 200 },
    { "localhost:5000", "http://localhost:5000", 200 },
    { "127.0.0.1:5000", "http://127.0.0.1:5000", 200 },
    { "[::1]:5000", "http://[::1]:5000", 200 },
    { "192.168.7.7", "http://192.168.7.7", 200 },
    { "localhost:5000", "http://localhost:5001", 403 },
    { "localhost:5000", "http://127.0.0.1:5000", 403 },
    { "localhost", "null", 403 },
    { "localhost", "file://", 403 },
    { "localhost", "http://evil.example", 403 },
    { "localhost", "http://localhost.evil.example", 403 },
    { "localhost", "http://evil.example@localhost", 403 },
    { "localhost", "http://localhost, http://evil.example", 403 },
    { "127.0.0.1", "http://rebound.example", 403 },
    { "rebound.example", "http://rebound.example", 421 },
    { "rebound.example", nullptr, 421 },
    { "localhost@evil.example", nullptr, 421 },
    { "127.0.0.1.evil.example", "http://127.0.0.1.evil.example", 421 },
    { "2130706433", nullptr, 421 },
    { "localhost:0", nullptr, 421 },
    { "evil.example, localhost", nullptr, 421 },
  };
  ApiServerOptions options;
  options.routes = test_routes ();
  HttpFixture http (options);
  for (const auto &row : rows) {
    const std::string lines = std::string ("Host: ") + row.host + "\r\n"
                              + (row.origin ? std::string ("Origin: ") + row.origin + "\r\n" : "");
    g_test_message ("Host: %s, Origin: %s", row.host, row.origin ? row.origin : "(none)");
    const int status = http.request ("POST", "/test/control", lines).status;
    /* libsoup itself refuses some of them. */
    if (row.status == 421 && status == 400)
      continue;
    g_assert_cmpint (status, ==, row.status);
  }
}

static std::string
ticket_for (HttpFixture &http, const std::string &path)
{
  const auto response = http.request ("POST", "/api/ticket",
                                      bearer (read_token) + "Content-Type: application/json\r\n",
                                      "{\"path\": \"" + path + "\"}", "127.0.0.9");
  g_assert_cmpint (response.status, ==, 200);
  g_autoptr (JsonParser) parser = json_parser_new ();
  return json_object_get_string_member (parse (parser, response), "url");
}

/* For those who cannot send a token: one path, reading only. */
static void
test_tickets ()
{
  HttpFixture http (with_other_hosts ());
  g_autoptr (GBytes) jpeg = picture ();
  http.model.set_picture (jpeg);
  const auto from_afar = [&http] (const char *method, const std::string &path) {
    return http.request (method, path, "", "", "127.0.0.9");
  };
  const std::string url = ticket_for (http, "/api/cameras/front/snapshot.jpg");
  const std::string ticket = url.substr (url.find ('?'));
  g_assert_cmpint (from_afar ("GET", url).status, ==, 200);
  g_assert_cmpint (from_afar ("GET", url).status, ==, 200);
  for (const char *other : { "/api/cameras/rear/snapshot.jpg", "/api/cameras/front/stream.mjpg",
                             "/api/cameras/front", "/api/config" })
    check_problem (from_afar ("GET", other + ticket), 401);
  check_problem (from_afar ("POST", "/api/cameras/front/test" + ticket), 401);
  std::string forged = url;
  forged.back () = forged.back () == '0' ? '1' : '0';
  check_problem (from_afar ("GET", forged), 401);
  const size_t time = url.find ('=') + 1;
  forged = url;
  forged[time] = '9';
  check_problem (from_afar ("GET", forged), 401);
  for (const char *bad :
       { "?ticket=", "?ticket=.", "?ticket=1.2", "?ticket=99999999999999999999.a" })
    check_problem (from_afar ("GET", "/api/cameras/front/snapshot.jpg" + std::string (bad)), 401);
  for (const char *path : { "/api/config", "/api/cameras/front/recover", "", "/etc/passwd" })
    check_problem (http.request ("POST", "/api/ticket", "Content-Type: application/json\r\n",
                                 "{\"path\": \"" + std::string (path) + "\"}"),
                   400);
}

static void
test_tokens ()
{
  ApiServerOptions options;
  options.token_file = token_file ();
  options.trust_loopback = false;
  HttpFixture http (options);
  const auto none = http.get ("/healthz");
  check_problem (none, 401);
  g_assert_true (none.header ("www-authenticate").starts_with ("Basic "));
  const std::string pair = "anybody:" + read_token;
  g_autofree char *basic
      = g_base64_encode (reinterpret_cast<const guchar *> (pair.data ()), pair.size ());
  g_assert_cmpint (
      http.get ("/healthz", std::string ("Authorization: Basic ") + basic + "\r\n").status, ==,
      200);
  g_assert_cmpint (http.get ("/healthz", bearer (read_token)).status, ==, 200);
  for (int i = 0; i < 5; i++)
    check_problem (http.get ("/healthz", bearer ("wrong-0123456789abcdef")), 401);
  const auto locked = http.get ("/healthz", bearer (read_token));
  check_problem (locked, 429);
  g_assert_cmpstr (locked.header ("retry-after").c_str (), !=, "");
  /* Another address is not punished for it. */
  g_assert_cmpint (http.request ("GET", "/healthz", bearer (read_token), "", "127.0.0.7").status,
                   ==, 200);
  /* New tokens without a restart; a bad file changes nothing. */
  g_autoptr (GError) error = nullptr;
  g_assert_true (g_file_set_contents (options.token_file.c_str (), "read new-0123456789abcdef\n",
                                      -1, nullptr));
  g_chmod (options.token_file.c_str (), 0600);
  g_assert_true (http.server->reload_tokens (&error));
  g_chmod (options.token_file.c_str (), 0640);
  g_assert_false (http.server->reload_tokens (&error));
  g_assert_nonnull (strstr (error->message, "chmod 600"));
  g_assert_cmpint (
      http.request ("GET", "/healthz", bearer ("new-0123456789abcdef"), "", "127.0.0.8").status, ==,
      200);
}

static void
write_tokens (const std::string &path, const std::string &text)
{
  g_assert_true (g_file_set_contents (path.c_str (), text.c_str (), -1, nullptr));
  g_assert_cmpint (g_chmod (path.c_str (), 0600), ==, 0);
}

/* What was begun with a token that is gone ends; what needed none, or did not change, goes on. */
static void
test_streams_of_a_token_that_is_gone ()
{
  ApiServerOptions options;
  options.token_file = token_file ();
  options.classify = [] (const std::string &address) {
    return address == "127.0.0.1" ? Peer::Loopback : Peer::Other;
  };
  HttpFixture http (options);
  HttpClient pictures (http.port, "127.0.0.9"), events (http.port, "127.0.0.9");
  HttpClient own (http.port);
  const std::string token = bearer (read_token), stream = "Accept: text/event-stream\r\n";
  http.run ([&] {
    pictures.send (request_text ("GET", "/api/cameras/front/stream.mjpg", token));
    events.send (request_text ("GET", "/api/events", token + stream));
    own.send (request_text ("GET", "/api/events", stream));
    for (HttpClient *client : { &pictures, &events, &own })
      g_assert_true (client->read_some ().starts_with ("HTTP/1.1 200"));
  });
  const auto closed = [&http] (HttpClient &client) {
    bool over = false;
    http.run ([&] { over = client.closed_within (0.5); });
    return over;
  };
  g_autoptr (GError) error = nullptr;
  g_assert_true (http.server->reload_tokens (&error));
  g_assert_false (closed (pictures));
  g_assert_false (closed (events));
  write_tokens (options.token_file, "read new-0123456789abcdef\n");
  g_assert_true (http.server->reload_tokens (&error));
  g_assert_true (closed (pictures));
  g_assert_true (closed (events));
  g_assert_false (closed (own));
  g_assert_cmpuint (http.model.watchers (), ==, 0);
}

static void
test_own_streams_where_this_host_is_not_trusted ()
{
  ApiServerOptions options;
  options.token_file = token_file ();
  options.trust_loopback = false;
  HttpFixture http (options);
  HttpClient own (http.port);
  http.run ([&] {
    own.send (request_text ("GET", "/api/cameras/front/stream.mjpg", bearer (read_token)));
    g_assert_true (own.read_some ().starts_with ("HTTP/1.1 200"));
  });
  write_tokens (options.token_file, "control " + read_token + "\n");
  g_assert_true (http.server->reload_tokens (nullptr));
  bool over = false;
  http.run ([&] { over = own.closed_within (2); });
  g_assert_true (over);
}

static void
test_bodies ()
{
  ApiServerOptions options;
  options.routes = test_routes ();
  HttpFixture http (options);
  const std::string json = "Content-Type: application/json\r\n";
  const auto post = [&] (const std::string &lines, const std::string &body) {
    return http.request ("POST", "/test/control", lines, body);
  };
  ASSERT_TEXT (post (json, "{\"a\":1}").body, "{\"body\":true}\n");
  ASSERT_TEXT (post ("", "").body, "{\"body\":false}\n");
  g_assert_cmpint (post ("Content-Type: application/json; charset=utf-8\r\n", "{}").status, ==,
                   200);
  check_problem (post ("Content-Type: text/plain\r\n", "{}"), 415);
  check_problem (post ("Content-Type: application/x-www-form-urlencoded\r\n", "a=1"), 415);
  check_problem (post ("", "{}"), 415);
  for (const std::string &bad :
       { std::string ("{"), std::string ("nonsense"), std::string ("\"\xFF\""),
         std::string (60'000, '['), std::string (33, '[') + std::string (33, ']'),
         std::string ("  ") })
    check_problem (post (json, bad), 400);
  g_assert_cmpint (post (json, std::string (32, '[') + std::string (32, ']')).status, ==, 200);
  g_assert_cmpint (post (json, "\"" + std::string (65534, 'a') + "\"").status, ==, 200);
  check_problem (post (json, "\"" + std::string (65535, 'a') + "\""), 413);
}

static void
test_rate ()
{
  ApiServerOptions options;
  options.token_file = token_file ();
  options.classify = [] (const std::string &address) {
    return address == "127.0.0.1" ? Peer::Loopback : Peer::Other;
  };
  options.rate = 0.1;
  options.burst = 5;
  HttpFixture http (options);
  for (int i = 0; i < 5; i++)
    g_assert_cmpint (http.request ("GET", "/healthz", bearer (read_token), "", "127.0.0.9").status,
                     ==, 200);
  check_problem (http.request ("GET", "/healthz", bearer (read_token), "", "127.0.0.9"), 429);
  for (int i = 0; i < 20; i++)
    g_assert_cmpint (http.get ("/healthz").status, ==, 200);
  options.rate = options.burst = 0;
  HttpFixture unlimited (options);
  for (int i = 0; i < 50; i++)
    g_assert_cmpint (
        unlimited.request ("GET", "/healthz", bearer (read_token), "", "127.0.0.9").status, ==,
        200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/http-access/hosts", test_hosts_on_the_wire);
  g_test_add_func ("/http-access/origins", test_origins_on_the_wire);
  g_test_add_func ("/http-access/host-and-origin", test_host_and_origin_together);
  g_test_add_func ("/http-access/roles", test_roles);
  g_test_add_func ("/http-access/tickets", test_tickets);
  g_test_add_func ("/http-access/tokens", test_tokens);
  g_test_add_func ("/http-access/streams-of-a-token-that-is-gone",
                   test_streams_of_a_token_that_is_gone);
  g_test_add_func ("/http-access/own-streams-where-this-host-is-not-trusted",
                   test_own_streams_where_this_host_is_not_trusted);
  g_test_add_func ("/http-access/bodies", test_bodies);
  g_test_add_func ("/http-access/rate", test_rate);
  return g_test_run ();
}
