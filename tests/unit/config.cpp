// SPDX-License-Identifier: LGPL-2.1-or-later
#include "config/config.h"

#include "config/directories.h"
#include "config/livekeys.h"
#include "config/reference.h"
#include "config/resolve.h"
#include "support/asserttext.h"
#include "support/tempdir.h"

#include <algorithm>
#include <cstring>
#include <sys/stat.h>
#include <unistd.h>

using namespace camwarden;

static ConfigSources
one_file (const std::string &path)
{
  ConfigSources sources;
  sources.paths.single_file = path;
  return sources;
}

static ConfigSources
tree (const TempDir &dir)
{
  ConfigSources sources;
  sources.paths = {
    dir.path ("usr"), dir.path ("etc/camwarden.conf"), dir.path ("run"), dir.path ("etc/conf.d"), {}
  };
  return sources;
}

static std::vector<Finding>
findings_of (const TempDir &dir, const std::string &text)
{
  std::vector<Finding> findings;
  const auto config = Config::load (one_file (dir.write ("c.conf", text)), findings);
  const bool errors
      = std::any_of (findings.begin (), findings.end (), [] (auto &f) { return f.error; });
  g_assert_true (config.has_value () == !errors);
  return findings;
}

static Config
load (const TempDir &dir, const std::string &text)
{
  g_autoptr (GError) error = nullptr;
  auto config = Config::load (one_file (dir.write ("c.conf", text)), &error);
  g_assert_no_error (error);
  return *config;
}

static void
assert_contains (const std::string &text, const char *part)
{
  if (text.find (part) == std::string::npos)
    g_error ("no \"%s\" in \"%s\"", part, text.c_str ());
}

static void
test_nothing_configured ()
{
  const TempDir dir;
  std::vector<Finding> findings;
  const auto config = Config::load (tree (dir), findings);
  g_assert_true (config.has_value () && findings.empty ());
  g_assert_cmpuint (config->cameras ().size (), ==, 1);
  const CameraConfig &camera = config->cameras ().front ();
  ASSERT_TEXT (camera.id, "camera");
  ASSERT_TEXT (camera.source, "auto");
  ASSERT_TEXT (camera.channel, "cam:camera:frame");
  ASSERT_TEXT (camera.request_channel, "");
  ASSERT_TEXT (camera.modes, "pubsub");
  g_assert_false (camera.encode_always);
  g_assert_true (config->redis ().embedded ());
  g_assert_true (config->http ().listen == std::vector<std::string>{ "127.0.0.1:5000" });
}

static void
test_camera_derived ()
{
  const TempDir dir;
  const Config config = load (dir, "[redis]\nuri=redis://host:7000/2/\npassword-file=/\n"
                                   "[store]\nlocation=/srv/frames\n"
                                   "[camera:b]\nrequest-channel=auto\nstore=yes\nstore-interval=0\n"
                                   "framerate=29.97\nmodes=key pubsub\nstore-keep-free=12.5%\n"
                                   "[camera:a]\nlocation=rediss://other/stream/front\n"
                                   "[camera:c]\nenabled=no\n"
                                   "[camera:d]\nlocation=redis+unix:///r.sock\nencode-when=always\n"
                                   "channel=7/x#y\n"
                                   "[camera:e]\nlocation=redis://far\nchannel=7/x\n");
  g_assert_cmpuint (config.cameras ().size (), ==, 4);
  g_assert_cmpuint (config.all_cameras ().size (), ==, 5);
  const CameraConfig &a = config.cameras ()[0], &b = config.cameras ()[1];
  ASSERT_TEXT (a.id, "a");
  ASSERT_TEXT (a.channel, "stream/front");
  ASSERT_TEXT (a.location, "rediss://other/stream/front");
  ASSERT_TEXT (b.location, "redis://host:7000/2/cam:b:frame");
  ASSERT_TEXT (b.request_channel, "cam:b:request");
  ASSERT_TEXT (b.store_location, "/srv/frames/b");
  ASSERT_TEXT (b.password_file, "/");
  ASSERT_TEXT (b.modes, "pubsub+key");
  ASSERT_TEXT (b.store_keep_free_text, "12.5%");
  g_assert_true (b.encode_always);
  g_assert_true (b.framerate == (Fraction{ 30000, 1001 }));
  g_assert_false (config.camera ("c")->enabled);
  g_assert_null (config.camera ("zz"));
  ASSERT_TEXT (config.camera ("d")->location, "redis+unix:///r.sock?channel=7/x%23y");
  g_assert_true (config.camera ("d")->encode_always);
  ASSERT_TEXT (config.camera ("e")->location, "redis://far/0/7/x");
}

