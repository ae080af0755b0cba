// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/trend.h"

#include <algorithm>
#include <vector>

namespace camwarden
{

namespace
{

double
median (std::vector<double> &values)
{
  const auto middle = values.begin () + static_cast<ptrdiff_t> (values.size () / 2);
  std::nth_element (values.begin (), middle, values.end ());
  return *middle;
}

} // namespace

void
Trend::add (int64_t now, double value)
{
  if (!buckets_.empty () && now < buckets_.back ().begin + settings_.bucket) {
    buckets_.back ().least = std::min (buckets_.back ().least, value);
    return;
  }
  buckets_.push_back ({ now, value });
  if (buckets_.size () > settings_.most + 1)
    buckets_.pop_front ();
}

/* Without the bucket that is being filled: its least value is yet to come. */
std::optional<Trend::Slope>
Trend::slope () const
{
  if (buckets_.size () < settings_.least + 1)
    return {};
  const size_t count = buckets_.size () - 1;
  std::vector<double> slopes, values;
  int rising = 0;
  for (size_t i = 0; i < count; i++) {
    values.push_back (buckets_[i].least);
    for (size_t j = i + 1; j < count; j++) {
      const double hours = static_cast<double> (buckets_[j].begin - buckets_[i].begin) / 3600e6;
      const double step = buckets_[j].least - buckets_[i].least;
      slopes.push_back (step / hours);
      rising += (step > 0) - (step < 0);
    }
  }
  Slope slope;
  slope.steady = static_cast<double> (rising) / static_cast<double> (slopes.size ());
  slope.per_hour = median (slopes);
  const double usual = median (values);
  slope.share = usual > 0 ? slope.per_hour / usual : 0;
  slope.growth = slope.per_hour
                 * static_cast<double> (buckets_[count - 1].begin - buckets_[0].begin) / 3600e6;
  return slope;
}

} // namespace camwarden
