// SPDX-License-Identifier: LGPL-2.1-or-later
/* Alerts, events, history, log, and what is ordered. */
#include "daemon/http/httptest.h"
#include "daemon/httpapi/eventstream.h"
#include "daemon/httpapi/exchange.h"
#include "fakes/samples.h"
#include "support/asserttext.h"

#include <cstring>

using namespace camwarden;

static const std::string json_type = "Content-Type: application/json\r\n";

static Event
event_of (int64_t id, const std::string &text = "something")
{
  Event event;
  event.id = id;
  event.time = g_get_real_time ();
  event.kind = "fault";
  event.camera = "front";
  event.text = text;
  return event;
}

/* --- parameters --- */

static void
test_bad_parameters ()
{
  HttpFixture http;
  fill_with_samples (http.model);
  for (const char *path :
       { "/api/alerts?limit=0",           "/api/alerts?limit=1001",
         "/api/alerts?limit=ten",         "/api/alerts?open=maybe",
         "/api/alerts?limit=1e9",         "/api/events?after=-1",
         "/api/events?from=yesterday",    "/api/events?severity=bad",
         "/api/events?limit=5000",        "/api/history?from=2&to=1",
         "/api/history?points=100000",    "/api/history?step=-1",
         "/api/history?from=nan",         "/api/history?from=inf",
         "/api/logs/recent?limit=100000", "/api/logs/recent?type=secrets",
         "/api/logs/recent?level=9",      "/api/logs/recent?hours=x",
         "/api/metrics/history?hours=-5", "/api/metrics/performance?hours=1e99" })
    check_problem (http.get (path), 400);
  check_problem (http.get ("/api/alerts?part=" + std::string (200, 'x')), 400);
  std::string many = "/api/history?series=a";
  for (int i = 0; i < 100; i++)
    many += ",a";
  check_problem (http.get (many), 400);
  for (const char *path : { "/api/history?from=1764136000.5&to=1764137000",
                            "/api/history?from=2026-05-04T03:02:01Z&to=2026-05-05T03:02:01",
                            "/api/alerts?open=1&limit=1000", "/api/logs/recent?hours=0.5" })
    g_assert_cmpint (http.get (path).status, ==, 200);
}

/* --- alerts --- */

static void
test_alerts ()
{
  HttpFixture http;
  fill_with_samples (http.model);
  http.model.alert_list.push_back (http.model.alert_list.front ());
  http.model.alert_list.back ().id = 2;
  http.model.alert_list.back ().until = g_get_real_time ();
  const auto count = [&http] (const char *query) {
    g_autoptr (JsonParser) parser = json_parser_new ();
    return json_array_get_length (
        parse_array (parser, http.get (std::string ("/api/alerts") + query)));
  };
  g_assert_cmpuint (count (""), ==, 2);
  g_assert_cmpuint (count ("?open=1"), ==, 1);
  g_assert_cmpuint (count ("?open=0"), ==, 1);
  g_assert_cmpuint (count ("?limit=1"), ==, 1);
  g_assert_cmpuint (count ("?part=redis"), ==, 0);
  g_assert_cmpint (http.request ("POST", "/api/alerts/1/acknowledge").status, ==, 200);
  ASSERT_TEXT (http.model.alert_list.front ().acknowledged_by, "127.0.0.1");
  for (const char *id : { "7", "x", "1x", "-1", "99999999999999999999" })
    check_problem (http.request ("POST", "/api/alerts/" + std::string (id) + "/acknowledge"), 404);
  const auto tested = http.request ("POST", "/api/alerts/test");
  g_assert_nonnull (strstr (tested.body.c_str (), "the server answered 500"));
  g_assert_nonnull (strstr (tested.body.c_str (), "\"success\":false,\"timestamp\""));
}

/* --- events --- */

