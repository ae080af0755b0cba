// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/agehistogram.h"
#include "core/alert.h"
#include "core/camerahealth.h"
#include "core/fault.h"
#include "core/healthreport.h"
#include "core/historyquery.h"
#include "core/systemsample.h"
#include "core/thresholds.h"

#include <array>
#include <cstdint>
#include <functional>
#include <gio/gio.h>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* What the HTTP interface knows of the daemon. The daemon implements ApiModel, the interface in
 * this folder reads it; neither includes more of the other. Everything here belongs to the main
 * thread. Times are microseconds; "wall" ones since 1970 UTC, ages and durations plain. An empty
 * optional means "not known", which JSON shows as null. */

struct CameraStatus
{
  std::string id;
  CameraState state = CameraState::Starting; /* enabled=false: Stopped */
  std::string verdict = "unknown"; /* healthprobe's: unknown ok frozen dark bright blur stall */
  std::optional<int64_t> verdict_since; /* wall */

  std::string source;        /* the description it was built from, as in the configuration */
  bool test_picture = false; /* source=auto found no camera: the picture is not a camera's */
  std::string channel;       /* where its frames go, such as cam:front:frame */
  std::string modes;         /* how they go there, such as pubsub+stream */
  std::string caps;          /* of the frames before an encoder; empty: not known yet */

  std::optional<double> fps;        /* measured */
  std::optional<double> target_fps; /* configured */
  int width = 0, height = 0;        /* 0: not known yet */
  std::optional<int64_t> last_frame_age;
  std::optional<int64_t> last_frame_time; /* wall */
  bool wanted = true; /* false: nobody reads, so that frames are neither encoded nor published */

  uint64_t frames = 0;    /* counted right behind the source */
  uint64_t published = 0; /* answered by Redis */
  uint64_t dropped = 0;   /* chosen for publishing, and lost */
  uint64_t stored = 0;
  std::string
      store_paused; /* full, readonly, io, missing, permission; empty: it stores, or need not */

  /* Each counter of redissink's and framestoresink's statistics, of the present pipeline. */
  uint64_t encoded = 0;   /* of frames: what went on to the encoder */
  uint64_t held_back = 0; /* of frames: what was wanted, and held back for the machine's sake */
  std::string degraded;   /* what is held back, and what cannot be; empty: nothing */
  ElementCounts redis_counts, store_counts;

  AgeHistogram ages;                      /* of the last frame, at each report of the worker */
  std::map<std::string, uint64_t> faults; /* told since the daemon started, by code */

  uint64_t restarts = 0;             /* of the worker since the daemon started */
  uint64_t recycles = 0;             /* planned ones, which do not count as restarts */
  unsigned consecutive_failures = 0; /* faults that needed a cure, in a row */
  std::array<unsigned, 5> cures{};   /* orders by tier: source, pipeline, device, worker, machine */
  unsigned cured = 0;                /* faults that were cured */
  std::string recovery;              /* the tier that is tried now; empty: nothing is wrong */
  bool given_up = false;             /* every tier is used up: a quiet try now and then */
  std::optional<int64_t> next_attempt; /* wall */
  std::optional<int64_t> worker_pid;
  std::optional<int64_t> worker_started;  /* wall */
  std::string last_error;                 /* one line for a person; empty: none so far */
  std::optional<int64_t> last_error_time; /* wall */
};

struct RedisStatus
{
  bool embedded = false; /* our own redis-server child */
  bool connected = false;
  std::string uri;    /* for consumers, such as redis://127.0.0.1:6390; without a password */
  std::string host;   /* path of the socket for redis+unix */
  int port = 0;       /* 0 for redis+unix */
  std::string server; /* such as "redis 7.0.15"; empty: not known yet */
  std::optional<int64_t> rtt;
  std::string error; /* why it is not connected */
  uint64_t reconnects = 0;
  uint64_t restarts = 0; /* of the embedded server */
};

struct DaemonStatus
{
  std::string version;
  std::string hostname;
  int64_t started = 0; /* wall */
  int64_t uptime = 0;
  bool ready = false;              /* configuration read, workers and Redis asked to start */
  std::string not_ready;           /* why, for /readyz */
  std::string configuration_error; /* a reload that was refused; empty: none */
  RedisStatus redis;
};

/* What one quantity is at, against its limits. */
struct ThresholdStatus
{
  Quantity what = Quantity::Cpu;
  std::string instance;
  ThresholdLevel level = ThresholdLevel::None;
  double value = 0, warning = 0, critical = 0; /* in the unit of Quantity */
};

struct MachineStatus
{
  SystemSample sample; /* its time is 0 while there was none */
  std::vector<ThresholdStatus> thresholds;
  /* What the machine does less of, to protect itself; "": nothing. */
  unsigned degrade_step = 0; /* 0: nothing is held back; else the number of steps */
  std::string degrade_text;
  bool emergency = false;
  std::optional<int64_t> emergency_since; /* wall */
  std::string emergency_cause;
  std::string reboot_trouble;  /* what keeps the guard from allowing a reboot; "": nothing */
  std::string reboot_reason;   /* why the machine was rebooted by us this time; "": it was not */
  std::string history_trouble; /* what keeps the history from being kept; "": nothing */
  std::vector<HealthIssue> others; /* what else is wrong: processes, Redis, file systems */
};

