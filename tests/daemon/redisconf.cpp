// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/redisconf.h"

#include "daemon/logsetup.h"
#include "support/asserttext.h"

#include <cstring>

#include <glib.h>

using namespace camwarden;

static constexpr uint64_t MIB = 1024 * 1024;

static void
test_small_load ()
{
  const RedisSizes sizes = redis_sizes ({ { estimated_jpeg_bytes (640, 480), 15, 0 } }, 256 * MIB);
  g_assert_cmpuint (sizes.max_memory, ==, 256 * MIB);
  g_assert_cmpuint (sizes.pubsub_hard, ==, 32 * MIB);
  g_assert_cmpuint (sizes.pubsub_soft, ==, 16 * MIB);
}

/* A subscriber of a fast camera may lag as long as one of a slow camera. */
static void
test_fast_camera ()
{
  const double frame = estimated_jpeg_bytes (1280, 720);
  const RedisSizes sizes = redis_sizes ({ { frame, 30, 31 }, { frame, 5, 31 } }, 1024 * MIB);
  g_assert_cmpuint (sizes.pubsub_hard, ==, static_cast<uint64_t> (frame * 30 * 10));
}

/* Four of the slowest readers and the kept frames never fill the memory. */
static void
test_room ()
{
  const double frame = estimated_jpeg_bytes (1920, 1080);
  const RedisSizes sizes = redis_sizes ({ { frame, 60, 31 }, { frame, 60, 31 } }, 128 * MIB);
  g_assert_cmpuint (4 * sizes.pubsub_hard + static_cast<uint64_t> (62 * frame), <, 128 * MIB);
  g_assert_cmpuint (sizes.pubsub_hard, >, 16 * MIB);
  const RedisSizes none = redis_sizes ({ { frame, 60, 1000 } }, 16 * MIB);
  g_assert_cmpuint (none.pubsub_hard, ==, 8 * MIB);
}

static void
test_load ()
{
  const StreamLoad known = stream_load (640, 480, 15, "pubsub");
  g_assert_cmpfloat (known.frame_bytes, ==, estimated_jpeg_bytes (640, 480));
  g_assert_cmpfloat (known.rate, ==, 15);
  g_assert_cmpuint (known.kept_frames, ==, 0);
  const StreamLoad unknown = stream_load (0, 0, 0, "pubsub+stream+key");
  g_assert_cmpfloat (unknown.frame_bytes, ==, estimated_jpeg_bytes (1280, 720));
  g_assert_cmpuint (unknown.kept_frames, ==, 31);
}

static bool
has_line (const std::string &text, const std::string &line)
{
  return ("\n" + text).find ("\n" + line + "\n") != std::string::npos;
}

static RedisConf
example ()
{
  RedisConf conf;
  conf.directory = "/run/my \"own\"\\dir";
  conf.socket_path = "/run/redis.sock";
  conf.pid_path = "/run/redis.pid";
  conf.port = 6390;
  conf.password_hash = "abcd";
  conf.sizes = { 128 * MIB, 32 * MIB, 16 * MIB };
  return conf;
}

static void
test_text ()
{
  const std::string text = example ().text ();
  g_assert_true (has_line (text, "dir \"/run/my \\\"own\\\"\\\\dir\""));
  g_assert_true (has_line (text, "bind 127.0.0.1"));
  g_assert_true (has_line (text, "save \"\""));
  g_assert_true (has_line (text, "appendonly no"));
  g_assert_true (has_line (text, "unixsocketperm 660"));
  g_assert_true (has_line (text, "maxmemory 134217728"));
  g_assert_true (has_line (text, "oom-score-adj-values 100 100 100"));
  g_assert_true (has_line (text, "client-output-buffer-limit pubsub 33554432 16777216 60"));
  g_assert_nonnull (strstr (text.c_str (), "\nuser default on nopass "));
  g_assert_nonnull (strstr (text.c_str (), "\nuser camwarden-worker on #abcd "));
}

/* As soon as other hosts can reach it, nobody gets in without the password. */
static void
test_listen ()
{
  RedisConf conf = example ();
  conf.listen = "192.168.1.5";
  g_assert_true (has_line (conf.text (), "bind 127.0.0.1 192.168.1.5"));
  g_assert_null (strstr (conf.text ().c_str (), "nopass"));
  conf.listen = "0.0.0.0";
  g_assert_true (has_line (conf.text (), "bind 0.0.0.0"));
}

static void
test_redis_log ()
{
  const RedisLogLine loud
      = parse_redis_log ("21970:M 22 Nov 2026 17:22:29.022 # WARNING it - is * full");
  g_assert_true (loud.warning);
  ASSERT_TEXT (loud.text, "WARNING it - is * full");
  const RedisLogLine quiet = parse_redis_log ("7:M 22 Nov 2026 17:22:29.022 * Ready # now");
  g_assert_false (quiet.warning);
  ASSERT_TEXT (quiet.text, "Ready # now");
  g_assert_true (is_cut_in_log ("Client id=5 addr=127.0.0.1:1 cmd=subscribe scheduled to be closed "
                                "ASAP for overcoming of output buffer limits."));
  g_assert_false (is_cut_in_log (quiet.text));
  ASSERT_TEXT (parse_redis_log ("*** FATAL").text, "*** FATAL");
  ASSERT_TEXT (parse_redis_log ("").text, "");
  ASSERT_TEXT (version_in_log ("Redis version=7.0.15, bits=64, pid=1, just started"),
               "redis 7.0.15");
  ASSERT_TEXT (version_in_log ("Valkey version=8.1.1, bits=64, pid=1, just started"),
               "valkey 8.1.1");
  ASSERT_TEXT (version_in_log ("Configuration loaded"), "");
}

static void
test_log_line ()
{
  g_setenv ("TZ", "UTC", TRUE);
  ASSERT_TEXT (log_line (G_LOG_LEVEL_WARNING, "a\x1b[31m\nb", 1'000'123'456),
               "1970-01-01 00:16:40.123 warning: a\\x1b[31m\n    b");
  g_assert_true (set_log_level ("debug"));
  g_assert_false (set_log_level ("loud"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/redisconf/sizes/small", test_small_load);
  g_test_add_func ("/redisconf/sizes/fast", test_fast_camera);
  g_test_add_func ("/redisconf/sizes/room", test_room);
  g_test_add_func ("/redisconf/load", test_load);
  g_test_add_func ("/redisconf/text", test_text);
  g_test_add_func ("/redisconf/listen", test_listen);
  g_test_add_func ("/redisconf/log", test_redis_log);
  g_test_add_func ("/log/line", test_log_line);
  return g_test_run ();
}
