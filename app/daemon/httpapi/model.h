// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/camerahealth.h"

#include <array>
#include <cstdint>
#include <functional>
#include <gio/gio.h>
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
  std::string caps;          /* what is published, as text; empty: not known yet */

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
  uint64_t encoded = 0; /* of frames: what went on to the encoder */
  ElementCounts redis_counts, store_counts;

  uint64_t restarts = 0;             /* of the worker since the daemon started */
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
};

} // namespace camwarden
