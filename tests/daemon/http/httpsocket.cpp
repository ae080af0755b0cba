// SPDX-License-Identifier: LGPL-2.1-or-later
/* /api/ws, frame by frame. */
#include "daemon/http/socketclient.h"

#include <cstring>
#include <filesystem>
#include <json-glib/json-glib.h>

using namespace camwarden;

static void
assert_json (const std::string &text, std::initializer_list<const char *> names)
{
  g_autoptr (JsonParser) parser = json_parser_new ();
  g_autoptr (GError) error = nullptr;
  json_parser_load_from_data (parser, text.data (), static_cast<gssize> (text.size ()), &error);
  g_assert_no_error (error);
  JsonObject *object = json_node_get_object (json_parser_get_root (parser));
  for (const char *name : names)
    if (!json_object_has_member (object, name))
      g_error ("%s is missing in %s", name, text.c_str ());
}

static void
test_state ()
{
  HttpFixture http;
  Alert alert;
  alert.id = 7;
  alert.code = "cpu";
  alert.text = "The processor is busy";
  http.model.alert_list = { alert };
  http.model.sampled.sample.time = 1;
  http.model.sampled.sample.cpu = CpuShare{ 0.25, 0 };
  http.model.sampled.thresholds
      = { { Quantity::Cpu, "", ThresholdLevel::Warning, 0.25, 0.85, 0.95 } };
  http.run ([&] {
    Socket socket (http.port);
    g_assert_cmpint (socket.status, ==, 101);
    const auto hello = socket.wait (1, "\"hello\"");
    assert_json (hello, { "version", "needs_token", "role" });
    g_assert_nonnull (strstr (hello.c_str (), "\"role\":\"control\""));
    const auto state = socket.wait (1, "\"state\"");
    assert_json (state, { "status", "health", "machine", "cameras", "alerts" });
    for (const char *part : { "\"percent\":25", "\"warning\":85", "\"id\":7", "\"id\":\"front\"" })
      if (!strstr (state.c_str (), part))
        g_error ("%s is missing in %s", part, state.c_str ());
    const int64_t begin = g_get_monotonic_time ();
    for (int i = 0; i < 3; i++)
      g_assert_false (socket.wait (1, "\"state\"").empty ());
    g_assert_cmpint (g_get_monotonic_time () - begin, >, 1'500'000);
  });
}

static gboolean
stall_and_tell (gpointer data)
{
  auto *http = static_cast<HttpFixture *> (data);
  http->model.list.front ().state = CameraState::Stalled;
  Event event;
  event.id = 3;
  event.kind = "fault";
  event.text = "It has stalled";
  http->model.tell (event);
  http->model.alert_list.resize (1);
  http->model.alert_list.front ().id = 9;
  http->model.tell (http->model.alert_list.front ());
  return G_SOURCE_REMOVE;
}

static void
test_news ()
{
  HttpFixture http;
  http.run ([&] {
    Socket socket (http.port);
    socket.wait (1, "\"state\"");
    g_idle_add (stall_and_tell, &http);
    assert_json (socket.wait (1, "\"type\":\"event\""), { "event" });
    assert_json (socket.wait (1, "\"type\":\"alert\""), { "alert" });
    g_assert_false (socket.wait (1, "stalled").empty ());
  });
}

static void
test_pictures_wait_for_acknowledgement ()
{
  HttpFixture http;
  Pump pump (http);
  pump.captured_before = 50'000;
  pump.start ();
  http.run ([&] {
    Socket socket (http.port);
    socket.send (R"({"view": ["front", "nowhere"]})");
    const auto first = parse_picture (socket.wait (2));
    g_assert_cmpstr (first.camera.c_str (), ==, "front");
    g_assert_cmpuint (first.age, >=, 50);
    g_assert_cmpuint (first.age, <, 5000);
    /* A second of states, and not one picture more. */
    for (int states = 0; states < 2;) {
      const Frame frame = socket.receive ();
      g_assert_cmpint (frame.opcode, !=, 2);
      states += frame.opcode == 1;
    }
    socket.send (ack (first.number));
    const auto second = parse_picture (socket.wait (2));
    g_assert_cmpuint (second.number, ==, first.number + 1);
    /* It was the newest one, which had waited for less than a pause of the pump. */
    g_assert_cmpuint (second.age, <, 1000);
    for (uint32_t number = second.number; number < second.number + 50; number++) {
      socket.send (ack (number));
      g_assert_cmpuint (parse_picture (socket.wait (2)).number, ==, number + 1);
    }
  });
}

