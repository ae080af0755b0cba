// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <optional>

namespace camwarden
{

enum class Verdict { unknown, ok, frozen, dark, bright, blur, stall };

[[nodiscard]] const char *verdict_name (Verdict verdict);

/* Times in microseconds, brightness in levels of 0..255, sharpness in percent. */
struct JudgeSettings
{
  int64_t stall_timeout = 0; /* 0: the longer of 1 s and 10 frame intervals */
  int64_t startup_timeout = 10'000'000;
  int64_t frozen_after = 3'000'000; /* and 30 frames at least; 0: never told */
  int64_t exposure_after = 10'000'000;
  int64_t blur_after = 10'000'000;
  int64_t clear_after = 1'000'000;
  int64_t interval = 1'000'000; /* between periodic reports, 0: none */
  double dark_below = 32;
  double bright_above = 225;
  double flat_below = 12;
  double blur_below = 8;
};

/* What is known of a picture. */
struct PictureNumbers
{
  double mean = 0;
  double deviation = 0;
  bool sharpness_measured = false;
  std::optional<double> sharpness; /* nothing: too few edges to say */
};

/* What a look at one frame gave; nothing: not looked, or nothing to compare with. */
struct FrameLook
{
  std::optional<bool> identical; /* the picture is that of the frame before */
  double difference = -1;        /* to that one, mean absolute, levels */
  std::optional<PictureNumbers> picture;
};

/* A condition that must hold for a time before it is told, and be gone for a time before it is
 * taken back. Between its two thresholds nothing changes. */
class Dwell
{
public:
  /* enter: the condition holds; stay: it holds by the wider threshold. */
  void update (bool enter, bool stay, int64_t enter_after, int64_t leave_after, int64_t now);

  /* This time it cannot be told: the waiting starts again. */
  void
  hold ()
  {
    turning_since_.reset ();
  }
  void
  reset ()
  {
    *this = Dwell ();
  }
  [[nodiscard]] bool
  is_on () const
  {
    return on_;
  }

private:
  bool on_ = false;
  std::optional<int64_t> turning_since_;
};

/* Rate and spacing of the frames in one reporting interval. */
struct RateNumbers
{
  double fps = 0;
  int64_t jitter = 0; /* standard deviation of the distances between frames */
  int64_t gap = 0;    /* the largest distance, the one not ended yet included */
};

class RateMeter
{
public:
  void frame (int64_t distance);
  /* What came since the last close_window(). age: time since the last frame. */
  [[nodiscard]] RateNumbers numbers (int64_t age) const;
  void close_window ();

private:
  int64_t count_ = 0;
  double sum_ = 0;
  double squares_ = 0;
  int64_t gap_ = 0;
  RateNumbers last_;
};

/* Everything a report says. Numbers that were not measured are -1. */
struct HealthReport
{
  Verdict verdict = Verdict::unknown;
  Verdict previous = Verdict::unknown;
  bool change = false;
  int64_t verdict_age = 0; /* microseconds since the verdict changed */
  int64_t age = -1;        /* microseconds since the last frame, -1: none yet */
  uint64_t frames = 0;
  RateNumbers rate;
  double mean = -1;
  double deviation = -1;
  double difference = -1;
  double sharpness = -1;
};

/* Judges a stream of frames: numbers in, verdict out. `now` is any steady clock in microseconds.
 * Not thread-safe. The methods that can change the verdict return whether they did. */
class FrameJudge
{
public:
  JudgeSettings settings;

  /* A new stream: nothing is known, the watch is off. */
  void start ();
  /* The watch for stalls runs from here; until the next frame the start-up time is allowed. */
  void resume (int64_t now);
  void suspend ();
  /* The stream has ended: no stall until it goes on. */
  void end ();

  /* From the caps; 0: not known. judgeable: its pictures can be looked into. other: it is of
   * another kind than before, what was seen counts no more. */
  void set_format (int64_t frame_interval, bool judgeable, bool other);
  /* How long the last look stays good, 0: for ever. */
  void set_look_lifetime (int64_t lifetime);

  /* A frame arrived, and this is what was seen of it. */
  [[nodiscard]] bool frame (int64_t now, const FrameLook &look);
  /* The picture of an earlier frame was looked into. */
  [[nodiscard]] bool picture (int64_t now, const PictureNumbers &numbers);
  /* Time passed. */
  [[nodiscard]] bool tick (int64_t now);

  /* True once an interval: it is time for a periodic report. */
  [[nodiscard]] bool take_report_due (int64_t now);
  /* When tick() has something to do next, at the latest; nothing while suspended. */
  [[nodiscard]] std::optional<int64_t> next_deadline () const;
  [[nodiscard]] int64_t stall_timeout () const;

  [[nodiscard]] HealthReport report (int64_t now, bool change) const;
  void close_window ();

  [[nodiscard]] std::optional<int64_t>
  last_frame () const
  {
    return last_frame_;
  }
  [[nodiscard]] Verdict
  verdict () const
  {
    return verdict_;
  }
  /* What the picture says, whether frames stall or not. */
  [[nodiscard]] Verdict picture_verdict () const;
  [[nodiscard]] int64_t
  picture_since () const
  {
    return picture_since_;
  }

private:
  void note_arrival (int64_t now);
  void note_sameness (int64_t now, bool identical);
  void note_picture (int64_t now, const PictureNumbers &numbers);
  void judge_sharpness (int64_t now, std::optional<double> sharpness);
  [[nodiscard]] bool is_flat_extreme () const;
  [[nodiscard]] bool evaluate (int64_t now);

  int64_t nominal_interval_ = 0;
  int64_t look_lifetime_ = 0;
  bool judgeable_ = false;
  bool watching_ = false;
  bool ended_ = false;
  bool stalled_ = false;
  bool awaits_first_ = true;
  int64_t watch_since_ = 0;
  int64_t last_report_ = 0;

  uint64_t frames_ = 0;
  std::optional<int64_t> last_frame_;
  double measured_interval_ = 0;
  RateMeter rate_;

  std::optional<PictureNumbers> picture_;
  std::optional<double> sharpness_;
  int64_t looked_at_ = 0;
  double difference_ = -1;
  uint64_t run_ = 0; /* frames with the picture of the one before */
  int64_t run_since_ = 0;
  Dwell frozen_;
  Dwell dark_;
  Dwell bright_;
  Dwell blur_;

  Verdict verdict_ = Verdict::unknown;
  Verdict previous_ = Verdict::unknown;
  Verdict last_picture_verdict_ = Verdict::unknown;
  int64_t since_ = 0;
  int64_t picture_since_ = 0;
};

} // namespace camwarden
