// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/preview.h"

#include "support/asserttext.h"
#include "support/mainloop.h"
#include "support/redisserver.h"

#include <string>
#include <vector>

using namespace camwarden;

namespace
{

std::string
text_of (GBytes *jpeg)
{
  gsize size = 0;
  const auto *data = static_cast<const char *> (g_bytes_get_data (jpeg, &size));
  return { data, size };
}

/* A preview of a camera whose worker answers snapshots with "local". */
class Fixture
{
public:
  explicit Fixture (bool pubsub = true)
  {
    Preview::Ways ways;
    if (pubsub) {
      ways.redis = RedisSettings ();
      ways.redis->where = *parse_redis_location (server.location ("cam:x:frame").c_str (), nullptr);
      ways.redis->command_timeout = G_USEC_PER_SEC;
    }
    ways.snapshot = [this] (Preview::ImageDone done) {
      snapshots++;
      if (!answer)
        return pending.push_back (std::move (done));
      g_autoptr (GBytes) jpeg = g_bytes_new_static ("local", 5);
      done (jpeg, nullptr);
    };
    ways.watched = [this] (bool on) { told.push_back (on); };
    preview = std::make_unique<Preview> (std::move (ways));
  }

  Preview::FrameArrived
  collect ()
  {
    return [this] (GBytes *jpeg) { frames.push_back (text_of (jpeg)); };
  }
  std::string
  subscribers () const
  {
    return server.command ({ "PUBSUB", "NUMSUB", "cam:x:frame" });
  }
  void
  wait_subscribed () const
  {
    wait_until ("it has subscribed", [this] { return subscribers () == "cam:x:frame\n1"; });
  }
  void
  publish (const std::string &payload) const
  {
    server.command ({ "PUBLISH", "cam:x:frame", payload });
  }

  RedisServer server;
  unsigned snapshots = 0;
  bool answer = true;
  std::vector<Preview::ImageDone> pending;
  std::vector<bool> told;
  std::vector<std::string> frames;
  std::unique_ptr<Preview> preview;
};

} // namespace

