// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/childprocess.h"

#include "config/i18n.h"
#include "config/values.h"
#include "ctl/backuprestore.h"
#include "ctl/stopsignals.h"
#include "ctl/textformat.h"

#include <csignal>
#include <cstring>
#include <gio/gunixsocketaddress.h>
#include <sys/prctl.h>

namespace camwarden
{

static constexpr useconds_t pause = 10 * 1000;

static void
die_with_parent (gpointer)
{
  prctl (PR_SET_PDEATHSIG, SIGKILL);
}

ChildProcess::~ChildProcess ()
{
  if (running ()) {
    g_subprocess_force_exit (process_.get ());
    (void)g_subprocess_wait (process_.get (), nullptr, nullptr);
  }
}

std::string
ChildProcess::start (const std::vector<std::string> &words, const Environment &environment,
                     const std::string &log)
{
  const auto launcher = Ref<GSubprocessLauncher>::adopt (
      g_subprocess_launcher_new (static_cast<GSubprocessFlags> (G_SUBPROCESS_FLAGS_STDERR_MERGE)));
  g_subprocess_launcher_set_stdout_file_path (launcher.get (), log.c_str ());
  g_subprocess_launcher_set_child_setup (launcher.get (), die_with_parent, nullptr, nullptr);
  for (const auto &[name, value] : environment)
    g_subprocess_launcher_setenv (launcher.get (), name.c_str (), value.c_str (), TRUE);
  std::vector<const char *> argv;
  for (const std::string &word : words)
    argv.push_back (word.c_str ());
  argv.push_back (nullptr);
  g_autoptr (GError) error = nullptr;
  process_ = Ref<GSubprocess>::adopt (
      g_subprocess_launcher_spawnv (launcher.get (), argv.data (), &error));
  return error ? error->message : "";
}

/* GSubprocess learns of an end in a main loop's iteration. */
bool
ChildProcess::running () const
{
  while (g_main_context_iteration (nullptr, FALSE)) {
  }
  return process_ && g_subprocess_get_identifier (process_.get ()) != nullptr;
}

int
ChildProcess::status () const
{
  GSubprocess *process = process_.get ();
  return g_subprocess_get_if_exited (process) ? g_subprocess_get_exit_status (process) : -1;
}

std::optional<int>
ChildProcess::wait (double patience)
{
  const int64_t end = g_get_monotonic_time () + static_cast<int64_t> (patience * G_USEC_PER_SEC);
  while (running ()) {
    if (g_get_monotonic_time () > end || interrupted ())
      return std::nullopt;
    g_usleep (pause);
  }
  return process_ ? std::optional (status ()) : std::nullopt;
}

int
ChildProcess::stop (double patience)
{
  if (!running ())
    return process_ ? status () : -1;
  g_subprocess_send_signal (process_.get (), SIGTERM);
  const int64_t end = g_get_monotonic_time () + static_cast<int64_t> (patience * G_USEC_PER_SEC);
  while (running () && g_get_monotonic_time () < end)
    g_usleep (pause);
  if (running ())
    g_subprocess_force_exit (process_.get ());
  (void)g_subprocess_wait (process_.get (), nullptr, nullptr);
  return status ();
}

ScratchFolder::ScratchFolder () : path_ (take_string (g_dir_make_tmp ("camwarden-XXXXXX", nullptr)))
{}

ScratchFolder::~ScratchFolder ()
{
  if (!path_.empty ())
    (void)remove_folder (path_);
}

static bool
answers (const std::string &socket)
{
  const auto client = Ref<GSocketClient>::adopt (g_socket_client_new ());
  const auto address = Ref<GSocketAddress>::adopt (g_unix_socket_address_new (socket.c_str ()));
  const auto connection = Ref<GSocketConnection>::adopt (g_socket_client_connect (
      client.get (), G_SOCKET_CONNECTABLE (address.get ()), nullptr, nullptr));
  return static_cast<bool> (connection);
}

std::string
ScratchRedis::start (const std::string &folder)
{
  constexpr int64_t patience = 10 * G_USEC_PER_SEC;
  std::string program = take_string (g_find_program_in_path ("redis-server"));
  if (program.empty ())
    program = take_string (g_find_program_in_path ("valkey-server"));
  if (program.empty ())
    return _ ("redis-server is not installed: apt-get install redis-server");
  socket_ = folder + "/redis.sock";
  const std::string log = folder + "/redis.log";
  std::string why
      = process_.start ({ program, "--port", "0", "--unixsocket", socket_, "--dir", folder,
                          "--save", "", "--appendonly", "no", "--daemonize", "no" },
                        {}, log);
  const int64_t end = g_get_monotonic_time () + patience;
  while (why.empty () && !answers (socket_)) {
    if (!process_.running () || g_get_monotonic_time () > end || interrupted ())
      why = text_of (_ ("redis-server does not start: %s"), last_lines (log, 3).c_str ());
    g_usleep (pause);
  }
  return why;
}

std::string
last_lines (const std::string &path, size_t lines)
{
  g_autofree char *text = nullptr;
  if (!g_file_get_contents (path.c_str (), &text, nullptr, nullptr))
    return "";
  const auto all = split_words (text, "\n");
  std::string last;
  for (size_t i = all.size () > lines ? all.size () - lines : 0; i < all.size (); i++)
    last += (last.empty () ? "" : "\n") + all[i];
  return last;
}

} // namespace camwarden