static void
test_location_channels ()
{
  ASSERT_TEXT (location_channel ("redis://h"), "");
  ASSERT_TEXT (location_channel ("redis://h/"), "");
  ASSERT_TEXT (location_channel ("redis://h:1/3"), "");
  ASSERT_TEXT (location_channel ("redis://u@h/3/a/b"), "a/b");
  ASSERT_TEXT (location_channel ("redis://h/a%20b"), "a b");
  ASSERT_TEXT (location_channel ("redis+unix:///s"), "");
  ASSERT_TEXT (location_channel ("redis+unix:///s?db=1&channel=cam:{a}:frame"), "cam:{a}:frame");
  ASSERT_TEXT (location_with_channel ("redis://h", "cam:{a}:frame"), "redis://h/cam:{a}:frame");
  ASSERT_TEXT (location_with_channel ("redis+unix:///s?db=1", "a&b"),
               "redis+unix:///s?db=1&channel=a%26b");
}

static void
test_precedence ()
{
  const TempDir dir;
  ConfigSources sources = tree (dir);
  const auto port = [&] {
    g_autoptr (GError) error = nullptr;
    const auto config = Config::load (sources, &error);
    g_assert_no_error (error);
    return config->redis ().embedded_port;
  };
  const auto write = [&] (const char *name, const char *number) {
    dir.write (name, std::string ("[redis]\nembedded-port=") + number + "\n");
    return port ();
  };
  g_assert_cmpuint (port (), ==, 6390);
  g_assert_cmpuint (write ("usr/50.conf", "1"), ==, 1);
  g_assert_cmpuint (write ("etc/camwarden.conf", "2"), ==, 2);
  g_assert_cmpuint (write ("run/50.conf", "3"), ==, 3);
  g_assert_cmpuint (write ("etc/conf.d/50.conf", "4"), ==, 4);
  g_assert_cmpuint (write ("etc/conf.d/60.conf", "5"), ==, 5);
  g_assert_cmpuint (write ("etc/conf.d/55.conf", "6"), ==, 5);
  g_assert_cmpuint (write ("etc/conf.d/90.conf~", "7"), ==, 5);
  g_assert_cmpuint (write ("etc/conf.d/.hidden.conf", "7"), ==, 5);
  sources.overrides.push_back ({ "redis", "embedded-port", "8", "CAMWARDEN_PORT" });
  sources.overrides.push_back ({ "redis", "embedded-port", "9", "--port" });
  g_assert_cmpuint (port (), ==, 9);
  sources.overrides.clear ();
  sources.paths.single_file = dir.write ("only.conf", "[log]\nlevel=debug\n");
  g_assert_cmpuint (port (), ==, 6390);
}

/* One camera said in several files: key by key. */
static void
test_merging ()
{
  const TempDir dir;
  dir.write ("etc/camwarden.conf", "[camera:front]\nwidth=640\nheight=480\n");
  dir.write ("etc/conf.d/a.conf", "[camera:front]\nwidth=800\n[camera:rear]\n");
  g_autoptr (GError) error = nullptr;
  const auto config = Config::load (tree (dir), &error);
  g_assert_no_error (error);
  g_assert_cmpuint (config->cameras ().size (), ==, 2);
  g_assert_cmpuint (config->camera ("front")->width, ==, 800);
  g_assert_cmpuint (config->camera ("front")->height, ==, 480);
}

