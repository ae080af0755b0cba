// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/embeddedredis.h"

#include "daemon/runtimefile.h"

#include <algorithm>
#include <arpa/inet.h>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr int64_t POLL_INTERVAL = 20 * 1000;
constexpr int64_t HEALTHY_AFTER = 60 * G_USEC_PER_SEC;
constexpr unsigned PORTS_TRIED = 10;
constexpr size_t LINES_KEPT = 10;

/* 0 when all are taken. Another program may still be quicker than the server: then it fails to
 * start and the next attempt looks again. */
unsigned
first_free_port (unsigned port)
{
  for (unsigned i = 0; i < PORTS_TRIED && port != 0; i++) {
    const int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const int one = 1;
    setsockopt (fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one); /* as the server does */
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons (static_cast<uint16_t> (port + i));
    address.sin_addr.s_addr = htonl (INADDR_LOOPBACK);
    const bool free = bind (fd, reinterpret_cast<sockaddr *> (&address), sizeof address) == 0
                      && listen (fd, 1) == 0;
    close (fd);
    if (free)
      return port + i;
  }
  return 0;
}

std::string
find_server (const std::string &wanted)
{
  if (!wanted.empty ())
    return wanted;
  for (const char *name : { "redis-server", "valkey-server" })
    if (char *path = g_find_program_in_path (name))
      return take_string (path);
  return {};
}

std::string
link_target (const std::string &path)
{
  return take_string (g_file_read_link (path.c_str (), nullptr));
}

} // namespace

EmbeddedRedis::EmbeddedRedis (EmbeddedRedisSettings settings, Changed changed)
    : settings_ (std::move (settings)), changed_ (std::move (changed)),
      backoff_ (G_USEC_PER_SEC / 4, settings_.max_retry_delay), random_ (g_random_int ())
{}

EmbeddedRedis::~EmbeddedRedis ()
{
  timer_.reset ();
  process_.kill_now ();
  if (lock_ >= 0)
    close (lock_);
}

std::string
EmbeddedRedis::path (const char *name) const
{
  return settings_.directory + "/" + name;
}

std::string
EmbeddedRedis::socket_path () const
{
  return path ("redis.sock");
}

std::string
EmbeddedRedis::password_file () const
{
  return path ("redis.password"); /* embedded_redis_password_path() */
}

void
EmbeddedRedis::enter (State state, const std::string &why)
{
  state_ = state;
  why_ = why;
  if (changed_)
    changed_ (state, why);
}

void
EmbeddedRedis::schedule (int64_t delay, void (EmbeddedRedis::*step) ())
{
  step_ = step;
  timer_ = SourceId (g_timeout_add (
      static_cast<guint> ((delay + 999) / 1000),
      [] (gpointer data) -> gboolean {
        auto *self = static_cast<EmbeddedRedis *> (data);
        self->timer_.forget ();
        (self->*self->step_) ();
        return G_SOURCE_REMOVE;
      },
      this));
}

void
EmbeddedRedis::start ()
{
  if (state_ == State::Stopped)
    begin ();
}

bool
EmbeddedRedis::prepare (GError **error)
{
  if (!settings_.listen.empty () && !settings_.kept_secret.empty ()) {
    secret_ = ensure_secret (settings_.kept_secret, error);
    return !secret_.empty () && write_file (password_file (), secret_ + "\n", 0600, error);
  }
  secret_ = ensure_secret (password_file (), error);
  return !secret_.empty ();
}

/* One attempt: clear the way, then launch. */
void
EmbeddedRedis::begin ()
{
  g_autoptr (GError) error = nullptr;
  if (!prepare (&error))
    return retry (error->message);
  if (lock_ < 0)
    lock_ = lock_file (path ("redis.lock"));
  const int reason = errno;
  if (const pid_t orphan = find_orphan (); orphan != 0)
    return take_orphan (orphan);
  if (lock_ >= 0)
    return launch ();
  if (reason == EWOULDBLOCK)
    retry ("another redis-server holds " + path ("redis.lock") + ", but it cannot be found yet");
  else
    retry ("cannot lock " + path ("redis.lock") + ": " + g_strerror (reason));
}

RedisConf
EmbeddedRedis::conf (unsigned port) const
{
  g_autofree char *hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, secret_.c_str (), -1);
  RedisConf conf;
  conf.directory = settings_.directory;
  conf.socket_path = socket_path ();
  conf.pid_path = path ("redis.pid");
  conf.port = port;
  conf.listen = settings_.listen;
  conf.password_hash = hash;
  conf.sizes = redis_sizes (settings_.loads, settings_.max_memory);
  return conf;
}

