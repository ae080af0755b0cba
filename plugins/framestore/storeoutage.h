// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstddef>
#include <cstdint>

namespace camwarden
{

/* Why nothing can be stored at the moment. */
enum class OutageReason : uint8_t { none, full, readonly, io, missing, permission };
constexpr size_t outage_reasons = 6;

[[nodiscard]] const char *outage_reason_name (OutageReason reason);
[[nodiscard]] OutageReason outage_reason_of (int error_number);

/* One outage after the other: when the store may try again. Times are microseconds of a monotonic
 * clock. The wait doubles from the first to the longest, but a full disk is tried every second,
 * since space comes back by itself, a missing folder every 5 s and what is no I/O error every
 * 30 s; a medium that failed rests for the longest wait at once. */
class StoreOutage
{
public:
  void configure (int64_t first_wait, int64_t longest_wait);
  /* A try failed. True: this is news (the first failure, or another reason). */
  bool failed (OutageReason reason, int error_number, int64_t mono);
  void end ();

  [[nodiscard]] bool may_try (int64_t mono) const;

  [[nodiscard]] bool
  active () const
  {
    return reason_ != OutageReason::none;
  }
  [[nodiscard]] OutageReason
  reason () const
  {
    return reason_;
  }
  [[nodiscard]] int
  error_number () const
  {
    return error_number_;
  }

private:
  [[nodiscard]] int64_t longest_wait (OutageReason reason) const;

  int64_t first_ = 250'000;
  int64_t longest_ = 60'000'000;
  OutageReason reason_ = OutageReason::none;
  int error_number_ = 0;
  int64_t wait_ = 0;
  int64_t try_at_ = 0;
};

} // namespace camwarden
