// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>

namespace camwarden
{

/* How long a camera has been healthy: in each bin of time enough of the wanted frames. A camera
 * that never reaches the wanted rate counts as healthy too once it has streamed ten times as long
 * without a fault: else one slow night would keep old waits alive for ever. */
class HealthySpell
{
public:
  struct Settings
  {
    double rate = 30; /* wanted frames per second; 0: any */
    double share = 0.9;
    int64_t bin = 5'000'000;
    int64_t healthy_after = 60'000'000;
  };
  static constexpr int64_t patience = 10;

  explicit HealthySpell (Settings settings) : settings_ (settings) {}

  void configure (Settings settings);
  /* frames: counted so far by this worker. now: monotonic us. To be told about once a second. */
  void frames (int64_t now, uint64_t frames);
  void interrupted ();
  [[nodiscard]] bool healthy () const;

private:
  Settings settings_;
  bool running_ = false;
  int64_t begin_ = 0; /* of the spell */
  int64_t bin_begin_ = 0;
  int64_t good_since_ = 0; /* begin of the good bins in a row */
  int64_t last_ = 0;
  uint64_t bin_frames_ = 0; /* the counter at the bin's begin */
  uint64_t last_frames_ = 0;
};

} // namespace camwarden
