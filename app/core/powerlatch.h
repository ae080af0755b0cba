// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace camwarden
{

/* What a Raspberry Pi's firmware says of its power and heat. */
struct PowerFlags
{
  bool under_voltage = false;
  bool frequency_capped = false;
  bool throttled = false;
  bool soft_temperature_limit = false;

  bool operator== (const PowerFlags &) const = default;
};

/* One reading. A source that tells less leaves the rest false. */
struct PowerReading
{
  PowerFlags now;
  PowerFlags since_boot; /* the firmware's own memory, which the kernel's driver empties */

  bool operator== (const PowerReading &) const = default;
};

/* Remembers what the firmware forgets: the kernel's driver clears its sticky flags every 2 s, so
 * that "since boot" there is only "since just now". Times are monotonic microseconds. */
class PowerLatch
{
public:
  enum Flag : size_t {
    UnderVoltage,
    FrequencyCapped,
    Throttled,
    SoftTemperatureLimit,
  };

  /* Nothing: there is no such sensor, or it could not be read. Present flags fall, the others
   * stay. */
  void update (int64_t now, const std::optional<PowerReading> &reading);

  /* A sensor answered the last time. */
  [[nodiscard]] bool
  known () const
  {
    return known_;
  }
  /* At the last reading, or between the one before and it. */
  [[nodiscard]] PowerFlags now () const;
  /* Since the machine or this latch started, whichever is known. */
  [[nodiscard]] PowerFlags since_boot () const;
  /* When the flag was up last; -1: never, or before the first reading. */
  [[nodiscard]] int64_t
  last_seen (Flag flag) const
  {
    return marks_[flag].seen;
  }
  /* Deadlines are not to be trusted as usual: under-voltage, or throttled, at this moment. */
  [[nodiscard]] bool weak () const;

private:
  struct Mark
  {
    bool now = false;
    bool ever = false;
    bool sticky = false; /* as the firmware said last */
    int64_t seen = -1;
  };

  [[nodiscard]] PowerFlags flags (bool Mark::*which) const;

  std::array<Mark, 4> marks_;
  bool known_ = false;
  bool read_before_ = false;
};

} // namespace camwarden
