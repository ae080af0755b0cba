// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/embeddedredis.h"

#include "config/directories.h"
#include "daemon/runtimefile.h"
#include "support/asserttext.h"
#include "support/mainloop.h"
#include "support/redisserver.h"

#include <csignal>
#include <cstring>
#include <functional>
#include <glib/gstdio.h>
#include <hiredis/hiredis.h>
#include <memory>
#include <string>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace camwarden;

namespace
{

class Fixture
{
public:
  Fixture ()
  {
    g_autofree char *directory = g_dir_make_tmp ("camwarden-embedded-XXXXXX", nullptr);
    settings.directory = directory;
    settings.port = static_cast<unsigned> (free_port ());
    settings.probe_interval = 100'000;
    settings.hang_timeout = 500'000;
  }
  ~Fixture ()
  {
    for (auto &redis : servers)
      stop (*redis);
    for (const char *name : { "redis.lock", "redis.password", "redis.port" })
      g_unlink ((settings.directory + "/" + name).c_str ());
    g_assert_cmpint (g_rmdir (settings.directory.c_str ()), ==, 0); /* nothing else is left */
  }

  EmbeddedRedis &
  start ()
  {
    servers.push_back (std::make_unique<EmbeddedRedis> (
        settings, [this] (EmbeddedRedis::State, const std::string &why) { told += why + "\n"; }));
    servers.back ()->start ();
    return *servers.back ();
  }
  EmbeddedRedis &
  run ()
  {
    EmbeddedRedis &redis = start ();
    wait_running (redis);
    return redis;
  }
  static void
  wait_running (EmbeddedRedis &redis)
  {
    wait_until ("it runs", [&] { return redis.state () == EmbeddedRedis::State::Running; });
  }
  static void
  stop (EmbeddedRedis &redis)
  {
    bool gone = false;
    redis.stop ([&] { gone = true; });
    wait_until ("it is gone", [&] { return gone; });
  }
  std::string
  file (const char *name) const
  {
    return settings.directory + "/" + name;
  }

  EmbeddedRedisSettings settings;
  std::vector<std::unique_ptr<EmbeddedRedis>> servers;
  std::string told;
};

/* A client over TCP; each command gives its reply as text. */
class Client
{
public:
  explicit Client (unsigned port) : context_ (redisConnect ("127.0.0.1", static_cast<int> (port)))
  {
    g_assert_nonnull (context_);
    g_assert_cmpint (context_->err, ==, 0);
  }
  ~Client () { redisFree (context_); }
  Client (const Client &) = delete;
  Client &operator= (const Client &) = delete;

  std::string
  operator() (const char *line)
  {
    auto *reply = static_cast<redisReply *> (redisCommand (context_, line));
    if (!reply)
      return "(closed)";
    std::string text = reply->type == REDIS_REPLY_INTEGER ? std::to_string (reply->integer)
                       : reply->str ? std::string (reply->str, static_cast<size_t> (reply->len))
                                    : "";
    freeReplyObject (reply);
    return text;
  }

private:
  redisContext *context_;
};

bool
refused (const std::string &reply)
{
  return reply.starts_with ("NOPERM") || reply.starts_with ("NOAUTH");
}

unsigned
mode_of (const std::string &path)
{
  struct stat status = {};
  g_assert_cmpint (stat (path.c_str (), &status), ==, 0);
  return status.st_mode & 0777;
}

/* An orphan's remains may wait for a while until init collects them. */
bool
alive (pid_t pid)
{
  const std::string stat = read_file ("/proc/" + std::to_string (pid) + "/stat");
  return !stat.empty () && stat.find (") Z") == std::string::npos;
}

/* A daemon that is killed: its server lives on, and is nobody's child. */
pid_t
orphan (const EmbeddedRedisSettings &settings)
{
  int fds[2];
  g_assert_cmpint (pipe (fds), ==, 0);
  const pid_t daemon = fork ();
  if (daemon == 0) {
    EmbeddedRedis redis (settings, {});
    redis.start ();
    Fixture::wait_running (redis);
    const pid_t pid = redis.pid ();
    if (write (fds[1], &pid, sizeof pid) != sizeof pid)
      _exit (1);
    raise (SIGKILL);
  }
  pid_t pid = 0;
  g_assert_cmpint (read (fds[0], &pid, sizeof pid), ==, sizeof pid);
  waitpid (daemon, nullptr, 0);
  close (fds[0]);
  close (fds[1]);
  g_assert_true (alive (pid));
  return pid;
}

} // namespace

