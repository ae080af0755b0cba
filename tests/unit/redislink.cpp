// SPDX-License-Identifier: LGPL-2.1-or-later
/* The connection against a real server, and against servers that are not what they should be. */
#include "redis/redislink.h"

#include "fakes/respserver.h"
#include "support/redisserver.h"

#include <atomic>
#include <hiredis/hiredis.h>
#include <mutex>
#include <unistd.h>

using namespace camwarden;

/* A link, and what it told. */
struct Watched
{
  std::atomic<unsigned> ready{ 0 };
  std::atomic<unsigned> offline{ 0 };
  std::atomic<unsigned> messages{ 0 };
  std::mutex mutex;
  std::string why;
  RedisLink link;

  explicit Watched (int port, const std::string &user = "")
      : link (settings (port, user),
              { [this] (LinkState state, const std::string &text) { tell (state, text); },
                [this] (std::string_view, std::string_view) { messages++; },
                {} })
  {}

  static RedisSettings
  settings (int port, const std::string &user)
  {
    RedisSettings settings;
    settings.where.host = "127.0.0.1";
    settings.where.port = static_cast<unsigned> (port);
    settings.where.user = user;
    settings.command_timeout = 300 * 1000;
    settings.retry_delay = 1000;
    settings.max_retry_delay = 20 * 1000;
    settings.refuse_replica = true;
    return settings;
  }

  void
  tell (LinkState state, const std::string &text)
  {
    std::lock_guard<std::mutex> lock (mutex);
    why = text;
    (state == LinkState::Ready ? ready : offline)++;
  }

  std::string
  reason ()
  {
    std::lock_guard<std::mutex> lock (mutex);
    return why;
  }
};

template <typename F>
static bool
wait_until (double seconds, F condition)
{
  const gint64 end = g_get_monotonic_time () + static_cast<gint64> (seconds * G_USEC_PER_SEC);
  while (!condition ()) {
    if (g_get_monotonic_time () > end)
      return false;
    g_usleep (1000);
  }
  return true;
}

static void
expect_quick_stop (RedisLink &link)
{
  const gint64 begin = g_get_monotonic_time ();
  link.stop ();
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 1000 * 1000);
}

static void
test_commands ()
{
  RedisServer redis;
  Watched watched (redis.port ());
  std::atomic<int> without{ 0 };
  watched.link.command ({ "PING" }, [&] (const redisReply *reply) { without += !reply; });
  g_assert_cmpint (without, ==, 1);
  watched.link.start ();
  g_assert_true (wait_until (5, [&] { return watched.ready == 1; }));
  std::atomic<unsigned> answers{ 0 }, wrong{ 0 };
  for (int i = 0; i < 1000; i++) {
    const std::string text = std::to_string (i);
    watched.link.command ({ "SET", "k", text });
    watched.link.command ({ "GET", "k" }, [&, text] (const redisReply *reply) {
      answers++;
      if (!reply || text != reply->str)
        wrong++;
    });
  }
  g_assert_true (watched.link.drain (5 * G_USEC_PER_SEC, nullptr));
  g_assert_cmpuint (answers, ==, 1000);
  g_assert_cmpuint (wrong, ==, 0);
  g_assert_cmpuint (watched.link.stats ().unanswered, ==, 0);
  g_assert_cmpint (watched.link.stats ().rtt, >=, 0);
  expect_quick_stop (watched.link);
}

static void
test_subscribes_again ()
{
  RedisServer redis;
  Watched watched (redis.port ());
  watched.link.subscribe ({ "a", "b" }, { "p*" });
  watched.link.start ();
  for (unsigned round = 0; round < 3; round++) {
    const auto told = [&] {
      return redis.command ({ "PUBLISH", "a", "x" }) == "1"
             && redis.command ({ "PUBLISH", "b", "x" }) == "1"
             && redis.command ({ "PUBLISH", "pq", "x" }) == "1";
    };
    g_assert_true (wait_until (5, told));
    g_assert_true (wait_until (5, [&] { return watched.messages >= 3; }));
    redis.kill ();
    redis.start ();
    watched.messages = 0;
  }
}

/* Idle connections are asked; a server that does not answer is left. */
static void
test_silence_is_noticed ()
{
  RedisServer redis;
  Watched publisher (redis.port ()), reader (redis.port ());
  reader.link.subscribe ({ "a" });
  publisher.link.start ();
  reader.link.start ();
  g_assert_true (wait_until (5, [&] { return publisher.ready == 1 && reader.ready == 1; }));
  g_usleep (2500 * 1000); /* longer than any ping: nothing happens to a healthy one */
  g_assert_cmpuint (publisher.offline + reader.offline, ==, 0);
  redis.freeze ();
  g_assert_true (wait_until (5, [&] { return publisher.offline > 0 && reader.offline > 0; }));
  redis.thaw ();
  g_assert_true (wait_until (5, [&] { return publisher.ready == 2 && reader.ready == 2; }));
}

struct Hostile
{
  const char *name;
  RespServer::Script script;
  bool subscriber = false;
};

