// SPDX-License-Identifier: LGPL-2.1-or-later
/* Random lives of a machine, each compared with what really happened in it. */
#include "core/rebootguard.h"

#include <algorithm>
#include <glib.h>
#include <random>
#include <utility>

using namespace camwarden;

namespace
{

constexpr int64_t minute = 60'000'000;
constexpr int64_t hour = 60 * minute;
constexpr int64_t day = 24 * hour;
constexpr int64_t built = 1'750'000'000'000'000;
constexpr int scripts = 10'000;
constexpr int steps = 60;

const char *const reasons[] = { "unreapable", "blocked-task" };
const char *const cameras[] = { "front", "rear" };

/* What happened, in true time. */
struct Deed
{
  int64_t at;
  std::string reason, camera;
  enum { Open, Helped, InVain } fate = Open;
  std::optional<int64_t> offset = {}; /* of the wall clock then; empty: it was not set */
};

class Life
{
public:
  explicit Life (uint32_t seed) : random_ (seed)
  {
    limits_.allow = true;
    limits_.built = built;
    file_ = reboot_log_text ({});
    jumps_ = chance (3);
  }

  void
  live ()
  {
    for (int i = 0; i < steps; i++)
      step ();
  }

  int asked = 0, disarmed = 0, corrupt = 0;

private:
  [[nodiscard]] int64_t
  below (int64_t end)
  {
    return std::uniform_int_distribution<int64_t> (0, end - 1) (random_);
  }
  [[nodiscard]] bool
  chance (int in)
  {
    return below (in) == 0;
  }

  [[nodiscard]] RebootMoment
  now () const
  {
    return { "boot-" + std::to_string (boot_), true_ - boot_at_, built + day + true_ + offset_ };
  }

  /* The daemon knows no more than the file says. */
  [[nodiscard]] RebootLog
  read () const
  {
    return parse_reboot_log (file_);
  }
  bool
  write (const RebootLog &log)
  {
    if (read_only_)
      return false;
    file_ = reboot_log_text (log);
    return true;
  }

  void
  step ()
  {
    /* Much happens within minutes, and then nothing for hours. */
    true_ += chance (3) ? below (8 * hour) : below (20 * minute);
    switch (below (12)) {
    case 0:
      return boot (); /* a power cut */
    case 1:
      return healthy (cameras[below (2)]);
    case 2:
      read_only_ = chance (2);
      return;
    case 3:
      return damage ();
    case 4:
      return clear ();
    case 5:
      return jump ();
    default:
      return request (reasons[below (2)], cameras[below (2)]);
    }
  }

  void
  boot ()
  {
    boot_++;
    boot_at_ = true_;
    RebootLog log = read ();
    if (note_boot (log, now ()))
      write (log);
  }

  void
  jump ()
  {
    if (!jumps_)
      return;
    /* Also to before the program was made. */
    offset_ = chance (3) ? 0 : below (800 * day) - 400 * day;
  }

  void
  damage ()
  {
    if (damaged_ || !chance (3))
      return;
    const auto place = static_cast<size_t> (below (static_cast<int64_t> (file_.size ())));
    if (chance (2))
      file_.resize (place);
    else
      file_[place] = static_cast<char> (file_[place] ^ 0x11);
    damaged_ = true;
    corrupt++;
  }

  /* What damage took away cannot be counted afterwards: the operator looked after it. */
  void
  clear ()
  {
    if (!chance (4))
      return;
    RebootLog log = read ();
    if (!note_cleared (log) || !write (log))
      return;
    if (std::exchange (damaged_, false))
      deeds_.clear ();
    for (auto &deed : deeds_)
      if (deed.fate == Deed::InVain)
        deed.fate = Deed::Helped; /* not to be counted any more */
  }

  [[nodiscard]] Deed *
  newest (const char *camera, const char *reason)
  {
    const auto found = std::find_if (deeds_.rbegin (), deeds_.rend (), [&] (const Deed &deed) {
      return deed.camera == camera && (!reason || deed.reason == reason);
    });
    return found == deeds_.rend () || found->fate != Deed::Open ? nullptr : &*found;
  }

  void
  healthy (const char *camera)
  {
    RebootLog log = read ();
    if (note_camera_healthy (log, camera, now ()) && write (log))
      if (Deed *deed = newest (camera, nullptr))
        deed->fate = Deed::Helped;
  }