static void
test_environment ()
{
  g_setenv ("CAMWARDEN_REDIS_URI", "redis://env:1", TRUE);
  g_setenv ("CAMWARDEN_LISTEN", "[::1]:5001", TRUE);
  g_setenv ("CAMWARDEN_CONFIG", "/dev/null", TRUE);
  const auto sources = ConfigSources::from_environment ();
  ASSERT_TEXT (sources.paths.single_file, "/dev/null");
  ASSERT_TEXT (ConfigSources::from_environment ("/x").paths.single_file, "/x");
  g_autoptr (GError) error = nullptr;
  const auto config = Config::load (sources, &error);
  g_assert_no_error (error);
  ASSERT_TEXT (config->redis ().uri, "redis://env:1");
  ASSERT_TEXT (config->http ().listen.front (), "[::1]:5001");
  g_setenv ("CAMWARDEN_LISTEN", "nonsense", TRUE);
  std::vector<Finding> findings;
  g_assert_false (Config::load (ConfigSources::from_environment (), findings).has_value ());
  g_assert_true (findings.front ().message ().starts_with ("CAMWARDEN_LISTEN: listen: "));
  for (const char *name : { "CAMWARDEN_REDIS_URI", "CAMWARDEN_LISTEN", "CAMWARDEN_CONFIG" })
    g_unsetenv (name);
}

/* Every mistake of a file is told, each with its line. */
static const char *const bad_text = "# comment\n"            /* 1 */
                                    "[camera:front]\n"       /* 2 */
                                    "wdith=640\n"            /* 3 */
                                    "width=99999\n"          /* 4 */
                                    "modes=pubsub strea-m\n" /* 5 */
                                    "[camera:Front]\n"       /* 6 */
                                    "width=12\n"             /* 7 */
                                    "[redsi]\n"              /* 8 */
                                    "\n"                     /* 9 */
                                    "[http]\n"               /* 10 */
                                    "listen=127.0.0.1\n"     /* 11 */
                                    "embedded-port=6390\n"   /* 12 */
                                    "[thresholds]\n"         /* 13 */
                                    "cpu=95%;85%\n";         /* 14 */

static const struct
{
  unsigned line;
  const char *part;
} bad_lines[] = {
  { 3, "did you mean \"width\"?" },  { 4, "it must be 0 to 16384" },
  { 5, "did you mean \"stream\"?" }, { 6, "small letters, digits and dashes" },
  { 8, "did you mean \"redis\"?" },  { 11, "ADDRESS:PORT" },
  { 12, "it belongs into [redis]" }, { 14, "the warning comes first" },
};

static void
test_all_errors_with_lines ()
{
  const TempDir dir;
  auto findings = findings_of (dir, bad_text);
  std::stable_sort (findings.begin (), findings.end (),
                    [] (auto &a, auto &b) { return a.line < b.line; });
  for (const auto &finding : findings)
    g_test_message ("%s", finding.message ().c_str ());
  g_assert_cmpuint (findings.size (), ==, G_N_ELEMENTS (bad_lines));
  for (size_t i = 0; i < findings.size (); i++) {
    g_assert_cmpuint (findings[i].line, ==, bad_lines[i].line);
    assert_contains (findings[i].message (), bad_lines[i].part);
    assert_contains (findings[i].message (),
                     ("c.conf:" + std::to_string (bad_lines[i].line) + ": ").c_str ());
  }
}

static void
test_not_a_key_file ()
{
  const TempDir dir;
  const auto findings = findings_of (dir, "width=5\n[redis\n[redis]\nhunter2\n=5\nuri=redis://h\n");
  g_assert_cmpuint (findings.size (), ==, 4);
  const unsigned lines[] = { 1, 2, 4, 5 };
  for (size_t i = 0; i < 4; i++)
    g_assert_cmpuint (findings[i].line, ==, lines[i]);
  g_assert_cmpuint (findings_of (dir, "[redis]\nuri=\xff\xfe\n").front ().line, ==, 2);
  g_assert_cmpuint (findings_of (dir, std::string ("[redis]\nuri=a\0b\n", 15)).front ().line, ==,
                    2);
  assert_contains (findings_of (dir, std::string (2 << 20, '#')).front ().text, "1 MiB");
  std::vector<Finding> missing;
  g_assert_false (Config::load (one_file (dir.path ("nowhere.conf")), missing).has_value ());
  assert_contains (missing.front ().message (), "nowhere.conf: cannot read");
  std::vector<Finding> directory;
  g_assert_false (Config::load (one_file (dir.path ()), directory).has_value ());
}

