// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/healthyspell.h"

namespace camwarden
{

void
HealthySpell::configure (Settings settings)
{
  settings_ = settings;
}

void
HealthySpell::interrupted ()
{
  running_ = false;
}

void
HealthySpell::frames (int64_t now, uint64_t frames)
{
  /* Frames that stop, or a counter that begins anew, end the spell. */
  const bool still = running_ && frames == last_frames_ && now - last_ >= settings_.bin;
  if (!running_ || frames < last_frames_ || still) {
    running_ = !still;
    begin_ = bin_begin_ = good_since_ = last_ = now;
    bin_frames_ = last_frames_ = frames;
    return;
  }
  if (frames > last_frames_)
    last_ = now;
  last_frames_ = frames;
  const int64_t elapsed = now - bin_begin_;
  if (elapsed < settings_.bin)
    return;
  const double wanted = settings_.rate * settings_.share * static_cast<double> (elapsed) / 1e6;
  if (static_cast<double> (frames - bin_frames_) < wanted || frames == bin_frames_)
    good_since_ = now;
  bin_begin_ = now;
  bin_frames_ = frames;
}

bool
HealthySpell::healthy () const
{
  return running_
         && (bin_begin_ - good_since_ >= settings_.healthy_after
             || last_ - begin_ >= patience * settings_.healthy_after);
}

} // namespace camwarden
