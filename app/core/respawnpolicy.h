// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/backoff.h"
#include "core/exitcodes.h"

#include <cstdint>
#include <string>
#include <utility>

namespace camwarden
{

/* How a worker ended. */
struct WorkerExit
{
  enum class Kind {
    Code,   /* value: exit code */
    Signal, /* value: signal number */
    Spawn,  /* could not be started at all */
  };
  Kind kind = Kind::Code;
  int value = 0;

  /* "exit 75", "signal 9", "not started". */
  [[nodiscard]] std::string text () const;
};

/* When the next worker starts after one that ended without being asked to.
 *
 * The first respawn comes at once: most deaths are single ones and a viewer should not notice
 * them. Then waits grow with jitter up to 30 s, and only a worker that streamed for a minute
 * brings them back: a start that succeeds is not yet a cure. */
class RespawnPolicy
{
public:
  struct Settings
  {
    int64_t base = 250'000;
    int64_t cap = 30'000'000;
    int64_t healthy_after = 60'000'000;
    int64_t lock_retry = 300'000;             /* an orphan drains in 2 s */
    int64_t configuration_retry = 30'000'000; /* a missing plugin may get installed */
  };
  enum class Why {
    Died,
    Locked,        /* another process holds the camera */
    Configuration, /* it says that trying again is pointless */
  };
  struct Decision
  {
    int64_t delay = 0; /* us */
    Why why = Why::Died;
  };

  explicit RespawnPolicy (Settings settings);
  RespawnPolicy () : RespawnPolicy (Settings{}) {}

  /* Frames come from the present worker; to be said at least once a second. now: monotonic us. */
  void streaming (int64_t now);
  /* They stopped coming. */
  void interrupted ();
  [[nodiscard]] Decision exited (const WorkerExit &exit, RandomSource &random);

private:
  Settings settings_;
  DecorrelatedJitter jitter_;
  bool first_ = true;
  int64_t streaming_since_ = -1;
};

} // namespace camwarden
