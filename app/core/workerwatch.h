// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/camerahealth.h"
#include "core/fault.h"

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace camwarden
{

/* The bookkeeping about one running worker: are its answers missing, do its frames come. All times
 * are monotonic microseconds. */
class WorkerWatch
{
public:
  struct Settings
  {
    int64_t ping_interval = 2'000'000;
    int64_t ping_deadline = 2'000'000;
    unsigned pings_missed = 3;          /* in a row: it hangs, end it */
    int64_t link_deadline = 10'000'000; /* from its start to the first answer */
    int64_t silent_after = 3'000'000;   /* no word from it that long: stalled */
  };

  explicit WorkerWatch (Settings settings) : settings_ (settings) {}
  WorkerWatch () : WorkerWatch (Settings{}) {}

  void started (int64_t now);

  /* Time for the next Ping? At most one is under way. */
  [[nodiscard]] bool ping_due (int64_t now) const;
  void ping_sent (int64_t now);
  void ping_answered (int64_t now, uint64_t progress);
  void ping_failed ();
  /* It does not answer any more. */
  [[nodiscard]] bool hangs (int64_t now) const;

  /* What the worker says about itself, once a second. */
  void health (int64_t now, std::string_view state, std::string_view verdict, uint64_t progress);
  void fault (const Fault &fault);

  /* The last one, or this one, said that there is no such device; until frames come. */
  [[nodiscard]] bool
  absent () const
  {
    return absent_;
  }

  /* It has answered, or has had no time to, within so long. */
  [[nodiscard]] bool
  heard_within (int64_t now, int64_t time) const
  {
    return now - std::max (heard_, started_) < time;
  }

  /* Starting, Streaming, Stalled or NoCamera. */
  [[nodiscard]] CameraState state (int64_t now) const;

private:
  void heard (int64_t now, uint64_t progress);

  Settings settings_;
  int64_t started_ = 0;
  int64_t pinged_ = -1;
  bool ping_under_way_ = false;
  bool answered_ever_ = false;
  unsigned missed_ = 0;
  uint64_t progress_ = 0;
  int64_t heard_ = 0;
  bool stall_ = false;
  bool failed_ = false; /* its source has ended with an error */
  bool absent_ = false;
};

} // namespace camwarden
