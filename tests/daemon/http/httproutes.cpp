// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the routes answer, and to whom. */
#include "daemon/http/httptest.h"
#include "daemon/httpapi/exchange.h"
#include "daemon/httpapi/jsonwriter.h"
#include "support/asserttext.h"

#include <cmath>
#include <cstring>
#include <glib/gstdio.h>
#include <sys/stat.h>

using namespace camwarden;

static void
test_status ()
{
  HttpFixture http;
  const auto response = http.get ("/api/status");
  g_assert_cmpint (response.status, ==, 200);
  g_assert_cmpstr (response.header ("content-type").c_str (), ==, "application/json");
  g_assert_cmpstr (response.header ("cache-control").c_str (), ==, "no-store");
  check_headers (response);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *status = parse (parser, response);
  g_assert_cmpstr (json_object_get_string_member (status, "status"), ==, "running");
  g_assert_cmpstr (json_object_get_string_member (status, "version"), ==, "0.1.0");
  g_assert_cmpint (json_object_get_int_member (status, "uptime"), ==, 90);
  const char *stamp = json_object_get_string_member (status, "timestamp");
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (stamp, nullptr);
  g_assert_nonnull (time);
  JsonObject *redis = json_object_get_object_member (status, "redis");
  g_assert_cmpstr (json_object_get_string_member (redis, "uri"), ==, "redis://127.0.0.1:6390");
  g_assert_cmpint (json_object_get_int_member (redis, "port"), ==, 6390);
  g_assert_true (json_object_get_boolean_member (redis, "connected"));
}

static void
test_health_summary ()
{
  HttpFixture http;
  http.model.daemon.redis.connected = false;
  http.model.list[0].verdict = "dark";
  http.model.list[0].consecutive_failures = 3;
  const auto response = http.get ("/api/health/summary");
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *summary = parse (parser, response);
  g_assert_cmpstr (json_object_get_string_member (summary, "overall_status"), ==, "critical");
  g_assert_cmpint (json_object_get_int_member (summary, "issues_count"), ==, 2);
  g_assert_cmpint (json_object_get_int_member (summary, "critical_issues"), ==, 1);
  g_assert_cmpint (json_object_get_int_member (summary, "warnings"), ==, 1);
  g_assert_true (json_object_has_member (summary, "timestamp"));
  JsonObject *components = json_object_get_object_member (summary, "components");
  JsonObject *camera = json_object_get_object_member (components, "camera");
  g_assert_cmpstr (json_object_get_string_member (camera, "status"), ==, "warning");
  g_assert_cmpint (json_object_get_int_member (camera, "health_score"), ==, 70);
  JsonObject *redis = json_object_get_object_member (components, "redis");
  g_assert_cmpstr (json_object_get_string_member (redis, "status"), ==, "critical");
  JsonObject *processes = json_object_get_object_member (components, "processes");
  g_assert_true (json_object_has_member (processes, "camera-front"));
}

static void
test_cameras ()
{
  HttpFixture http;
  http.model.list.push_back (healthy_camera ("back"));
  http.model.list[1].fps = NAN;
  http.model.list[1].last_frame_age = std::nullopt;
  http.model.list[1].last_error = "bad \xFF byte <b>";
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *all = parse (parser, http.get ("/api/cameras"));
  JsonArray *cameras = json_object_get_array_member (all, "cameras");
  g_assert_cmpuint (json_array_get_length (cameras), ==, 2);
  JsonObject *back = json_array_get_object_element (cameras, 1);
  g_assert_cmpstr (json_object_get_string_member (back, "id"), ==, "back");
  g_assert_true (json_object_get_null_member (back, "fps"));
  g_assert_true (json_object_get_null_member (back, "last_frame_age"));
  g_autoptr (JsonParser) second = json_parser_new ();
  JsonObject *front = parse (second, http.get ("/api/cameras/front"));
  g_assert_cmpstr (json_object_get_string_member (front, "state"), ==, "streaming");
  g_assert_cmpfloat (json_object_get_double_member (front, "last_frame_age"), ==, 0.021);
  check_problem (http.get ("/api/cameras/none"), 404);
  http.model.list.clear ();
  check_problem (http.get ("/?action=snapshot"), 404);
}

