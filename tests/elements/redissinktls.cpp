// SPDX-License-Identifier: LGPL-2.1-or-later
/* redissink over TLS. Each case in a process of its own, named by the first argument: sessions are
 * cached per process, and a second handshake with the same server would check nothing. */
#include "support/redisserver.h"
#include "support/sinkrun.h"

#include <glib/gstdio.h>

using namespace camwarden;

static std::string folder;

static void
run_openssl (const std::string &arguments)
{
  g_autofree char *errors = nullptr;
  int status = 0;
  const std::string line = "openssl " + arguments;
  g_assert_true (g_spawn_command_line_sync (line.c_str (), nullptr, &errors, &status, nullptr));
  if (status != 0)
    g_error ("%s: %s", line.c_str (), errors);
}

/* NAME.crt and NAME.key, signed by itself: an authority of its own, for 127.0.0.1. */
static void
make_certificate (const std::string &name)
{
  run_openssl ("req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 "
               "-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost -keyout "
               + folder + "/" + name + ".key -out " + folder + "/" + name + ".crt");
}

static std::string
tls_camera (int port, const std::string &settings)
{
  return "videotestsrc num-buffers=50 ! video/x-raw,format=I420,width=320,height=240 ! jpegenc ! "
         "redissink name=sink max-queued-frames=100 location=rediss://127.0.0.1:"
         + std::to_string (port) + "/c " + settings;
}

static RedisServer *
start_server (int *port)
{
  make_certificate ("server");
  make_certificate ("other");
  *port = free_port ();
  const std::string base = folder + "/server";
  return new RedisServer ({ "--tls-port", std::to_string (*port), "--tls-cert-file", base + ".crt",
                            "--tls-key-file", base + ".key", "--tls-ca-cert-file", base + ".crt",
                            "--tls-auth-clients", "no" });
}

static void
test_good ()
{
  int port = 0;
  const std::unique_ptr<RedisServer> redis (start_server (&port));
  Subscriber reader (redis->port (), "c");
  SinkRun run (tls_camera (port, "ca-file=" + folder + "/server.crt"));
  g_assert_true (run.run_to_end (30));
  run.assert_law ();
  g_assert_cmpuint (run.stat ("published"), ==, 50);
  g_assert_cmpuint (run.warnings (), ==, 0);
  g_assert_true (wait_until (5, [&] { return reader.count () == 50; }));
}

static void
expect_refused (const std::string &settings)
{
  int port = 0;
  const std::unique_ptr<RedisServer> redis (start_server (&port));
  Subscriber reader (redis->port (), "c");
  SinkRun run (tls_camera (port, settings));
  run.play ();
  g_assert_true (wait_until (10, [&] { return run.states ("disconnected") == 1; }));
  g_usleep (300 * 1000);
  g_test_message ("%s", run.last_detail ().c_str ());
  g_assert_cmpuint (run.states ("connected"), ==, 0);
  run.stop ();
  run.assert_law ();
  g_assert_cmpuint (run.stat ("published"), ==, 0);
  g_assert_cmpuint (run.errors (), ==, 0);
  g_assert_cmpuint (run.warnings (), ==, 1);
  g_assert_cmpuint (reader.count (), ==, 0);
}

static void
test_unknown_authority ()
{
  expect_refused ("ca-file=" + folder + "/other.crt");
}

static void
test_no_authority ()
{
  expect_refused ("");
}

static void
test_missing_file ()
{
  expect_refused ("ca-file=" + folder + "/missing.crt");
}

/* Big frames: TLS takes them in pieces, and wants the same piece again when the socket was full. */
static void
test_big_frames ()
{
  int port = 0;
  const std::unique_ptr<RedisServer> redis (start_server (&port));
  SinkRun run ("videotestsrc num-buffers=30 pattern=snow ! video/x-raw,format=I420,width=1280,"
               "height=720,framerate=30/1 ! redissink name=sink modes=stream max-queued-frames=100 "
               "max-queued-bytes=100000000 max-stream-length=3 location=rediss://127.0.0.1:"
               + std::to_string (port) + "/c ca-file=" + folder + "/server.crt");
  g_assert_true (run.run_to_end (60));
  run.assert_law ();
  g_assert_cmpuint (run.stat ("published"), ==, 30);
  g_assert_cmpuint (run.stat ("refusals"), ==, 0);
}

int
main (int argc, char **argv)
{
  gst_init (&argc, &argv);
  g_test_init (&argc, &argv, nullptr);
  g_assert_cmpint (argc, ==, 2);
  const std::pair<const char *, GTestFunc> cases[] = {
    { "good", test_good },
    { "unknown-authority", test_unknown_authority },
    { "no-authority", test_no_authority },
    { "missing-file", test_missing_file },
    { "big-frames", test_big_frames },
  };
  for (const auto &[name, function] : cases)
    if (g_str_equal (argv[1], name))
      g_test_add_func ((std::string ("/redissink/tls/") + name).c_str (), function);
  g_autofree char *made = g_dir_make_tmp ("camwarden-tls-XXXXXX", nullptr);
  folder = made;
  const int status = g_test_run ();
  for (const char *name : { "server.crt", "server.key", "other.crt", "other.key" })
    g_unlink ((folder + "/" + name).c_str ());
  g_rmdir (made);
  return status;
}
