// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/thresholds.h"

#include <cstdint>
#include <string>
#include <vector>

namespace camwarden
{

/* The steps of doing less, in the order in which they are taken. */
enum class DegradeStep : unsigned {
  None,
  Preview, /* no previews, no MJPEG */
  Quality, /* JPEG of less quality */
  Rate,    /* every second frame */
  Size,    /* half the width, half the height */
  Least,   /* one frame a second; for a full disk: nothing is stored */
  Prune,   /* stored frames are deleted */
};

/* "none", "preview", "quality", "rate", "size", "least", "prune". */
[[nodiscard]] std::string_view degrade_step_name (DegradeStep step);

/* What holds at this moment. */
struct Degrade
{
  bool preview_off = false;
  unsigned quality_less = 0; /* points of the encoder's quality */
  unsigned rate_divisor = 1;
  unsigned size_divisor = 1;
  bool one_per_second = false;
  bool store_paused = false;
  bool prune = false;

  bool operator== (const Degrade &) const = default;
  /* The highest step that is in force, 0 to 6. */
  [[nodiscard]] unsigned step () const;
  /* One line for people; empty: nothing is held back. */
  [[nodiscard]] std::string text () const;
};

struct DegradeSettings
{
  int64_t step_up = 10'000'000;   /* us between two steps of doing less */
  int64_t step_down = 60'000'000; /* us between two steps back */
  unsigned quality = 15;          /* points */
  bool enabled = true;            /* else nothing more is held back */

  bool operator== (const DegradeSettings &) const = default;
};

/* What presses. The levels have lasted already, see Threshold. */
struct DegradeCauses
{
  ThresholdLevel cpu = ThresholdLevel::None;
  ThresholdLevel memory = ThresholdLevel::None;
  ThresholdLevel temperature = ThresholdLevel::None;
  /* Of the file system that frames are stored on. */
  ThresholdLevel disk = ThresholdLevel::None;
  enum class Room {
    Full,    /* at or above the critical limit just now */
    Between, /* neither */
    Enough,  /* below the limit at which the critical level is left */
  };
  Room room = Room::Enough;

  /* "cpu", "memory,temperature", ...; of those that are at least a warning. */
  [[nodiscard]] std::string load_names () const;
};

/* Two ladders beside each other: pictures do not become smaller for a full disk, and nothing stops
 * being stored for a busy processor.
 *
 *   cpu, memory, temperature   warning: Preview, Quality, Rate; critical: Size and Least too
 *   disk                       critical: Least (nothing is stored), Prune
 *
 * One step at each `step_up` while the level asks for more, the first one at once; one step back at
 * each `step_down`, the first one when the level has asked for less for that long. The store is the
 * exception: it goes on as soon as there is room, since every second without costs frames; it stops
 * again `step_up` later at the earliest. All times are monotonic us. */
class DegradeLadder
{
public:
  struct Change
  {
    DegradeStep from = DegradeStep::None;
    DegradeStep to = DegradeStep::None;
    bool disk = false; /* of the disk's ladder */
    std::string cause; /* names, between commas; empty: it is gone */

    [[nodiscard]] bool
    worse () const
    {
      return to > from;
    }
  };

  explicit DegradeLadder (const DegradeSettings &settings) : settings_ (settings) {}
  DegradeLadder () : DegradeLadder (DegradeSettings{}) {}

  /* Steps that were taken stay. */
  void configure (const DegradeSettings &settings);
  [[nodiscard]] std::vector<Change> update (int64_t now, const DegradeCauses &causes);
  [[nodiscard]] Degrade current () const;
  /* Of the last change for the worse, of either ladder that holds something back. */
  [[nodiscard]] std::string cause () const;

private:
  struct Ladder
  {
    unsigned step = 0;
    int64_t changed = -1;    /* -1: never */
    int64_t less_since = -1; /* since when less than `step` is asked for; -1: it is not */
    std::string cause;
  };

  [[nodiscard]] bool climb (int64_t now, Ladder &ladder, unsigned wanted) const;
  [[nodiscard]] bool descend (int64_t now, Ladder &ladder, unsigned wanted) const;
  void update_load (int64_t now, const DegradeCauses &causes, std::vector<Change> &changes);
  void update_disk (int64_t now, const DegradeCauses &causes, std::vector<Change> &changes);

  DegradeSettings settings_;
  Ladder load_; /* 0 to 5: DegradeStep::None to Least */
  Ladder disk_; /* 0 to 2: nothing, Least, Prune */
};

} // namespace camwarden
