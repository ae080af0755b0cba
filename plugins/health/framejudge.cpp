// SPDX-License-Identifier: LGPL-2.1-or-later
#include "health/framejudge.h"

#include <algorithm>
#include <cmath>

namespace camwarden
{

namespace
{
constexpr int64_t MIN_STALL_TIMEOUT = 1'000'000;
constexpr int STALL_INTERVALS = 10;
constexpr uint64_t FROZEN_FRAMES = 30;
constexpr double INTERVAL_WEIGHT = 1.0 / 8; /* of the newest distance in the measured interval */

/* How far beyond its threshold a number must go before a verdict is taken back. */
constexpr double EXPOSURE_MARGIN = 8; /* levels */
constexpr double FLAT_MARGIN = 1.5;   /* times */
constexpr double BLUR_MARGIN = 1.25;  /* times */
} // namespace

const char *
verdict_name (Verdict verdict)
{
  switch (verdict) {
  case Verdict::unknown:
    break;
  case Verdict::ok:
    return "ok";
  case Verdict::frozen:
    return "frozen";
  case Verdict::dark:
    return "dark";
  case Verdict::bright:
    return "bright";
  case Verdict::blur:
    return "blur";
  case Verdict::stall:
    return "stall";
  }
  return "unknown";
}

void
Dwell::update (bool enter, bool stay, int64_t enter_after, int64_t leave_after, int64_t now)
{
  const bool turning = on_ ? !stay : enter;
  if (!turning) {
    turning_since_.reset ();
    return;
  }
  if (!turning_since_)
    turning_since_ = now;
  if (now - *turning_since_ < (on_ ? leave_after : enter_after))
    return;
  on_ = !on_;
  turning_since_.reset ();
}

void
RateMeter::frame (int64_t distance)
{
  const auto value = static_cast<double> (distance);
  count_++;
  sum_ += value;
  squares_ += value * value;
  gap_ = std::max (gap_, distance);
}

RateNumbers
RateMeter::numbers (int64_t age) const
{
  RateNumbers result = last_;
  /* Frames that stay away lower the rate, though nothing is measured. */
  if (count_ > 0 && sum_ > 0) {
    const auto count = static_cast<double> (count_);
    const double mean = sum_ / count;
    result.fps = 1e6 * count / (sum_ + std::max (0.0, static_cast<double> (age) - mean));
    result.jitter = std::lround (std::sqrt (std::max (0.0, squares_ / count - mean * mean)));
  } else if (age > 0) {
    result.fps = std::min (result.fps, 1e6 / static_cast<double> (age));
  }
  result.gap = std::max (gap_, age);
  return result;
}

void
RateMeter::close_window ()
{
  last_ = numbers (0);
  count_ = 0;
  sum_ = squares_ = 0;
  gap_ = 0;
}

void
FrameJudge::start ()
{
  const JudgeSettings kept = settings;
  *this = FrameJudge ();
  settings = kept;
}

void
FrameJudge::resume (int64_t now)
{
  watching_ = true;
  awaits_first_ = true;
  ended_ = stalled_ = false;
  watch_since_ = now;
  last_report_ = now;
}

void
FrameJudge::suspend ()
{
  watching_ = false;
}

void
FrameJudge::end ()
{
  ended_ = true;
}

void
FrameJudge::set_format (int64_t frame_interval, bool judgeable, bool other)
{
  nominal_interval_ = frame_interval;
  judgeable_ = judgeable;
  run_ = 0;
  if (judgeable && !other)
    return;
  look_lifetime_ = 0;
  picture_.reset ();
  sharpness_.reset ();
  difference_ = -1;
  for (Dwell *dwell : { &frozen_, &dark_, &bright_, &blur_ })
    dwell->reset ();
}

void
FrameJudge::set_look_lifetime (int64_t lifetime)
{
  look_lifetime_ = lifetime;
}

/* A camera that slows down at night (long exposures) is given its own pace. */
int64_t
FrameJudge::stall_timeout () const
{
  if (settings.stall_timeout > 0)
    return settings.stall_timeout;
  const auto measured = static_cast<int64_t> (measured_interval_);
  return std::max (MIN_STALL_TIMEOUT, STALL_INTERVALS * std::max (nominal_interval_, measured));
}

void
FrameJudge::note_arrival (int64_t now)
{
  /* The distance over a pause, an end or a stall says nothing about the camera's pace. */
  if (last_frame_ && !awaits_first_ && !ended_) {
    const int64_t distance = std::max<int64_t> (0, now - *last_frame_);
    rate_.frame (distance);
    if (!stalled_)
      measured_interval_ += (static_cast<double> (distance) - measured_interval_)
                            * (measured_interval_ > 0 ? INTERVAL_WEIGHT : 1);
  }
  frames_++;
  last_frame_ = now;
  awaits_first_ = ended_ = stalled_ = false;
}

/* Nothing but black (or white) from edge to edge: there is no picture that could be frozen. */
bool
FrameJudge::is_flat_extreme () const
{
  return picture_ && picture_->deviation < settings.flat_below
         && (picture_->mean < settings.dark_below || picture_->mean > settings.bright_above);
}

void
FrameJudge::note_sameness (int64_t now, bool identical)
{
  if (!identical || run_ == 0)
    run_since_ = now;
  run_ = identical ? run_ + 1 : 0;
  const bool long_enough = run_ >= FROZEN_FRAMES && now - run_since_ >= settings.frozen_after;
  const bool enter = settings.frozen_after > 0 && long_enough && !is_flat_extreme ();
  frozen_.update (enter, identical, 0, settings.clear_after, now);
}

bool
FrameJudge::frame (int64_t now, const FrameLook &look)
{
  note_arrival (now);
  if (look.identical) {
    difference_ = look.difference;
    note_sameness (now, *look.identical);
  }
  if (look.picture)
    note_picture (now, *look.picture);
  return evaluate (now);
}

/* Without edges a blurred picture cannot be told from fog: neither told nor taken back. */
void
FrameJudge::judge_sharpness (int64_t now, std::optional<double> sharpness)
{
  sharpness_ = sharpness;
  if (sharpness)
    blur_.update (*sharpness < settings.blur_below, *sharpness < settings.blur_below * BLUR_MARGIN,
                  settings.blur_after, settings.clear_after, now);
  else
    blur_.hold ();
}

void
FrameJudge::note_picture (int64_t now, const PictureNumbers &numbers)
{
  const JudgeSettings &s = settings;
  picture_ = numbers;
  looked_at_ = now;
  const bool flat = numbers.deviation < s.flat_below;
  const bool nearly_flat = numbers.deviation < s.flat_below * FLAT_MARGIN;
  dark_.update (flat && numbers.mean < s.dark_below,
                nearly_flat && numbers.mean < s.dark_below + EXPOSURE_MARGIN, s.exposure_after,
                s.clear_after, now);
  bright_.update (flat && numbers.mean > s.bright_above,
                  nearly_flat && numbers.mean > s.bright_above - EXPOSURE_MARGIN, s.exposure_after,
                  s.clear_after, now);
  if (numbers.sharpness_measured)
    judge_sharpness (now, numbers.sharpness);
}

bool
FrameJudge::picture (int64_t now, const PictureNumbers &numbers)
{
  note_picture (now, numbers);
  return evaluate (now);
}

bool
FrameJudge::tick (int64_t now)
{
  if (watching_ && !ended_) {
    const int64_t since = awaits_first_ ? watch_since_ : *last_frame_;
    const int64_t allowed = awaits_first_ ? settings.startup_timeout : stall_timeout ();
    stalled_ = stalled_ || now - since >= allowed;
  }
  return evaluate (now);
}

bool
FrameJudge::take_report_due (int64_t now)
{
  if (!watching_ || ended_ || settings.interval <= 0 || now - last_report_ < settings.interval)
    return false;
  last_report_ += settings.interval;
  if (now - last_report_ >= settings.interval)
    last_report_ = now;
  return true;
}

std::optional<int64_t>
FrameJudge::next_deadline () const
{
  if (!watching_ || ended_)
    return std::nullopt;
  std::optional<int64_t> next;
  if (settings.interval > 0)
    next = last_report_ + settings.interval;
  if (!stalled_) {
    const int64_t stall
        = awaits_first_ ? watch_since_ + settings.startup_timeout : *last_frame_ + stall_timeout ();
    next = next ? std::min (*next, stall) : stall;
  }
  return next;
}

Verdict
FrameJudge::picture_verdict () const
{
  if (frozen_.is_on ())
    return Verdict::frozen;
  if (!judgeable_ || !picture_)
    return Verdict::unknown;
  if (dark_.is_on ())
    return Verdict::dark;
  if (bright_.is_on ())
    return Verdict::bright;
  return blur_.is_on () ? Verdict::blur : Verdict::ok;
}

bool
FrameJudge::evaluate (int64_t now)
{
  if (look_lifetime_ > 0 && picture_ && now - looked_at_ > look_lifetime_) {
    picture_.reset ();
    sharpness_.reset ();
  }
  const Verdict picture = picture_verdict ();
  if (picture != last_picture_verdict_) {
    last_picture_verdict_ = picture;
    picture_since_ = now;
  }
  const Verdict verdict = stalled_ ? Verdict::stall : picture;
  if (verdict == verdict_)
    return false;
  previous_ = verdict_;
  verdict_ = verdict;
  since_ = now;
  return true;
}

HealthReport
FrameJudge::report (int64_t now, bool change) const
{
  HealthReport report;
  report.verdict = verdict_;
  report.previous = previous_;
  report.change = change;
  report.verdict_age = now - since_;
  report.age = last_frame_ ? std::max<int64_t> (0, now - *last_frame_) : -1;
  report.frames = frames_;
  report.rate = rate_.numbers (std::max<int64_t> (report.age, 0));
  if (stalled_)
    report.rate.fps = 0;
  if (picture_) {
    report.mean = picture_->mean;
    report.deviation = picture_->deviation;
    report.sharpness = sharpness_.value_or (-1);
  }
  report.difference = difference_;
  return report;
}

void
FrameJudge::close_window ()
{
  rate_.close_window ();
}

} // namespace camwarden
