// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* The names of a row's values; the same object for as long as they are the same. */
using MetricNames = std::shared_ptr<const std::vector<std::string>>;

/* What was measured at one moment; not a number where nothing is known. */
struct MetricsRow
{
  uint64_t number = 0; /* rises with each row of this run */
  int64_t mono = 0;    /* us */
  int64_t wall = 0;    /* us UTC */
  MetricNames names;
  std::vector<float> values;
};

/* Five minutes of rows in one: for each name average, least and most. */
struct AveragesRow
{
  int64_t wall = 0; /* us UTC: where the five minutes begin */
  unsigned count = 0;
  MetricNames names;
  std::vector<float> values; /* three for each name */
};

/* Makes a row of named values, of which the set may change at any time. */
class MetricsShape
{
public:
  void add (std::string name, std::optional<double> value);
  /* What was added since the last call. */
  [[nodiscard]] MetricsRow finish (int64_t mono, int64_t wall);

private:
  std::vector<std::string> names_;
  std::vector<float> values_;
  MetricNames known_;
  uint64_t number_ = 0;
};

/* The last hour, by the monotonic clock: nobody can turn that back. */
class MetricsRing
{
public:
  static constexpr int64_t SPAN = 3600'000'000; /* us */
  static constexpr size_t MOST = 4000;          /* rows, whatever their times are */

  void add (MetricsRow row);
  [[nodiscard]] const std::deque<MetricsRow> &
  rows () const
  {
    return rows_;
  }
  /* Everything since that moment is in it. */
  [[nodiscard]] bool reaches (int64_t wall) const;

private:
  std::deque<MetricsRow> rows_; /* in the order they came */
};

/* Gathers rows into averages of five minutes of the wall clock. */
class Averager
{
public:
  static constexpr int64_t STEP = 300'000'000; /* us */

  /* The averages that are complete by this row: also when the clock was turned back, or other
   * things are measured. */
  [[nodiscard]] std::optional<AveragesRow> add (const MetricsRow &row);
  /* What is gathered so far. */
  [[nodiscard]] std::optional<AveragesRow> finish ();

private:
  struct Sum
  {
    double sum = 0;
    unsigned count = 0;
    float least = 0, most = 0;
  };

  int64_t begin_ = 0;
  unsigned count_ = 0;
  MetricNames names_;
  std::vector<Sum> sums_;
};

/* How much of the time something was so, since the question before. */
class UpShare
{
public:
  void set (int64_t now, bool up);
  /* Nothing: no time has passed. */
  [[nodiscard]] std::optional<double> take (int64_t now);

private:
  int64_t begin_ = -1, last_ = -1;
  int64_t up_time_ = 0;
  bool up_ = false;
};

/* What a counter rose by since the value before; one that fell has begun anew. */
class CounterStep
{
public:
  [[nodiscard]] std::optional<double> take (uint64_t value);

private:
  std::optional<uint64_t> last_;
};

} // namespace camwarden