static void
test_runs ()
{
  Fixture fixture;
  EmbeddedRedis &redis = fixture.run ();
  g_assert_cmpuint (redis.port (), ==, fixture.settings.port);
  ASSERT_TEXT (read_file (fixture.file ("redis.port")),
               (std::to_string (redis.port ()) + "\n").c_str ());
  g_assert_cmpuint (mode_of (redis.socket_path ()), ==, 0660);
  g_assert_cmpuint (mode_of (redis.password_file ()), ==, 0600);
  g_assert_cmpuint (mode_of (fixture.file ("redis.conf")), ==, 0600);
  const std::string secret = read_file (redis.password_file ()).substr (0, 64);
  g_assert_cmpuint (secret.size (), ==, 64);
  g_assert_null (strstr (read_file (fixture.file ("redis.conf")).c_str (), secret.c_str ()));
  const pid_t pid = redis.pid ();
  Fixture::stop (redis);
  g_assert_false (alive (pid));
}

/* Without a password one may look and ask, not speak for a camera. */
static void
test_acl ()
{
  Fixture fixture;
  EmbeddedRedis &redis = fixture.run ();
  Client reader (redis.port ());
  for (const char *line :
       { "PUBLISH cam:x:frame false", "PUBLISH other 1", "SET cam:x:status up", "DEL cam:x:status",
         "XADD cam:x:frame:stream * d 1", "CONFIG GET *", "FLUSHALL", "SHUTDOWN", "GET secret",
         "SUBSCRIBE other", "ACL LIST", "EVAL return 0", "CLIENT KILL TYPE normal" })
    if (const std::string reply = reader (line); !refused (reply))
      g_error ("%s was not refused: %s", line, reply.c_str ());
  ASSERT_TEXT (reader ("PUBLISH cam:x:request {}"), "0");
  ASSERT_TEXT (reader ("GET cam:x:status"), "");
  ASSERT_TEXT (reader ("PING"), "PONG");

  Client writer (redis.port ());
  const std::string secret = read_file (redis.password_file ()).substr (0, 64);
  g_assert_true (writer ("AUTH camwarden-worker wrong").starts_with ("WRONGPASS"));
  ASSERT_TEXT (writer (("AUTH " EMBEDDED_REDIS_USER " " + secret).c_str ()), "OK");
  ASSERT_TEXT (writer ("PUBLISH cam:x:frame 1"), "0");
  ASSERT_TEXT (writer ("SET cam:x:status up EX 10"), "OK");
  g_assert_true (refused (writer ("FLUSHALL")));
  g_assert_true (refused (writer ("SET other 1")));
}

static void
test_listen_needs_password ()
{
  Fixture fixture;
  fixture.settings.listen = "0.0.0.0";
  fixture.settings.kept_secret = fixture.file ("kept");
  EmbeddedRedis &redis = fixture.run ();
  Client client (redis.port ());
  g_assert_true (refused (client ("GET cam:x:status")));
  const std::string secret = read_file (fixture.file ("kept")).substr (0, 64);
  ASSERT_TEXT (client (("AUTH " + secret).c_str ()), "OK");
  ASSERT_TEXT (client ("GET cam:x:status"), "");
  g_assert_true (refused (client ("SET cam:x:status 1")));
  g_unlink (fixture.file ("kept").c_str ());
}

static void
test_ports_busy ()
{
  Fixture fixture;
  const RedisServer other;
  fixture.settings.port = static_cast<unsigned> (other.port ());
  EmbeddedRedis &redis = fixture.run ();
  g_assert_cmpuint (redis.port (), >, fixture.settings.port);
  g_assert_cmpuint (redis.port (), <, fixture.settings.port + 10);
  ASSERT_TEXT (Client (redis.port ()) ("PING"), "PONG");
}

static void
test_killed ()
{
  Fixture fixture;
  EmbeddedRedis &redis = fixture.run ();
  for (unsigned i = 1; i <= 8; i++) {
    const pid_t before = redis.pid ();
    const int64_t begin = g_get_monotonic_time ();
    kill (before, SIGKILL);
    wait_until ("it is back", [&] {
      return redis.state () == EmbeddedRedis::State::Running && redis.pid () != before;
    });
    const int64_t took = g_get_monotonic_time () - begin;
    g_test_message ("attempt %u: back after %d ms", i, static_cast<int> (took / 1000));
    g_assert_cmpint (took, <, 2 * G_USEC_PER_SEC);
    g_assert_cmpuint (redis.restarts (), ==, i);
    g_assert_cmpuint (redis.port (), ==, fixture.settings.port);
  }
  g_assert_nonnull (strstr (fixture.told.c_str (), "signal 9"));
}

static void
test_hangs ()
{
  Fixture fixture;
  EmbeddedRedis &redis = fixture.run ();
  const pid_t before = redis.pid ();
  kill (before, SIGSTOP);
  wait_until ("it is replaced", [&] {
    return redis.state () == EmbeddedRedis::State::Running && redis.pid () != before;
  });
  g_assert_false (alive (before));
  g_assert_nonnull (strstr (fixture.told.c_str (), "hangs"));
}

