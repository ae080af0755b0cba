// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/workerprocess.h"

#include "buildconfig.h"
#include "daemon/openfile.h"

#include <csignal>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr const char *object_path = "/org/camwarden/Camera";
constexpr const char *interface_name = "org.camwarden.Camera1";
constexpr int link_in_child = 3;

std::string
program_of (const WorkerCommand &command)
{
  if (!command.program.empty ())
    return command.program;
  const char *named = g_getenv ("CAMWARDEN_WORKER");
  return named && *named ? named : CAMWARDEN_LIBEXECDIR "/camwarden-camera";
}

std::vector<std::string>
words_of (const std::string &camera, const WorkerCommand &command)
{
  std::vector<std::string> words{ program_of (command), "--camera", camera, "--link-fd",
                                  std::to_string (link_in_child) };
  const auto option = [&] (const char *name, const std::string &value) {
    if (value.empty ())
      return;
    words.emplace_back (name);
    words.push_back (value);
  };
  option ("--config", command.config_file);
  option ("--redis", command.redis_uri);
  option ("--redis-password-file", command.redis_password_file);
  if (command.expect_camera)
    words.emplace_back ("--expect-camera");
  return words;
}

bool
fail_errno (GError **error, const char *what)
{
  const int number = errno;
  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (number), "%s: %s", what,
               g_strerror (number));
  return false;
}

/* A worker of another version may use words that are new. */
Fault
read_fault (GVariant *args)
{
  const char *kind = nullptr, *tier = nullptr, *part = nullptr, *code = nullptr,
             *evidence = nullptr;
  g_variant_get (args, "(&s&s&s&s&s)", &kind, &tier, &part, &code, &evidence);
  return { fault_class_from_name (kind).value_or (FaultClass::Camera),
           tier_from_name (tier).value_or (Tier::Source), part, code, evidence };
}

WorkerExit
exit_of (int status)
{
  if (WIFSIGNALED (status))
    return { WorkerExit::Kind::Signal, WTERMSIG (status) };
  return { WorkerExit::Kind::Code, WEXITSTATUS (status) };
}

} // namespace

WorkerProcess::WorkerProcess (std::string camera, Events events, unsigned keep_lines)
    : camera_ (std::move (camera)), events_ (std::move (events)), keep_lines_ (keep_lines),
      cancellable_ (Ref<GCancellable>::adopt (g_cancellable_new ()))
{}

WorkerProcess::~WorkerProcess ()
{
  g_cancellable_cancel (cancellable_.get ());
  if (link_ && subscription_)
    g_dbus_connection_signal_unsubscribe (link_.get (), subscription_);
  if (link_)
    g_dbus_connection_close (link_.get (), nullptr, nullptr, nullptr);
  process_.kill_now ();
}

