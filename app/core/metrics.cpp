// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/metrics.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace camwarden
{

static constexpr float nan_value = std::numeric_limits<float>::quiet_NaN ();

void
MetricsShape::add (std::string name, std::optional<double> value)
{
  names_.push_back (std::move (name));
  values_.push_back (value ? static_cast<float> (*value) : nan_value);
}

MetricsRow
MetricsShape::finish (int64_t mono, int64_t wall)
{
  if (!known_ || *known_ != names_)
    known_ = std::make_shared<const std::vector<std::string>> (names_);
  names_.clear ();
  return { ++number_, mono, wall, known_, std::exchange (values_, {}) };
}

void
MetricsRing::add (MetricsRow row)
{
  while (!rows_.empty () && (rows_.size () >= MOST || row.mono - rows_.front ().mono >= SPAN))
    rows_.pop_front ();
  rows_.push_back (std::move (row));
}

bool
MetricsRing::reaches (int64_t wall) const
{
  return !rows_.empty () && std::all_of (rows_.begin (), rows_.end (), [&] (const auto &row) {
    return row.wall >= rows_.front ().wall;
  }) && rows_.front ().wall <= wall;
}

std::optional<AveragesRow>
Averager::add (const MetricsRow &row)
{
  const int64_t begin = row.wall - row.wall % STEP;
  std::optional<AveragesRow> complete;
  if (count_ > 0 && (begin != begin_ || row.names != names_))
    complete = finish ();
  begin_ = begin;
  names_ = row.names;
  sums_.resize (row.values.size ());
  count_++;
  for (size_t i = 0; i < row.values.size (); i++) {
    const float value = row.values[i];
    Sum &sum = sums_[i];
    if (std::isnan (value))
      continue;
    sum.least = sum.count ? std::min (sum.least, value) : value;
    sum.most = sum.count ? std::max (sum.most, value) : value;
    sum.sum += value;
    sum.count++;
  }
  return complete;
}

std::optional<AveragesRow>
Averager::finish ()
{
  if (count_ == 0)
    return {};
  AveragesRow row{ begin_, std::exchange (count_, 0), names_, {} };
  row.values.reserve (sums_.size () * 3);
  for (const Sum &sum : std::exchange (sums_, {})) {
    const bool known = sum.count > 0;
    row.values.push_back (known ? static_cast<float> (sum.sum / sum.count) : nan_value);
    row.values.push_back (known ? sum.least : nan_value);
    row.values.push_back (known ? sum.most : nan_value);
  }
  return row;
}

void
UpShare::set (int64_t now, bool up)
{
  if (last_ < 0)
    begin_ = last_ = now;
  if (up_)
    up_time_ += std::max<int64_t> (now - last_, 0);
  last_ = std::max (now, last_);
  up_ = up;
}

std::optional<double>
UpShare::take (int64_t now)
{
  set (now, up_);
  const int64_t passed = last_ - std::exchange (begin_, last_);
  const int64_t up_time = std::exchange (up_time_, 0);
  if (passed <= 0)
    return {};
  return static_cast<double> (up_time) / static_cast<double> (passed);
}

std::optional<double>
CounterStep::take (uint64_t value)
{
  const auto before = std::exchange (last_, value);
  if (!before)
    return {};
  return static_cast<double> (value >= *before ? value - *before : value);
}

} // namespace camwarden
