// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/qualitywatch.h"

#include <array>
#include <cstdio>
#include <string>

namespace camwarden
{

namespace
{

Fault
quality_fault (Tier tier, const char *code, std::string evidence)
{
  return { FaultClass::Quality, tier, "source", code, std::move (evidence) };
}

std::string
lasting (std::string_view what, int64_t time)
{
  return "the picture has been " + std::string (what) + " for " + std::to_string (time / 1'000'000)
         + " s";
}

std::string
rate_text (double fps, double wanted_fps)
{
  std::array<char, 96> text;
  (void)std::snprintf (text.data (), text.size (), "%.1f frames per second instead of %.1f", fps,
                       wanted_fps);
  return text.data ();
}

bool
allowed (int64_t now, int64_t last, int64_t interval)
{
  return last < 0 || now - last >= interval;
}

} // namespace

bool
QualityWatch::judges (std::string_view code)
{
  return code == "frozen" || code == "dark" || code == "bright";
}

void
Episode::wrong (int64_t now)
{
  right_since_ = -1;
  if (wrong_since_ < 0)
    wrong_since_ = now;
}

void
Episode::right (int64_t now, int64_t settle)
{
  wrong_since_ = -1;
  if (right_since_ < 0)
    right_since_ = now;
  if (now - right_since_ >= settle)
    told_ = false;
}

void
Episode::unknown ()
{
  wrong_since_ = right_since_ = -1;
}

bool
Episode::lasts (int64_t now, int64_t after) const
{
  return wrong_since_ >= 0 && now - wrong_since_ >= after;
}

bool
Episode::tell (int64_t now, int64_t after)
{
  if (told_ || !lasts (now, after))
    return false;
  told_ = true;
  return true;
}

std::vector<Fault>
QualityWatch::update (int64_t now, std::string_view verdict, double fps, double wanted_fps)
{
  std::vector<Fault> faults;
  if (verdict == "stall" || !(fps > 0)) {
    forget_durations ();
    return faults;
  }
  update_picture (now, verdict);
  tell_picture (now, faults);
  if (wanted_fps > 0) {
    update_rate (now, fps / wanted_fps);
    tell_rate (now, fps, wanted_fps, faults);
  } else {
    low_ = high_ = very_low_ = {};
  }
  return faults;
}

void
QualityWatch::restarted ()
{
  forget_durations ();
}

void
QualityWatch::forget_durations ()
{
  for (Episode *episode : { &frozen_, &dark_, &bright_, &low_, &high_, &very_low_ })
    episode->unknown ();
}

/* The worker gives one verdict, the first of frozen, dark, bright that holds: a frozen picture may
 * be a dark one too. */
void
QualityWatch::update_picture (int64_t now, std::string_view verdict)
{
  if (verdict == "unknown") {
    for (Episode *episode : { &frozen_, &dark_, &bright_ })
      episode->unknown ();
    return;
  }
  const auto judge = [&] (Episode &episode, bool wrong, bool hidden) {
    if (wrong)
      episode.wrong (now);
    else if (hidden)
      episode.unknown ();
    else
      episode.right (now, settings_.rate_after);
  };
  const bool frozen = verdict == "frozen";
  judge (frozen_, frozen, false);
  judge (dark_, verdict == "dark", frozen);
  judge (bright_, verdict == "bright", frozen);
}

void
QualityWatch::tell_picture (int64_t now, std::vector<Fault> &faults)
{
  if (frozen_.tell (now, 0))
    faults.push_back (quality_fault (Tier::Count, "frozen", "every frame is the same picture"));
  if (frozen_.lasts (now, settings_.frozen_restart_after)
      && allowed (now, frozen_restart_, settings_.frozen_restart_interval)) {
    frozen_restart_ = now;
    faults.push_back (
        quality_fault (Tier::Source, "frozen", lasting ("frozen", settings_.frozen_restart_after)));
  }
  const auto tell = [&] (Episode &episode, const char *code) {
    if (episode.tell (now, settings_.dark_after))
      faults.push_back (quality_fault (Tier::Count, code, lasting (code, settings_.dark_after)));
    if (settings_.dark_restart && episode.lasts (now, settings_.dark_after)
        && allowed (now, dark_restart_, DARK_RESTART_INTERVAL)) {
      dark_restart_ = now;
      faults.push_back (quality_fault (Tier::Source, code, lasting (code, settings_.dark_after)));
    }
  };
  tell (dark_, "dark");
  tell (bright_, "bright");
}

/* A quotient is as near to the configured share as can be: 24 of 30 is 80 %, not a little less. */
void
QualityWatch::update_rate (int64_t now, double share)
{
  const bool low = share < settings_.rate_low;
  const bool high = share > settings_.rate_high;
  const auto judge = [now] (Episode &episode, bool wrong, int64_t settle) {
    if (wrong)
      episode.wrong (now);
    else
      episode.right (now, settle);
  };
  judge (low_, low, settings_.rate_after);
  judge (high_, high, settings_.rate_after);
  if (share < settings_.rate_restart_below)
    very_low_.wrong (now);
  else if (low || high)
    very_low_.unknown ();
  else
    very_low_.right (now, RATE_SETTLED);
}

void
QualityWatch::tell_rate (int64_t now, double fps, double wanted_fps, std::vector<Fault> &faults)
{
  const auto tell = [&] (Episode &episode, Tier tier, const char *code) {
    if (episode.tell (now, settings_.rate_after))
      faults.push_back (quality_fault (tier, code, rate_text (fps, wanted_fps)));
  };
  tell (low_, Tier::Count, "rate-low");
  tell (high_, Tier::Count, "rate-high");
  tell (very_low_, Tier::Source, "rate-low");
}

} // namespace camwarden
