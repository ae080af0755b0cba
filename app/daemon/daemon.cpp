// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/daemon.h"

#include "config/directories.h"
#include "config/i18n.h"
#include "core/exitcodes.h"
#include "daemon/logsetup.h"
#include "daemon/runtimefile.h"
#include "daemon/usbport.h"

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <glib-unix.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr guint STATUS_INTERVAL = 3; /* seconds */
/* The whole shutdown is promised to take less than 3 s, and with a longer worker-drain 1.5 s more
 * than that. */
constexpr guint STOP_DEADLINE_MS = 2600;
constexpr guint STOP_MARGIN_MS = 1100;
constexpr int64_t LEAST_DISK_PATIENCE = 100 * 1000;
constexpr int64_t SAME_REQUEST = G_USEC_PER_SEC / 4;
constexpr guint LAST_ANSWER_MS = 200;
constexpr int64_t USB_PATIENCE = 700 * 1000; /* it is off for 0.5 s */

bool
has_tokens (const HttpConfig &config)
{
  return g_file_test (config.token_file.c_str (), G_FILE_TEST_EXISTS);
}

} // namespace

Daemon::Daemon (Options options, Notifier notifier)
    : options_ (std::move (options)), notifier_ (std::move (notifier)),
      loop_ (g_main_loop_new (nullptr, FALSE)),
      publisher_ ([this] (const std::vector<std::string> &words) {
        if (parts_.monitor)
          parts_.monitor->command (words);
      }),
      model_ (parts_)
{
  greeting_ = { _ ("Dashboard:"), _ ("Frames:   ") };
  parts_.started = g_get_real_time ();
  parts_.started_mono = g_get_monotonic_time ();
}

Daemon::~Daemon ()
{
  http_.reset ();
  parts_.safeguards.reset ();
  parts_.protector.reset ();
  devices_.reset ();
  parts_.cameras.reset (); /* kills what did not stop */
  if (!wait_for_usb_ports (USB_PATIENCE))
    g_warning ("a camera's USB port stays switched off: unplug the camera and plug it in again");
  parts_.rebooter.reset ();
  parts_.incidents.reset ();
  if (parts_.records && stopping_)
    parts_.records->end_within (disk_patience ());
  parts_.records.reset ();
  parts_.monitor.reset ();
  parts_.redis.reset ();
  g_main_loop_unref (loop_);
  if (lock_fd_ >= 0)
    close (lock_fd_);
}

/* The whole stop has one deadline, whoever of cameras, Redis and the disk takes its time. */
guint
Daemon::stop_deadline () const
{
  const auto drain = static_cast<guint> (parts_.config->recovery ().worker_drain / 1000);
  return std::max (STOP_DEADLINE_MS, drain + STOP_MARGIN_MS);
}

int64_t
Daemon::disk_patience () const
{
  const int64_t end = stop_requested_at_ + int64_t{ stop_deadline () } * 1000;
  return std::max (end - g_get_monotonic_time (), LEAST_DISK_PATIENCE);
}

/* One daemon per runtime directory. The file tells its process number. */
bool
Daemon::lock ()
{
  const std::string directory = runtime_directory ();
  if (const std::string why = ensure_directory (directory); !why.empty ()) {
    g_printerr ("camwardend: %s\n", why.c_str ());
    exit_code_ = exitcode::Fault;
    return false;
  }
  const std::string path = directory + "/camwardend.lock";
  lock_fd_ = lock_file (path);
  if (lock_fd_ < 0) {
    const int reason = errno;
    exit_code_ = reason == EWOULDBLOCK ? exitcode::Locked : exitcode::Fault;
    if (reason == EWOULDBLOCK)
      g_printerr (_ ("camwardend: another one, process %s, runs already on %s. Stop it, or set "
                     "RUNTIME_DIRECTORY to another directory\n"),
                  read_file (path).c_str (), directory.c_str ());
    else
      g_printerr (_ ("camwardend: cannot lock %s: %s\n"), path.c_str (), g_strerror (reason));
    return false;
  }
  const std::string pid = std::to_string (getpid ());
  if (ftruncate (lock_fd_, 0) != 0
      || write (lock_fd_, pid.data (), pid.size ()) != static_cast<ssize_t> (pid.size ()))
    g_warning ("cannot write to %s: %s", path.c_str (), g_strerror (errno));
  return true;
}

/* The findings go to the log; why: the first error. */
std::optional<Config>
Daemon::read_config (std::string &why) const
{
  std::vector<Finding> findings;
  auto config = Config::load (options_.sources, findings);
  for (const auto &finding : findings) {
    g_warning ("%s", finding.message ().c_str ());
    if (finding.error && why.empty ())
      why = finding.message ();
  }
  return config;
}

