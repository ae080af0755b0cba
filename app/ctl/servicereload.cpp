// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/servicereload.h"

#include "config/i18n.h"
#include "ctl/exitstatus.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <gio/gunixsocketaddress.h>
#include <sys/socket.h>

namespace camwarden
{

ConfigSources
config_sources (const Options &options)
{
  return ConfigSources::from_environment (
      options.config_file.empty () ? nullptr : options.config_file.c_str ());
}

pid_t
daemon_process (CtlContext &context, ClientError &error)
{
  if (!context.options.url.empty ()) {
    error = { EXIT_USAGE, _ ("this works on the daemon's own machine alone, without --url") };
    return 0;
  }
  if (!context.client ().get ("/api/status", error))
    return 0;
  g_autoptr (GSocketAddress) address
      = g_unix_socket_address_new (context.client ().place ().c_str ());
  g_autoptr (GSocketClient) client = g_socket_client_new ();
  g_autoptr (GSocketConnection) connection
      = g_socket_client_connect (client, G_SOCKET_CONNECTABLE (address), nullptr, nullptr);
  ucred peer{};
  socklen_t size = sizeof peer;
  const int fd = connection ? g_socket_get_fd (g_socket_connection_get_socket (connection)) : -1;
  if (fd >= 0 && getsockopt (fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0 && peer.pid > 0)
    return peer.pid;
  error = { EXIT_UNREACHABLE, _ ("it is not known which process the daemon is") };
  return 0;
}

/* What is wrong with the configuration goes to stderr. */
static bool
is_good (const ConfigSources &sources)
{
  std::vector<Finding> findings;
  const auto config = Config::load (sources, findings);
  for (const auto &finding : findings)
    if (finding.error || config)
      complain (finding.message ());
  return config.has_value ();
}

/* The signal and the question come to the daemon on different ways: it is asked a few times. */
static int
verify (CtlContext &context, bool quiet)
{
  constexpr unsigned looks = 5;
  constexpr gulong pause = 100'000; /* us */
  std::string refused;
  for (unsigned i = 0; i < looks; i++) {
    g_usleep (pause);
    ClientError error;
    const JsonNodePtr status = context.client ().get ("/api/status", error);
    if (!status && i + 1 == looks)
      return complain (error);
    if (status)
      refused = json_text (json_node_get_object (status.get ()), "configuration_error");
  }
  if (!refused.empty ()) {
    complain (take_string (g_strdup_printf (_ ("the daemon refused it and goes on as before: %s"),
                                            clip (refused, 500).c_str ())));
    return EXIT_BAD_CONFIG;
  }
  if (quiet)
    return EXIT_HEALTHY;
  if (context.options.json)
    puts ("{\"reloaded\": true}");
  else
    print (context.terminal, std::string (_ ("The daemon has read its configuration.")) + "\n");
  return EXIT_HEALTHY;
}

int
reload_service (CtlContext &context, bool quiet)
{
  if (context.options.url.empty () && !is_good (config_sources (context.options))) {
    complain (_ ("the configuration has an error; the daemon goes on as before"));
    return EXIT_BAD_CONFIG;
  }
  ClientError error;
  const pid_t pid = daemon_process (context, error);
  if (pid == 0)
    return complain (error);
  if (kill (pid, SIGHUP) == 0)
    return verify (context, quiet);
  if (errno != EPERM) {
    complain (g_strerror (errno));
    return EXIT_UNREACHABLE;
  }
  complain (_ ("no permission to tell the daemon; say \"systemctl reload camwarden\", or be root"));
  return EXIT_REFUSED;
}

} // namespace camwarden
