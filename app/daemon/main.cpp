// SPDX-License-Identifier: LGPL-2.1-or-later
/* camwardend: looks after the cameras' workers, Redis and the HTTP interface.
 *
 * Exit codes:
 *   0   stopped on request
 *   1   a fault it cannot cure, such as a runtime directory that it may not write to
 *   64  wrong options
 *   65  another one runs on the same runtime directory
 *   78  the configuration has an error
 */
#include "config/config.h"
#include "config/i18n.h"
#include "core/exitcodes.h"
#include "daemon/daemon.h"
#include "daemon/logsetup.h"

#include <csignal>
#include <sys/stat.h>

using namespace camwarden;

static char *config_file;
static char *log_level;
static gboolean check_only;
static gboolean show_version;

static const GOptionEntry entries[]
    = { { "config", 'c', 0, G_OPTION_ARG_FILENAME, &config_file,
          N_ ("Read this file instead of the usual ones"), N_ ("FILE") },
        { "check-config", 0, 0, G_OPTION_ARG_NONE, &check_only,
          N_ ("Say what is wrong with the configuration, and exit"), nullptr },
        { "log-level", 'l', 0, G_OPTION_ARG_STRING, &log_level,
          N_ ("error, warning, info or debug, whatever the configuration says"), N_ ("LEVEL") },
        { "version", 0, 0, G_OPTION_ARG_NONE, &show_version, N_ ("Show the version, and exit"),
          nullptr },
        {} };

static bool
read_options (int *argc, char ***argv)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (GOptionContext) context = g_option_context_new (nullptr);
  g_option_context_set_summary (context, _ ("Keeps cameras streaming to Redis."));
  g_option_context_add_main_entries (context, entries, GETTEXT_PACKAGE);
  if (!g_option_context_parse (context, argc, argv, &error)) {
    g_printerr ("camwardend: %s\n", error->message);
    return false;
  }
  if (*argc > 1) {
    g_printerr (_ ("camwardend: \"%s\" is not an option; see --help\n"), (*argv)[1]);
    return false;
  }
  if (log_level && !set_log_level (log_level)) {
    g_printerr (_ ("camwardend: there is no log level \"%s\": error, warning, info, debug\n"),
                log_level);
    return false;
  }
  return true;
}

int
main (int argc, char **argv)
{
  init_i18n ();
  if (!read_options (&argc, &argv))
    return exitcode::Usage;
  if (show_version) {
    g_print ("camwardend %s\n", CAMWARDEN_VERSION);
    return 0;
  }
  Daemon::Options options;
  options.sources = ConfigSources::from_environment (config_file);
  if (config_file)
    options.config_file = take_string (g_canonicalize_filename (config_file, nullptr));
  options.log_level = log_level ? log_level : "";
  if (check_only)
    return check_config (options.sources, stdout);
  set_up_log (log_level ? log_level : "info");
  umask (0027);
  signal (SIGPIPE, SIG_IGN);
  const int code = Daemon (std::move (options), Notifier::from_environment ()).run ();
  settle_log_file ();
  return code;
}