void
Daemon::adopt (Config config)
{
  parts_.config = std::move (config);
  set_log ();
  keep_worker_config ();
}

/* Workers read what was found good, not the files: somebody may be editing those when a worker
 * starts again. */
void
Daemon::keep_worker_config ()
{
  const std::string path = runtime_directory () + "/workers.conf";
  g_autoptr (GError) error = nullptr;
  const bool written = write_file (path, parts_.config->worker_text (), 0600, &error);
  worker_config_ = written ? path : options_.config_file;
  if (!written)
    g_warning ("%s; workers read the usual files instead", error->message);
}

void
Daemon::set_log ()
{
  const std::string &level = parts_.config->log ().level;
  const char *wanted = options_.log_level.empty () ? level.c_str () : options_.log_level.c_str ();
  if (!set_log_level (wanted))
    g_warning ("there is no log level \"%s\"", wanted);
  const LogConfig &log = parts_.config->log ();
  set_log_file ({ log.file, log.max_size, log.keep });
}

int
Daemon::run ()
{
  std::string why;
  if (!lock ())
    return exit_code_;
  auto config = read_config (why);
  if (!config)
    return exitcode::Configuration;
  speak_english ();
  adopt (std::move (*config));
  auto on_signal = [this] (int number, GSourceFunc function) {
    return SourceId (g_unix_signal_add (number, function, this));
  };
  const GSourceFunc stop = [] (gpointer self) -> gboolean {
    static_cast<Daemon *> (self)->stop_requested ();
    return G_SOURCE_CONTINUE;
  };
  signals_[0] = on_signal (SIGTERM, stop);
  signals_[1] = on_signal (SIGINT, stop);
  signals_[2] = on_signal (SIGHUP, [] (gpointer self) -> gboolean {
    static_cast<Daemon *> (self)->reload ();
    return G_SOURCE_CONTINUE;
  });
  g_autoptr (GError) error = nullptr;
  start_records ();
  connect_redis ();
  start_levers ();
  start_cameras ();
  start_protector ();
  start_safeguards ();
  if (!start_http (&error)) {
    g_warning ("%s", error->message);
    return exitcode::Configuration;
  }
  ready ();
  g_main_loop_run (loop_);
  return exit_code_;
}

void
Daemon::ready ()
{
  parts_.ready = true;
  tick_ = SourceId (g_timeout_add_seconds (
      STATUS_INTERVAL,
      [] (gpointer self) -> gboolean {
        static_cast<Daemon *> (self)->tick ();
        return G_SOURCE_CONTINUE;
      },
      this));
  if (const int64_t interval = notifier_.watchdog_interval (); interval > 0)
    watchdog_ = SourceId (g_timeout_add (
        static_cast<guint> (interval / 1000),
        [] (gpointer self) -> gboolean {
          static_cast<Daemon *> (self)->feed_watchdog ();
          return G_SOURCE_CONTINUE;
        },
        this));
  watch_conditions ();
  notifier_.ready ();
  tell_status ();
  say_hello ();
}

/* From the main loop, which proves that it turns; and only while each camera is watched over, which
 * proves that the daemon does what it is for. */
void
Daemon::feed_watchdog ()
{
  for (const auto &[id, camera] : parts_.cameras->all ())
    if (!camera->supervisor->supervises ()) {
      g_critical ("camera %s is not watched over any more: the watchdog is not fed", id.c_str ());
      return;
    }
  notifier_.alive ();
}

/* For a person at a terminal; once the private server's port is known. */
void
Daemon::say_hello ()
{
  const std::string uri = consumer_uri (parts_);
  if (greeted_ || uri.empty () || !http_ || g_log_writer_is_journald (STDOUT_FILENO))
    return;
  greeted_ = true;
  for (const auto &url : http_->urls ())
    g_print ("%s %s\n", greeting_.dashboard, url.c_str ());
  if (!parts_.config->cameras ().empty ())
    g_print ("%s gst-launch-1.0 redissrc location=%s/%s ! jpegdec ! videoconvert ! autovideosink\n",
             greeting_.frames, uri.c_str (), parts_.config->cameras ().front ().channel.c_str ());
  fflush (stdout);
}

/* --- Redis --- */

EmbeddedRedisSettings
Daemon::embedded_settings () const
{
  const RedisConfig &redis = parts_.config->redis ();
  EmbeddedRedisSettings settings;
  settings.directory = runtime_directory ();
  settings.kept_secret = state_directory () + "/redis.password";
  settings.port = redis.embedded_port;
  settings.listen = redis.embedded_listen;
  settings.max_memory = redis.embedded_max_memory;
  for (const auto &camera : parts_.config->cameras ())
    settings.loads.push_back (
        stream_load (camera.width, camera.height, camera.framerate.value (), camera.modes));
  return settings;
}

