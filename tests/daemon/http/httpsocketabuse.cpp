// SPDX-License-Identifier: LGPL-2.1-or-later
/* Those who want to hurt the daemon by /api/ws: it stays small, and serves the others. */
#include "daemon/http/socketclient.h"

#include <atomic>
#include <thread>

using namespace camwarden;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
static constexpr bool memory_is_ours = false;
#else
static constexpr bool memory_is_ours = true;
#endif

static constexpr int text_begins = 0x01, text_goes_on = 0x00, whole_text = 0x81, ping = 0x89,
                     pong = 0x8A;

struct Flood
{
  size_t sent = 0; /* bytes that the kernel took */
  long grown = 0;  /* KiB */
  bool cut = false;
};

/* Sends the same bytes again and again for up to 8 s. */
static Flood
flood (Socket &socket, const std::string &bytes)
{
  Flood result;
  const long before = resident_kib ();
  const int64_t end = g_get_monotonic_time () + 8'000'000;
  while (!result.cut && g_get_monotonic_time () < end) {
    result.cut = !socket.client ().send (bytes);
    result.sent += result.cut ? 0 : bytes.size ();
    result.grown = std::max (result.grown, resident_kib () - before);
  }
  g_test_message ("cut off after %" G_GSIZE_FORMAT " KiB, RSS %+ld KiB", result.sent >> 10,
                  result.grown);
  return result;
}

static void
assert_harmless (const Flood &flood)
{
  g_assert_true (flood.cut);
  g_assert_cmpuint (flood.sent, <, 32 << 20); /* the rest lay in the kernel's buffers */
  if (memory_is_ours)
    g_assert_cmpint (flood.grown, <, 4096);
}

static std::string
many (const std::string &frame)
{
  std::string all;
  while (all.size () < 256 * 1024)
    all += frame;
  return all;
}

static void
test_message_without_end ()
{
  HttpFixture open;
  HttpFixture closed (strangers ());
  for (HttpFixture *http : { &open, &closed })
    http->run ([&] {
      Socket socket (http->port);
      socket.wait (1, "\"hello\"");
      socket.client ().send (Socket::frame_of (text_begins, "{"));
      assert_harmless (
          flood (socket, many (Socket::frame_of (text_goes_on, std::string (4096, ' ')))));
      /* Nor does the loop stand still meanwhile, or after it. */
      Socket other (http->port);
      g_assert_false (other.wait (1, "\"hello\"").empty ());
    });
}

/* Slowly enough to be read at once; and libsoup would ask nothing for it. */
static void
test_message_in_pieces ()
{
  HttpFixture http;
  http.run ([&] {
    Socket pieces (http.port);
    pieces.client ().send (Socket::frame_of (text_begins, R"({"view")"));
    pieces.client ().send (Socket::frame_of (ping, "still here"));
    pieces.client ().send (Socket::frame_of (0x80, ":[]}"));
    pieces.wait (1, "\"state\"");
    g_assert_false (pieces.wait (1, "\"state\"").empty ());
    /* Each piece is short enough, all of them are not. */
    pieces.client ().send (Socket::frame_of (text_begins, "{" + std::string (3000, ' ')));
    pieces.client ().send (Socket::frame_of (0x80, std::string (3000, ' ') + "}"));
    g_assert_cmpint (pieces.close_code (), ==, 1008);
  });
}

static void
test_pings_without_end ()
{
  HttpFixture http;
  http.run ([&] {
    Socket socket (http.port);
    assert_harmless (flood (socket, many (Socket::frame_of (ping, std::string (125, 'x')))));
  });
}

/* They cost nothing but time, of which the others get theirs. */
static void
test_pongs_without_end ()
{
  HttpFixture http;
  std::atomic<bool> stop = false;
  http.run ([&] {
    Socket socket (http.port);
    const long before = resident_kib ();
    std::thread sender ([&] {
      const std::string pongs = many (Socket::frame_of (pong, std::string (125, 'x')));
      while (!stop && socket.client ().send (pongs)) {
      }
    });
    for (int i = 0; i < 20; i++) {
      Socket other (http.port);
      g_assert_false (other.wait (1, "\"state\"").empty ());
    }
    const long grown = resident_kib () - before;
    stop = true;
    sender.join ();
    if (memory_is_ours)
      g_assert_cmpint (grown, <, 4096);
  });
}

/* A page that has been looked at for long has sent more than any limit. */
static void
test_many_good_messages ()
{
  HttpFixture http;
  http.run ([&] {
    Socket socket (http.port);
    const std::string text = "{\"more\": \"" + std::string (2000, 'x') + "\"}";
    for (int i = 0; i < 200; i++) {
      socket.send (text);
      socket.send ("x", 10);
    }
    socket.wait (1, "\"state\"");
    g_assert_false (socket.wait (1, "\"state\"").empty ());
  });
}

/* 4 KiB of it could become 4 MiB. */
static void
test_no_compression ()
{
  HttpFixture http;
  http.run ([&] {
    Socket socket (http.port, "Sec-WebSocket-Extensions: permessage-deflate\r\n");
    g_assert_cmpint (socket.status, ==, 101);
    socket.client ().send (Socket::frame_of (whole_text | 0x40, "x"));
    g_assert_cmpint (socket.close_code (), ==, 1002);
  });
}

/* It acknowledges what it never read. */
static void
test_blind_acknowledgements ()
{
  ApiServerOptions options;
  options.limits.write_time = 3'000'000;
  HttpFixture http (options);
  Pump pump (http);
  pump.size = 100'000;
  pump.start ();
  long grown = 0;
  bool cut = false;
  http.run ([&] {
    Socket reader (http.port), blind (http.port);
    for (Socket *socket : { &reader, &blind })
      socket->send (R"({"view": ["front"]})");
    uint32_t number = parse_picture (reader.wait (2)).number;
    const long before = resident_kib ();
    const int64_t end = g_get_monotonic_time () + 8'000'000;
    for (uint32_t i = 2; !cut && g_get_monotonic_time () < end; i++) {
      /* Each several times: one that comes too early is of no use. */
      std::string guesses = Socket::frame_of (pong, "x");
      for (uint32_t guess = i / 2; guess < i / 2 + 3; guess++)
        guesses += Socket::frame_of (whole_text, ack (guess));
      cut = !blind.client ().send (guesses);
      reader.send (ack (number));
      number = parse_picture (reader.wait (2)).number;
      grown = std::max (grown, resident_kib () - before);
    }
  });
  g_test_message ("RSS %+ld KiB while %u pictures came", grown, pump.pushed);
  g_assert_true (cut);
  if (memory_is_ours)
    g_assert_cmpint (grown, <, 4096);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/httpsocketabuse/message-without-end", test_message_without_end);
  g_test_add_func ("/httpsocketabuse/message-in-pieces", test_message_in_pieces);
  g_test_add_func ("/httpsocketabuse/pings-without-end", test_pings_without_end);
  g_test_add_func ("/httpsocketabuse/pongs-without-end", test_pongs_without_end);
  g_test_add_func ("/httpsocketabuse/many-good-messages", test_many_good_messages);
  g_test_add_func ("/httpsocketabuse/no-compression", test_no_compression);
  g_test_add_func ("/httpsocketabuse/blind-acknowledgements", test_blind_acknowledgements);
  return g_test_run ();
}