static void
test_carriage_returns ()
{
  const TempDir dir;
  const Config config = load (dir, "[camera:a]\r\nwidth = 320 \r\n");
  g_assert_cmpuint (config.camera ("a")->width, ==, 320);
}

static void
test_given_twice ()
{
  const TempDir dir;
  const auto findings = findings_of (dir, "[camera:a]\nwidth=1\nwidth=2\n");
  g_assert_cmpuint (findings.size (), ==, 1);
  g_assert_false (findings.front ().error);
  g_assert_cmpuint (findings.front ().line, ==, 3);
  g_assert_cmpuint (
      load (dir, "[camera:a]\nwidth=1\n[redis]\n[camera:a]\nwidth=2\n").camera ("a")->width, ==, 2);
}

static void
test_checks_across_keys ()
{
  const TempDir dir;
  auto findings = findings_of (dir, "[recovery]\nredis-backoff=5s\n");
  g_assert_true (findings.size () == 1 && findings[0].error && findings[0].line == 2);
  findings = findings_of (dir, "[camera:a]\nchannel=x\n[camera:b]\nchannel=x\n");
  g_assert_true (findings.size () == 1 && findings[0].error && findings[0].line == 4);
  findings = findings_of (dir, "[camera:a]\nlocation=redis://h/x\nchannel=y\n");
  g_assert_true (findings.size () == 1 && !findings[0].error && findings[0].line == 3);
  findings = findings_of (dir, "[redis]\npassword-file=/nowhere/at/all\n");
  g_assert_true (findings.size () == 1 && !findings[0].error && findings[0].line == 2);
  findings = findings_of (dir, "[http]\ntoken-file=/nowhere/at/all\nlisten=0.0.0.0:5000\n");
  g_assert_true (findings.size () == 1 && !findings[0].error && findings[0].line == 3);
}

/* Whatever is wrong with it, what could be a password is not repeated. */
static void
test_secrets_stay_secret ()
{
  const TempDir dir;
  for (const char *text :
       { "[redis]\nuri=redis://user:hunter2@host\n", "[redis]\nuri=redis://host/hunter2\n",
         "[redis]\nuri=hunter2\n", "[redis]\nhunter2\n", "hunter2\n",
         "[camera:a]\nlocation=hunter2:x\n", "[alerts]\nwebhook=ftp://hunter2\n",
         "[alerts]\nwebhook=http://example.org/hunter2\n", "[redis]\npassword=hunter2\n",
         "[redis]\nuri=redis+unix:///s?password=hunter2\n" }) {
    const auto findings = findings_of (dir, text);
    g_assert_false (findings.empty ());
    for (const auto &finding : findings)
      g_assert_true (finding.message ().find ("hunter2") == std::string::npos);
  }
}

static void
test_terminal_is_safe ()
{
  const TempDir dir;
  for (const char *text : { "[http]\nlisten=\x1b[2J\n", "[\x1b[2J]\n", "[http]\n\x1b[2J=1\n" })
    for (const auto &finding : findings_of (dir, text))
      g_assert_true (finding.message ().find ('\x1b') == std::string::npos);
}

static void
test_random_files ()
{
  const TempDir dir;
  const std::string example = example_configuration ();
  for (int round = 0; round < 600; round++) {
    std::string text = round % 3 == 0 ? std::string () : example;
    if (round % 3 == 0)
      for (int i = g_test_rand_int_range (0, 400); i > 0; i--)
        text += "[]=#;\n\r\\ %:/camera\x80\xc3\0x1"[g_test_rand_int_range (0, 24)];
    else if (round % 3 == 1)
      text.resize (
          static_cast<size_t> (g_test_rand_int_range (0, static_cast<int> (text.size ()))));
    for (int i = g_test_rand_int_range (0, 30); i > 0 && !text.empty (); i--)
      text[static_cast<size_t> (g_test_rand_int_range (0, static_cast<int> (text.size ())))]
          = static_cast<char> (g_test_rand_int_range (0, 256));
    for (const auto &finding : findings_of (dir, text))
      g_assert_false (finding.message ().empty ());
  }
}