/* Ours is what runs as us, in our runtime directory, and is a Redis. Its command line tells
 * nothing: the server overwrites it. */
bool
EmbeddedRedis::is_ours (pid_t pid) const
{
  const std::string proc = "/proc/" + std::to_string (pid);
  struct stat status, directory, cwd;
  if (stat (proc.c_str (), &status) != 0 || status.st_uid != geteuid ())
    return false;
  if (stat (settings_.directory.c_str (), &directory) != 0
      || stat ((proc + "/cwd").c_str (), &cwd) != 0)
    return false;
  g_autofree char *name = g_path_get_basename (link_target (proc + "/exe").c_str ());
  return directory.st_dev == cwd.st_dev && directory.st_ino == cwd.st_ino
         && (g_str_has_prefix (name, "redis-") || g_str_has_prefix (name, "valkey-"));
}

pid_t
EmbeddedRedis::find_orphan () const
{
  const pid_t listener = RedisProbe::listener (socket_path ());
  if (listener > 0 && is_ours (listener))
    return listener;
  const auto noted
      = static_cast<pid_t> (g_ascii_strtoll (read_file (path ("redis.pid")).c_str (), nullptr, 10));
  return noted > 0 && is_ours (noted) ? noted : 0;
}

void
EmbeddedRedis::take_orphan (pid_t pid)
{
  if (!process_.watch (pid, [this] (int status) { exited (status); }))
    return retry ("the redis-server of an earlier daemon has just ended");
  const auto port = static_cast<unsigned> (
      g_ascii_strtoull (read_file (path ("redis.port")).c_str (), nullptr, 10));
  wanted_text_ = conf (port).text ();
  adopted_ = true;
  /* It can be adopted only with the lock in its own hands, or it could not be found again. */
  const bool port_fits = port >= settings_.port && port < settings_.port + PORTS_TRIED;
  if (lock_ >= 0 || !port_fits || wanted_text_ != read_file (path ("redis.conf")))
    return end_process ("ending the redis-server of an earlier daemon, process "
                        + std::to_string (pid) + ": it runs with another configuration");
  port_ = port;
  started_at_ = g_get_monotonic_time ();
  enter (State::Starting,
         "found the redis-server of an earlier daemon, process " + std::to_string (pid));
  poll_start ();
}

void
EmbeddedRedis::launch ()
{
  const std::string program = find_server (settings_.program);
  if (program.empty ())
    return retry ("there is no redis-server on this machine. Install the package "
                  "redis-server, or name a server of yours as uri in [redis]");
  port_ = first_free_port (settings_.port);
  wanted_text_ = conf (port_).text ();
  last_lines_.clear ();
  g_autoptr (GError) error = nullptr;
  if (!write_file (path ("redis.conf"), wanted_text_, 0600, &error) || !spawn (program, &error))
    return retry (error->message);
  adopted_ = false;
  started_at_ = g_get_monotonic_time ();
  enter (State::Starting, "process " + std::to_string (process_.pid ()));
  schedule (POLL_INTERVAL, &EmbeddedRedis::poll_start);
}

/* In the child. A process group of its own: Ctrl-C on a terminal is for the daemon, which ends the
 * server last. */
static void
leave_process_group (gpointer)
{
  setpgid (0, 0);
}

bool
EmbeddedRedis::spawn (const std::string &program, GError **error)
{
  const std::string conf_path = path ("redis.conf");
  const char *argv[] = { program.c_str (), conf_path.c_str (), nullptr };
  const int output = log_.open ([this] (const std::string &line) { log_line (line); });
  if (output < 0) {
    g_set_error (error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "no pipe: %s", g_strerror (errno));
    return false;
  }
  const int lock_in_child = 3;
  GPid pid = 0;
  const bool spawned = g_spawn_async_with_pipes_and_fds (
      "/", argv, nullptr, G_SPAWN_DO_NOT_REAP_CHILD, leave_process_group, nullptr, -1, output,
      output, &lock_, &lock_in_child, 1, &pid, nullptr, nullptr, nullptr, error);
  close (output);
  if (!spawned)
    return false;
  /* From here on the lock is the child's: it lasts as long as the server. */
  close (std::exchange (lock_, -1));
  if (process_.watch (pid, [this] (int status) { exited (status); }))
    return true;
  g_set_error (error, G_SPAWN_ERROR, G_SPAWN_ERROR_FAILED, "no pidfd: %s", g_strerror (errno));
  kill (pid, SIGKILL);
  return false;
}