RedisSettings
Daemon::monitor_settings () const
{
  const RedisConfig &redis = parts_.config->redis ();
  RedisSettings settings;
  settings.client_name = "camwardend";
  settings.password_file = redis.password_file;
  settings.ca_file = redis.ca_file;
  settings.retry_delay = parts_.config->recovery ().redis_backoff.base;
  settings.max_retry_delay = parts_.config->recovery ().redis_backoff.max;
  if (redis.embedded ()) {
    settings.where.socket_path = embedded_redis_socket_path ();
    settings.where.user = EMBEDDED_REDIS_USER;
    settings.password_file = embedded_redis_password_path ();
  } else if (const auto where = parse_redis_location (redis.uri.c_str (), nullptr)) {
    settings.where = *where;
  }
  return settings;
}

void
Daemon::connect_redis ()
{
  if (parts_.config->redis ().embedded ())
    start_redis (); /* the monitor follows when it runs */
  else
    start_monitor ();
}

void
Daemon::start_redis ()
{
  if (!parts_.config->redis ().embedded_listen.empty ())
    if (const std::string why = ensure_directory (state_directory ()); !why.empty ())
      g_warning ("%s", why.c_str ());
  parts_.redis = std::make_unique<EmbeddedRedis> (
      embedded_settings (),
      [this] (EmbeddedRedis::State state, const std::string &why) { redis_changed (state, why); });
  parts_.redis->start ();
}

void
Daemon::start_monitor ()
{
  parts_.monitor = std::make_unique<RedisMonitor> (monitor_settings (), [this] {
    publisher_.refresh ();
    tell_status ();
  });
}

void
Daemon::redis_changed (EmbeddedRedis::State state, const std::string &why)
{
  if (state == EmbeddedRedis::State::Running) {
    redis_trouble_.clear ();
    g_message ("redis-server runs, %s", why.c_str ());
    if (!parts_.monitor && !stopping_)
      start_monitor ();
    say_hello ();
  } else if (state == EmbeddedRedis::State::Waiting || state == EmbeddedRedis::State::Ending) {
    if (std::exchange (redis_trouble_, why) != why) /* not again at each attempt */
      g_warning ("%s", why.c_str ());
  }
  tell_status ();
}

/* --- HTTP --- */

ApiServerOptions
Daemon::http_options (const HttpConfig &config)
{
  ApiServerOptions options;
  options.listen = config.listen;
  options.listen_configured = config.listen != std::vector<std::string>{ "127.0.0.1:5000" };
  options.socket = config.socket;
  /* Without the file there are no tokens, and the server then listens on this machine only. */
  if (has_tokens (config))
    options.token_file = config.token_file;
  options.trust_loopback = config.trust_loopback;
  options.hosts = config.hosts;
  options.rate = config.rate;
  options.burst = 2 * config.rate;
  options.limits.requests = options.limits.streams = config.max_connections;
  options.changed = [this] { tell_status (); };
  return options;
}

/* The cameras come first: a port that another program has is waited for. */
bool
Daemon::start_http (GError **error)
{
  ApiServerOptions options = http_options (parts_.config->http ());
  options.keep_trying = true;
  http_tokens_ = !options.token_file.empty ();
  http_ = std::make_unique<ApiServer> (model_, std::move (options));
  return http_->start (error);
}

/* Keeps cam:ID:status alive while a worker has nothing to say. */
void
Daemon::tick ()
{
  for (const auto &[id, camera] : parts_.cameras->all ()) {
    const CameraHealth &health = camera->supervisor->health ();
    publisher_.update (health, camera->config.channel, g_get_monotonic_time ());
    if (health.healthy)
      parts_.rebooter->cured (id);
  }
  parts_.rebooter->look ();
  ask_redis ();
  tell_status ();
}

void
Daemon::tell_status ()
{
  if (stopping_ || !parts_.cameras)
    return;
  unsigned streaming = 0;
  for (const auto &[id, camera] : parts_.cameras->all ())
    streaming += camera->supervisor->health ().state == CameraState::Streaming;
  std::string text
      = std::to_string (streaming) + " of " + std::to_string (parts_.cameras->all ().size ())
        + " cameras stream, Redis "
        + (parts_.monitor && parts_.monitor->status ().connected ? "connected" : "away");
  if (!parts_.configuration_error.empty ())
    text += "; configuration not reloaded: " + parts_.configuration_error;
  if (const std::string reason = parts_.rebooter->last_reason (); !reason.empty ())
    text += "; " + reason;
  if (const std::string trouble = http_ ? http_->trouble () : ""; !trouble.empty ())
    text += "; " + trouble;
  notifier_.status (text);
}

/* --- reload --- */