static void
test_event_pages ()
{
  HttpFixture http;
  for (int i = 1; i <= 25; i++)
    http.model.event_list.push_back (event_of (i));
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *page = parse (parser, http.get ("/api/events?limit=10"));
  JsonArray *events = json_object_get_array_member (page, "events");
  g_assert_cmpuint (json_array_get_length (events), ==, 10);
  g_assert_cmpint (json_object_get_int_member (json_array_get_object_element (events, 0), "id"), ==,
                   25);
  g_assert_cmpint (json_object_get_int_member (page, "next_before"), ==, 16);
  page = parse (parser, http.get ("/api/events?after=20"));
  g_assert_cmpuint (json_array_get_length (json_object_get_array_member (page, "events")), ==, 5);
  g_assert_true (json_object_get_null_member (page, "next_after"));
  /* Nothing was seen so far: the oldest first here too. */
  http.model.event_list.erase (http.model.event_list.begin ()); /* no event has the id 1 */
  page = parse (parser, http.get ("/api/events?after=0&limit=10"));
  events = json_object_get_array_member (page, "events");
  g_assert_cmpint (json_object_get_int_member (json_array_get_object_element (events, 0), "id"), ==,
                   2);
  g_assert_cmpint (json_object_get_int_member (page, "next_after"), ==, 11);
}

/* Reads until this text has come. */
static std::string
read_until (HttpClient &client, const std::string &wanted)
{
  std::string all;
  while (all.find (wanted) == std::string::npos) {
    const std::string more = client.read_some ();
    g_assert_cmpstr (more.c_str (), !=, "");
    all += more;
  }
  return all;
}

static const std::string as_stream = "Accept: text/event-stream\r\n";

static size_t
times (const std::string &text, const std::string &part)
{
  size_t count = 0;
  for (size_t at = 0; (at = text.find (part, at)) != std::string::npos; at += part.size ())
    count++;
  return count;
}

static void
test_event_stream ()
{
  HttpFixture http;
  for (int i = 1; i <= 250; i++)
    http.model.event_list.push_back (event_of (i));
  HttpClient live (http.port), resumed (http.port);
  std::string text;
  http.run ([&] {
    live.send (request_text ("GET", "/api/events", as_stream));
    text = read_until (live, "retry: 3000\n\n");
    g_assert_nonnull (strstr (text.c_str (), "Content-Type: text/event-stream"));
    g_assert_null (strstr (text.c_str (), "data:"));
    /* More pages than one. */
    resumed.send (request_text ("GET", "/api/events", as_stream + "Last-Event-ID: 17\r\n"));
    text = read_until (resumed, "\"id\":250,");
  });
  g_assert_null (strstr (text.c_str (), "id: 17\n"));
  g_assert_cmpuint (times (text, "\nid: "), ==, 233);
  http.model.event_list.push_back (event_of (251, "live \"and\"\nquoted"));
  http.model.tell (http.model.event_list.back ());
  fill_with_samples (http.model);
  http.model.tell (http.model.alert_list.front ());
  http.run ([&] {
    for (HttpClient *client : { &live, &resumed }) {
      text = read_until (*client, "event: alert\n");
      g_assert_cmpuint (times (text, "id: 251\nevent: fault\ndata: {\"id\":251,"), ==, 1);
      g_assert_nonnull (strstr (text.c_str (), "live \\\"and\\\"\\u000aquoted"));
    }
  });
}

/* More than a page of them, for somebody who has seen none. */
static void
test_event_stream_from_the_start ()
{
  HttpFixture http;
  for (int i = 2; i <= 250; i++)
    http.model.event_list.push_back (event_of (i));
  http.run ([&] {
    for (const char *lines : { "Last-Event-ID: 0\r\n", "" }) {
      HttpClient client (http.port);
      client.send (
          request_text ("GET", *lines ? "/api/events" : "/api/events?after=0", as_stream + lines));
      const std::string text = read_until (client, "\"id\":250,");
      g_assert_cmpuint (times (text, "\nid: "), ==, 249);
      g_assert_cmpuint (text.find ("\nid: 2\n"), <, text.find ("\nid: 3\n"));
    }
  });
}

static void
test_event_stream_keeps_alive ()
{
  ApiServerOptions options;
  FakeModel *model = nullptr;
  options.routes = { { "GET", "/test/events", Role::Read,
                       [&model] (const std::shared_ptr<Exchange> &exchange) {
                         stream_events (*model, exchange, { .after = {}, .keepalive_ms = 50 });
                       },
                       "events" } };
  HttpFixture http (options);
  model = &http.model;
  http.run ([&] {
    HttpClient client (http.port);
    client.send (request_text ("GET", "/test/events"));
    std::string text;
    while (times (text, ": still here\n\n") < 3)
      text += client.read_some ();
  });
}

