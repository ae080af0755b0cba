// SPDX-License-Identifier: LGPL-2.1-or-later
/* Clients that are slow, many, greedy or gone; descriptors that run out; a listener gone deaf. The
 * deadlines are shortened: that they are 10, 15 and 30 s is the unit test's matter. */
#include "daemon/http/httptest.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

using namespace camwarden;

/* Freed memory is kept in quarantine, each access to memory is noted in a shadow of it. */
#if defined(__SANITIZE_ADDRESS__)
static constexpr bool leaks_are_told = true;
static constexpr bool memory_is_ours = false;
#elif defined(__SANITIZE_THREAD__)
static constexpr bool leaks_are_told = false;
static constexpr bool memory_is_ours = false;
#else
static constexpr bool leaks_are_told = false;
static constexpr bool memory_is_ours = true;
#endif

static ApiServerOptions
impatient ()
{
  ApiServerOptions options;
  options.limits.header_time = 500'000;
  options.limits.body_time = 500'000;
  options.limits.idle_time = 800'000;
  options.limits.write_time = 1'000'000;
  options.limits.linger_time = 300'000;
  options.self_test_interval = 300'000;
  return options;
}

static void
assert_serves (HttpFixture &http)
{
  g_assert_cmpint (http.get ("/healthz").status, ==, 200);
}

static void
test_huge_body ()
{
  HttpFixture http;
  assert_serves (http);
  const long before = resident_kib ();
  const std::string block (65536, 'x');
  size_t sent = 0;
  int64_t waited = 0;
  const int64_t start = g_get_monotonic_time ();
  http.run ([&] {
    HttpClient client (http.port);
    client.send ("POST /api/status HTTP/1.1\r\nHost: localhost\r\n"
                 "Content-Length: 1099511627776\r\n\r\n");
    std::thread sender ([&] {
      while (g_get_monotonic_time () - start < 15'000'000 && client.send (block))
        sent += block.size ();
    });
    HttpClient other (http.port);
    other.send (request_text ("GET", "/healthz"));
    g_assert_cmpint (other.receive ().status, ==, 200);
    waited = g_get_monotonic_time () - start;
    sender.join ();
  });
  const long grown = resident_kib () - before;
  const double seconds = static_cast<double> (g_get_monotonic_time () - start) / 1e6;
  g_test_message ("a body of 1 TiB: cut off after %.1f s and %" G_GSIZE_FORMAT " MiB, RSS %+ld KiB",
                  seconds, sent >> 20, grown);
  g_assert_cmpfloat (seconds, <, 10);
  /* It is not read at all, so that others are served meanwhile. */
  g_assert_cmpint (waited, <, 1'500'000);
  g_assert_cmpuint (sent, <, 32 << 20);
  if (memory_is_ours)
    g_assert_cmpint (grown, <, 1024);
  assert_serves (http);
}

static void
test_413_is_readable ()
{
  HttpFixture http;
  http.run ([&] {
    HttpClient client (http.port);
    client.send ("POST /api/status HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100000\r\n\r\n");
    g_assert_cmpint (client.receive ().status, ==, 413);
    g_assert_true (client.closed_within (5));
    /* No length told: counted as it comes. */
    HttpClient chunked (http.port);
    chunked.send ("POST /api/status HTTP/1.1\r\nHost: localhost\r\n"
                  "Transfer-Encoding: chunked\r\n\r\n");
    const std::string chunk = "4000\r\n" + std::string (0x4000, 'x') + "\r\n";
    for (int i = 0; i < 5; i++)
      chunked.send (chunk);
    g_assert_cmpint (chunked.receive ().status, ==, 413);
    g_assert_true (chunked.closed_within (5));
    HttpClient polite (http.port);
    polite.send ("POST /api/status HTTP/1.1\r\nHost: localhost\r\nExpect: 100-continue\r\n"
                 "Content-Length: 100000\r\n\r\n");
    g_assert_cmpint (polite.receive ().status, ==, 413);
  });
  assert_serves (http);
}