static void
test_reload ()
{
  const TempDir dir;
  const Config before = load (dir, "[camera:a]\n[camera:b]\n[camera:c]\n[camera:d]\n");
  g_assert_true (load (dir, "[camera:a]\nwidth=1280\n[camera:b]\nframerate=30/1\n[camera:c]\n"
                            "store-interval=1000ms\n[camera:d]\n")
                     .changes_since (before)
                     .none ());
  const Config after = load (dir, "[camera:a]\nwidth=640\ndark-below=5\n"
                                  "[camera:b]\ndark-below=5\n[camera:c]\nenabled=false\n"
                                  "[camera:e]\n[http]\nrate=3\n[history]\nlocation=/h\n");
  const ConfigChanges changes = after.changes_since (before);
  g_assert_true (changes.added == std::vector<std::string>{ "e" });
  g_assert_true (changes.removed == (std::vector<std::string>{ "c", "d" }));
  g_assert_cmpuint (changes.changed.size (), ==, 2);
  g_assert_true (changes.changed[0] == (CameraChange{ "a", { "dark-below", "width" }, false }));
  g_assert_true (changes.changed[1] == (CameraChange{ "b", { "dark-below" }, true }));
  g_assert_true (changes.http && changes.history && !changes.redis && !changes.store);
  g_assert_true (changes.needs_daemon_restart == std::vector<std::string>{ "[history] location" });
}

/* Another server is another location of every camera that has none of its own. */
static void
test_reload_redis ()
{
  const TempDir dir;
  const std::string cameras = "[camera:a]\n[camera:b]\nlocation=redis://own\n";
  const Config before = load (dir, cameras);
  const ConfigChanges changes
      = load (dir, cameras + "[redis]\nuri=redis://new\n").changes_since (before);
  g_assert_true (changes.redis);
  g_assert_cmpuint (changes.changed.size (), ==, 1);
  g_assert_true (changes.changed[0] == (CameraChange{ "a", {}, false }));
}

/* A worker that starts while somebody edits the files gets what its daemon has. */
static void
test_worker_text ()
{
  const TempDir dir;
  const Config config
      = load (dir, "[redis]\nuri=redis://h/2\n[recovery]\nworker-drain=1s\n"
                   "[alerts]\nwebhook=https://h/s3cret\n[http]\nlisten=\n"
                   "[camera:a]\nsource=videotestsrc pattern=ball ! queue\nwidth=640\n"
                   "channel=x{a}:y\nframerate=29.97\n[camera:b]\nenabled=no\n");
  const std::string text = config.worker_text ();
  g_assert_true (text.find ("s3cret") == std::string::npos);
  const Config again = load (dir, text);
  g_assert_true (again.all_cameras () == config.all_cameras ());
  g_assert_true (again.redis () == config.redis () && again.recovery () == config.recovery ());
  const Config nothing = load (dir, load (dir, "").worker_text ());
  ASSERT_TEXT (nothing.cameras ().front ().id, "camera");
}

/* What another value of each key looks like. */
static std::string
other_value (const Key &key)
{
  switch (key.type) {
  case KeyType::Bool:
    return key.fallback == std::string_view ("true") ? "false" : "true";
  case KeyType::Integer:
    return "77";
  case KeyType::Number:
    return "66";
  case KeyType::Duration:
    return "55s";
  case KeyType::Size:
    return "44MiB";
  case KeyType::SizeOrShare:
    return "33%";
  case KeyType::Fraction:
    return "22";
  case KeyType::Choice:
    return "always";
  case KeyType::Flags:
    return "key";
  case KeyType::RedisLocation:
    return "redis://other";
  default:
    return "/other";
  }
}

