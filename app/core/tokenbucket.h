// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>

namespace camwarden
{

/* So many a second, with a burst. Times in microseconds of a clock that never goes back. */
class TokenBucket
{
public:
  TokenBucket (double per_second, double burst, int64_t now)
      : per_second_ (per_second), burst_ (burst), tokens_ (burst), filled_ (now)
  {}

  [[nodiscard]] bool
  take (int64_t now)
  {
    tokens_ = at (now);
    filled_ = std::max (filled_, now);
    if (tokens_ < 1)
      return false;
    tokens_ -= 1;
    return true;
  }

  [[nodiscard]] bool
  empty (int64_t now) const
  {
    return at (now) < 1;
  }

  [[nodiscard]] bool
  full (int64_t now) const
  {
    return at (now) >= burst_;
  }

  /* Microseconds until the next token. */
  [[nodiscard]] int64_t
  wait (int64_t now) const
  {
    const double missing = 1 - at (now);
    return missing <= 0 ? 0 : static_cast<int64_t> (missing / per_second_ * 1e6) + 1;
  }

private:
  [[nodiscard]] double
  at (int64_t now) const
  {
    const double seconds = static_cast<double> (std::max<int64_t> (0, now - filled_)) / 1e6;
    return std::min (burst_, tokens_ + seconds * per_second_);
  }

  double per_second_;
  double burst_;
  double tokens_;
  int64_t filled_;
};

/* One bucket per address. The table is bounded: when it is full, addresses whose bucket is full
 * again are forgotten (they lose nothing), and if that frees none, a stranger is refused. */
class AddressBuckets
{
public:
  /* per_second 0: no limit. */
  AddressBuckets (double per_second, double burst, size_t most = 4096)
      : per_second_ (per_second), burst_ (burst), most_ (most)
  {}

  [[nodiscard]] bool
  take (const std::string &address, int64_t now)
  {
    if (per_second_ <= 0)
      return true;
    TokenBucket *bucket = find_or_make (address, now);
    return bucket && bucket->take (now);
  }

  /* True when the next take() would fail; makes no entry. */
  [[nodiscard]] bool
  exhausted (const std::string &address, int64_t now) const
  {
    const auto found = buckets_.find (address);
    return found != buckets_.end () && found->second.empty (now);
  }

  [[nodiscard]] int64_t
  wait (const std::string &address, int64_t now) const
  {
    const auto found = buckets_.find (address);
    return found == buckets_.end () ? 0 : found->second.wait (now);
  }

  [[nodiscard]] size_t
  size () const
  {
    return buckets_.size ();
  }

private:
  TokenBucket *
  find_or_make (const std::string &address, int64_t now)
  {
    if (const auto found = buckets_.find (address); found != buckets_.end ())
      return &found->second;
    if (buckets_.size () >= most_)
      std::erase_if (buckets_, [now] (const auto &entry) { return entry.second.full (now); });
    if (buckets_.size () >= most_)
      return nullptr;
    return &buckets_.emplace (address, TokenBucket (per_second_, burst_, now)).first->second;
  }

  double per_second_;
  double burst_;
  size_t most_;
  std::unordered_map<std::string, TokenBucket> buckets_;
};

} // namespace camwarden