/* Lines of the log within the last hour, counted as they are written. */
struct LogCounts
{
  uint64_t errors = 0, warnings = 0;
  uint64_t camera = 0, redis = 0; /* of those, what is about a camera, or about Redis */
};

/* How an order went. ok: what was asked for is done and verified. */
struct OrderResult
{
  bool ok = false;
  unsigned status = 200; /* of HTTP, when not ok: 404, 409, 503, 504 */
  std::string message;   /* what was done, or why not and what helps */
};

struct CameraTest
{
  OrderResult result;
  unsigned width = 0, height = 0;
  uint64_t bytes = 0;
  std::string verdict;        /* of the new picture */
  std::optional<double> luma; /* mean, 0 to 255 */
  int64_t took = 0;           /* us */
};

struct SinkResult
{
  std::string sink; /* log, redis, webhook, mqtt */
  bool ok = false;
  std::string message;
};

struct LogQuery
{
  std::string camera;   /* "": all */
  std::string least;    /* error warning info debug */
  std::string type;     /* all errors camera redis */
  std::string after;    /* the cursor of an earlier answer; "": the newest lines */
  std::string contains; /* "": any */
  int64_t since = 0;    /* us UTC */
  size_t limit = 100;
};

struct LogEntry
{
  int64_t time = 0; /* us UTC */
  std::string level, camera, text;
};

struct LogAnswer
{
  std::vector<LogEntry> lines; /* oldest first */
  std::string cursor;          /* for LogQuery::after */
  std::string source;          /* journal, memory */
};

class ApiModel
{
public:
  virtual ~ApiModel () = default;

  [[nodiscard]] virtual DaemonStatus status () const = 0;

  /* In the order of the configuration; the first one answers where no camera is named. */
  [[nodiscard]] virtual std::vector<CameraStatus> cameras () const = 0;

  /* One JPEG taken now. done is called exactly once, not necessarily later than the return, and
   * within 5 s; with either the picture or the error, both lent for the call. The requester may be
   * gone by then: done knows. */
  using SnapshotDone = std::function<void (GBytes *jpeg, const GError *error)>;
  virtual void snapshot (const std::string &camera, SnapshotDone done) = 0;

  /* Frames of a preview as they come, until unwatch_frames(). The function may call
   * unwatch_frames() for its own token. 0: there is no such camera. While at least one watch
   * exists the camera's frames are wanted. The newest frame, if one is at hand, is delivered soon
   * after the call and never from within it. */
  using FrameArrived = std::function<void (GBytes *jpeg)>;
  [[nodiscard]] virtual uint64_t watch_frames (const std::string &camera, FrameArrived arrived) = 0;
  virtual void unwatch_frames (uint64_t token) = 0;

  [[nodiscard]] virtual MachineStatus machine () const = 0;

  /* Open ones first, each newest first. */
  [[nodiscard]] virtual std::vector<Alert> alerts (const AlertQuery &query) const = 0;
  /* false: there is no such alert. */
  [[nodiscard]] virtual bool acknowledge (int64_t alert, const std::string &who) = 0;
  /* Sends a message of no consequence to everybody who would hear of an alert. */
  using AlertTested = std::function<void (const std::vector<SinkResult> &)>;
  virtual void test_alerts (AlertTested done) = 0;

  /* Each `done` is called exactly once, on the main thread, possibly before the return. */
  using EventsDone = std::function<void (const std::vector<Event> &, const std::string &error)>;
  virtual void events (const EventQuery &query, EventsDone done) = 0;
  using HistoryDone = std::function<void (const HistoryAnswer &)>;
  virtual void history (const HistoryQuery &query, HistoryDone done) = 0;
  using LogDone = std::function<void (const LogAnswer &, const std::string &error)>;
  virtual void log (const LogQuery &query, LogDone done) = 0;

  [[nodiscard]] virtual LogCounts log_counts () const = 0;

  /* Each event as it happens, and each alert that begins, changes or ends, until unwatch(). The
   * functions may call unwatch() for their own token. */
  struct Watch
  {
    std::function<void (const Event &)> event;
    std::function<void (const Alert &)> alert;
  };
  [[nodiscard]] virtual uint64_t watch (Watch watch) = 0;
  virtual void unwatch (uint64_t token) = 0;

  /* Orders. `who` goes into the event that is kept of it. */
  using TestDone = std::function<void (const CameraTest &)>;
  virtual void test_camera (const std::string &camera, TestDone done) = 0;
  /* The camera's pipeline in Graphviz' language; error is NULL on success. */
  using GraphDone = std::function<void (const std::string &dot, const GError *error)>;
  virtual void graph (const std::string &camera, GraphDone done) = 0;
  using OrderDone = std::function<void (const OrderResult &)>;
  virtual void recover (const std::string &camera, Tier from, const std::string &who,
                        OrderDone done)
      = 0;
  virtual void restart_services (const std::string &who, OrderDone done) = 0;
  /* Whether reboot() would be obeyed now; why not. */
  [[nodiscard]] virtual OrderResult may_reboot () const = 0;
  virtual void reboot (const std::string &who, OrderDone done) = 0;
  virtual void clear_reboots (const std::string &who, OrderDone done) = 0;

  /* The configuration in force as JSON {"group": {"key": {value, default, where}}}; a value
   * that may hold a secret is null, with "secret": true beside it. */
  [[nodiscard]] virtual std::string configuration () const = 0;
};

} // namespace camwarden
