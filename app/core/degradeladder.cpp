// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/degradeladder.h"

#include <algorithm>
#include <array>

namespace camwarden
{

namespace
{

constexpr unsigned load_warning = static_cast<unsigned> (DegradeStep::Rate);
constexpr unsigned load_critical = static_cast<unsigned> (DegradeStep::Least);
constexpr unsigned disk_pause = 1, disk_prune = 2;

DegradeStep
disk_step (unsigned step)
{
  constexpr std::array steps{ DegradeStep::None, DegradeStep::Least, DegradeStep::Prune };
  return steps[step];
}

void
add_word (std::string &text, const std::string &word)
{
  text += (text.empty () ? "" : ", ") + word;
}

} // namespace

std::string_view
degrade_step_name (DegradeStep step)
{
  static constexpr std::array<std::string_view, 7> names{ "none", "preview", "quality", "rate",
                                                          "size", "least",   "prune" };
  return names[static_cast<size_t> (step)];
}

unsigned
Degrade::step () const
{
  const auto number = [] (DegradeStep step) { return static_cast<unsigned> (step); };
  if (prune)
    return number (DegradeStep::Prune);
  if (one_per_second || store_paused)
    return number (DegradeStep::Least);
  if (size_divisor > 1)
    return number (DegradeStep::Size);
  if (rate_divisor > 1)
    return number (DegradeStep::Rate);
  if (quality_less > 0)
    return number (DegradeStep::Quality);
  return preview_off ? number (DegradeStep::Preview) : 0;
}

std::string
Degrade::text () const
{
  std::string text;
  if (preview_off)
    add_word (text, "no previews");
  if (quality_less > 0)
    add_word (text, "JPEG quality less " + std::to_string (quality_less));
  if (one_per_second)
    add_word (text, "one frame a second");
  else if (rate_divisor > 1)
    add_word (text, "half the frame rate");
  if (size_divisor > 1)
    add_word (text, "half the size");
  if (store_paused)
    add_word (text, "nothing is stored");
  if (prune)
    add_word (text, "old frames are deleted");
  return text;
}

std::string
DegradeCauses::load_names () const
{
  std::string names;
  for (const auto &[quantity, level] : { std::pair{ Quantity::Cpu, cpu },
                                         { Quantity::Memory, memory },
                                         { Quantity::Temperature, temperature } })
    if (level > ThresholdLevel::None)
      names += (names.empty () ? "" : ",") + std::string (quantity_name (quantity));
  return names;
}

void
DegradeLadder::configure (const DegradeSettings &settings)
{
  settings_ = settings;
}

std::vector<DegradeLadder::Change>
DegradeLadder::update (int64_t now, const DegradeCauses &causes)
{
  std::vector<Change> changes;
  update_load (now, causes, changes);
  update_disk (now, causes, changes);
  return changes;
}

/* One step, if more is wanted and the time for it has come. */
bool
DegradeLadder::climb (int64_t now, Ladder &ladder, unsigned wanted) const
{
  if (wanted <= ladder.step || (ladder.changed >= 0 && now - ladder.changed < settings_.step_up))
    return false;
  ladder.step++;
  ladder.changed = now;
  return true;
}

bool
DegradeLadder::descend (int64_t now, Ladder &ladder, unsigned wanted) const
{
  if (wanted >= ladder.step) {
    ladder.less_since = -1;
    return false;
  }
  if (ladder.less_since < 0)
    ladder.less_since = now;
  if (now - std::max (ladder.less_since, ladder.changed) < settings_.step_down)
    return false;
  ladder.step--;
  ladder.changed = now;
  return true;
}

void
DegradeLadder::update_load (int64_t now, const DegradeCauses &causes, std::vector<Change> &changes)
{
  const ThresholdLevel worst = std::max ({ causes.cpu, causes.memory, causes.temperature });
  const unsigned wanted = !settings_.enabled                  ? 0
                          : worst == ThresholdLevel::Critical ? load_critical
                          : worst == ThresholdLevel::Warning  ? load_warning
                                                              : 0;
  const auto from = static_cast<DegradeStep> (load_.step);
  if (!climb (now, load_, wanted) && !descend (now, load_, wanted))
    return;
  const auto to = static_cast<DegradeStep> (load_.step);
  if (to > from)
    load_.cause = causes.load_names ();
  changes.push_back ({ from, to, false, causes.load_names () });
}

void
DegradeLadder::update_disk (int64_t now, const DegradeCauses &causes, std::vector<Change> &changes)
{
  using Room = DegradeCauses::Room;
  const DegradeStep from = disk_step (disk_.step);
  if (disk_.step > 0 && (causes.room == Room::Enough || !settings_.enabled)) {
    disk_.step = 0;
    disk_.changed = now;
  } else {
    const bool full
        = settings_.enabled && causes.disk == ThresholdLevel::Critical && causes.room == Room::Full;
    if (!climb (now, disk_, full ? disk_prune : 0))
      return;
    disk_.cause = quantity_name (Quantity::Disk);
  }
  changes.push_back (
      { from, disk_step (disk_.step), true, disk_.step > 0 ? disk_.cause : std::string () });
}

Degrade
DegradeLadder::current () const
{
  const auto load = static_cast<DegradeStep> (load_.step);
  Degrade now;
  now.preview_off = load >= DegradeStep::Preview;
  now.quality_less = load >= DegradeStep::Quality ? settings_.quality : 0;
  now.rate_divisor = load >= DegradeStep::Rate ? 2 : 1;
  now.size_divisor = load >= DegradeStep::Size ? 2 : 1;
  now.one_per_second = load >= DegradeStep::Least;
  now.store_paused = disk_.step >= disk_pause;
  now.prune = disk_.step >= disk_prune;
  return now;
}

std::string
DegradeLadder::cause () const
{
  std::string cause = load_.step > 0 ? load_.cause : "";
  if (disk_.step > 0)
    cause += (cause.empty () ? "" : ",") + disk_.cause;
  return cause;
}

} // namespace camwarden
