// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/historyquery.h"
#include "core/metrics.h"

#include <map>
#include <span>

namespace camwarden
{

constexpr size_t MOST_POINTS = 2000;

/* The step of an answer: one that people know (10 s, 30 s, 1 min, ... 1 d), so that there are about
 * as many points as wanted; never more than MOST_POINTS, whatever was asked for. */
[[nodiscard]] int64_t choose_step (const HistoryQuery &query, int64_t from, int64_t to);

/* A pattern's trailing * matches the rest. */
[[nodiscard]] bool is_wanted (const std::vector<std::string> &patterns, const std::string &name);

/* Puts rows from several places, in any order, into the steps of one answer. */
class SeriesMerge
{
public:
  /* to is not part of it. */
  SeriesMerge (int64_t from, int64_t to, int64_t step, std::vector<std::string> patterns);

  void add (const MetricsRow &row);
  void add_sample (int64_t wall, const MetricNames &names, std::span<const float> values);
  void add_average (int64_t wall, const MetricNames &names, std::span<const float> values,
                    unsigned count);
  [[nodiscard]] HistoryAnswer finish ();

private:
  struct Cell
  {
    double sum = 0, weight = 0;
    float least = 0, most = 0;
  };
  struct Series
  {
    std::string name;
    std::vector<Cell> cells;
  };

  [[nodiscard]] bool place (int64_t wall, size_t &step) const;
  [[nodiscard]] const std::vector<size_t> &columns (const MetricNames &names);
  static void put (Cell &cell, float average, float least, float most, double weight);

  const int64_t from_, to_, step_;
  const std::vector<std::string> patterns_;
  std::vector<bool> used_; /* by step */
  std::vector<Series> series_;
  std::map<std::string, size_t> index_;
  /* Where a row's columns go; for as long as the merge lives it holds the names. */
  std::map<MetricNames, std::vector<size_t>> columns_;
};

} // namespace camwarden