  void
  request (const char *reason, const char *camera)
  {
    const Fault fault{ FaultClass::Wedged, Tier::Machine, "worker", reason, "" };
    RebootLog log = read ();
    if (note_reboot_wanted (log, fault, camera, now ()) && write (log))
      if (Deed *deed = newest (camera, reason))
        deed->fate = Deed::InVain;
    const RebootDecision decision = judge_reboot (limits_, log, fault, now ());
    g_assert_cmpint (decision.allowed, ==, decision.refusal == RebootRefusal::None);
    disarmed += decision.refusal == RebootRefusal::Disarmed;
    if (!decision.allowed)
      return check_refusal (decision);
    log.entries.push_back (reboot_entry (limits_, fault, camera, now ()));
    if (write (log))
      reboot (reason, camera);
  }

  /* Whoever waits as told is not sent away for the same time again. */
  void
  check_refusal (const RebootDecision &decision) const
  {
    g_assert_false (decision.text.empty ());
    if (damaged_)
      g_assert_true (decision.refusal == RebootRefusal::LogCorrupt);
    if (!decision.wait)
      return;
    g_assert_cmpint (*decision.wait, >, 0);
    RebootMoment later = now ();
    later.mono += *decision.wait;
    later.wall += *decision.wait;
    const Fault fault{ FaultClass::Wedged, Tier::Machine, "worker", reasons[0], "" };
    RebootLog log = read ();
    const RebootDecision then = judge_reboot (limits_, log, fault, later);
    g_assert_true (then.allowed || then.refusal == RebootRefusal::Interval
                   || then.refusal == RebootRefusal::Daily || then.refusal == RebootRefusal::Clock);
    if (decision.refusal != RebootRefusal::Uptime)
      g_assert_true (then.allowed);
  }

  void
  reboot (const char *reason, const char *camera)
  {
    asked++;
    g_assert_false (damaged_);
    g_assert_false (read_only_);
    g_assert_cmpint (true_ - boot_at_, >=, limits_.min_uptime);
    check_times ();
    for (const char *each : reasons)
      check_armed (each);
    deeds_.push_back ({ true_, reason, camera, Deed::Open, {} });
    if (now ().wall >= built)
      deeds_.back ().offset = offset_;
    true_ += minute;
    boot ();
  }

  /* A clock that was set, but wrong, and has gone ahead since then makes a stamp look older than it
   * is, which nobody can know: that one is left out. */
  [[nodiscard]] bool
  looks_older (const Deed &deed) const
  {
    return deed.offset && now ().wall >= built && offset_ > *deed.offset;
  }

  void
  check_times () const
  {
    const auto within = [this] (int64_t time) {
      return std::count_if (deeds_.begin (), deeds_.end (), [&] (const Deed &deed) {
        return true_ - deed.at < time && !looks_older (deed);
      });
    };
    g_assert_cmpint (within (limits_.interval), ==, 0);
    g_assert_cmpint (within (day), <, limits_.per_day);
  }

  void
  check_armed (const char *reason) const
  {
    int in_vain = 0;
    for (const auto &deed : deeds_)
      if (deed.reason == reason)
        in_vain = deed.fate == Deed::InVain ? in_vain + 1 : 0;
    g_assert_cmpint (in_vain, <, 2);
  }

  std::mt19937 random_;
  RebootLimits limits_;
  std::string file_;
  std::vector<Deed> deeds_;
  int64_t true_ = 0, boot_at_ = 0, offset_ = 0;
  int boot_ = 0;
  bool jumps_ = false, read_only_ = false, damaged_ = false;
};

void
test_scripts ()
{
  const uint32_t seed = g_test_rand_int ();
  g_test_message ("seeds %u and the %d after it", seed, scripts - 1);
  int asked = 0, disarmed = 0, corrupt = 0;
  for (int i = 0; i < scripts; i++) {
    const uint32_t own = seed + static_cast<uint32_t> (i);
    Life life (own);
    life.live ();
    asked += life.asked;
    disarmed += life.disarmed;
    corrupt += life.corrupt;
  }
  g_test_message ("%d reboots, %d times disarmed, %d logs damaged", asked, disarmed, corrupt);
  /* A guard that never allows anything, and scripts that never get far, prove nothing. */
  g_assert_cmpint (asked, >, scripts);
  g_assert_cmpint (disarmed, >, scripts / 20);
  g_assert_cmpint (corrupt, >, scripts / 10);
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/rebootguard/scripts", test_scripts);
  return g_test_run ();
}