void
Daemon::reload ()
{
  if (stopping_)
    return;
  notifier_.reloading ();
  std::string why;
  auto config = read_config (why);
  if (config && change_http (config->http (), why)) {
    const ConfigChanges changes = config->changes_since (*parts_.config);
    const bool other_pace
        = config->recovery ().redis_backoff != parts_.config->recovery ().redis_backoff;
    adopt (std::move (*config));
    apply_changes (changes);
    if (other_pace && !changes.redis && parts_.monitor)
      start_monitor ();
  } else {
    g_warning ("configuration not reloaded, the present one stays: %s", why.c_str ());
  }
  parts_.configuration_error = why;
  note_reload (why);
  notifier_.ready ();
  tell_status ();
}

void
Daemon::apply_changes (const ConfigChanges &changes)
{
  if (changes.redis)
    restart_redis ();
  parts_.cameras->apply (parts_.config->cameras (), parts_.config->recovery (), worker_command ());
  parts_.rebooter->apply (parts_.config->recovery ());
  if (changes.alerts || changes.history)
    parts_.records->configure (parts_.config->alerts (), parts_.config->history ());
  if (changes.thresholds || changes.recovery) {
    const Config &config = *parts_.config;
    parts_.safeguards->configure (thresholds_settings (config.thresholds (), config.recovery ()));
    parts_.protector->configure (protector_settings (config.thresholds (), config.recovery ()));
  }
  g_message ("configuration reloaded%s", changes.none () ? ", nothing changed" : "");
  for (const auto &key : changes.needs_daemon_restart)
    g_warning ("%s takes effect at the next start", key.c_str ());
}

/* The one step of a reload that may fail, so it is the first. False: the present server goes on. */
bool
Daemon::change_http (const HttpConfig &config, std::string &why)
{
  g_autoptr (GError) error = nullptr;
  bool good;
  if (config == parts_.config->http () && has_tokens (config) == http_tokens_) {
    good = http_->reload_tokens (&error);
  } else {
    ApiServerOptions options = http_options (config);
    const bool tokens = !options.token_file.empty ();
    auto next = std::make_unique<ApiServer> (model_, std::move (options));
    good = next->start (&error, http_.get ());
    if (good) {
      http_ = std::move (next);
      http_tokens_ = tokens;
    }
  }
  if (!good)
    why = error->message;
  return good;
}

/* The old server is gone before the new one comes: they share a directory. */
void
Daemon::restart_redis ()
{
  parts_.monitor.reset ();
  if (!parts_.redis)
    return connect_redis ();
  parts_.redis->stop ([this] {
    leaving_redis_ = std::move (parts_.redis);
    restart_ = SourceId (g_idle_add (
        [] (gpointer data) -> gboolean {
          auto *self = static_cast<Daemon *> (data);
          self->restart_.forget ();
          self->leaving_redis_.reset ();
          self->connect_redis ();
          return G_SOURCE_REMOVE;
        },
        this));
  });
}

/* --- the end --- */

void
Daemon::stop_requested ()
{
  /* systemd's signal may overtake its answer, which goes on to whoever ordered the restart. */
  if (model_.owes_answer ()) {
    last_answer_ = Timer::once (LAST_ANSWER_MS, [this] { stop_requested (); });
    return;
  }
  last_answer_.cancel ();
  /* The same Ctrl-C may arrive twice, from the terminal and from the program that started us. */
  const int64_t now = g_get_monotonic_time ();
  if (stopping_ && now - stop_requested_at_ < SAME_REQUEST)
    return;
  if (std::exchange (stopping_, true)) {
    g_message ("told to stop again: ending at once");
    return quit ();
  }
  stop_requested_at_ = now;
  g_message ("stopping");
  parts_.records->note ("stop", Severity::Info, "", "", "camwardend stops");
  notifier_.stopping ();
  deadline_ = SourceId (g_timeout_add (
      stop_deadline (),
      [] (gpointer data) -> gboolean {
        auto *self = static_cast<Daemon *> (data);
        self->deadline_.forget ();
        g_warning ("not everything stopped in time: killing the rest");
        self->quit ();
        return G_SOURCE_REMOVE;
      },
      this));
  tick_.reset ();
  look_.cancel ();
  restart_.reset ();
  http_.reset ();
  parts_.safeguards.reset ();
  parts_.protector.reset ();
  devices_.reset ();
  parts_.cameras->stop ([this] { cameras_gone (); });
}

/* Their status said "offline" as they left. */
void
Daemon::cameras_gone ()
{
  finish_records ();
  if (parts_.monitor)
    parts_.monitor->drain (200 * 1000);
  if (parts_.redis)
    parts_.redis->stop ([this] { quit (); });
  else
    quit ();
}

void
Daemon::quit ()
{
  g_main_loop_quit (loop_);
}

} // namespace camwarden