static void
test_stop_while_hanging ()
{
  Fixture fixture;
  EmbeddedRedis &redis = fixture.run ();
  const pid_t pid = redis.pid ();
  kill (pid, SIGSTOP);
  Fixture::stop (redis);
  g_assert_false (alive (pid));
}

static void
test_adopted ()
{
  Fixture fixture;
  const pid_t before = orphan (fixture.settings);
  EmbeddedRedis &redis = fixture.run ();
  g_assert_cmpint (redis.pid (), ==, before);
  g_assert_cmpuint (redis.port (), ==, fixture.settings.port);
  kill (before, SIGKILL); /* it is watched like a child */
  wait_until ("it is back", [&] {
    return redis.state () == EmbeddedRedis::State::Running && redis.pid () != before;
  });
}

static void
test_adopted_then_stopped ()
{
  Fixture fixture;
  const pid_t before = orphan (fixture.settings);
  Fixture::stop (fixture.run ());
  g_assert_false (alive (before));
}

/* Another configuration, no pid file, a hung one: ended, and a new one takes its place. */
static void
test_orphan_replaced (gconstpointer how)
{
  Fixture fixture;
  const std::string_view kind = static_cast<const char *> (how);
  const pid_t before = orphan (fixture.settings);
  if (kind == "changed")
    fixture.settings.max_memory = 64 * 1024 * 1024;
  else if (kind == "frozen")
    kill (before, SIGSTOP);
  else if (kind == "no-lock")
    g_unlink (fixture.file ("redis.lock").c_str ());
  EmbeddedRedis &redis = fixture.run ();
  g_assert_cmpint (redis.pid (), !=, before);
  g_assert_false (alive (before));
  g_assert_cmpuint (redis.port (), ==, fixture.settings.port);
}

static void
test_no_pid_file ()
{
  Fixture fixture;
  const pid_t before = orphan (fixture.settings);
  g_unlink (fixture.file ("redis.pid").c_str ());
  g_assert_cmpint (fixture.run ().pid (), ==, before);
}

/* The number in a stale pid file belongs to somebody else by now. */
static void
test_stale_pid_file ()
{
  Fixture fixture;
  const RedisServer stranger;
  g_assert_true (write_file (fixture.file ("redis.pid"), std::to_string (stranger.pid ()) + "\n",
                             0644, nullptr));
  EmbeddedRedis &redis = fixture.run ();
  g_assert_cmpint (redis.pid (), !=, stranger.pid ());
  ASSERT_TEXT (stranger.command ({ "PING" }), "PONG");
}

static void
test_not_installed ()
{
  Fixture fixture;
  const std::string path = g_getenv ("PATH");
  g_setenv ("PATH", "/nonexistent", TRUE);
  EmbeddedRedis &redis = fixture.start ();
  g_setenv ("PATH", path.c_str (), TRUE);
  g_assert_true (redis.state () == EmbeddedRedis::State::Waiting);
  g_assert_nonnull (strstr (redis.why ().c_str (), "package redis-server"));
  Fixture::wait_running (redis); /* installed meanwhile */
}

static void
test_fails_to_start ()
{
  Fixture fixture;
  fixture.settings.listen = "no.such.address";
  EmbeddedRedis &redis = fixture.start ();
  wait_until ("it failed twice", [&] { return redis.restarts () >= 2; });
  g_assert_nonnull (strstr (fixture.told.c_str (), "no.such.address"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/embeddedredis/runs", test_runs);
  g_test_add_func ("/embeddedredis/acl", test_acl);
  g_test_add_func ("/embeddedredis/listen-needs-password", test_listen_needs_password);
  g_test_add_func ("/embeddedredis/ports-busy", test_ports_busy);
  g_test_add_func ("/embeddedredis/killed", test_killed);
  g_test_add_func ("/embeddedredis/hangs", test_hangs);
  g_test_add_func ("/embeddedredis/stop-while-hanging", test_stop_while_hanging);
  g_test_add_func ("/embeddedredis/adopted", test_adopted);
  g_test_add_func ("/embeddedredis/adopted-then-stopped", test_adopted_then_stopped);
  for (const char *how : { "changed", "frozen", "no-lock" })
    g_test_add_data_func ((std::string ("/embeddedredis/orphan-replaced/") + how).c_str (), how,
                          test_orphan_replaced);
  g_test_add_func ("/embeddedredis/no-pid-file", test_no_pid_file);
  g_test_add_func ("/embeddedredis/stale-pid-file", test_stale_pid_file);
  g_test_add_func ("/embeddedredis/not-installed", test_not_installed);
  g_test_add_func ("/embeddedredis/fails-to-start", test_fails_to_start);
  return g_test_run ();
}
