// SPDX-License-Identifier: LGPL-2.1-or-later
/* Ten thousand random walks over all sensors at once: whatever they do, the machine does not flap,
 * waits and caps hold, and everything is given back in the end. */
#include "core/degradeladder.h"
#include "core/emergency.h"

#include <algorithm>
#include <glib.h>
#include <random>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
constexpr int64_t hour = 3600 * second;
constexpr int walks = 10'000;
constexpr const char *disk = "/srv/frames";

/* A sensor that drifts, jumps and sometimes cannot be read. */
class Sensor
{
public:
  Sensor (std::mt19937 &random, double low, double high)
      : random_ (random), low_ (low), high_ (high), value_ (low)
  {}

  std::optional<double>
  step ()
  {
    const double chance = uniform (0, 1);
    if (chance < 0.02)
      return std::nullopt;
    if (chance < 0.06)
      value_ = uniform (low_, high_);
    else
      value_ = std::clamp (value_ + uniform (-0.05, 0.05) * (high_ - low_), low_, high_);
    return value_;
  }

private:
  double
  uniform (double from, double to)
  {
    return std::uniform_real_distribution<double> (from, to) (random_);
  }

  std::mt19937 &random_;
  double low_, high_, value_;
};

/* Checks each change against those before. */
class Referee
{
public:
  void
  ladder_changed (int64_t now, const DegradeLadder::Change &change)
  {
    Track &track = tracks_[change.disk];
    const int64_t since = track.last < 0 ? INT64_MAX : now - track.last;
    if (change.worse ()) {
      g_assert_cmpint (since, >=, 10 * second);
      track.down++;
    } else if (change.disk) {
      track.up += track.down - track.up;
    } else {
      g_assert_cmpint (since, >=, 60 * second);
      track.up++;
    }
    if (!change.disk)
      g_assert_cmpint (std::abs (static_cast<int> (change.to) - static_cast<int> (change.from)), ==,
                       1);
    track.last = now;
  }

  void
  emergency_changed (int64_t now, Emergency::Change change)
  {
    if (change == Emergency::Change::Entered) {
      entries_.push_back (now);
      const auto within = std::count_if (entries_.begin (), entries_.end (),
                                         [now] (int64_t at) { return now - at < hour; });
      g_assert_cmpint (within, <=, 4);
    } else {
      g_assert_cmpint (now - entries_.back (), >=, 120 * second);
    }
  }

  /* All that was taken has been given back. */
  void
  finish () const
  {
    for (const Track &track : tracks_)
      g_assert_cmpint (track.down, ==, track.up);
  }

  [[nodiscard]] bool
  saw_anything () const
  {
    return tracks_[0].down > 0 && tracks_[1].down > 0 && !entries_.empty ();
  }

private:
  struct Track
  {
    int down = 0, up = 0;
    int64_t last = -1;
  };
  Track tracks_[2]; /* of the load, of the disk */
  std::vector<int64_t> entries_;
};

struct Machine
{
  Thresholds thresholds;
  DegradeLadder ladder;
  Emergency emergency;
  Referee referee;
  int64_t now = 0;

  void
  look (const ThresholdValues &values)
  {
    (void)thresholds.update (now, values);
    const double used = values.disks.at (disk).value_or (0.92);
    using Room = DegradeCauses::Room;
    const DegradeCauses causes{ thresholds.level (Quantity::Cpu),
                                thresholds.level (Quantity::Memory),
                                thresholds.level (Quantity::Temperature),
                                thresholds.level (Quantity::Disk, disk),
                                used >= 0.95  ? Room::Full
                                : used < 0.90 ? Room::Enough
                                              : Room::Between };
    for (const auto &change : ladder.update (now, causes))
      referee.ladder_changed (now, change);
    if (const auto change = emergency.update (now, emergency_signs (thresholds)))
      referee.emergency_changed (now, *change);
    /* What holds follows from what presses. */
    const Degrade degrade = ladder.current ();
    g_assert_true (!degrade.prune || degrade.store_paused);
    g_assert_true (!degrade.one_per_second || degrade.size_divisor == 2);
    g_assert_true (degrade.size_divisor == 1 || degrade.preview_off);
  }
};

/* Every second walk stays near the limits, where levels come and go. */
bool
walk (unsigned seed)
{
  std::mt19937 random (seed);
  const bool near = seed % 2 == 0;
  Sensor cpu (random, near ? 0.78 : 0, 1), memory (random, near ? 0.82 : 0, 1),
      space (random, near ? 0.82 : 0, 1), heat (random, near ? 62 : 20, 90);
  Machine machine;
  std::uniform_int_distribution<int> pace (2, 10);
  const int64_t end = (seed % 10 == 0 ? 5 : 1) * hour / 4;
  while (machine.now < end) {
    ThresholdValues values;
    values.cpu = cpu.step ();
    values.memory = memory.step ();
    values.temperature = heat.step ();
    values.disks[disk] = space.step ();
    machine.look (values);
    machine.now += pace (random) * second;
  }
  /* The causes are gone. */
  const int64_t calm_end = machine.now + hour + 10 * 60 * second;
  while (machine.now < calm_end) {
    ThresholdValues values;
    values.cpu = 0.1;
    values.memory = 0.3;
    values.temperature = 40;
    values.disks[disk] = 0.5;
    machine.look (values);
    machine.now += 10 * second;
  }
  g_assert_true (machine.ladder.current () == Degrade{});
  g_assert_false (machine.emergency.active ());
  machine.referee.finish ();
  return machine.referee.saw_anything ();
}

void
test_walks ()
{
  const auto first = static_cast<unsigned> (g_test_rand_int () & 0xffffff);
  g_test_message ("first seed: %u", first);
  int eventful = 0;
  for (int i = 0; i < walks; i++)
    eventful += walk (first + static_cast<unsigned> (i));
  g_test_message ("%d of %d walks saw both ladders and an emergency", eventful, walks);
  g_assert_cmpint (eventful, >, walks / 2);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/protection/walks", test_walks);
  return g_test_run ();
}
