// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/fault.h"

#include <cstdint>
#include <string_view>
#include <vector>

namespace camwarden
{

/* Something that is wrong, right or not known, and for how long. It is told once; anew only after
 * it was right for long enough, so that a value at the border does not tell again and again. */
class Episode
{
public:
  void wrong (int64_t now);
  /* Right for `settle` on end: the next time it is wrong is another episode. */
  void right (int64_t now, int64_t settle);
  /* Nothing is known: it lasts no longer, and is not over either. */
  void unknown ();

  [[nodiscard]] bool lasts (int64_t now, int64_t after) const;
  /* It lasts that long and was not told yet; from now on it was. */
  [[nodiscard]] bool tell (int64_t now, int64_t after);

private:
  int64_t wrong_since_ = -1; /* -1: it is not */
  int64_t right_since_ = -1;
  bool told_ = false;
};

/* Frames come, but the picture or the rate is wrong: what is told about it, and when a restart of
 * the source is worth a try. It never does more: a picture may be frozen, dark or slow because the
 * scene is. All times are monotonic us. */
class QualityWatch
{
public:
  struct Settings
  {
    int64_t frozen_restart_after = 10'000'000;
    int64_t frozen_restart_interval = 3600'000'000;
    int64_t dark_after = 10'000'000;
    bool dark_restart = false;
    double rate_low = 0.8; /* shares of the wanted rate */
    double rate_high = 1.5;
    double rate_restart_below = 0.5;
    int64_t rate_after = 10'000'000;
  };
  static constexpr int64_t DARK_RESTART_INTERVAL = 3600'000'000;
  /* The rate must have been right for so long before another restart for its sake. */
  static constexpr int64_t RATE_SETTLED = 60'000'000;

  /* "frozen", "dark", "bright": told by this class alone, when they have lasted. */
  [[nodiscard]] static bool judges (std::string_view code);

  explicit QualityWatch (Settings settings) : settings_ (settings) {}
  QualityWatch () : QualityWatch (Settings{}) {}

  void
  configure (Settings settings)
  {
    settings_ = settings;
  }

  /* Once a second: the worker's verdict ("ok", "unknown", "frozen", "dark", "bright", "blur",
   * "stall") and its measured rate; wanted_fps 0: any rate is right. What comes of it: alerts (tier
   * count) and restarts (tier source), of class quality and part source. */
  [[nodiscard]] std::vector<Fault> update (int64_t now, std::string_view verdict, double fps,
                                           double wanted_fps);

  /* The source or its worker starts anew, for whatever reason: nothing has lasted so far. What was
   * told stays told, and the limits of restarts stay. */
  void restarted ();

private:
  void update_picture (int64_t now, std::string_view verdict);
  void update_rate (int64_t now, double share);
  void tell_picture (int64_t now, std::vector<Fault> &faults);
  void tell_rate (int64_t now, double fps, double wanted_fps, std::vector<Fault> &faults);
  void forget_durations ();

  Settings settings_;
  Episode frozen_, dark_, bright_, low_, high_, very_low_;
  int64_t frozen_restart_ = -1; /* when it was last asked for; -1: never */
  int64_t dark_restart_ = -1;
};

} // namespace camwarden
