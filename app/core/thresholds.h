// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace camwarden
{

/* When a quantity is a warning and when it is critical. All times are monotonic microseconds. */

enum class ThresholdLevel {
  None,
  Warning,
  Critical,
};

enum class Quantity {
  Cpu,            /* share of all processors in use, 0 to 1 */
  Memory,         /* share that is not available, 0 to 1 */
  Disk,           /* share of a file system in use, 0 to 1; its instance is the mount point */
  Temperature,    /* degrees Celsius */
  CameraFailures, /* failures within the window; its instance is the camera's id */
  RedisAway,      /* microseconds without Redis; 0: it is there */
};

/* "none", "warning", "critical"; "cpu", "memory", "disk", "temperature", "camera-failures",
 * "redis-away". */
[[nodiscard]] std::string_view threshold_level_name (ThresholdLevel level);
[[nodiscard]] std::string_view quantity_name (Quantity quantity);

struct ThresholdSettings
{
  double warning = 0;
  double critical = 0; /* below `warning`: the same as `warning` */
  double warning_leave = 0;
  double critical_leave = 0;
  int64_t warning_after = 0;
  int64_t critical_after = 0;
  int64_t leave_after = 60'000'000;
  int64_t longest_gap = 60'000'000; /* between two values of one run */

  bool operator== (const ThresholdSettings &) const = default;
};

/* One quantity's level. It changes only within update():
 *
 *   to Critical            value >= critical        for critical_after
 *   from None to Warning   value >= warning         for warning_after
 *   to None                value < warning_leave    for leave_after
 *   from Critical to
 *   Warning                value < critical_leave   for leave_after
 *
 * The first one in this order that holds is taken. "For" means that every value since then was so,
 * counted from the first of them, but never from before the last change of the level: two changes
 * are thus never closer than the time that the second one asks for. A pause longer than longest_gap
 * between two values, and other settings, begin the count anew. A value that is not a number, or
 * older than the last one, is not taken. */
class Threshold
{
public:
  struct Change
  {
    ThresholdLevel from = ThresholdLevel::None;
    ThresholdLevel to = ThresholdLevel::None;
    double value = 0;
    double limit = 0; /* of the four, the one that was crossed */
  };

  explicit Threshold (const ThresholdSettings &settings) { configure (settings); }
  Threshold () : Threshold (ThresholdSettings{}) {}

  /* The level stays until values say otherwise. With other limits than before it is left below
   * those that it would be entered at, for once: somebody who raises a limit above the present
   * value wants the alarm to end. */
  void configure (const ThresholdSettings &settings);
  [[nodiscard]] std::optional<Change> update (int64_t now, double value);
  /* There is no value this time: the level stays, what was being counted begins anew. */
  void unknown ();

  [[nodiscard]] const ThresholdSettings &
  settings () const
  {
    return settings_;
  }
  [[nodiscard]] ThresholdLevel
  level () const
  {
    return level_;
  }
  /* When it had its last value; -1: it never had one. */
  [[nodiscard]] int64_t
  last () const
  {
    return last_;
  }
  /* Of the present level; 0: it was never another. */
  [[nodiscard]] int64_t
  since () const
  {
    return changed_ < 0 ? 0 : changed_;
  }
  [[nodiscard]] double
  value () const
  {
    return value_;
  }
  /* The one that was crossed last; 0: none yet. */
  [[nodiscard]] double
  limit () const
  {
    return limit_;
  }
  /* A higher level is being counted: the next value is worth having soon. */
  [[nodiscard]] bool rising () const;

private:
  [[nodiscard]] double warning_leave () const;
  [[nodiscard]] double critical_leave () const;
  [[nodiscard]] bool held (int64_t begin, int64_t time, int64_t now) const;
  [[nodiscard]] std::optional<std::pair<ThresholdLevel, double>> next (int64_t now) const;

  ThresholdSettings settings_;
  ThresholdLevel level_ = ThresholdLevel::None;
  bool reconfigured_ = false; /* since the level changed last */
  int64_t changed_ = -1;
  int64_t last_ = -1;
  double value_ = 0;
  double limit_ = 0;
  /* Since when every value was so; -1: the last one was not. */
  int64_t above_critical_ = -1, above_warning_ = -1;
  int64_t below_warning_ = -1, below_critical_ = -1;
};

/* How often something happened within the last `window`: an event counts until exactly `window`
 * after it. What comes less than `apart` after one that counts is the same event told again. */
class SlidingCount
{
public:
  explicit SlidingCount (int64_t window = 600'000'000, int64_t apart = 0)
      : window_ (window), apart_ (apart)
  {}

  void configure (int64_t window, int64_t apart);
  void add (int64_t now);
  [[nodiscard]] size_t count (int64_t now);

private:
  int64_t window_;
  int64_t apart_;
  std::deque<int64_t> events_; /* bounded: the oldest go first */
};

/* For all quantities. The defaults are those of the configuration. */
struct ThresholdsSettings
{
  struct Pair
  {
    double warning = 0;
    double critical = 0;
    bool operator== (const Pair &) const = default;
  };
  Pair cpu{ 0.85, 0.95 };
  Pair memory{ 0.90, 0.95 };
  Pair disk{ 0.90, 0.95 };
  Pair temperature{ 70, 80 };
  Pair camera_failures{ 5, 10 };
  Pair redis_away{ 10e6, 60e6 };
  double leave_margin = 5;                /* percent points, degrees */
  int64_t leave_after = 60'000'000;       /* below that margin for so long */
  int64_t critical_after = 10'000'000;    /* and warning_after, of disk and temperature */
  int64_t cpu_warning_after = 30'000'000; /* a camera that starts is busy for a while */
  int64_t memory_after = 2'000'000;       /* both levels: it is gone fast */
  int64_t failures_window = 600'000'000;
  int64_t failures_apart = 1'000'000; /* a camera and then its worker tell the same failure */
  int64_t longest_gap = 60'000'000;

  bool operator== (const ThresholdsSettings &) const = default;
};

/* The exact limits and times of one quantity:
 *
 *                  enters at                leaves below                     enters after    leaves
 *                  warning  critical        warning         critical         warn.  crit.    after
 *   Cpu            85 %     95 %            80 %            90 %             30 s   10 s     60 s
 *   Memory         90 %     95 %            85 %            90 %              2 s    2 s     60 s
 *   Disk           90 %     95 %            85 %            90 %             10 s   10 s     60 s
 *   Temperature    70 C     80 C            65 C            75 C             10 s   10 s     60 s
 *   CameraFailures 5        10              5               10                0 s    0 s     60 s
 *   RedisAway      10 s     60 s            connected       connected         0 s    0 s     60 s
 *
 * with the default settings. A limit that the margin would bring to 0 or below leaves at its half
 * (but a temperature may be negative). */
[[nodiscard]] ThresholdSettings threshold_settings (Quantity quantity,
                                                    const ThresholdsSettings &settings);

struct ThresholdChange
{
  Quantity what = Quantity::Cpu;
  std::string instance; /* "" where there is only one */
  ThresholdLevel from = ThresholdLevel::None;
  ThresholdLevel to = ThresholdLevel::None;
  double value = 0;
  double limit = 0;
};

/* What is known at one moment; nothing: not known this time. */
struct ThresholdValues
{
  std::optional<double> cpu;
  std::optional<double> memory;
  std::optional<double> temperature;
  std::map<std::string, std::optional<double>> disks; /* by mount point, all that are in use */
  std::optional<double> redis_away;
};

/* All quantities of the machine. An emergency can be built on the levels: one that says None has
 * been below its leaving limit for leave_after, or was never above. */
class Thresholds
{
public:
  using Key = std::pair<Quantity, std::string>;

  explicit Thresholds (const ThresholdsSettings &settings) : settings_ (settings) {}
  Thresholds () : Thresholds (ThresholdsSettings{}) {}

  void configure (const ThresholdsSettings &settings);

  /* Every level that changed. A disk that is not among the values any more is forgotten: its level
   * falls to None. Cameras' counts are brought up to date too. */
  [[nodiscard]] std::vector<ThresholdChange> update (int64_t now, const ThresholdValues &values);

  void camera_failed (const std::string &camera, int64_t now);
  /* That camera is not there any more; what changed by that, if anything. */
  [[nodiscard]] std::vector<ThresholdChange> forget_camera (const std::string &camera);

  /* nullptr: it never had a value. */
  [[nodiscard]] const Threshold *find (Quantity what, const std::string &instance = {}) const;
  [[nodiscard]] ThresholdLevel level (Quantity what, const std::string &instance = {}) const;
  /* Of all instances of one quantity. */
  [[nodiscard]] ThresholdLevel worst (Quantity what) const;
  [[nodiscard]] const std::map<Key, Threshold> &
  all () const
  {
    return thresholds_;
  }
  /* A higher level is being counted somewhere: values are worth having more often. */
  [[nodiscard]] bool rising () const;

private:
  using Changes = std::vector<ThresholdChange>;

  void feed (Changes &changes, int64_t now, Key key, std::optional<double> value);
  void forget (Changes &changes, const Key &key);
  void forget_disks (Changes &changes, const ThresholdValues &values);

  ThresholdsSettings settings_;
  std::map<Key, Threshold> thresholds_;
  std::map<std::string, SlidingCount> failures_; /* by camera */
};

} // namespace camwarden