static void
test_snapshot ()
{
  HttpFixture http;
  g_autoptr (GBytes) jpeg = picture ();
  http.model.set_picture (jpeg);
  for (const char *path : { "/api/cameras/front/snapshot.jpg", "/?action=snapshot",
                            "/?action=snapshot&camera=front" }) {
    const auto response = http.get (path);
    g_assert_cmpint (response.status, ==, 200);
    g_assert_cmpstr (response.header ("content-type").c_str (), ==, "image/jpeg");
    g_assert_cmpstr (response.header ("cache-control").c_str (), ==, "no-store");
    g_assert_cmpmem (response.body.data (), response.body.size (), g_bytes_get_data (jpeg, nullptr),
                     g_bytes_get_size (jpeg));
  }
  const auto head = http.request ("HEAD", "/api/cameras/front/snapshot.jpg");
  g_assert_cmpint (head.status, ==, 200);
  g_assert_cmpuint (strtoul (head.header ("content-length").c_str (), nullptr, 10), ==,
                    g_bytes_get_size (jpeg));
  http.model.set_picture (nullptr);
  check_problem (http.get ("/api/cameras/front/snapshot.jpg"), 504);
  check_problem (http.get ("/?action=command"), 404);
}

/* The picture comes when the client has gone, and when the server has gone. */
static void
test_snapshot_too_late ()
{
  HttpFixture http;
  http.model.hold_snapshots = true;
  http.run ([&] {
    HttpClient client (http.port);
    client.send (request_text ("GET", "/api/cameras/front/snapshot.jpg"));
  });
  while (http.model.held_snapshots () < 1)
    g_main_context_iteration (nullptr, TRUE);
  g_autoptr (GBytes) jpeg = picture ();
  http.model.set_picture (jpeg);
  http.model.answer_snapshots ();
  g_assert_cmpint (http.get ("/healthz").status, ==, 200);
  HttpClient client (http.port);
  client.send (request_text ("GET", "/api/cameras/front/snapshot.jpg"));
  while (http.model.held_snapshots () < 1)
    g_main_context_iteration (nullptr, TRUE);
  http.server->stop ();
  http.model.answer_snapshots ();
  g_assert_true (client.closed_within (5));
}

static void
test_stream ()
{
  HttpFixture http;
  g_autoptr (GBytes) jpeg = picture ();
  const auto push = [] (gpointer data) -> gboolean {
    auto *fixture = static_cast<HttpFixture *> (data);
    g_autoptr (GBytes) frame = picture ();
    fixture->model.push ("front", frame);
    return G_SOURCE_CONTINUE;
  };
  const guint source = g_timeout_add (10, push, &http);
  const std::string part
      = "Content-Type: image/jpeg\r\nContent-Length: " + std::to_string (g_bytes_get_size (jpeg))
        + "\r\n\r\n"
        + std::string (static_cast<const char *> (g_bytes_get_data (jpeg, nullptr)),
                       g_bytes_get_size (jpeg))
        + "\r\n--camwarden-frame\r\n";
  for (const char *path : { "/api/cameras/front/stream.mjpg", "/?action=stream" }) {
    http.run ([&] {
      HttpClient client (http.port);
      client.send (request_text ("GET", path));
      std::string text;
      while (text.size () < 2000)
        text += client.read_some ();
      g_assert_nonnull (strstr (text.c_str (), "Content-Type: multipart/x-mixed-replace; "
                                               "boundary=camwarden-frame\r\n"));
      const size_t body = text.find ("\r\n\r\n") + 4;
      g_assert_true (text.substr (body).starts_with ("--camwarden-frame\r\n" + part + part));
    });
  }
  g_source_remove (source);
  const auto head = http.request ("HEAD", "/api/cameras/front/stream.mjpg");
  g_assert_cmpint (head.status, ==, 200);
  /* Nobody pushes: the departure of a viewer is seen all the same. */
  http.spin (2.5);
  g_assert_cmpuint (http.model.watchers (), ==, 0);
  check_problem (http.get ("/api/cameras/none/stream.mjpg"), 404);
}

static void
test_dashboard ()
{
  HttpFixture http;
  const auto page = http.get ("/");
  g_assert_cmpint (page.status, ==, 200);
  g_assert_cmpstr (page.header ("content-type").c_str (), ==, "text/html; charset=utf-8");
  check_headers (page);
  /* The policy forbids all of these, the page must not need them. */
  for (const char *word :
       { "<style", " style=", "onclick", "onload", "<script>", "http://", "https://" })
    g_assert_null (strstr (page.body.c_str (), word));
  for (const char *file : { "camwarden.css", "camwarden.js", "tile.js", "de.json", "icon.svg" })
    g_assert_cmpint (http.get (std::string ("/assets/") + file).status, ==, 200);
  const auto again = http.get ("/", "If-None-Match: " + page.header ("etag") + "\r\n");
  g_assert_cmpint (again.status, ==, 304);
  for (const char *path :
       { "/assets/none.js", "/assets/../etc/passwd", "/assets/%2e%2e%2fetc%2fpasswd",
         "/assets/.hidden", "/assets/", "/etc/passwd" }) {
    const int status = http.get (path).status;
    g_assert_true (status == 404 || status == 400);
  }
}

