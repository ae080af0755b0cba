// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/backoff.h"
#include "daemon/linereader.h"
#include "daemon/redisconf.h"
#include "daemon/redisprobe.h"
#include "daemon/watchedprocess.h"
#include "gobject/ref.h"

#include <functional>
#include <glib.h>
#include <string>
#include <vector>

namespace camwarden
{

/* Times in microseconds. */
struct EmbeddedRedisSettings
{
  std::string directory;                   /* the runtime directory, absolute */
  std::string kept_secret;                 /* with `listen`: where the password survives a reboot */
  std::string program;                     /* empty: redis-server or valkey-server in PATH */
  unsigned port = 6390;                    /* busy: the next of ten */
  std::string listen;                      /* further addresses, separated by blanks */
  uint64_t max_memory = 128 * 1024 * 1024; /* bytes */
  std::vector<StreamLoad> loads;
  int64_t probe_interval = 2 * G_USEC_PER_SEC;
  int64_t hang_timeout = 6 * G_USEC_PER_SEC; /* no answer for so long: killed */
  int64_t start_timeout = 10 * G_USEC_PER_SEC;
  int64_t stop_timeout = G_USEC_PER_SEC / 2;     /* from SIGTERM to SIGKILL */
  int64_t max_retry_delay = 30 * G_USEC_PER_SEC; /* for one that does not start */
  int64_t max_respawn_delay = G_USEC_PER_SEC;    /* for one that ran: it will again */
};

/* The private redis-server: started, watched, restarted, ended. Main thread only, nothing blocks.
 *
 * The server holds RUNTIME/redis.lock open, so that there is never a second one on a runtime
 * directory, whatever was killed in which moment. One that outlived its daemon is found by that
 * lock, its pid file and its socket; it is adopted when it answers and runs with the wanted
 * configuration, else ended. */
class EmbeddedRedis
{
public:
  enum class State {
    Stopped,
    Waiting, /* until the next attempt */
    Ending,  /* one that is in the way */
    Starting,
    Running,
    Stopping,
  };
  /* `why` is for people. */
  using Changed = std::function<void (State state, const std::string &why)>;

  EmbeddedRedis (EmbeddedRedisSettings settings, Changed changed);
  ~EmbeddedRedis (); /* kills what stop() did not end */
  EmbeddedRedis (const EmbeddedRedis &) = delete;
  EmbeddedRedis &operator= (const EmbeddedRedis &) = delete;

  void start ();
  /* done is called when the process is gone, perhaps before this returns. */
  void stop (std::function<void ()> done);

  [[nodiscard]] std::string socket_path () const;
  [[nodiscard]] std::string password_file () const; /* of EMBEDDED_REDIS_USER */
  /* The loopback port of the running server; 0: not running, or none was free. */
  [[nodiscard]] unsigned
  port () const
  {
    return port_;
  }
  [[nodiscard]] State
  state () const
  {
    return state_;
  }
  [[nodiscard]] const std::string &
  why () const
  {
    return why_;
  }
  [[nodiscard]] pid_t
  pid () const
  {
    return process_.pid ();
  }
  /* "redis 7.0.15"; empty: not known, as with one that was adopted. */
  [[nodiscard]] const std::string &
  version () const
  {
    return version_;
  }
  /* Readers that were cut off for being slow, since this object was made. */
  [[nodiscard]] unsigned
  cut_readers () const
  {
    return cut_readers_;
  }
  [[nodiscard]] unsigned
  restarts () const
  {
    return restarts_;
  }

private:
  void enter (State state, const std::string &why);
  void begin ();
  bool prepare (GError **error);
  void launch ();
  bool spawn (const std::string &program, GError **error);
  [[nodiscard]] RedisConf conf (unsigned port) const;
  [[nodiscard]] std::string path (const char *name) const;

  [[nodiscard]] pid_t find_orphan () const;
  [[nodiscard]] bool is_ours (pid_t pid) const;
  void take_orphan (pid_t pid);
  void end_process (const std::string &why);

  void exited (int status);
  void log_line (const std::string &line);
  void poll_start ();
  void running ();
  void probe ();
  void retry (const std::string &why, bool ran = false);
  void schedule (int64_t delay, void (EmbeddedRedis::*step) ());
  void kill_process ();
  void remove_files ();

  /* constant */
  const EmbeddedRedisSettings settings_;
  const Changed changed_;

  State state_ = State::Stopped;
  std::string why_;
  std::string secret_;
  std::string wanted_text_; /* the configuration file the process was started with */
  unsigned port_ = 0;
  unsigned cut_readers_ = 0;
  unsigned restarts_ = 0;
  int lock_ = -1;
  bool adopted_ = false;
  int64_t started_at_ = 0;
  int64_t answered_at_ = 0;

  WatchedProcess process_;
  RedisProbe probe_;
  LineReader log_;
  std::vector<std::string> last_lines_;
  std::string version_;
  FullJitter backoff_;
  RandomSource random_;
  SourceId timer_;
  void (EmbeddedRedis::*step_) () = nullptr;
  std::function<void ()> stopped_;
};

} // namespace camwarden