/* None of them is stayed with; none makes it stop trying, grow or wait at the end. */
static void
test_hostile ()
{
  const std::string many (8 << 20, 'x');
  const Hostile cases[] = {
    { "garbage", { .bytes = "HTTP/1.1 400 Bad Request\r\n\r\n" } },
    { "binary", { .bytes = std::string ("\x15\x03\x01\x00\x02\x02\x46", 7) } },
    { "closes", { .bytes = "" } },
    { "silence", { .bytes = "", .close = false } },
    { "half an answer", { .bytes = "*3\r\n$6\r\nmas", .close = false } },
    { "huge length", { .bytes = "$999999999\r\n" + many, .close = false } },
    { "huge array", { .bytes = "*99999999\r\n", .close = false } },
    { "endless array", { .bytes = ":1\r\n", .greet = false, .for_ever = true } },
    { "deep array", { .bytes = "*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n*1\r\n" } },
    { "bad length", { .bytes = "$-5\r\n$x\r\n" } },
    { "loading", { .bytes = "-LOADING Redis is loading the dataset in memory\r\n" } },
    { "no authority", { .bytes = "-NOAUTH Authentication required.\r\n" } },
    { "rude error", { .bytes = "-LOADING \xff\x1b[31m" + std::string (5000, 'x') + "\r\n" } },
    { "answers without question", { .bytes = "+OK\r\n+OK\r\n", .greet = true, .close = false } },
    { "garbage later", { .bytes = "?\r\n", .greet = true, .wait = true } },
    { "flood later",
      { .bytes = "$999999999\r\n" + many, .greet = true, .wait = true, .for_ever = true } },
    { "moved to nowhere", { .bytes = "-MOVED 1 :0\r\n", .greet = true, .wait = true } },
    { "subscriber: error", { .bytes = "-NOPERM no\r\n", .greet = true }, true },
    { "subscriber: silence", { .bytes = "", .greet = true, .close = false }, true },
    { "subscriber: odd pushes",
      { .bytes
        = "*0\r\n*1\r\n$1\r\nx\r\n*3\r\n:1\r\n:2\r\n:3\r\n*3\r\n$7\r\nmessage\r\n*0\r\n*-1\r\n"
          "$-1\r\n",
        .greet = true },
      true },
  };
  for (const auto &[name, script, subscriber] : cases) {
    RespServer server (script);
    Watched watched (server.port ());
    if (subscriber)
      watched.link.subscribe ({ "a" });
    watched.link.start ();
    const bool left = wait_until (10, [&] {
      if (watched.ready > watched.offline)
        watched.link.command ({ "PING" });
      return watched.offline >= 2;
    });
    g_test_message ("%s: %u connections, \"%s\"", name, server.connections (),
                    watched.reason ().c_str ());
    g_assert_true (left);
    g_assert_cmpuint (watched.reason ().size (), <, 400);
    g_assert_true (g_utf8_validate (watched.reason ().c_str (), -1, nullptr));
    g_assert_null (strchr (watched.reason ().c_str (), '\x1b'));
    expect_quick_stop (watched.link);
  }
}

/* A server that never stops talking does not keep stop() waiting. */
static void
test_flood ()
{
  std::string flood;
  for (int i = 0; i < 1000; i++)
    flood += "*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$1\r\nx\r\n";
  RespServer server ({ .bytes = flood, .greet = true, .for_ever = true });
  Watched watched (server.port ());
  watched.link.subscribe ({ "a" });
  watched.link.start ();
  g_assert_true (wait_until (10, [&] { return watched.messages > 10000; }));
  expect_quick_stop (watched.link);
}

/* One redirection is followed; when it leads nowhere, back to where we were told. */
static void
test_moved ()
{
  RedisServer redis;
  RespServer old ({ .bytes = "-MOVED 3999 127.0.0.1:" + std::to_string (redis.port ()) + "\r\n",
                    .greet = true,
                    .wait = true });
  Watched watched (old.port ());
  watched.link.start ();
  g_assert_true (wait_until (5, [&] { return watched.ready == 1; }));
  watched.link.command ({ "SET", "k", "1" });
  g_assert_true (wait_until (5, [&] { return watched.ready == 2; }));
  watched.link.command ({ "SET", "k", "2" });
  g_assert_true (watched.link.drain (5 * G_USEC_PER_SEC, nullptr));
  g_assert_true (redis.command ({ "GET", "k" }) == "2");
  const unsigned before = old.connections ();
  redis.kill ();
  g_assert_true (wait_until (5, [&] { return old.connections () > before; }));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/redislink/commands", test_commands);
  g_test_add_func ("/redislink/subscribes-again", test_subscribes_again);
  g_test_add_func ("/redislink/silence-is-noticed", test_silence_is_noticed);
  g_test_add_func ("/redislink/hostile", test_hostile);
  g_test_add_func ("/redislink/flood", test_flood);
  g_test_add_func ("/redislink/moved", test_moved);
  return g_test_run ();
}