static void
test_probes ()
{
  HttpFixture http;
  g_assert_cmpint (http.get ("/healthz").status, ==, 200);
  g_assert_cmpint (http.get ("/readyz").status, ==, 200);
  http.model.daemon.ready = false;
  http.model.daemon.not_ready = "Redis is starting";
  const auto response = http.get ("/readyz");
  check_problem (response, 503);
  g_assert_nonnull (strstr (response.body.c_str (), "Redis is starting"));
}

static void
test_routing_errors ()
{
  HttpFixture http;
  check_problem (http.get ("/api/nothing"), 404);
  const auto wrong = http.request ("POST", "/api/status");
  check_problem (wrong, 405);
  g_assert_cmpstr (wrong.header ("allow").c_str (), ==, "GET, HEAD");
  for (const char *method : { "PUT", "DELETE", "OPTIONS", "TRACE", "BREW" })
    check_problem (http.request (method, "/api/status"), 405);
  check_problem (http.get ("/" + std::string (3000, 'a')), 414);
}

/* As libsoup allows: connections live on, or every answer says that it is the last. */
static void
test_many_requests ()
{
  ApiServerOptions options;
  options.routes = test_routes ();
  HttpFixture http (options);
  const auto descriptors = [] {
    g_autoptr (GDir) folder = g_dir_open ("/proc/self/fd", 0, nullptr);
    int count = 0;
    while (g_dir_read_name (folder))
      count++;
    return count;
  };
  http.get ("/healthz");
  http.spin (0.2);
  const int before = descriptors ();
  const std::string texts[]
      = { request_text ("GET", "/api/status"), request_text ("GET", "/nothing"),
          request_text ("POST", "/test/control", "Content-Type: application/json\r\n", "{}") };
  http.run ([&] {
    auto client = std::make_unique<HttpClient> (http.port);
    for (int i = 0; i < 150; i++) {
      client->send (texts[i % 3]);
      const auto response = client->receive ();
      g_assert_cmpint (response.status, ==, i % 3 == 1 ? 404 : 200);
      g_assert_cmpint (response.header ("connection") == "close", ==, !can_keep_alive ());
      if (!can_keep_alive ())
        g_assert_true (client->closed_within (5));
      if (!can_keep_alive () || i % 10 == 9)
        client = std::make_unique<HttpClient> (http.port);
    }
  });
  http.spin (0.2);
  g_assert_cmpint (descriptors (), <=, before);
}

static std::string
start_error (ApiServerOptions options)
{
  FakeModel model;
  ApiServer server (model, std::move (options));
  g_autoptr (GError) error = nullptr;
  g_assert_false (server.start (&error));
  g_test_message ("%s", error->message);
  return error->message;
}

static void
test_where_to_listen ()
{
  HttpFixture first;
  const std::string busy = "127.0.0.1:" + std::to_string (first.port);
  ApiServerOptions options;
  options.listen = { busy };
  options.listen_configured = true;
  const std::string text = start_error (options);
  g_assert_nonnull (strstr (text.c_str (), busy.c_str ()));
  g_assert_nonnull (strstr (text.c_str (), "listen"));
  options.listen_configured = false;
  ApiServer second (first.model, options);
  g_autoptr (GError) error = nullptr;
  g_assert_true (second.start (&error));
  const std::string got = second.urls ().front ();
  const int port = atoi (got.c_str () + got.rfind (':') + 1);
  g_assert_cmpint (port, >, first.port);
  g_assert_cmpint (port, <, first.port + 10);
  for (const char *where : { "example.com:5000", "127.0.0.1:99999", "127.0.0.1:", "", "x" }) {
    ApiServerOptions wrong;
    wrong.listen = { where };
    g_assert_nonnull (strstr (start_error (wrong).c_str (), "listen"));
  }
}

static ApiServerOptions
at (const std::vector<std::string> &listen)
{
  ApiServerOptions options;
  options.listen = listen;
  options.listen_configured = true;
  options.self_test_interval = 50'000;
  return options;
}

/* The port is another program's: waited for, and taken when that ends. */
static void
test_keep_trying ()
{
  auto first = std::make_unique<HttpFixture> ();
  const std::string busy = "127.0.0.1:" + std::to_string (first->port);
  g_test_expect_message ("camwarden-http", G_LOG_LEVEL_WARNING, "*ss -ltnp*Trying again*");
  int changes = 0;
  ApiServerOptions options = at ({ busy });
  options.keep_trying = true;
  options.changed = [&changes] { changes++; };
  FakeModel model;
  ApiServer server (model, options);
  g_assert_true (server.start (nullptr));
  g_test_assert_expected_messages ();
  g_assert_true (server.urls ().empty ());
  g_assert_nonnull (strstr (server.trouble ().c_str (), busy.c_str ()));
  first->spin (0.3);
  g_assert_cmpint (changes, ==, 0);
  first.reset ();
  HttpFixture loop;
  for (int i = 0; i < 100 && changes == 0; i++)
    loop.spin (0.1);
  g_assert_cmpint (changes, ==, 1);
  g_assert_true (server.trouble ().empty ());
  loop.port = atoi (busy.c_str () + busy.rfind (':') + 1);
  g_assert_cmpint (loop.get ("/healthz").status, ==, 200);
  /* What the configuration forbids does not get better by trying. */
  options.listen = { "0.0.0.0:0" };
  g_assert_nonnull (strstr (start_error (options).c_str (), "camwardenctl token add"));
}