/* Nobody reads: what waits is bounded, then the stream ends, and the rest of the world goes on. */
static void
test_event_reader_that_stops ()
{
  ApiServerOptions options;
  options.limits.write_time = 1'000'000;
  HttpFixture http (options);
  HttpClient stopped (http.port);
  http.run ([&] {
    stopped.send (request_text ("GET", "/api/events", as_stream));
    read_until (stopped, "retry: 3000\n\n");
  });
  const long before = resident_kib ();
  const std::string large (8000, 'x');
  for (int64_t id = 1; id <= 4000; id++) {
    http.model.tell (event_of (id, large));
    if (id % 50 == 0)
      http.spin (0.002);
  }
  const long grown = resident_kib () - before;
  g_test_message ("32 MB for a reader that stopped: RSS %+ld KiB", grown);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  g_assert_cmpint (grown, <, 12 * 1024);
#endif
  http.spin (2.5);
  http.run ([&] {
    size_t got = 0;
    for (std::string text; !(text = stopped.read_some ()).empty ();)
      got += text.size ();
    g_assert_cmpuint (got, <, 16 << 20);
  });
  g_assert_cmpint (http.get ("/healthz").status, ==, 200);
}

/* --- history and log --- */

static void
test_history ()
{
  HttpFixture http;
  fill_with_samples (http.model);
  const auto response = http.get ("/api/history?series=cpu&points=3");
  g_assert_nonnull (
      strstr (response.body.c_str (), "\"cpu\":{\"average\":[23.1,null,23.1],\"least\":"));
  http.model.history_answer.error = "The disk is full";
  check_problem (http.get ("/api/history"), 503);
  check_problem (http.get ("/api/metrics/history"), 503);
  g_assert_cmpint (http.get ("/api/dashboard").status, ==, 200);
  g_assert_cmpint (http.get ("/metrics").status, ==, 200);
}

static void
test_log ()
{
  HttpFixture http;
  fill_with_samples (http.model);
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonArray *lines = parse_array (parser, http.get ("/api/logs/recent?type=errors&limit=5"));
  g_assert_true (g_str_has_suffix (json_array_get_string_element (lines, 0),
                                   "Z warning: camera front: no frame"));
  JsonObject *page = parse (parser, http.get ("/api/logs/recent?format=json"));
  g_assert_cmpstr (json_object_get_string_member (page, "source"), ==, "memory");
  g_assert_cmpstr (json_object_get_string_member (page, "cursor"), ==, "memory:1:1");
}

/* --- orders --- */

static void
test_recover ()
{
  HttpFixture http;
  http.model.list.push_back (healthy_camera ("rear"));
  const auto post = [&http] (const char *path, const std::string &body) {
    return http.request ("POST", path, body.empty () ? "" : json_type, body);
  };
  g_assert_cmpint (post ("/api/cameras/rear/recover", "").status, ==, 200);
  g_assert_cmpint (post ("/api/camera/recover", "{\"tier\":\"worker\"}").status, ==, 200);
  g_assert_cmpint (post ("/api/camera/recover?camera=rear", "{\"tier\":null}").status, ==, 200);
  check_problem (post ("/api/camera/recover", "{\"tier\":\"machine\"}"), 400);
  check_problem (post ("/api/camera/recover", "{\"tier\":7}"), 400);
  check_problem (post ("/api/camera/recover", "[\"worker\"]"), 400);
  check_problem (post ("/api/cameras/none/recover", ""), 404);
  check_problem (post ("/api/camera/recover?camera=none", ""), 404);
  const std::vector<std::string> expected{ "recover rear source by 127.0.0.1",
                                           "recover front worker by 127.0.0.1",
                                           "recover rear source by 127.0.0.1" };
  g_assert_true (http.model.orders == expected);
  http.model.order = { .ok = false, .status = 504, .message = "No frames within 60 s" };
  const auto late = post ("/api/camera/recover", "");
  check_problem (late, 504);
  g_assert_nonnull (strstr (late.body.c_str (), "\"success\":false"));
}

