// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/config.h"
#include "daemon/daemonmodel.h"
#include "daemon/devicewatch.h"
#include "daemon/httpapi/server.h"
#include "daemon/metricssampler.h"
#include "daemon/notify.h"
#include "daemon/statuspublisher.h"
#include "gobject/ref.h"

#include <memory>
#include <string>

namespace camwarden
{

/* Makes the parts and connects them; the parts decide. Lives on the default main context. */
class Daemon
{
public:
  struct Options
  {
    ConfigSources sources;
    std::string config_file; /* --config; may be empty */
    std::string log_level;   /* --log-level; empty: as [log] says */
  };

  Daemon (Options options, Notifier notifier);
  ~Daemon ();
  Daemon (const Daemon &) = delete;
  Daemon &operator= (const Daemon &) = delete;

  /* Runs until it is told to stop; the exit code. */
  int run ();

private:
  bool lock ();
  [[nodiscard]] std::optional<Config> read_config (std::string &why) const;
  void adopt (Config config);
  void set_log ();
  void keep_worker_config ();
  void connect_redis ();
  void start_redis ();
  void start_monitor ();
  void start_levers ();
  void start_cameras ();
  void start_safeguards ();
  void start_protector ();
  void prune_frames (uint64_t bytes, std::function<void (uint64_t)> done);
  void ask_redis ();

  /* daemonalerts.cpp */
  [[nodiscard]] Records::World records_world ();
  void start_records ();
  void watch_conditions ();
  void take_sample (const SystemSample &sample);
  void note_reload (const std::string &why);
  void finish_records ();

  [[nodiscard]] CameraSet::Events camera_events ();
  void note_usb_port (const CameraHealth &health);
  [[nodiscard]] ApiServerOptions http_options (const HttpConfig &config);
  bool start_http (GError **error);
  void redis_changed (EmbeddedRedis::State state, const std::string &why);
  void say_hello ();
  void ready ();
  void tick ();
  void feed_watchdog ();
  void tell_status ();

  void reload ();
  void apply_changes (const ConfigChanges &changes);
  bool change_http (const HttpConfig &config, std::string &why);
  void restart_redis ();

  void stop_requested ();
  [[nodiscard]] guint stop_deadline () const; /* ms */
  [[nodiscard]] int64_t disk_patience () const;
  void cameras_gone ();
  void quit ();

  [[nodiscard]] WorkerCommand worker_command () const;
  [[nodiscard]] EmbeddedRedisSettings embedded_settings () const;
  [[nodiscard]] RedisSettings monitor_settings () const;

  const Options options_;
  Notifier notifier_;
  std::string worker_config_; /* --config of the workers; may be empty */
  int exit_code_ = 0;
  int lock_fd_ = -1;
  bool stopping_ = false;
  int64_t stop_requested_at_ = 0; /* monotonic us */
  int64_t redis_asked_ = 0;       /* monotonic us */
  struct
  {
    const char *dashboard, *frames;
  } greeting_; /* of the time when it spoke to a person */
  bool greeted_ = false;
  std::string redis_trouble_; /* said last */

  GMainLoop *loop_;
  SourceId signals_[3];
  SourceId watchdog_, tick_, deadline_, restart_;
  std::unique_ptr<EmbeddedRedis> leaving_redis_; /* ended, until its last call returned */
  DaemonParts parts_;                            /* before what reads it */
  struct UsbPort
  {
    std::string port;
    std::string camera; /* that streams from it; empty: none now */
  };
  std::map<std::string, UsbPort> usb_ports_; /* by device */
  std::unique_ptr<DeviceWatch> devices_;
  MetricsSampler sampler_;
  Timer look_, last_answer_;
  StatusPublisher publisher_;
  DaemonModel model_;
  std::unique_ptr<ApiServer> http_;
  bool http_tokens_ = false; /* the server was given the token file */
};

} // namespace camwarden
