// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace camwarden
{

/* Who wants a frame at this moment. */
struct Demand
{
  bool redis = false;   /* subscribers, a request, or a mode that keeps every frame */
  bool preview = false; /* somebody looks through the daemon */
  bool capture = false; /* a snapshot or a test waits for the next frame */
};

struct GateSettings
{
  bool always = false;           /* encode-when=always */
  bool store = false;            /* frames are stored as well */
  int64_t store_interval = 0;    /* us between stored frames; 0: every frame */
  int64_t heartbeat = 1'000'000; /* us; one frame passes at least that often */
};

/* Decides for each frame out of the source whether it is worth encoding. Times are the frames' own
 * (running time), so that the decision agrees with the store's, which looks at the same stamps. */
class Gate
{
public:
  explicit Gate (GateSettings settings = {}) : settings_ (settings) {}

  void
  configure (GateSettings settings)
  {
    settings_ = settings;
  }

  /* now: the frame's time in us, not before the last call's (if it is, the clock was reset: the
   * frame passes and counting begins anew). */
  [[nodiscard]] bool pass (int64_t now, const Demand &demand);

private:
  [[nodiscard]] bool store_due (int64_t now) const;
  [[nodiscard]] bool heartbeat_due (int64_t now) const;

  GateSettings settings_;
  bool passed_any_ = false;
  int64_t last_ = 0;      /* the last frame seen */
  int64_t heartbeat_ = 0; /* the last frame that passed */
  int64_t stored_ = 0;    /* the last frame that the store takes */
};

} // namespace camwarden