/* The schema says which keys a streaming worker takes over; the worker's table has to agree. */
static void
test_live_keys ()
{
  const TempDir dir;
  const Config before = load (dir, "[camera:a]\n");
  for (const Key &key : schema_keys ()) {
    if (key.group != std::string_view ("camera") || key.name == std::string_view ("enabled"))
      continue;
    const Config after
        = load (dir, "[camera:a]\n" + std::string (key.name) + "=" + other_value (key) + "\n");
    const CameraConfig &old = *before.camera ("a"), &now = *after.camera ("a");
    g_autoptr (GVariant) changes = g_variant_ref_sink (live_changes (old, now));
    g_test_message ("%s", key.name);
    g_assert_true (old != now);
    g_assert_true (needs_new_worker (old, now) == (key.reload != Reload::Live));
    g_assert_cmpuint (g_variant_n_children (changes), ==, key.reload == Reload::Live ? 1 : 0);
    const auto listed = after.changes_since (before).changed;
    g_assert_true (listed.size () == 1 && listed[0].live == (key.reload == Reload::Live));
  }
}

static std::string
checked (const ConfigSources &sources, int expected_status)
{
  char *text = nullptr;
  size_t size = 0;
  FILE *out = open_memstream (&text, &size);
  const int status = check_config (sources, out);
  fclose (out);
  const std::string result (text, size);
  free (text);
  g_assert_cmpint (status, ==, expected_status);
  return result;
}

static void
test_check_config ()
{
  const TempDir dir;
  ASSERT_TEXT (checked (one_file (dir.write ("good.conf", "[camera:a]\n[camera:b]\n")), 0),
               "The configuration is good: 2 cameras.\n");
  const std::string bad = checked (one_file (dir.write ("bad.conf", "[camera:a]\nwidth=x\n")), 78);
  assert_contains (bad, "bad.conf:2: width: \"x\": say a whole number\n");
  assert_contains (bad, "The configuration has 1 error.\n");
}

static void
test_directories ()
{
  const TempDir dir;
  g_setenv ("RUNTIME_DIRECTORY", "/run/camwarden:/run/other", TRUE);
  g_setenv ("STATE_DIRECTORY", "/var/lib/camwarden", TRUE);
  g_setenv ("LOGS_DIRECTORY", "/var/log/camwarden", TRUE);
  ASSERT_TEXT (runtime_directory (), "/run/camwarden");
  ASSERT_TEXT (state_directory (), "/var/lib/camwarden");
  ASSERT_TEXT (logs_directory (), "/var/log/camwarden");
  ASSERT_TEXT (control_socket_path (), "/run/camwarden/http.sock");
  ASSERT_TEXT (camera_lock_path ("a"), "/run/camwarden/camera-a.lock");
  for (const char *name : { "RUNTIME_DIRECTORY", "STATE_DIRECTORY", "LOGS_DIRECTORY" })
    g_unsetenv (name);
  g_setenv ("XDG_RUNTIME_DIR", "/run/user/5", TRUE);
  g_setenv ("XDG_STATE_HOME", "/home/a/.s", TRUE);
  ASSERT_TEXT (runtime_directory (), "/run/user/5/camwarden");
  ASSERT_TEXT (state_directory (), "/home/a/.s/camwarden");
  ASSERT_TEXT (logs_directory (), "/home/a/.s/camwarden/log");
  g_unsetenv ("XDG_RUNTIME_DIR");
  g_assert_true (runtime_directory () == "/tmp/camwarden-" + std::to_string (getuid ()));
}