bool
WorkerProcess::start (const WorkerCommand &command, GError **error)
{
  int ends[2];
  if (socketpair (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail_errno (error, "socketpair");
  const OpenFile child (ends[1]);
  if (!spawn (command, child.get (), error)) {
    close (ends[0]);
    return false;
  }
  open_link (ends[0]);
  return true;
}

bool
WorkerProcess::spawn (const WorkerCommand &command, int link, GError **error)
{
  const OpenFile output (reader_.open ([this] (const std::string &line) { take_line (line); }));
  if (output.get () < 0)
    return fail_errno (error, "pipe");
  auto words = words_of (camera_, command);
  std::vector<char *> argv;
  argv.reserve (words.size () + 1);
  for (auto &word : words)
    argv.push_back (word.data ());
  argv.push_back (nullptr);
  const int source_fds[] = { link }, target_fds[] = { link_in_child };
  GPid pid = 0;
  /* Every other descriptor is closed in the child. */
  if (!g_spawn_async_with_pipes_and_fds (nullptr, argv.data (), nullptr, G_SPAWN_DO_NOT_REAP_CHILD,
                                         nullptr, nullptr, -1, output.get (), output.get (),
                                         source_fds, target_fds, 1, &pid, nullptr, nullptr, nullptr,
                                         error))
    return false;
  if (process_.watch (pid, [this] (int status) { ended (status); }))
    return true;
  fail_errno (error, "pidfd_open");
  ::kill (pid, SIGKILL); /* not reaped yet: the number is still its own */
  waitpid (pid, nullptr, 0);
  return false;
}

/* ---- the link ---- */

void
WorkerProcess::open_link (int fd)
{
  g_autoptr (GError) error = nullptr;
  g_autoptr (GSocket) socket = g_socket_new_from_fd (fd, &error);
  if (!socket) {
    g_warning ("camera %s: link: %s", camera_.c_str (), error->message);
    close (fd);
    return;
  }
  g_autoptr (GSocketConnection) stream = g_socket_connection_factory_create_connection (socket);
  g_autofree char *guid = g_dbus_generate_guid ();
  const auto flags = static_cast<GDBusConnectionFlags> (
      G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_SERVER
      | G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_REQUIRE_SAME_USER
      | G_DBUS_CONNECTION_FLAGS_DELAY_MESSAGE_PROCESSING);
  g_dbus_connection_new (G_IO_STREAM (stream), guid, flags, nullptr, cancellable_.get (),
                         link_opened, this);
}

void
WorkerProcess::link_opened (GObject * /*source*/, GAsyncResult *result, gpointer data)
{
  g_autoptr (GError) error = nullptr;
  auto link = Ref<GDBusConnection>::adopt (g_dbus_connection_new_finish (result, &error));
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return; /* `data` has gone */
  auto *self = static_cast<WorkerProcess *> (data);
  if (!link) {
    g_debug ("camera %s: link: %s", self->camera_.c_str (), error->message);
    return; /* the process ends, or is told to since it never answers */
  }
  g_dbus_connection_set_exit_on_close (link.get (), FALSE);
  self->link_ = link;
  self->subscription_ = g_dbus_connection_signal_subscribe (
      link.get (), nullptr, interface_name, nullptr, object_path, nullptr, G_DBUS_SIGNAL_FLAGS_NONE,
      link_signal, self, nullptr);
  g_dbus_connection_start_message_processing (link.get ());
  self->open_ = true;
  if (self->events_.opened)
    self->events_.opened ();
}

void
WorkerProcess::link_signal (GDBusConnection * /*connection*/, const char * /*sender*/,
                            const char * /*path*/, const char * /*interface*/, const char *signal,
                            GVariant *args, gpointer data)
{
  auto *self = static_cast<WorkerProcess *> (data);
  if (g_str_equal (signal, "Fault") && g_variant_is_of_type (args, G_VARIANT_TYPE ("(sssss)"))) {
    self->events_.fault (read_fault (args));
  } else if (g_str_equal (signal, "Health")
             && g_variant_is_of_type (args, G_VARIANT_TYPE ("(a{sv})"))) {
    g_autoptr (GVariant) values = g_variant_get_child_value (args, 0);
    self->events_.health (values);
  }
}

void
WorkerProcess::link_answered (GObject *source, GAsyncResult *result, gpointer data)
{
  const std::unique_ptr<Answer> answer (static_cast<Answer *> (data));
  g_autoptr (GError) error = nullptr;
  g_autoptr (GVariant) values
      = g_dbus_connection_call_finish (G_DBUS_CONNECTION (source), result, &error);
  if (error)
    g_dbus_error_strip_remote_error (error);
  (*answer) (values, error);
}

void
WorkerProcess::call (const char *method, GVariant *args, const char *reply_type,
                     int64_t deadline_us, Answer answer)
{
  if (!open_) {
    [[maybe_unused]] g_autoptr (GVariant) unused = args ? g_variant_ref_sink (args) : nullptr;
    g_autoptr (GError) error = g_error_new (G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED,
                                            "camera %s: its worker is not ready", camera_.c_str ());
    answer (nullptr, error);
    return;
  }
  g_dbus_connection_call (link_.get (), nullptr, object_path, interface_name, method, args,
                          G_VARIANT_TYPE (reply_type), G_DBUS_CALL_FLAGS_NONE,
                          static_cast<int> (deadline_us / 1000), cancellable_.get (), link_answered,
                          new Answer (std::move (answer)));
}

/* ---- the end ---- */

void
WorkerProcess::end (unsigned drain_ms, int64_t kill_after_us)
{
  /* The worker answers for drain + 1 s; without a link SIGTERM asks for the same. */
  const unsigned patience = drain_ms + 1000;
  if (open_)
    call ("Stop", g_variant_new ("(u)", drain_ms), "()", int64_t{ patience } * 1000,
          [] (GVariant *, const GError *) {});
  else
    process_.signal (SIGTERM);
  escalation_ = Timer::once (patience, [this, kill_after_us] {
    g_warning ("camera %s: the worker does not stop: SIGTERM", camera_.c_str ());
    process_.signal (SIGTERM);
    escalation_ = Timer::once (static_cast<guint> (kill_after_us / 1000),
                               [this, kill_after_us] { kill (kill_after_us); });
  });
}

void
WorkerProcess::kill (int64_t kill_after_us)
{
  process_.signal (SIGKILL);
  escalation_ = Timer::once (static_cast<guint> (kill_after_us / 1000), [this] {
    if (events_.unreapable)
      events_.unreapable ();
  });
}

void
WorkerProcess::take_line (const std::string &raw)
{
  const LogLine line = read_log_line (raw);
  if (line.text.empty ())
    return;
  lines_.push_back (line.text);
  if (lines_.size () > keep_lines_)
    lines_.pop_front ();
  if (events_.line)
    events_.line (line);
}

void
WorkerProcess::ended (int status)
{
  escalation_.cancel ();
  open_ = false;
  reader_.drain ();
  const auto exited = events_.exited; /* it may destroy this object */
  exited (exit_of (status));
}

} // namespace camwarden