static void
test_views_end ()
{
  HttpFixture http;
  Pump pump (http);
  pump.start ();
  http.run ([&] {
    Socket socket (http.port);
    socket.send (R"({"view": ["front"]})");
    const auto picture = parse_picture (socket.wait (2));
    g_assert_cmpuint (picture.age, ==, UINT32_MAX);
    socket.send (R"({"view": []})");
    socket.send (ack (picture.number));
    socket.wait (1, "\"state\"");
    for (int states = 0; states < 2;) {
      const Frame frame = socket.receive ();
      g_assert_cmpint (frame.opcode, !=, 2);
      states += frame.opcode == 1;
    }
  });
  g_assert_cmpuint (http.model.watchers (), ==, 0);
}

static gboolean
add_camera (gpointer data)
{
  static_cast<HttpFixture *> (data)->model.list.push_back (healthy_camera ("front"));
  return G_SOURCE_REMOVE;
}

/* Asked for before it was there. */
static void
test_camera_that_comes_later ()
{
  HttpFixture http;
  http.model.list.clear ();
  Pump pump (http);
  pump.start ();
  http.run ([&] {
    Socket socket (http.port);
    socket.send (R"({"view": ["front"]})");
    socket.wait (1, "\"state\"");
    g_idle_add (add_camera, &http);
    g_assert_true (parse_picture (socket.wait (2)).camera == "front");
  });
}

static void
test_tokens ()
{
  HttpFixture http (strangers ());
  http.run ([&] {
    Socket good (http.port);
    const auto hello = good.wait (1);
    g_assert_nonnull (strstr (hello.c_str (), "\"needs_token\":true"));
    good.send (R"({"auth": ")" + control_token + R"("})");
    g_assert_nonnull (strstr (good.wait (1).c_str (), "\"role\":\"control\""));
    g_assert_nonnull (strstr (good.wait (1).c_str (), "\"state\""));

    Socket wrong (http.port);
    wrong.send (R"({"view": ["front"]})"); /* of no use before */
    wrong.send (R"({"auth": "wrong-0123456789abcdef"})");
    g_assert_cmpint (wrong.close_code (), ==, 4401);

    Socket silent (http.port);
    const int64_t begin = g_get_monotonic_time ();
    g_assert_cmpint (silent.close_code (), ==, 4401);
    g_assert_cmpint (g_get_monotonic_time () - begin, >, 1'500'000);
  });
  g_assert_cmpuint (http.model.watchers (), ==, 0);
}

static void
count_message (const char *, GLogLevelFlags, const char *message, gpointer count)
{
  if (strstr (message, "A wrong token came from"))
    ++*static_cast<int *> (count);
}

/* By whichever way they come, they do not fill the log. */
static void
test_wrong_tokens_in_the_log ()
{
  HttpFixture http (strangers ());
  int told = 0;
  const guint handler
      = g_log_set_handler ("camwarden-http", G_LOG_LEVEL_MESSAGE, count_message, &told);
  http.run ([&] {
    for (int i = 0; i < 8; i++) {
      Socket wrong (http.port);
      wrong.send (R"({"auth": "wrong-0123456789abcdef"})");
      g_assert_cmpint (wrong.close_code (), ==, 4401);
    }
  });
  http.get ("/healthz", bearer ("wrong-0123456789abcdef"));
  http.request ("GET", "/healthz", bearer ("wrong-0123456789abcdef"), "", "127.0.0.7");
  g_log_remove_handler ("camwarden-http", handler);
  g_assert_cmpint (told, ==, 1);
}

