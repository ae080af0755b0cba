// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "framestore/storepath.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <vector>

namespace camwarden
{

/* How much space to leave to others: bytes, or a share of the file system. */
struct KeepFree
{
  uint64_t bytes = 0;
  double percent = 0;

  [[nodiscard]] uint64_t target (uint64_t file_system_size) const;
};

/* "500000000", "512k", "500M", "2G" (powers of 1024) or "5%", up to 99 %; "" and "0" mean nothing
 * is kept free. */
[[nodiscard]] std::optional<KeepFree> parse_keep_free (std::string_view text);

struct StoredFrame
{
  FrameName name;
  uint32_t size = 0; /* bytes; a larger file counts as 4 GiB - 1 */
};

/* Which frames of one camera's store go, oldest first. It knows names and sizes, 16 bytes a frame,
 * and touches no file: take_*() forgets the frame it returns and the caller deletes that file (or
 * gives the frame back with add() when it could not).
 *
 * Frames in the future, which a clock that was wrong leaves behind, are neither counted nor taken
 * until their time comes. Times are microseconds: `wall` UTC, `mono` of a monotonic clock, `now` as
 * StoreTime::present() has it. */
class Retention
{
public:
  /* No frame this close to the newest one goes for the sake of free space, as a rule. */
  static constexpr int64_t protected_us = minute_us;
  /* A step of the wall clock larger than this puts max-age on hold: a wrong clock must not empty
   * the store before somebody can correct it. */
  static constexpr int64_t clock_step_us = 2'000'000;
  static constexpr int64_t age_hold_us = int64_t{ 3600 } * 1'000'000;
  /* 2020: a clock that says less was not set when the frame was captured, as on a board without a
   * battery, and nobody knows how old the frame is. It goes for quota and space alone. */
  static constexpr int64_t clock_set_us = int64_t{ 1'577'836'800 } * 1'000'000;

  /* False: the frame was known, only its size is taken over. */
  bool add (const StoredFrame &frame);
  bool remove (const FrameName &name);
  void clear ();

  /* To be told at least every second or so while max-age is used. */
  void observe_clock (int64_t wall, int64_t mono);

  /* The oldest frame as long as the store and `incoming` bytes are above max_bytes (0: never). */
  std::optional<StoredFrame> take_over_quota (uint64_t max_bytes, uint64_t incoming, int64_t now);

  /* The oldest frame whose age is known, if it is older than max_age_us (0: never). */
  std::optional<StoredFrame> take_expired (int64_t max_age_us, int64_t wall, int64_t mono);

  /* The oldest frame, unless only those are left that are no more than `protect` older than the
   * newest one. */
  std::optional<StoredFrame> take_for_space (int64_t now, int64_t protect = protected_us);

  [[nodiscard]] bool holds (int64_t minute) const;
  [[nodiscard]] uint64_t count () const;
  [[nodiscard]] uint64_t bytes () const;

private:
  struct Entry
  {
    uint32_t in_minute_us;
    uint32_t run;
    uint32_t seq;
    uint32_t size;

    [[nodiscard]] bool before (const Entry &other) const;
    [[nodiscard]] bool same (const Entry &other) const;
  };
  struct Bucket
  {
    std::vector<Entry> entries; /* in order; those before `first` are gone */
    size_t first = 0;
    uint64_t bytes = 0;
  };

  [[nodiscard]] static Entry entry_of (const StoredFrame &frame);
  [[nodiscard]] static StoredFrame frame_of (int64_t minute, const Entry &entry);
  [[nodiscard]] std::optional<StoredFrame> oldest () const;
  [[nodiscard]] std::optional<int64_t> newest_until (int64_t now) const;
  [[nodiscard]] uint64_t bytes_until (int64_t now) const;
  using Buckets = std::map<int64_t, Bucket>;
  void drop_first (Buckets::iterator bucket);
  void drop_oldest ();

  Buckets buckets_; /* by minute; none is empty */
  uint64_t count_ = 0;
  uint64_t bytes_ = 0;
  std::optional<int64_t> clock_offset_; /* wall - mono, as last seen */
  std::optional<int64_t> age_hold_until_;
};

} // namespace camwarden
