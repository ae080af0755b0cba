// SPDX-License-Identifier: LGPL-2.1-or-later
/* camwarden-camera: one camera's pipeline in one process.
 *
 * Exit codes:
 *   0   stopped on request (Stop, SIGTERM, SIGINT), or the daemon went away
 *   1   a fault behind the source which a new worker may cure
 *   64  an option is wrong
 *   65  another worker holds this camera's lock
 *   75  the source failed, or a state change hangs: start me again
 *   78  the configuration is wrong, the camera unknown, or an element missing */
#include "camera/camera.h"
#include "camera/errorlog.h"
#include "camera/lockfile.h"
#include "camera/workerlog.h"
#include "config/config.h"
#include "config/directories.h"
#include "config/i18n.h"
#include "core/exitcodes.h"

#include <csignal>
#include <fcntl.h>
#include <string_view>
#include <unistd.h>

namespace camwarden
{

namespace
{

struct Options
{
  char *camera = nullptr;
  char *config = nullptr;
  char *redis = nullptr;
  char *redis_password_file = nullptr;
  int link_fd = -1;
  gboolean expect_camera = FALSE;
  gboolean verbose = FALSE;
  gboolean version = FALSE;

  ~Options ()
  {
    for (char *text : { camera, config, redis, redis_password_file })
      g_free (text);
  }
};

bool
parse_options (Options &options, int *argc, char ***argv)
{
  const GOptionEntry entries[] = {
    { "camera", 0, 0, G_OPTION_ARG_STRING, &options.camera, N_ ("The camera to run"), N_ ("ID") },
    { "config", 0, 0, G_OPTION_ARG_FILENAME, &options.config,
      N_ ("Read this configuration instead of the usual files"), N_ ("FILE") },
    { "redis", 0, 0, G_OPTION_ARG_STRING, &options.redis,
      N_ ("Publish to this server, whatever [redis] uri says"), N_ ("URI") },
    { "redis-password-file", 0, 0, G_OPTION_ARG_FILENAME, &options.redis_password_file,
      N_ ("The file with that server's password"), N_ ("FILE") },
    { "link-fd", 0, 0, G_OPTION_ARG_INT, &options.link_fd,
      N_ ("A socket to camwardend, which starts its workers with it"), N_ ("N") },
    { "expect-camera", 0, 0, G_OPTION_ARG_NONE, &options.expect_camera,
      N_ ("With source=auto: wait for a camera, show no test picture"), nullptr },
    { "verbose", 'v', 0, G_OPTION_ARG_NONE, &options.verbose, N_ ("Print a line every second"),
      nullptr },
    { "version", 0, 0, G_OPTION_ARG_NONE, &options.version, N_ ("Print the version"), nullptr },
    { nullptr, 0, 0, G_OPTION_ARG_NONE, nullptr, nullptr, nullptr },
  };
  g_autoptr (GOptionContext) context = g_option_context_new (nullptr);
  g_option_context_set_summary (
      context, _ ("Runs one camera of the configuration: from its source to Redis.\n"
                  "camwardend does this by itself; by hand it is for looking into a problem."));
  g_option_context_set_translation_domain (context, GETTEXT_PACKAGE);
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  g_option_context_add_group (context, gst_init_get_option_group ());
  g_autoptr (GError) error = nullptr;
  if (g_option_context_parse (context, argc, argv, &error) && *argc == 1)
    return true;
  if (error)
    g_printerr ("camwarden-camera: %s\n", error->message);
  else
    g_printerr (_ ("camwarden-camera: what is \"%s\"? See --help\n"), (*argv)[1]);
  return false;
}

std::string
camera_names (const Config &config)
{
  std::string names;
  for (const auto &camera : config.all_cameras ())
    names += (names.empty () ? "" : ", ") + camera.id;
  return names;
}

/* One camera needs no name. */
const CameraConfig *
choose_camera (const Config &config, const char *id)
{
  if (!id && config.cameras ().size () == 1)
    return &config.cameras ().front ();
  const CameraConfig *camera = id ? config.camera (id) : nullptr;
  if (camera)
    return camera;
  const std::string names = camera_names (config);
  if (id)
    g_printerr (_ ("camwarden-camera: there is no camera %s; there is: %s\n"), id, names.c_str ());
  else
    g_printerr (_ ("camwarden-camera: which one? --camera ID, of: %s\n"), names.c_str ());
  return nullptr;
}

std::optional<Config>
load_config (const Options &options)
{
  ConfigSources sources = ConfigSources::from_environment (options.config);
  if (options.redis)
    sources.overrides.push_back ({ "redis", "uri", options.redis, "--redis" });
  if (options.redis_password_file)
    sources.overrides.push_back (
        { "redis", "password-file", options.redis_password_file, "--redis-password-file" });
  g_autoptr (GError) error = nullptr;
  auto config = Config::load (sources, &error);
  if (!config)
    g_printerr ("camwarden-camera: %s\n", error->message);
  return config;
}

/* 0, or the exit code. */
int
take_lock (LockFile &lock, const std::string &camera)
{
  const std::string problem = ensure_directory (runtime_directory ());
  if (!problem.empty ()) {
    g_printerr ("camwarden-camera: %s\n", problem.c_str ());
    return exitcode::Configuration;
  }
  const std::string path = camera_lock_path (camera);
  switch (lock.take (path)) {
  case LockFile::Result::Held:
    return 0;
  case LockFile::Result::Busy:
    g_printerr (_ ("camwarden-camera: another worker runs camera %s (%s is locked)\n"),
                camera.c_str (), path.c_str ());
    return exitcode::Locked;
  case LockFile::Result::Failed:
    break;
  }
  g_printerr ("camwarden-camera: %s: %s\n", path.c_str (), g_strerror (errno));
  return exitcode::Configuration;
}

/* Where memory is missing, the kernel ends a worker before the private Redis, and both before the
 * daemon, which brings them back. */
void
offer_to_the_oom_killer ()
{
  constexpr std::string_view score = "300";
  const int fd = open ("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
  if (fd < 0 || write (fd, score.data (), score.size ()) < 0)
    g_debug ("/proc/self/oom_score_adj: %s", g_strerror (errno));
  if (fd >= 0)
    close (fd);
}

int
run (int argc, char **argv)
{
  init_i18n ();
  ErrorLog::keep_quiet (argc, argv);
  Options options;
  if (!parse_options (options, &argc, &argv))
    return exitcode::Usage;
  if (options.version) {
    g_print ("camwarden-camera %s\n", CAMWARDEN_VERSION);
    return 0;
  }
  if (options.link_fd >= 0 && fcntl (options.link_fd, F_SETFD, FD_CLOEXEC) != 0) {
    g_printerr ("camwarden-camera: --link-fd %d: %s\n", options.link_fd, g_strerror (errno));
    return exitcode::Usage;
  }
  if (options.link_fd >= 0) {
    offer_to_the_oom_killer ();
    log_to_daemon ();
    speak_english ();
  }
  const auto config = load_config (options);
  const CameraConfig *camera = config ? choose_camera (*config, options.camera) : nullptr;
  if (!camera)
    return config && !options.camera ? exitcode::Usage : exitcode::Configuration;
  LockFile lock;
  if (const int problem = take_lock (lock, camera->id))
    return problem;
  g_message ("camera %s: %s -> %s (%s)", camera->id.c_str (), camera->source.c_str (),
             camera->location.c_str (), camera->modes.c_str ());
  const RecoveryConfig &recovery = config->recovery ();
  Camera worker (*camera, { .link_fd = options.link_fd,
                            .verbose = options.verbose != FALSE,
                            .expect_camera = options.expect_camera != FALSE,
                            .source_deadline = recovery.source.deadline,
                            .pipeline_deadline = recovery.pipeline.deadline });
  return worker.run ();
}

} // namespace

} // namespace camwarden

int
main (int argc, char **argv)
{
  signal (SIGPIPE, SIG_IGN);
  return camwarden::run (argc, argv);
}
