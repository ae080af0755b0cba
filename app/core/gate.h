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
  int64_t min_interval = 0;      /* us; a rate limit, 0: none; captures are free of it */
  /* What is held back while the machine is in trouble; captures are free of it. */
  unsigned keep_every = 1;    /* only each so many'th frame that would pass */
  int64_t least_interval = 0; /* us between two frames; 0: none */
};

/* Decides for each frame out of the source whether it is worth encoding. */
class Gate
{
public:
  explicit Gate (GateSettings settings = {}) : settings_ (settings) {}

  void
  configure (GateSettings settings)
  {
    settings_ = settings;
  }

  /* now: the frame's arrival, monotonic us. */
  [[nodiscard]] bool pass (int64_t now, const Demand &demand);
  /* The last frame was wanted and did not pass for the machine's sake alone. */
  [[nodiscard]] bool
  held_back () const
  {
    return held_back_;
  }

private:
  [[nodiscard]] bool store_due (int64_t now) const;
  [[nodiscard]] bool heartbeat_due (int64_t now) const;
  [[nodiscard]] bool too_early (int64_t now) const;
  [[nodiscard]] bool spare (int64_t now);

  GateSettings settings_;
  bool passed_any_ = false;
  int64_t heartbeat_ = 0; /* the last frame that passed */
  int64_t stored_ = 0;    /* the last frame that the store takes */
  int64_t next_ = 0;      /* the rate limit's grid */
  bool held_back_ = false;
  unsigned turn_ = 0;      /* of keep_every */
  int64_t least_next_ = 0; /* the grid of least_interval */
};

} // namespace camwarden