void
EmbeddedRedis::log_line (const std::string &line)
{
  const RedisLogLine parsed = parse_redis_log (line);
  if (const std::string version = version_in_log (parsed.text); !version.empty ())
    version_ = version;
  if (is_cut_in_log (parsed.text))
    cut_readers_++;
  last_lines_.push_back (parsed.text);
  if (last_lines_.size () > LINES_KEPT)
    last_lines_.erase (last_lines_.begin ());
  /* While it starts it warns of kernel settings that do not matter without persistence. */
  const bool tell = parsed.warning && state_ == State::Running;
  g_log (G_LOG_DOMAIN, tell ? G_LOG_LEVEL_WARNING : G_LOG_LEVEL_DEBUG, "redis-server: %s",
         parsed.text.c_str ());
}

void
EmbeddedRedis::poll_start ()
{
  const int64_t patience = adopted_ ? settings_.probe_interval : settings_.start_timeout;
  if (g_get_monotonic_time () - started_at_ > patience)
    return end_process ("redis-server does not answer");
  schedule (POLL_INTERVAL, &EmbeddedRedis::poll_start);
  probe_.ask (socket_path (), [this] { running (); });
}

void
EmbeddedRedis::running ()
{
  answered_at_ = g_get_monotonic_time ();
  g_autoptr (GError) error = nullptr;
  if (!write_file (path ("redis.port"), std::to_string (port_) + "\n", 0644, &error))
    g_warning ("cannot write %s: %s", path ("redis.port").c_str (), error->message);
  schedule (settings_.probe_interval, &EmbeddedRedis::probe);
  enter (State::Running, (adopted_ ? "adopted process " : "process ")
                             + std::to_string (process_.pid ()) + ", port "
                             + (port_ ? std::to_string (port_) : "none"));
}

void
EmbeddedRedis::probe ()
{
  const int64_t now = g_get_monotonic_time ();
  if (now - started_at_ > HEALTHY_AFTER)
    backoff_.reset ();
  if (now - answered_at_ > settings_.hang_timeout)
    return end_process ("redis-server hangs, process " + std::to_string (process_.pid ()));
  schedule (settings_.probe_interval, &EmbeddedRedis::probe);
  probe_.ask (socket_path (), [this] { answered_at_ = g_get_monotonic_time (); });
}

/* A server without persistence has nothing to save: SIGTERM ends it as `shutdown nosave` would. */
void
EmbeddedRedis::end_process (const std::string &why)
{
  const bool hangs = state_ == State::Running || state_ == State::Starting;
  probe_.cancel ();
  process_.signal (hangs ? SIGKILL : SIGTERM);
  enter (State::Ending, why);
  schedule (settings_.stop_timeout, &EmbeddedRedis::kill_process);
}

void
EmbeddedRedis::exited (int status)
{
  timer_.reset ();
  probe_.cancel ();
  log_.drain ();
  log_.close ();
  port_ = 0;
  if (state_ == State::Stopping) {
    remove_files ();
    enter (State::Stopped, "ended");
    if (const auto stopped = std::exchange (stopped_, {}))
      stopped ();
    return;
  }
  if (state_ == State::Ending && adopted_)
    return begin ();
  restarts_++;
  const bool ran = state_ == State::Running || state_ == State::Ending;
  std::string why = "redis-server ended: " + exit_text (status);
  if (state_ == State::Starting)
    for (const auto &line : last_lines_)
      why += "\n  " + line;
  retry (why, ran);
}

void
EmbeddedRedis::retry (const std::string &why, bool ran)
{
  const int64_t longest = ran ? settings_.max_respawn_delay : settings_.max_retry_delay;
  const int64_t delay = std::min (backoff_.next (random_), longest);
  schedule (delay, &EmbeddedRedis::begin);
  enter (State::Waiting, why);
}

void
EmbeddedRedis::stop (std::function<void ()> done)
{
  stopped_ = std::move (done);
  timer_.reset ();
  probe_.cancel ();
  if (!process_) {
    remove_files ();
    enter (State::Stopped, "ended");
    if (const auto stopped = std::exchange (stopped_, {}))
      stopped ();
    return;
  }
  enter (State::Stopping, "");
  process_.signal (SIGTERM);
  schedule (settings_.stop_timeout, &EmbeddedRedis::kill_process);
}

void
EmbeddedRedis::kill_process ()
{
  process_.signal (SIGKILL);
}

/* The password stays: it is in nobody's way and others may hold it. */
void
EmbeddedRedis::remove_files ()
{
  for (const char *name : { "redis.port", "redis.conf", "redis.sock", "redis.pid" })
    g_unlink (path (name).c_str ());
  if (lock_ >= 0)
    close (std::exchange (lock_, -1));
}

} // namespace camwarden
