// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/redislocation.h"

#include <gio/gio.h>

using camwarden::parse_redis_location;
using camwarden::RedisLocation;

struct Good
{
  const char *uri;
  RedisLocation where;
  const char *server;
};

static const Good good[] = {
  { "redis://127.0.0.1/cam:front:frame",
    { .host = "127.0.0.1", .channel = "cam:front:frame" },
    "127.0.0.1:6379" },
  { "redis://pi.local:6390/cam:front:frame",
    { .host = "pi.local", .port = 6390, .channel = "cam:front:frame" },
    "pi.local:6390" },
  { "redis://[::1]:6390/c", { .host = "::1", .port = 6390, .channel = "c" }, "[::1]:6390" },
  { "redis://[fe80::1]/c", { .host = "fe80::1", .channel = "c" }, "[fe80::1]:6379" },
  { "redis://worker@host/c", { .host = "host", .user = "worker", .channel = "c" }, "host:6379" },
  { "redis://host/3/c", { .host = "host", .db = 3, .channel = "c" }, "host:6379" },
  { "redis://host/3", { .host = "host", .channel = "3" }, "host:6379" },
  { "redis://host/3/", { .host = "host", .channel = "3/" }, "host:6379" },
  { "redis://host/3/4", { .host = "host", .db = 3, .channel = "4" }, "host:6379" },
  { "redis://host/stream/front", { .host = "host", .channel = "stream/front" }, "host:6379" },
  { "redis://host/2/stream/front",
    { .host = "host", .db = 2, .channel = "stream/front" },
    "host:6379" },
  { "redis://host/cam:{front}:frame",
    { .host = "host", .channel = "cam:{front}:frame" },
    "host:6379" },
  { "redis://host/cam:%7Bfront%7D:frame",
    { .host = "host", .channel = "cam:{front}:frame" },
    "host:6379" },
  { "redis://host/a%2Fb", { .host = "host", .channel = "a/b" }, "host:6379" },
  { "redis://host/a%20b", { .host = "host", .channel = "a b" }, "host:6379" },
  { "redis://host/c?db=5", { .host = "host", .db = 5, .channel = "c" }, "host:6379" },
  { "redis://host/?channel=c&user=u",
    { .host = "host", .user = "u", .channel = "c" },
    "host:6379" },
  { "redis://host/c#1", { .host = "host", .channel = "c#1" }, "host:6379" },
  { "redis://host", { .host = "host" }, "host:6379" },
  { "redis://host/", { .host = "host" }, "host:6379" },
  { "rediss://host/c", { .tls = true, .host = "host", .channel = "c" }, "host:6379" },
  { "rediss://host:7000/1/c",
    { .tls = true, .host = "host", .port = 7000, .db = 1, .channel = "c" },
    "host:7000" },
  { "redis+unix:///run/redis.sock?channel=cam:front:frame",
    { .socket_path = "/run/redis.sock", .channel = "cam:front:frame" },
    "/run/redis.sock" },
  { "redis+unix:///run/redis.sock?channel=c&db=2&user=u",
    { .socket_path = "/run/redis.sock", .user = "u", .db = 2, .channel = "c" },
    "/run/redis.sock" },
  { "redis+unix:///run/redis.sock?channel=cam:{front}:frame",
    { .socket_path = "/run/redis.sock", .channel = "cam:{front}:frame" },
    "/run/redis.sock" },
};

static const char *const bad[] = {
  "",
  "redis",
  "127.0.0.1",
  "127.0.0.1:6379/c",
  "http://host/c",
  "redis:///c",
  "redis:c",
  "redis://",
  "redis://host:99999/c",
  "redis://host:-1/c",
  "redis://host:port/c",
  "redis://[::1/c",
  "redis://:secret@host/c",
  "redis://user:secret@host/c",
  "redis://user:@host/c",
  "redis://host/99999999999999999999/c",
  "redis://host/9999999/c",
  "redis://host/c?db=x",
  "redis://host/c?db=-1",
  "redis://host/c?db=",
  "redis://host/c?colour=red",
  "redis://host/%00",
  "redis://host/%ff",
  "redis+unix://?channel=c",
  "redis+unix:///s?chan=c",
  "\xff\xfe",
};

static void
test_good ()
{
  for (const auto &[uri, expected, server] : good) {
    g_autoptr (GError) error = nullptr;
    const auto where = parse_redis_location (uri, &error);
    if (!where)
      g_error ("%s: %s", uri, error->message);
    g_test_message ("%s", uri);
    g_assert_cmpint (where->tls, ==, expected.tls);
    g_assert_cmpstr (where->host.c_str (), ==, expected.host.c_str ());
    g_assert_cmpuint (where->port, ==, expected.port);
    g_assert_cmpstr (where->socket_path.c_str (), ==, expected.socket_path.c_str ());
    g_assert_cmpstr (where->user.c_str (), ==, expected.user.c_str ());
    g_assert_cmpuint (where->db, ==, expected.db);
    g_assert_cmpstr (where->channel.c_str (), ==, expected.channel.c_str ());
    g_assert_true (where->server () == server);
  }
}

static void
test_bad ()
{
  for (const char *uri : bad) {
    g_autoptr (GError) error = nullptr;
    g_autofree char *shown = g_strescape (uri, nullptr);
    g_test_message ("%s", shown);
    g_assert_false (parse_redis_location (uri, &error).has_value ());
    g_assert_nonnull (error);
    g_assert_true (error->domain == G_URI_ERROR);
    g_assert_cmpstr (error->message, !=, "");
  }
}

static void
test_password_stays_secret ()
{
  g_autoptr (GError) error = nullptr;
  g_assert_false (parse_redis_location ("redis://user:hunter2@host/c", &error).has_value ());
  g_assert_error (error, G_URI_ERROR, G_URI_ERROR_BAD_PASSWORD);
  g_assert_null (strstr (error->message, "hunter2"));
  g_assert_nonnull (strstr (error->message, "password-file"));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/redislocation/good", test_good);
  g_test_add_func ("/redislocation/bad", test_bad);
  g_test_add_func ("/redislocation/password-stays-secret", test_password_stays_secret);
  return g_test_run ();
}