/* The next server takes over what stays, and leaves the present one alone when it cannot start. */
static void
test_next_server ()
{
  HttpFixture http (at ({ "127.0.0.1:0" }));
  const HttpFixture other;
  const auto status = [&http] { return http.get ("/healthz").status; };
  const std::string busy = "127.0.0.1:" + std::to_string (other.port);
  const std::string everywhere = "0.0.0.0:" + std::to_string (http.port);
  const std::string tokens = write_file ("read " + read_token + "\n", 0600);
  ApiServerOptions options = at ({ everywhere, busy });
  options.token_file = tokens;
  for (const auto &bad : { at ({ "127.0.0.1:0", busy }), options, at ({ everywhere }) }) {
    ApiServer refused (http.model, bad);
    g_assert_false (refused.start (nullptr, http.server.get ()));
    g_assert_cmpint (status (), ==, 200);
  }
  options.listen = { "127.0.0.1:0" };
  auto next = std::make_unique<ApiServer> (http.model, options);
  g_assert_true (next->start (nullptr, http.server.get ()));
  g_assert_true (next->urls ()
                 == std::vector{ "http://127.0.0.1:" + std::to_string (http.port) + "/" });
  http.server = std::move (next);
  g_assert_cmpint (status (), ==, 200);
  options.listen = { everywhere };
  next = std::make_unique<ApiServer> (http.model, options);
  g_assert_true (next->start (nullptr, http.server.get ()));
  http.server = std::move (next);
  g_assert_cmpint (status (), ==, 200);
}

static void
test_no_tokens_no_network ()
{
  ApiServerOptions options;
  for (const char *where : { "0.0.0.0:0", "[::]:0", "192.0.2.1:0" }) {
    options.listen = { where };
    g_assert_nonnull (strstr (start_error (options).c_str (), "camwardenctl token add"));
  }
  options.listen = { "127.0.0.1:0" };
  options.token_file = write_file ("read " + read_token + "\n", 0644);
  g_assert_nonnull (strstr (start_error (options).c_str (), "chmod 600"));
  options.token_file = write_file ("", 0600);
  g_assert_nonnull (strstr (start_error (options).c_str (), "no token"));
  options.token_file = "/nonexistent/tokens";
  g_assert_nonnull (strstr (start_error (options).c_str (), "/nonexistent/tokens"));
  const std::string secret = "do-not-print-this-token";
  options.token_file = write_file ("owner " + secret + "\n", 0600);
  g_assert_null (strstr (start_error (options).c_str (), secret.c_str ()));
}

static void
test_unix_socket ()
{
  ApiServerOptions options;
  options.socket = write_file ("", 0600) + ".sock";
  HttpFixture http (options);
  struct stat status;
  g_assert_cmpint (stat (options.socket.c_str (), &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0660);
  /* Somebody answers there: a second daemon must not take it away. */
  ApiServerOptions other;
  other.listen = { "127.0.0.1:0" };
  other.socket = options.socket;
  g_assert_nonnull (strstr (start_error (other).c_str (), "second camwardend"));
  http.run ([&] {
    HttpClient client (options.socket);
    client.send (request_text ("GET", "/healthz"));
    g_assert_cmpint (client.receive ().status, ==, 200);
  });
  http.server->stop ();
  g_assert_cmpint (g_access (options.socket.c_str (), F_OK), !=, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/http/status", test_status);
  g_test_add_func ("/http/health-summary", test_health_summary);
  g_test_add_func ("/http/cameras", test_cameras);
  g_test_add_func ("/http/snapshot", test_snapshot);
  g_test_add_func ("/http/snapshot-too-late", test_snapshot_too_late);
  g_test_add_func ("/http/stream", test_stream);
  g_test_add_func ("/http/dashboard", test_dashboard);
  g_test_add_func ("/http/probes", test_probes);
  g_test_add_func ("/http/routing-errors", test_routing_errors);
  g_test_add_func ("/http/many-requests", test_many_requests);
  g_test_add_func ("/http/where-to-listen", test_where_to_listen);
  g_test_add_func ("/http/keep-trying", test_keep_trying);
  g_test_add_func ("/http/next-server", test_next_server);
  g_test_add_func ("/http/no-tokens-no-network", test_no_tokens_no_network);
  g_test_add_func ("/http/unix-socket", test_unix_socket);
  return g_test_run ();
}
