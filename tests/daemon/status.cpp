// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/redismonitor.h"
#include "daemon/statuspublisher.h"
#include "support/asserttext.h"
#include "support/mainloop.h"
#include "support/redisserver.h"

#include <json-glib/json-glib.h>
#include <string>
#include <vector>

using namespace camwarden;

namespace
{

constexpr int64_t SECOND = G_USEC_PER_SEC;

struct Sent
{
  std::vector<std::vector<std::string>> words;
  StatusPublisher publisher{ [this] (const std::vector<std::string> &command) {
    words.push_back (command);
  } };

  unsigned
  take ()
  {
    const auto count = static_cast<unsigned> (words.size ());
    words.clear ();
    return count;
  }
};

CameraHealth
health (CameraState state)
{
  CameraHealth health;
  health.id = "front";
  health.state = state;
  return health;
}

std::string
member (const std::string &json, const char *name)
{
  g_autoptr (GError) error = nullptr;
  JsonNode *node = json_from_string (json.c_str (), &error);
  g_assert_no_error (error);
  const std::string value = json_object_get_string_member (json_node_get_object (node), name);
  json_node_unref (node);
  return value;
}

} // namespace

static void
test_prefix ()
{
  ASSERT_TEXT (camera_prefix ("front", "cam:front:frame"), "cam:front:");
  ASSERT_TEXT (camera_prefix ("front", "cam:{front}:frame"), "cam:{front}:");
  ASSERT_TEXT (camera_prefix ("front", "stream/front"), "cam:front:");
}

static void
test_changes ()
{
  Sent sent;
  sent.publisher.update (health (CameraState::Starting), "cam:front:frame", 10 * SECOND);
  g_assert_cmpuint (sent.words.size (), ==, 2);
  const auto set = sent.words[0], event = sent.words[1];
  ASSERT_TEXT (set[0] + " " + set[1], "SET cam:front:status");
  ASSERT_TEXT (set[3] + " " + set[4], "EX 10");
  ASSERT_TEXT (member (set[2], "state"), "starting");
  ASSERT_TEXT (event[0] + " " + event[1], "PUBLISH cam:front:event");
  ASSERT_TEXT (member (event[2], "from"), "offline");
  ASSERT_TEXT (member (event[2], "to"), "starting");
  sent.take ();

  CameraHealth streaming = health (CameraState::Streaming);
  sent.publisher.update (streaming, "cam:front:frame", 11 * SECOND);
  g_assert_cmpuint (sent.take (), ==, 2);
  streaming.verdict = "frozen";
  sent.publisher.update (streaming, "cam:front:frame", 12 * SECOND);
  g_assert_cmpuint (sent.words.size (), ==, 2);
  ASSERT_TEXT (member (sent.words[1][2], "event"), "health");
  ASSERT_TEXT (member (sent.words[1][2], "to"), "frozen");
  sent.take ();
  streaming.store_paused = "full";
  sent.publisher.update (streaming, "cam:front:frame", 13 * SECOND);
  g_assert_cmpuint (sent.take (), ==, 2);
}

/* Figures alone are told often enough for the TTL, not more. */
static void
test_refresh ()
{
  Sent sent;
  unsigned count = 0;
  for (int i = 1; i <= 60; i++) {
    CameraHealth now = health (CameraState::Streaming);
    now.frames = static_cast<uint64_t> (i);
    sent.publisher.update (now, "cam:front:frame", i * SECOND);
  }
  count = sent.take ();
  g_assert_cmpuint (count, >=, 60 / (StatusPublisher::TTL / 2));
  g_assert_cmpuint (count, <=, 22);
  sent.publisher.refresh ();
  g_assert_cmpuint (sent.take (), ==, 1);
}

static void
test_offline ()
{
  Sent sent;
  sent.publisher.offline ("front");
  g_assert_cmpuint (sent.take (), ==, 0); /* nobody has heard of it */
  sent.publisher.update (health (CameraState::Streaming), "cam:front:frame", SECOND);
  sent.take ();
  sent.publisher.offline ("front");
  g_assert_cmpuint (sent.words.size (), ==, 2);
  ASSERT_TEXT (sent.words[0][0] + " " + sent.words[0][1], "DEL cam:front:status");
  ASSERT_TEXT (member (sent.words[1][2], "to"), "offline");
}

/* What a driver says is not always UTF-8. */
static void
test_text ()
{
  CameraHealth odd = health (CameraState::Failed);
  odd.detail = "\xff\"\n";
  const std::string json = status_json (odd, "cam:front:frame", 1);
  ASSERT_TEXT (member (json, "detail"), "\xef\xbf\xbd\"\n");
}

static void
test_server ()
{
  RedisServer server;
  RedisSettings settings;
  settings.where = *parse_redis_location (server.location ("x").c_str (), nullptr);
  unsigned changes = 0;
  RedisMonitor monitor (settings, [&] { changes++; });
  g_assert_false (monitor.status ().connected);
  wait_until ("it is connected", [&] { return monitor.status ().connected; });
  wait_until ("it knows its role", [&] { return monitor.status ().role == "master"; });
  StatusPublisher publisher (
      [&] (const std::vector<std::string> &words) { monitor.command (words); });
  publisher.update (health (CameraState::Streaming), "cam:front:frame", SECOND);
  wait_until ("the status is there", [&] {
    return server.command ({ "EXISTS", "cam:front:status" }) == "1";
  });
  ASSERT_TEXT (member (server.command ({ "GET", "cam:front:status" }), "cam"), "front");
  const int ttl = atoi (server.command ({ "TTL", "cam:front:status" }).c_str ());
  g_assert_cmpint (ttl, >, 0);
  g_assert_cmpint (ttl, <=, 10);
  server.kill ();
  wait_until ("it notices", [&] { return !monitor.status ().connected; });
  g_assert_cmpint (monitor.status ().away_since, >, 0);
  g_assert_false (monitor.status ().error.empty ());
  publisher.offline ("front"); /* lost, not waited for */
  server.start ();
  wait_until ("it is back", [&] { return monitor.status ().connected; });
  g_assert_cmpuint (changes, >=, 3);
  g_assert_cmpuint (monitor.status ().connects, ==, 2);
}

/* Both are told to go: that the server is the first is no news. */
static void
test_end ()
{
  RedisServer server;
  RedisSettings settings;
  settings.where = *parse_redis_location (server.location ("x").c_str (), nullptr);
  RedisMonitor monitor (settings, [] {});
  wait_until ("it is connected", [&] { return monitor.status ().connected; });
  monitor.command ({ "SET", "last", "word" });
  monitor.drain (SECOND);
  ASSERT_TEXT (server.command ({ "GET", "last" }), "word");
  server.kill ();
  const int64_t end = g_get_monotonic_time () + SECOND / 2;
  wait_until ("half a second is over", [&] { return g_get_monotonic_time () >= end; });
  g_assert_true (monitor.status ().connected);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  /* That Redis is away is a warning, and expected here. */
  g_log_set_always_fatal (static_cast<GLogLevelFlags> (G_LOG_LEVEL_ERROR | G_LOG_LEVEL_CRITICAL));
  g_test_add_func ("/status/prefix", test_prefix);
  g_test_add_func ("/status/changes", test_changes);
  g_test_add_func ("/status/refresh", test_refresh);
  g_test_add_func ("/status/offline", test_offline);
  g_test_add_func ("/status/text", test_text);
  g_test_add_func ("/status/server", test_server);
  g_test_add_func ("/status/end", test_end);
  return g_test_run ();
}