static void
test_token_is_taken_away ()
{
  auto options = strangers ();
  const std::string file = options.token_file;
  HttpFixture http (std::move (options));
  struct Change
  {
    HttpFixture *http;
    std::string file;
  } change{ &http, file };
  http.run ([&] {
    Socket socket (http.port);
    socket.send (R"({"auth": ")" + read_token + R"("})");
    socket.wait (1, "\"state\"");
    const auto reload = [] (gpointer data) -> gboolean {
      auto *self = static_cast<Change *> (data);
      const std::string text = "control " + control_token + "\n";
      g_file_set_contents_full (self->file.c_str (), text.c_str (), -1,
                                G_FILE_SET_CONTENTS_CONSISTENT, 0600, nullptr);
      g_autoptr (GError) error = nullptr;
      const bool good = self->http->server->reload_tokens (&error);
      g_assert_no_error (error);
      g_assert_true (good);
      return G_SOURCE_REMOVE;
    };
    g_idle_add (reload, &change);
    g_assert_cmpint (socket.close_code (), ==, 4401);
  });
}

static void
test_wrong_messages ()
{
  HttpFixture http;
  http.run ([&] {
    for (const std::string &text :
         { std::string ("no json"), std::string ("[1]"), std::string (R"({"a":)"),
           std::string (R"({"a":[[[[[[[[[[1]]]]]]]]]]})") }) {
      Socket socket (http.port);
      socket.send (text);
      g_assert_cmpint (socket.close_code (), ==, 1008);
    }
    Socket binary (http.port);
    binary.send ("{}", 2);
    g_assert_cmpint (binary.close_code (), ==, 1008);
    Socket large (http.port);
    large.send ("{\"a\":\"" + std::string (5000, 'x') + "\"}");
    g_assert_true (large.client ().closed_within (5)); /* libsoup leaves without a word */
    /* What it does not know is no error: a later page may say more. */
    Socket later (http.port);
    later.send (R"({"view": 5, "ack": "x", "auth": null, "width": 320, "more": {}})");
    later.wait (1, "\"state\"");
    g_assert_false (later.wait (1, "\"state\"").empty ());
  });
}

static void
test_who_may_not_come_in ()
{
  ApiServerOptions options;
  options.limits.streams = 2;
  HttpFixture http (options);
  http.run ([&] {
    g_assert_cmpint (Socket (http.port, "Origin: http://evil.example\r\n").status, ==, 403);
    g_assert_cmpint (Socket (http.port, "Host: evil.example\r\n").status, ==, 421);
    g_assert_cmpint (Socket (http.port, "Origin: http://localhost\r\n").status, ==, 101);
    HttpClient plain (http.port);
    plain.send (request_text ("GET", "/api/ws"));
    g_assert_cmpint (plain.receive ().status, ==, 426);
    HttpClient below (http.port);
    below.send (request_text ("GET", "/api/ws/more"));
    g_assert_cmpint (below.receive ().status, ==, 404);
  });
  http.spin (1.5); /* until the one that came in is seen to have left */
  http.run ([&] {
    Socket one (http.port), two (http.port), three (http.port);
    g_assert_cmpint (one.status, ==, 101);
    g_assert_cmpint (two.status, ==, 101);
    g_assert_cmpint (three.status, ==, 503);
    g_assert_false (two.wait (1, "\"state\"").empty ()); /* the last one that may is served too */
  });
}

