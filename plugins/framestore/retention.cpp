// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framestore/retention.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <tuple>

namespace camwarden
{

uint64_t
KeepFree::target (uint64_t file_system_size) const
{
  return std::max (bytes, static_cast<uint64_t> (
                              std::ceil (static_cast<double> (file_system_size) * percent / 100)));
}

std::optional<KeepFree>
parse_keep_free (std::string_view text)
{
  if (text.empty ())
    return KeepFree{};
  uint64_t value = 0;
  const auto [end, error] = std::from_chars (text.data (), text.data () + text.size (), value);
  const std::string_view unit (end, static_cast<size_t> (text.data () + text.size () - end));
  if (error != std::errc{})
    return std::nullopt;
  if (unit == "%")
    return value <= 99 ? std::optional (KeepFree{ 0, static_cast<double> (value) }) : std::nullopt;
  constexpr std::string_view units = "kMGT";
  const size_t power = unit.empty () ? 0 : units.find (unit) + 1; /* npos + 1 is 0 as well */
  if (unit.size () > 1 || (power == 0 && !unit.empty ()))
    return std::nullopt;
  if (power > 0 && value >> (64 - 10 * power) != 0)
    return std::nullopt;
  return KeepFree{ value << (10 * power), 0 };
}

bool
Retention::Entry::before (const Entry &other) const
{
  return std::tie (in_minute_us, run, seq) < std::tie (other.in_minute_us, other.run, other.seq);
}

bool
Retention::Entry::same (const Entry &other) const
{
  return std::tie (in_minute_us, run, seq) == std::tie (other.in_minute_us, other.run, other.seq);
}

Retention::Entry
Retention::entry_of (const StoredFrame &frame)
{
  const int64_t time = std::clamp<int64_t> (frame.name.time_us, 0, last_time_us);
  return { static_cast<uint32_t> (time % minute_us), frame.name.run, frame.name.seq, frame.size };
}

StoredFrame
Retention::frame_of (int64_t minute, const Entry &entry)
{
  return { { minute * minute_us + entry.in_minute_us, entry.run, entry.seq }, entry.size };
}

bool
Retention::add (const StoredFrame &frame)
{
  const Entry entry = entry_of (frame);
  Bucket &bucket = buckets_[minute_of (frame.name.time_us)];
  auto &entries = bucket.entries;
  auto place = entries.end ();
  const auto first = entries.begin () + static_cast<ptrdiff_t> (bucket.first);
  if (place != first && !entries.back ().before (entry))
    place = std::lower_bound (first, place, entry,
                              [] (const Entry &a, const Entry &b) { return a.before (b); });
  const bool known = place != entries.end () && place->same (entry);
  if (known) {
    bucket.bytes -= place->size;
    bytes_ -= place->size;
    place->size = entry.size;
  } else {
    entries.insert (place, entry);
    count_++;
  }
  bucket.bytes += entry.size;
  bytes_ += entry.size;
  return !known;
}

bool
Retention::remove (const FrameName &name)
{
  const auto found = buckets_.find (minute_of (name.time_us));
  if (found == buckets_.end ())
    return false;
  Bucket &bucket = found->second;
  const Entry entry = entry_of ({ name, 0 });
  const auto first = bucket.entries.begin () + static_cast<ptrdiff_t> (bucket.first);
  const auto place
      = std::lower_bound (first, bucket.entries.end (), entry,
                          [] (const Entry &a, const Entry &b) { return a.before (b); });
  if (place == bucket.entries.end () || !place->same (entry))
    return false;
  bucket.bytes -= place->size;
  bytes_ -= place->size;
  count_--;
  bucket.entries.erase (place);
  if (bucket.entries.size () == bucket.first)
    buckets_.erase (found);
  return true;
}

void
Retention::clear ()
{
  buckets_.clear ();
  count_ = bytes_ = 0;
}

void
Retention::observe_clock (int64_t wall, int64_t mono)
{
  const int64_t offset = wall - mono;
  if (clock_offset_ && std::abs (offset - *clock_offset_) > clock_step_us)
    age_hold_until_ = mono + age_hold_us;
  clock_offset_ = offset;
}

std::optional<StoredFrame>
Retention::oldest () const
{
  if (buckets_.empty ())
    return std::nullopt;
  const auto &[minute, bucket] = *buckets_.begin ();
  return frame_of (minute, bucket.entries[bucket.first]);
}

/* The time of the newest frame that is not in the future. */
std::optional<int64_t>
Retention::newest_until (int64_t now) const
{
  for (auto it = buckets_.rbegin (); it != buckets_.rend (); ++it) {
    const auto &[minute, bucket] = *it;
    if (minute * minute_us > now)
      continue;
    for (size_t i = bucket.entries.size (); i > bucket.first; i--) {
      const int64_t time = frame_of (minute, bucket.entries[i - 1]).name.time_us;
      if (time <= now)
        return time;
    }
  }
  return std::nullopt;
}

uint64_t
Retention::bytes_until (int64_t now) const
{
  uint64_t future = 0;
  for (auto it = buckets_.rbegin (); it != buckets_.rend (); ++it) {
    const auto &[minute, bucket] = *it;
    if (minute * minute_us > now) {
      future += bucket.bytes;
      continue;
    }
    for (size_t i = bucket.entries.size (); i > bucket.first; i--) {
      if (frame_of (minute, bucket.entries[i - 1]).name.time_us <= now)
        break;
      future += bucket.entries[i - 1].size;
    }
    break;
  }
  return bytes_ - future;
}

void
Retention::drop_oldest ()
{
  drop_first (buckets_.begin ());
}

void
Retention::drop_first (Buckets::iterator place)
{
  Bucket &bucket = place->second;
  const uint32_t size = bucket.entries[bucket.first].size;
  bucket.first++;
  bucket.bytes -= size;
  bytes_ -= size;
  count_--;
  if (bucket.first == bucket.entries.size ())
    buckets_.erase (place);
}

std::optional<StoredFrame>
Retention::take_over_quota (uint64_t max_bytes, uint64_t incoming, int64_t now)
{
  const auto frame = oldest ();
  if (max_bytes == 0 || !frame || frame->name.time_us > now
      || bytes_until (now) + incoming <= max_bytes)
    return std::nullopt;
  drop_oldest ();
  return frame;
}

std::optional<StoredFrame>
Retention::take_expired (int64_t max_age_us, int64_t wall, int64_t mono)
{
  if (max_age_us <= 0 || (age_hold_until_ && mono < *age_hold_until_))
    return std::nullopt;
  const auto place = buckets_.lower_bound (minute_of (clock_set_us));
  if (place == buckets_.end ())
    return std::nullopt;
  const StoredFrame frame = frame_of (place->first, place->second.entries[place->second.first]);
  if (frame.name.time_us >= wall - max_age_us)
    return std::nullopt;
  drop_first (place);
  return frame;
}

std::optional<StoredFrame>
Retention::take_for_space (int64_t now, int64_t protect)
{
  const auto frame = oldest ();
  if (!frame || frame->name.time_us > now)
    return std::nullopt;
  const auto newest = newest_until (now);
  if (!newest || frame->name.time_us > *newest - protect)
    return std::nullopt;
  drop_oldest ();
  return frame;
}

bool
Retention::holds (int64_t minute) const
{
  return buckets_.contains (minute);
}

uint64_t
Retention::count () const
{
  return count_;
}

uint64_t
Retention::bytes () const
{
  return bytes_;
}

} // namespace camwarden
