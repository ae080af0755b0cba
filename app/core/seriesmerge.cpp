// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/seriesmerge.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace camwarden
{

namespace
{

constexpr int64_t second = 1'000'000, minute = 60 * second, hour = 60 * minute;
constexpr int64_t day = 24 * hour;
constexpr int64_t known_steps[]{ 10 * second, 20 * second, 30 * second, minute,      2 * minute,
                                 5 * minute,  10 * minute, 15 * minute, 30 * minute, hour,
                                 2 * hour,    3 * hour,    6 * hour,    12 * hour,   day,
                                 2 * day,     7 * day,     30 * day };
constexpr size_t unwanted = std::numeric_limits<size_t>::max ();

} // namespace

int64_t
choose_step (const HistoryQuery &query, int64_t from, int64_t to)
{
  const size_t points = std::clamp<size_t> (query.points, 1, MOST_POINTS);
  const int64_t span = std::max<int64_t> (to - from, 1);
  const auto fits
      = [span] (int64_t step, size_t most) { return span / step < static_cast<int64_t> (most); };
  if (query.step > 0 && fits (query.step, MOST_POINTS))
    return query.step;
  const size_t most = query.step > 0 ? MOST_POINTS : points;
  for (const int64_t step : known_steps)
    if (step >= query.step && fits (step, most))
      return step;
  return span / static_cast<int64_t> (most) + 1;
}

bool
is_wanted (const std::vector<std::string> &patterns, const std::string &name)
{
  const auto matches = [&name] (const std::string &pattern) {
    if (pattern.ends_with ('*'))
      return name.starts_with (std::string_view (pattern).substr (0, pattern.size () - 1));
    return name == pattern;
  };
  return patterns.empty () || std::any_of (patterns.begin (), patterns.end (), matches);
}

SeriesMerge::SeriesMerge (int64_t from, int64_t to, int64_t step, std::vector<std::string> patterns)
    : from_ (from - from % step), to_ (to), step_ (step), patterns_ (std::move (patterns)),
      used_ (static_cast<size_t> (std::max<int64_t> (to - from_, 0) / step + 1))
{}

bool
SeriesMerge::place (int64_t wall, size_t &step) const
{
  if (wall < from_ || wall >= to_)
    return false;
  step = static_cast<size_t> ((wall - from_) / step_);
  return true;
}

const std::vector<size_t> &
SeriesMerge::columns (const MetricNames &names)
{
  const auto [found, fresh] = columns_.try_emplace (names);
  if (!fresh)
    return found->second;
  for (const auto &name : *names) {
    if (!is_wanted (patterns_, name)) {
      found->second.push_back (unwanted);
      continue;
    }
    const auto [place, first] = index_.try_emplace (name, series_.size ());
    if (first)
      series_.push_back ({ name, std::vector<Cell> (used_.size ()) });
    found->second.push_back (place->second);
  }
  return found->second;
}

void
SeriesMerge::put (Cell &cell, float average, float least, float most, double weight)
{
  if (std::isnan (average))
    return;
  cell.least = cell.weight > 0 ? std::min (cell.least, least) : least;
  cell.most = cell.weight > 0 ? std::max (cell.most, most) : most;
  cell.sum += average * weight;
  cell.weight += weight;
}

void
SeriesMerge::add (const MetricsRow &row)
{
  add_sample (row.wall, row.names, row.values);
}

void
SeriesMerge::add_sample (int64_t wall, const MetricNames &names, std::span<const float> values)
{
  size_t step = 0;
  if (!place (wall, step))
    return;
  used_[step] = true;
  const auto &into = columns (names);
  for (size_t i = 0; i < std::min (into.size (), values.size ()); i++)
    if (into[i] != unwanted)
      put (series_[into[i]].cells[step], values[i], values[i], values[i], 1);
}

void
SeriesMerge::add_average (int64_t wall, const MetricNames &names, std::span<const float> values,
                          unsigned count)
{
  size_t step = 0;
  if (!place (wall, step))
    return;
  used_[step] = true;
  const auto &into = columns (names);
  for (size_t i = 0; i < into.size () && i * 3 + 2 < values.size (); i++)
    if (into[i] != unwanted)
      put (series_[into[i]].cells[step], values[i * 3], values[i * 3 + 1], values[i * 3 + 2],
           count);
}

HistoryAnswer
SeriesMerge::finish ()
{
  constexpr double nothing = std::numeric_limits<double>::quiet_NaN ();
  HistoryAnswer answer{ from_, to_, step_, {}, {}, {} };
  for (size_t i = 0; i < used_.size (); i++)
    if (used_[i])
      answer.times.push_back (from_ + static_cast<int64_t> (i) * step_);
  for (const auto &series : series_) {
    HistorySeries told{ series.name, {}, {}, {} };
    for (size_t i = 0; i < used_.size (); i++) {
      if (!used_[i])
        continue;
      const Cell &cell = series.cells[i];
      const bool known = cell.weight > 0;
      told.average.push_back (known ? cell.sum / cell.weight : nothing);
      told.least.push_back (known ? cell.least : nothing);
      told.most.push_back (known ? cell.most : nothing);
    }
    answer.series.push_back (std::move (told));
  }
  return answer;
}

} // namespace camwarden