static void
test_only_while_watched ()
{
  Fixture fixture;
  turn_for (100'000);
  ASSERT_TEXT (fixture.subscribers (), "cam:x:frame\n0");
  fixture.preview->watch (1, fixture.collect ());
  fixture.preview->watch (2, fixture.collect ());
  fixture.wait_subscribed (); /* one connection for all */
  fixture.publish ("frame");
  wait_until ("both got it", [&] { return fixture.frames.size () == 2; });
  ASSERT_TEXT (fixture.frames[0], "frame");
  g_assert_true (fixture.preview->unwatch (1));
  g_assert_false (fixture.preview->unwatch (1));
  ASSERT_TEXT (fixture.subscribers (), "cam:x:frame\n1");
  g_assert_true (fixture.preview->unwatch (2));
  wait_until ("it is gone", [&] { return fixture.subscribers () == "cam:x:frame\n0"; });
  g_assert_true ((fixture.told == std::vector<bool>{ true, false }));
  g_assert_cmpuint (fixture.snapshots, ==, 0);
}

/* While the machine has no time for previews nothing comes, and nobody is sent away. */
static void
test_suspended ()
{
  Fixture fixture;
  fixture.preview->watch (1, fixture.collect ());
  fixture.wait_subscribed ();
  fixture.preview->suspend (true);
  wait_until ("it is gone", [&] { return fixture.subscribers () == "cam:x:frame\n0"; });
  fixture.preview->watch (2, fixture.collect ());
  turn_for (100'000);
  ASSERT_TEXT (fixture.subscribers (), "cam:x:frame\n0");
  g_assert_true (fixture.preview->watched ());
  g_assert_cmpuint (fixture.snapshots, ==, 0);
  fixture.preview->suspend (false);
  fixture.wait_subscribed ();
  fixture.publish ("frame");
  wait_until ("both got it", [&] { return fixture.frames.size () == 2; });
}

/* A loop that was busy gets the newest frame, not a heap of old ones. */
static void
test_newest_wins ()
{
  Fixture fixture;
  fixture.preview->watch (1, fixture.collect ());
  fixture.wait_subscribed ();
  for (int i = 0; i < 50; i++)
    fixture.publish (std::to_string (i));
  g_usleep (200'000); /* the link's thread reads, the loop does not turn */
  wait_until ("the last is here",
              [&] { return !fixture.frames.empty () && fixture.frames.back () == "49"; });
  g_assert_cmpuint (fixture.frames.size (), <=, 2);
}

static void
test_greeting ()
{
  Fixture fixture;
  fixture.preview->watch (1, [] (GBytes *) {});
  fixture.wait_subscribed ();
  fixture.publish ("newest");
  turn_for (100'000);
  fixture.preview->watch (2, fixture.collect ());
  g_assert_cmpuint (fixture.frames.size (), ==, 0); /* never from within the call */
  wait_until ("it is greeted", [&] { return fixture.frames.size () == 1; });
  ASSERT_TEXT (fixture.frames[0], "newest");
}

static void
test_unwatch_within ()
{
  Fixture fixture;
  unsigned calls = 0;
  fixture.preview->watch (1, [&] (GBytes *) {
    calls++;
    fixture.preview->unwatch (1);
    fixture.preview->unwatch (2);
  });
  fixture.preview->watch (2, fixture.collect ());
  fixture.wait_subscribed ();
  fixture.publish ("frame");
  wait_until ("it left", [&] { return calls == 1; });
  turn_for (100'000);
  g_assert_cmpuint (fixture.frames.size (), ==, 0);
}

static void
test_redis_away ()
{
  Fixture fixture;
  fixture.preview->watch (1, fixture.collect ());
  fixture.wait_subscribed ();
  g_assert_false (fixture.preview->local ());
  fixture.server.kill ();
  wait_until ("snapshots come",
              [&] { return !fixture.frames.empty () && fixture.frames.back () == "local"; });
  g_assert_true (fixture.preview->local ());
  fixture.server.start ();
  fixture.wait_subscribed ();
  wait_until ("Redis is used again", [&] { return !fixture.preview->local (); });
  const unsigned before = fixture.snapshots;
  fixture.publish ("frame");
  wait_until ("it came", [&] { return fixture.frames.back () == "frame"; });
  turn_for (G_USEC_PER_SEC);
  g_assert_cmpuint (fixture.snapshots, ==, before);
}

static void
test_not_by_pubsub ()
{
  Fixture fixture (false);
  fixture.preview->watch (1, fixture.collect ());
  g_assert_true (fixture.preview->local ());
  turn_for (2'200'000);
  g_assert_cmpuint (fixture.frames.size (), >=, 3);
  g_assert_cmpuint (fixture.snapshots, <=, 5); /* two a second and the first */
}

/* The worker takes its time: no second question meanwhile, and the answer may come too late. */
static void
test_slow_worker ()
{
  Fixture fixture (false);
  fixture.answer = false;
  fixture.preview->watch (1, fixture.collect ());
  turn_for (1'200'000);
  g_assert_cmpuint (fixture.snapshots, ==, 1);
  fixture.preview.reset ();
  g_autoptr (GBytes) jpeg = g_bytes_new_static ("late", 4);
  fixture.pending.front () (jpeg, nullptr);
  g_assert_cmpuint (fixture.frames.size (), ==, 0);
}

static void
test_moved ()
{
  Fixture fixture (false);
  fixture.preview->watch (1, fixture.collect ());
  Preview::Ways ways;
  ways.redis = RedisSettings ();
  ways.redis->where
      = *parse_redis_location (fixture.server.location ("cam:x:frame").c_str (), nullptr);
  fixture.preview->set_ways (std::move (ways));
  fixture.wait_subscribed ();
  fixture.frames.clear ();
  fixture.publish ("frame");
  wait_until ("it came", [&] { return fixture.frames.size () == 1; });
  ASSERT_TEXT (fixture.frames[0], "frame");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/preview/suspended", test_suspended);
  g_test_add_func ("/preview/only-while-watched", test_only_while_watched);
  g_test_add_func ("/preview/newest-wins", test_newest_wins);
  g_test_add_func ("/preview/greeting", test_greeting);
  g_test_add_func ("/preview/unwatch-within", test_unwatch_within);
  g_test_add_func ("/preview/redis-away", test_redis_away);
  g_test_add_func ("/preview/not-by-pubsub", test_not_by_pubsub);
  g_test_add_func ("/preview/slow-worker", test_slow_worker);
  g_test_add_func ("/preview/moved", test_moved);
  return g_test_run ();
}