static void
test_slow_clients ()
{
  HttpFixture http (impatient ());
  http.run ([&] {
    HttpClient silent (http.port), dribbling (http.port), slow_body (http.port), idle (http.port);
    slow_body.send ("POST /api/cameras HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nx");
    idle.send (request_text ("GET", "/healthz"));
    g_assert_cmpint (idle.receive ().status, ==, 200);
    dribbling.send ("GET /healthz HTTP/1.1\r\n");
    const int64_t start = g_get_monotonic_time ();
    bool open = true;
    while (open && g_get_monotonic_time () - start < 10'000'000) {
      open = dribbling.send ("X: y\r\n");
      g_usleep (100'000);
    }
    g_assert_false (open);
    g_assert_true (silent.closed_within (5));
    g_assert_true (slow_body.closed_within (5));
    g_assert_true (idle.closed_within (5));
  });
  assert_serves (http);
}

static void
test_slow_reader_of_an_answer ()
{
  HttpFixture http (impatient ());
  g_autofree char *noise = static_cast<char *> (g_malloc0 (32 << 20));
  g_autoptr (GBytes) large = g_bytes_new_take (g_steal_pointer (&noise), 32 << 20);
  http.model.set_picture (large);
  http.run ([&] {
    HttpClient client (http.port);
    client.send (request_text ("GET", "/api/cameras/front/snapshot.jpg"));
    g_usleep (3'000'000);
    size_t got = 0;
    for (std::string text; !(text = client.read_some ()).empty ();)
      got += text.size ();
    g_assert_cmpuint (got, <, 32 << 20);
    /* One that reads, slowly but surely, gets it all. */
    HttpClient steady (http.port);
    steady.send (request_text ("GET", "/api/cameras/front/snapshot.jpg"));
    got = 0;
    for (std::string text; !(text = steady.read_some (4 << 20)).empty (); g_usleep (20'000)) {
      got += text.size ();
      if (got > 32u << 20)
        break;
    }
    g_assert_cmpuint (got, >, 32 << 20);
  });
}

struct Pump
{
  HttpFixture &http;
  unsigned pushed = 0;
};

/* A frame of 100 KB each 5 ms: 20 MB/s that nobody takes. */
static gboolean
pump (gpointer data)
{
  auto *self = static_cast<Pump *> (data);
  g_autoptr (GBytes) frame = g_bytes_new_take (g_malloc0 (100'000), 100'000);
  self->http.model.push ("front", frame);
  self->pushed++;
  return G_SOURCE_CONTINUE;
}

static void
test_viewer_that_stops_reading ()
{
  auto options = impatient ();
  options.limits.write_time = 3'000'000;
  HttpFixture http (options);
  Pump state{ http };
  const guint source = g_timeout_add (5, pump, &state);
  long before = 0, most = 0;
  http.run ([&] {
    HttpClient reader (http.port), stopped (http.port);
    for (HttpClient *client : { &reader, &stopped }) {
      client->send (request_text ("GET", "/api/cameras/front/stream.mjpg"));
      for (size_t got = 0; got < 1'000'000;)
        got += client->read_some ().size ();
    }
    before = resident_kib ();
    const int64_t start = g_get_monotonic_time ();
    while (g_get_monotonic_time () - start < 2'000'000) {
      g_assert_cmpuint (reader.read_some ().size (), >, 0);
      most = std::max (most, resident_kib ());
    }
    /* It is let go, the one who reads is not. */
    const int64_t end = g_get_monotonic_time () + 8'000'000;
    bool gone = false;
    while (!gone && g_get_monotonic_time () < end) {
      g_assert_cmpuint (reader.read_some ().size (), >, 0);
      char byte;
      gone = send (stopped.fd (), "x", 1, MSG_NOSIGNAL | MSG_DONTWAIT) < 0
             || recv (stopped.fd (), &byte, 0, MSG_PEEK | MSG_DONTWAIT) < 0;
    }
    g_assert_true (gone);
  });
  g_test_message ("RSS %+ld KiB while %u frames of 100 KB came and one viewer did not read",
                  most - before, state.pushed);
  if (memory_is_ours)
    g_assert_cmpint (most - before, <, 2048);
  g_assert_cmpuint (state.pushed, >, 200);
  http.spin (0.5);
  g_source_remove (source);
  http.spin (1.5);
  g_assert_cmpuint (http.model.watchers (), ==, 0);
}

static void
test_too_many ()
{
  ApiServerOptions options;
  options.limits.requests = 8;
  options.limits.streams = 4;
  options.socket = write_file ("", 0600) + ".sock";
  HttpFixture http (options);
  http.run ([&] {
    std::vector<std::unique_ptr<HttpClient>> held;
    for (int i = 0; i < 4; i++) {
      held.push_back (std::make_unique<HttpClient> (http.port));
      held.back ()->send (request_text ("GET", "/api/cameras/front/stream.mjpg"));
      g_assert_nonnull (strstr (held.back ()->read_some ().c_str (), "200 OK"));
    }
    {
      HttpClient fifth (http.port);
      fifth.send (request_text ("GET", "/api/cameras/front/stream.mjpg", "Connection: close\r\n"));
      g_assert_cmpint (fifth.receive ().status, ==, 503);
      g_assert_true (fifth.closed_within (5));
    }
    /* The streams take nothing from the API's room. */
    for (int i = 0; i < 8; i++)
      held.push_back (std::make_unique<HttpClient> (http.port));
    HttpClient refused (http.port);
    g_assert_cmpint (refused.receive ().status, ==, 503);
    g_assert_true (refused.closed_within (5));
    /* Nor does any of them from the Unix socket's. */
    HttpClient local (options.socket);
    local.send (request_text ("GET", "/healthz"));
    g_assert_cmpint (local.receive ().status, ==, 200);
  });
  http.spin (1.5);
  assert_serves (http);
}

static void
test_one_other_host ()
{
  ApiServerOptions options;
  options.classify = [] (const std::string &address) {
    return address == "127.0.0.1" ? Peer::Loopback : Peer::Other;
  };
  HttpFixture http (options);
  http.run ([&] {
    std::vector<std::unique_ptr<HttpClient>> held;
    for (int i = 0; i < 8; i++)
      held.push_back (std::make_unique<HttpClient> (http.port, "127.0.0.9"));
    HttpClient ninth (http.port, "127.0.0.9");
    g_assert_cmpint (ninth.receive ().status, ==, 503);
    HttpClient another (http.port, "127.0.0.8");
    another.send (request_text ("GET", "/healthz"));
    g_assert_cmpint (another.receive ().status, ==, 401);
  });
  assert_serves (http);
}

/* All descriptors are gone while clients knock; then they come back. */
static void
test_no_descriptors ()
{
  HttpFixture http (impatient ());
  assert_serves (http);
  rlimit before{};
  getrlimit (RLIMIT_NOFILE, &before);
  const rlimit low{ 200, before.rlim_max };
  setrlimit (RLIMIT_NOFILE, &low);
  g_test_expect_message ("camwarden-http", G_LOG_LEVEL_WARNING, "*no file descriptor is left*");
  /* The client's descriptor is made while there is one. */
  const int client = socket (AF_INET, SOCK_STREAM, 0);
  std::vector<int> hoard;
  for (int fd; (fd = open ("/dev/null", O_RDONLY)) >= 0;)
    hoard.push_back (fd);
  http.run ([&] {
    sockaddr_in there{};
    there.sin_family = AF_INET;
    there.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    there.sin_port = htons (static_cast<uint16_t> (http.port));
    const timeval patience{ 10, 0 };
    setsockopt (client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    g_assert_cmpint (connect (client, reinterpret_cast<sockaddr *> (&there), sizeof there), ==, 0);
    char byte;
    g_assert_cmpint (recv (client, &byte, 1, 0), <=, 0);
    g_assert_cmpint (errno, !=, EAGAIN);
  });
  g_test_assert_expected_messages ();
  /* Short of them: new clients go away with a word why. */
  for (int i = 0; i < 10; i++) {
    close (hoard.back ());
    hoard.pop_back ();
  }
  http.spin (0.3);
  g_assert_cmpint (http.get ("/healthz").status, ==, 503);
  for (const int fd : hoard)
    close (fd);
  close (client);
  setrlimit (RLIMIT_NOFILE, &before);
  http.spin (0.3);
  assert_serves (http);
}

static int
find_listener ()
{
  for (int fd = 3; fd < 200; fd++) {
    int listening = 0, family = 0;
    socklen_t size = sizeof listening;
    if (getsockopt (fd, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == 0 && listening
        && getsockopt (fd, SOL_SOCKET, SO_DOMAIN, &family, &size) == 0 && family == AF_INET)
      return fd;
  }
  g_error ("No listening socket was found");
}

static void
test_deaf_listener ()
{
  auto options = impatient ();
  options.socket = write_file ("", 0600) + ".sock";
  HttpFixture http (options);
  assert_serves (http);
  /* Healthy for some rounds of the self-test: it is left alone. */
  http.spin (1.2);
  assert_serves (http);
  g_test_expect_message ("camwarden-http", G_LOG_LEVEL_WARNING, "*listening anew*");
  shutdown (find_listener (), SHUT_RDWR);
  http.spin (1.2);
  g_test_assert_expected_messages ();
  assert_serves (http);
  /* Somebody tidied up the socket's file. */
  g_test_expect_message ("camwarden-http", G_LOG_LEVEL_WARNING, "*listening anew*");
  g_unlink (options.socket.c_str ());
  http.spin (1.2);
  g_test_assert_expected_messages ();
  http.run ([&] {
    HttpClient local (options.socket);
    local.send (request_text ("GET", "/healthz"));
    g_assert_cmpint (local.receive ().status, ==, 200);
  });
}

/* What nobody means: it must be answered or closed, and the next client served. */
static void
test_garbage ()
{
  HttpFixture http (impatient ());
  const std::string texts[]
      = { "\r\n\r\n",
          std::string ("\0\0\0\0\r\n\r\n", 8),
          "GET\r\n\r\n",
          "GET / HTTP/9.9\r\nHost: localhost\r\n\r\n",
          "GET / HTTP/1.1\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n",
          "GET /%00 HTTP/1.1\r\nHost: localhost\r\n\r\n",
          "GET /%ff%fe HTTP/1.1\r\nHost: localhost\r\n\r\n",
          "OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n",
          "CONNECT localhost:80 HTTP/1.1\r\nHost: localhost\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999999999999\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: nonsense\r\n\r\n",
          "POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
          "GET / HTTP/1.1\r\nHost: localhost\r\nRange: bytes=5-1,,-\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic !!!!\r\n\r\n",
          "GET /?camera=%zz&action=%zz HTTP/1.1\r\nHost: localhost\r\n\r\n",
          "GET / HTTP/1.1\r\nHost: localhost\r\n" + std::string (200'000, 'x') };
  for (const auto &text : texts) {
    /* libsoup 3.2 forgets the path of this one. */
    if (leaks_are_told && text.find ("Encoding: nonsense") != std::string::npos)
      continue;
    http.run ([&] {
      HttpClient client (http.port);
      client.send (text);
      shutdown (client.fd (), SHUT_WR);
      g_assert_true (client.closed_within (10));
    });
    assert_serves (http);
  }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/http-abuse/huge-body", test_huge_body);
  g_test_add_func ("/http-abuse/413-is-readable", test_413_is_readable);
  g_test_add_func ("/http-abuse/slow-clients", test_slow_clients);
  g_test_add_func ("/http-abuse/slow-reader", test_slow_reader_of_an_answer);
  g_test_add_func ("/http-abuse/viewer-that-stops-reading", test_viewer_that_stops_reading);
  g_test_add_func ("/http-abuse/too-many", test_too_many);
  g_test_add_func ("/http-abuse/one-other-host", test_one_other_host);
  g_test_add_func ("/http-abuse/no-descriptors", test_no_descriptors);
  g_test_add_func ("/http-abuse/deaf-listener", test_deaf_listener);
  g_test_add_func ("/http-abuse/garbage", test_garbage);
  return g_test_run ();
}