static void
test_graph ()
{
  HttpFixture http;
  const auto dot = http.get ("/api/cameras/front/graph.dot");
  g_assert_cmpstr (dot.header ("content-type").c_str (), ==, "text/vnd.graphviz");
  g_autofree char *program = g_find_program_in_path ("dot");
  const auto svg = http.get ("/api/cameras/front/graph.svg");
  g_assert_cmpint (svg.status, ==, program ? 200 : 501);
  if (program)
    g_assert_nonnull (strstr (svg.body.c_str (), "</svg>"));
  /* Without Graphviz it says what to install; what dot cannot read is no drawing. */
  http.model.dot = "this is no graph";
  if (program)
    check_problem (http.get ("/api/cameras/front/graph.svg"), 503);
  g_autofree char *path = g_strdup (g_getenv ("PATH"));
  g_setenv ("PATH", "/nonexistent", TRUE);
  const auto missing = http.get ("/api/cameras/front/graph.svg");
  g_setenv ("PATH", path, TRUE);
  check_problem (missing, 501);
  g_assert_nonnull (strstr (missing.body.c_str (), "apt install graphviz"));
  http.model.dot.clear ();
  check_problem (http.get ("/api/cameras/front/graph.dot"), 504);
}

static void
test_reboot ()
{
  ApiServerOptions options;
  options.token_file = token_file ();
  HttpFixture http (options);
  const auto post = [&http] (const std::string &body) {
    return http.request ("POST", "/api/system/reboot",
                         bearer (admin_token) + (body.empty () ? "" : json_type), body);
  };
  const auto nonce = [&] {
    const auto asked = post ("");
    check_problem (asked, 428);
    g_autoptr (JsonParser) parser = json_parser_new ();
    JsonObject *problem = parse (parser, asked);
    g_assert_cmpstr (json_object_get_string_member (problem, "host"), ==, "workshop");
    return std::string (json_object_get_string_member (problem, "nonce"));
  };
  const auto confirm = [&] (const std::string &word, const char *host) {
    return post ("{\"nonce\":\"" + word + "\",\"host\":\"" + host + "\"}");
  };
  check_problem (confirm ("0123456789abcdef0123456789abcdef", "workshop"), 409);
  const std::string first = nonce (), second = nonce ();
  g_assert_true (first != second);
  check_problem (confirm (first, "elsewhere"), 409);
  check_problem (confirm (first, "workshop"), 409); /* spent */
  g_assert_cmpuint (http.model.orders.size (), ==, 0);
  g_assert_cmpint (confirm (second, "workshop").status, ==, 200);
  check_problem (confirm (second, "workshop"), 409);
  g_assert_cmpuint (http.model.orders.size (), ==, 1);
  ASSERT_TEXT (http.model.orders.front (), "reboot by 127.0.0.1 with a token");
  /* What is not allowed gives no nonce, and takes none. */
  const std::string third = nonce ();
  http.model.reboot_allowed = { .ok = false, .status = 409, .message = "allow-reboot is false" };
  check_problem (post (""), 409);
  check_problem (confirm (third, "workshop"), 409);
  g_assert_cmpuint (http.model.orders.size (), ==, 1);
}

static void
test_heavy_work_one_at_a_time ()
{
  HttpFixture http;
  http.model.hold_tests = true;
  http.run ([&] {
    HttpClient first (http.port), second (http.port);
    first.send (request_text ("POST", "/api/cameras/front/test"));
    g_usleep (100'000);
    second.send (request_text ("POST", "/api/camera/test"));
    const auto refused = second.receive ();
    check_problem (refused, 503);
    g_assert_cmpstr (refused.header ("retry-after").c_str (), !=, "");
  });
  http.model.answer_tests ();
  g_assert_cmpint (http.request ("POST", "/api/camera/test").status, ==, 200);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/http-records/bad-parameters", test_bad_parameters);
  g_test_add_func ("/http-records/alerts", test_alerts);
  g_test_add_func ("/http-records/event-pages", test_event_pages);
  g_test_add_func ("/http-records/event-stream", test_event_stream);
  g_test_add_func ("/http-records/event-stream-keeps-alive", test_event_stream_keeps_alive);
  g_test_add_func ("/http-records/event-stream-from-the-start", test_event_stream_from_the_start);
  g_test_add_func ("/http-records/event-reader-that-stops", test_event_reader_that_stops);
  g_test_add_func ("/http-records/history", test_history);
  g_test_add_func ("/http-records/log", test_log);
  g_test_add_func ("/http-records/recover", test_recover);
  g_test_add_func ("/http-records/graph", test_graph);
  g_test_add_func ("/http-records/reboot", test_reboot);
  g_test_add_func ("/http-records/heavy-work", test_heavy_work_one_at_a_time);
  return g_test_run ();
}
