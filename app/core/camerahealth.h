// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace camwarden
{

enum class CameraState {
  Starting,   /* a worker runs, no frame from it yet */
  Streaming,  /* frames come */
  Stalled,    /* a worker runs, its frames stopped */
  NoCamera,   /* the source says that there is no such device */
  Respawning, /* the worker is gone, the next one waits for its time */
  Stopped,    /* on request */
  Failed,     /* nothing but a changed configuration or installation helps */
};

/* What stands as source where source=auto found no camera. */
inline constexpr const char *test_picture_source = "test picture";

/* "starting", "streaming", "stalled", "no-camera", "respawning", "stopped", "failed". */
[[nodiscard]] std::string_view camera_state_name (CameraState state);

/* An element's counters, by their names in its statistics. */
using ElementCounts = std::map<std::string, uint64_t>;

/* What the daemon knows about one camera at this moment, as the API tells it. */
struct CameraHealth
{
  std::string id;
  CameraState state = CameraState::Stopped;
  int64_t state_since = 0; /* us UTC */
  std::string detail;      /* for people: why it is in that state; may be empty */

  /* Of the worker's latest Health signal; zero and empty while there is none. */
  std::string verdict = "unknown"; /* ok unknown frozen dark bright blur stall */
  std::string source;              /* what the frames come from: "v4l2src", "test picture", ... */
  double fps = 0;
  int64_t age = -1;    /* us since the last frame left the source; -1: none yet */
  uint64_t frames = 0; /* out of the source, this worker */
  uint64_t encoded = 0;
  std::string caps; /* of the frames before an encoder; empty: not known yet */
  unsigned width = 0;
  unsigned height = 0;
  double luma = -1; /* mean 0..255; -1: unknown */
  bool wanted = false;
  bool passthrough = false; /* the camera gives JPEG itself */
  uint64_t rss = 0;         /* bytes */
  std::string device;       /* "/dev/video0", or libcamera's name; empty: the source has none */

  int64_t receivers = -1;  /* subscribers that got the last frame; -1: unknown */
  std::string redis_state; /* connected, disconnected, refused */
  uint64_t published = 0;
  uint64_t dropped = 0;
  uint64_t stored = 0;
  bool storing = false;
  std::string store_paused; /* full, readonly, io, missing, permission; empty: not paused */
  ElementCounts redis_counts, store_counts; /* of the present pipeline */
  uint64_t held_back = 0; /* frames that were wanted, but not passed on for the machine's sake */
  std::string degraded;   /* what is held back, and what cannot be; empty: nothing */

  /* Of the machine, as far as it reaches the camera. */
  unsigned degrade = 0;  /* step of doing less, 0 to 6 */
  std::string emergency; /* its cause; empty: there is none */

  /* Of the process. */
  int pid = 0;            /* 0: none */
  unsigned respawns = 0;  /* without those: */
  unsigned recycles = 0;  /* workers replaced as planned, since their memory grew */
  std::string last_exit;  /* "signal 9", "exit 75", ... of the worker before this one */
  std::string last_fault; /* "source/resource-not-found" */

  /* Of the recovery, since the daemon started. */
  std::array<unsigned, 5> cures{}; /* orders by tier: source, pipeline, device, worker, machine */
  bool healthy = false;            /* has streamed well for long: what was wrong is forgotten */
  unsigned cured = 0;              /* incidents that ended with frames */
  std::string recovery;     /* the tier that is tried or waited for; empty: nothing is wrong */
  bool given_up = false;    /* every tier is used up: only a quiet try now and then */
  int64_t next_attempt = 0; /* us UTC; 0: none is planned */
};

} // namespace camwarden