static void
test_page_that_stops_reading ()
{
  ApiServerOptions options;
  options.limits.write_time = 3'000'000;
  HttpFixture http (options);
  Pump pump (http);
  pump.size = 100'000;
  pump.start ();
  long before = 0, most = 0;
  http.run ([&] {
    Socket reader (http.port), stopped (http.port);
    for (Socket *socket : { &reader, &stopped }) {
      socket->send (R"({"view": ["front"]})");
      socket->send (ack (parse_picture (socket->wait (2)).number));
    }
    before = resident_kib ();
    const int64_t end = g_get_monotonic_time () + 6'000'000;
    while (g_get_monotonic_time () < end) {
      reader.send (ack (parse_picture (reader.wait (2)).number));
      most = std::max (most, resident_kib ());
    }
    g_assert_true (stopped.client ().closed_within (3));
    g_assert_false (reader.wait (1, "\"state\"").empty ());
  });
  g_test_message ("RSS %+ld KiB while %u pictures came", most - before, pump.pushed);
  if (!g_getenv ("CAMWARDEN_SANITIZER"))
    g_assert_cmpint (most - before, <, 2048);
  g_assert_cmpuint (pump.pushed, >, 200);
  http.spin (1.5);
  g_assert_cmpuint (http.model.watchers (), ==, 0);
}

/* Whoever answers no ping is gone, even if nothing is to be sent to it. */
static void
test_page_without_pong ()
{
  ApiServerOptions options;
  options.limits.write_time = 3'000'000;
  HttpFixture http (options);
  http.run ([&] {
    Socket lively (http.port), dead (http.port);
    dead.answer_pings = false;
    const int64_t begin = g_get_monotonic_time ();
    while (dead.receive ().opcode >= 0) {
    }
    g_assert_cmpint (g_get_monotonic_time () - begin, >=, 2'500'000);
    g_assert_false (lively.wait (9).empty ());
  });
}

static int
descriptors ()
{
  int count = 0;
  for (const auto &entry : std::filesystem::directory_iterator ("/proc/self/fd"))
    count += entry.exists ();
  return count;
}

static void
test_nothing_is_left_behind ()
{
  ApiServerOptions options;
  options.self_test_interval = 3600'000'000; /* it has a socket of its own */
  HttpFixture http (options);
  const auto visit = [&] (int times) {
    http.run ([&] {
      for (int i = 0; i < times; i++) {
        Socket socket (http.port);
        socket.send (R"({"view": ["front"]})");
        socket.wait (1, "\"state\"");
        if (i % 2)
          socket.send (std::string ("\x03\xe8", 2), 8);
        if (i % 2)
          socket.wait (8);
      }
    });
    http.spin (2);
  };
  visit (10);
  const int before = descriptors ();
  const long memory = resident_kib ();
  visit (60);
  for (int i = 0; i < 100 && descriptors () > before; i++)
    http.spin (0.1);
  g_assert_cmpint (descriptors (), <=, before);
  g_assert_cmpuint (http.model.watchers (), ==, 0);
  g_test_message ("RSS %+ld KiB after 60 pages came and went", resident_kib () - memory);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/httpsocket/state", test_state);
  g_test_add_func ("/httpsocket/news", test_news);
  g_test_add_func ("/httpsocket/pictures-wait-for-acknowledgement",
                   test_pictures_wait_for_acknowledgement);
  g_test_add_func ("/httpsocket/views-end", test_views_end);
  g_test_add_func ("/httpsocket/camera-that-comes-later", test_camera_that_comes_later);
  g_test_add_func ("/httpsocket/tokens", test_tokens);
  g_test_add_func ("/httpsocket/wrong-tokens-in-the-log", test_wrong_tokens_in_the_log);
  g_test_add_func ("/httpsocket/token-is-taken-away", test_token_is_taken_away);
  g_test_add_func ("/httpsocket/wrong-messages", test_wrong_messages);
  g_test_add_func ("/httpsocket/who-may-not-come-in", test_who_may_not_come_in);
  g_test_add_func ("/httpsocket/page-that-stops-reading", test_page_that_stops_reading);
  g_test_add_func ("/httpsocket/page-without-pong", test_page_without_pong);
  g_test_add_func ("/httpsocket/nothing-is-left-behind", test_nothing_is_left_behind);
  return g_test_run ();
}