static void
test_ensure_directory ()
{
  const TempDir dir;
  ASSERT_TEXT (ensure_directory (dir.path ("a/b")), "");
  ASSERT_TEXT (ensure_directory (dir.path ("a/b")), "");
  struct stat info
  {};
  g_assert_cmpint (stat (dir.path ("a/b").c_str (), &info), ==, 0);
  g_assert_cmpuint (info.st_mode & 0777, ==, 0700);
  g_assert_cmpint (symlink (dir.path ("a/b").c_str (), dir.path ("link").c_str ()), ==, 0);
  ASSERT_TEXT (ensure_directory (dir.path ("link")), "");
  dir.write ("file", "x");
  g_assert_false (ensure_directory (dir.path ("file")).empty ());
  g_assert_false (ensure_directory (dir.path ("file/below")).empty ());
  if (getuid () == 0) {
    g_assert_cmpint (chown (dir.path ("a/b").c_str (), 12345, 12345), ==, 0);
    assert_contains (ensure_directory (dir.path ("a/b")), "belongs to another user");
    g_assert_cmpint (lchown (dir.path ("link").c_str (), 12345, 12345), ==, 0);
    g_assert_cmpint (chown (dir.path ("a/b").c_str (), 0, 0), ==, 0);
    g_assert_false (ensure_directory (dir.path ("link")).empty ());
  }
}

static const ConfigEntry *
find_entry (const std::vector<ConfigEntry> &entries, const char *group, const char *key)
{
  for (const auto &entry : entries)
    if (entry.group == group && entry.key == key)
      return &entry;
  return nullptr;
}

static void
test_entries ()
{
  const TempDir dir;
  const auto config = load (dir, "[camera:front]\nsource=rtspsrc location=rtsp://me:secret@cam\n"
                                 "[http]\n\nrate=20\n"
                                 "[alerts]\nwebhook=https://example.org/T0P/secret\n");
  const auto entries = config.entries ();
  const ConfigEntry *rate = find_entry (entries, "http", "rate");
  ASSERT_TEXT (rate->value, "20");
  ASSERT_TEXT (rate->fallback, "10");
  ASSERT_TEXT (rate->where, dir.path ("c.conf") + ":5");
  ASSERT_TEXT (find_entry (entries, "http", "hosts")->where, "");
  ASSERT_TEXT (find_entry (entries, "camera:front", "source")->value,
               "rtspsrc location=rtsp://me:***@cam");
  ASSERT_TEXT (find_entry (entries, "camera:front", "channel")->derived, "cam:ID:frame");
  const ConfigEntry *webhook = find_entry (entries, "alerts", "webhook");
  g_assert_true (webhook->secret);
  ASSERT_TEXT (webhook->value, "");
  for (const auto &entry : entries)
    g_assert_true (entry.value.find ("secret") == std::string::npos);
  for (const Key &key : schema_keys ())
    g_assert_nonnull (find_entry (
        entries, std::string_view (key.group) == "camera" ? "camera:front" : key.group, key.name));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/config/nothing-configured", test_nothing_configured);
  g_test_add_func ("/config/camera-derived", test_camera_derived);
  g_test_add_func ("/config/location-channels", test_location_channels);
  g_test_add_func ("/config/precedence", test_precedence);
  g_test_add_func ("/config/merging", test_merging);
  g_test_add_func ("/config/environment", test_environment);
  g_test_add_func ("/config/all-errors-with-lines", test_all_errors_with_lines);
  g_test_add_func ("/config/not-a-key-file", test_not_a_key_file);
  g_test_add_func ("/config/carriage-returns", test_carriage_returns);
  g_test_add_func ("/config/given-twice", test_given_twice);
  g_test_add_func ("/config/checks-across-keys", test_checks_across_keys);
  g_test_add_func ("/config/secrets-stay-secret", test_secrets_stay_secret);
  g_test_add_func ("/config/terminal-is-safe", test_terminal_is_safe);
  g_test_add_func ("/config/random-files", test_random_files);
  g_test_add_func ("/config/reload", test_reload);
  g_test_add_func ("/config/reload-redis", test_reload_redis);
  g_test_add_func ("/config/worker-text", test_worker_text);
  g_test_add_func ("/config/live-keys", test_live_keys);
  g_test_add_func ("/config/check-config", test_check_config);
  g_test_add_func ("/config/directories", test_directories);
  g_test_add_func ("/config/ensure-directory", test_ensure_directory);
  g_test_add_func ("/config/entries", test_entries);
  return g_test_run ();
}
