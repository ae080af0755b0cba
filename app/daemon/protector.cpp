// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/protector.h"

#include "config/settings.h"
#include "daemon/background.h"
#include "daemon/safeguards.h"
#include "daemon/slowthread.h"

#include <algorithm>

namespace camwarden
{

namespace
{

constexpr int64_t top_span = 300'000;            /* us over which processes are compared */
constexpr int64_t walk_patience = 10'000'000;    /* us, for who fills a disk */
constexpr int64_t walk_again = 300'000'000;      /* us */
constexpr int64_t prune_again = 10'000'000;      /* us */
constexpr const char *camera_prefix = "camera:"; /* of a worker's name in a sample */

std::string
in_brackets (const std::string &text)
{
  return text.empty () ? "" : " (" + text + ")";
}

std::string
seconds_in_words (int64_t us)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  return std::string (g_ascii_formatd (text, sizeof text, "%.1f",
                                       static_cast<double> (std::abs (us)) / G_USEC_PER_SEC))
         + " s";
}

GLogLevelFlags
log_level (Severity severity)
{
  return severity == Severity::Info ? G_LOG_LEVEL_MESSAGE : G_LOG_LEVEL_WARNING;
}

} // namespace

ProtectorSettings
protector_settings (const ThresholdsConfig &thresholds, const RecoveryConfig &recovery)
{
  ProtectorSettings settings;
  settings.degrade.enabled = recovery.degrade;
  settings.degrade.step_up = recovery.degrade_step_up;
  settings.degrade.step_down = recovery.degrade_step_down;
  settings.degrade.quality = recovery.degrade_quality;
  settings.emergency.min_dwell = recovery.emergency_min_dwell;
  settings.emergency.leave_after = recovery.emergency_leave_after;
  settings.emergency.per_hour = recovery.emergency_per_hour;
  settings.processes.growth = thresholds.memory_growth;
  settings.processes.growth_after = thresholds.memory_growth_after;
  settings.processes.writes_per_day = thresholds.disk_writes;
  settings.prune_target = recovery.prune_target;
  settings.recycle = recovery.worker_recycle;
  return settings;
}

Protector::Protector (std::string root, const ProtectorSettings &settings, Levers levers,
                      Events events)
    : root_ (std::move (root)), settings_ (settings), levers_ (std::move (levers)),
      events_ (std::move (events)), ladder_ (settings.degrade), emergency_ (settings.emergency),
      processes_ (settings.processes)
{}

void
Protector::configure (const ProtectorSettings &settings)
{
  const Degrade before = ladder_.current ();
  settings_ = settings;
  ladder_.configure (settings.degrade);
  emergency_.configure (settings.emergency);
  processes_.configure (settings.processes);
  if (ladder_.current () != before)
    apply ();
}

/* --- each sample --- */

void
Protector::sampled (const SystemSample &sample, const Thresholds &thresholds)
{
  const int64_t now = g_get_monotonic_time ();
  frames_ = {};
  for (const auto &disk : sample.disks)
    if (disk.name == "frames" && disk.known)
      frames_ = { disk_instance (sample, disk), disk.total, disk.available, disk.used (), true };
  processes_.sampled (sample);
  look_at_clock (sample);
  look_at_ladder (now, thresholds);
  look_at_emergency (now, thresholds);
  look_at_disk (now, thresholds);
  look_at_growth ();
  /* Each second longer than needed costs frames. */
  levers_.hurry (ladder_.current ().step () > 0 || emergency_.active ());
  if (events_.changed)
    events_.changed ();
}

void
Protector::look_at_clock (const SystemSample &sample)
{
  const auto change
      = clock_.update (g_get_monotonic_time (), g_get_real_time (), sample.clock_synchronised);
  if (change && change->correction)
    tell ("clock", Severity::Info, "clock-step",
          std::string ("the clock was put ") + (change->correction > 0 ? "forward" : "back")
              + " by " + seconds_in_words (change->correction)
              + "; stored frames keep their order, and waits do not notice");
  if (change && change->synchronised)
    tell ("clock", Severity::Info, "clock-synchronised", "the clock is synchronised from now on");
}

void
Protector::look_at_ladder (int64_t now, const Thresholds &thresholds)
{
  using Room = DegradeCauses::Room;
  DegradeCauses causes;
  causes.cpu = thresholds.level (Quantity::Cpu);
  causes.memory = thresholds.level (Quantity::Memory);
  causes.temperature = thresholds.level (Quantity::Temperature);
  if (const Threshold *disk = thresholds.find (Quantity::Disk, frames_.mount)) {
    causes.disk = disk->level ();
    causes.room = !frames_.known                                    ? Room::Between
                  : frames_.used >= disk->settings ().critical      ? Room::Full
                  : frames_.used < disk->settings ().critical_leave ? Room::Enough
                                                                    : Room::Between;
  } else if (!frames_.known) {
    causes.room = Room::Between; /* it cannot be asked just now */
  }
  const Degrade before = ladder_.current ();
  for (const auto &change : ladder_.update (now, causes))
    ladder_changed (change);
  if (ladder_.current () != before)
    apply ();
  if (ladder_.current ().prune)
    prune (now);
}

void
Protector::ladder_changed (const DegradeLadder::Change &change)
{
  const std::string now = ladder_.current ().text ();
  const std::string step (degrade_step_name (change.worse () ? change.to : change.from));
  const std::string cause = change.worse () ? change.cause
                            : change.disk   ? "there is room"
                                            : "the load is gone";
  tell ("degrade", change.worse () ? Severity::Warning : Severity::Info, step,
        std::string (change.worse () ? "less is done: " : "more is done again: ")
            + (now.empty () ? "nothing is held back" : now) + in_brackets (cause));
}

void
Protector::apply ()
{
  levers_.apply (ladder_.current (), emergency_.active () ? emergency_cause () : "");
}

/* --- emergency --- */

void
Protector::look_at_emergency (int64_t now, const Thresholds &thresholds)
{
  const auto change = emergency_.update (now, emergency_signs (thresholds));
  if (emergency_.active ())
    if (const std::string cause = camwarden::emergency_cause (thresholds); !cause.empty ())
      cause_ = cause;
  if (change == Emergency::Change::Entered)
    entered (thresholds);
  if (change != Emergency::Change::Left)
    return;
  tell ("emergency-over", Severity::Info, "emergency",
        "the emergency is over after "
            + std::to_string ((now - emergency_.since ()) / G_USEC_PER_SEC) + " s");
  cause_.clear ();
  consumers_.clear ();
  apply ();
}

void
Protector::entered (const Thresholds &thresholds)
{
  emergency_wall_ = g_get_real_time ();
  cause_ = camwarden::emergency_cause (thresholds);
  consumers_.clear ();
  tell ("emergency", Severity::Critical, "emergency", "emergency: " + cause_);
  apply ();
  find_consumers ();
}

void
Protector::find_consumers ()
{
  in_background<TopProcesses> ([root = root_] { return find_top_processes (root, top_span); },
                               [this, here = main_.alive ()] (const TopProcesses &top) {
                                 if (here.expired () || !emergency_.active ())
                                   return;
                                 const bool memory = cause_.find ("memory") != std::string::npos;
                                 const bool load
                                     = cause_.find ("cpu") != std::string::npos
                                       || cause_.find ("temperature") != std::string::npos;
                                 consumers_ = memory ? top.memory_text () : "";
                                 if (load && !top.by_cpu.empty ())
                                   consumers_
                                       += (consumers_.empty () ? "" : "; ") + top.cpu_text ();
                                 if (consumers_.empty ())
                                   return;
                                 g_message ("emergency: %s", consumers_.c_str ());
                                 apply ();
                               });
}

int64_t
Protector::emergency_since () const
{
  return emergency_.active () ? emergency_wall_ : 0;
}

std::string
Protector::emergency_cause () const
{
  if (!emergency_.active ())
    return "";
  const bool disk = !filled_.users.empty () && cause_.find ("disk") != std::string::npos;
  std::string cause = cause_;
  for (const std::string &who : { consumers_, disk ? filled_.users : std::string () })
    if (!who.empty ())
      cause += "; " + who;
  return cause;
}

std::string
Protector::degrade_text () const
{
  const std::string text = ladder_.current ().text ();
  return text.empty () ? "" : text + in_brackets (ladder_.cause ());
}

/* --- disks --- */

void
Protector::look_at_disk (int64_t now, const Thresholds &thresholds)
{
  std::string full;
  for (const auto &[key, threshold] : thresholds.all ())
    if (key.first == Quantity::Disk && threshold.level () == ThresholdLevel::Critical
        && threshold.value () >= threshold.settings ().critical_leave
        && (full.empty () || key.second == frames_.mount))
      full = key.second;
  const bool first = !full.empty () && full != filled_.mount;
  if (full != filled_.mount)
    filled_ = { full, "", 0 };
  if (first)
    levers_.clean ([this, here = main_.alive ()] (uint64_t bytes) {
      if (!here.expired ())
        pruned (bytes, 0);
    });
  if (full.empty () || looking_ || (filled_.looked && now - filled_.looked < walk_again))
    return;
  filled_.looked = now;
  find_disk_users (full);
}

void
Protector::find_disk_users (const std::string &mount)
{
  looking_ = true;
  const std::string below = root_ == "/" ? mount : root_ + mount;
  in_slow_thread<DiskUsers> ([below] { return camwarden::find_disk_users (below, walk_patience); },
                             [this, here = main_.alive (), mount] (const DiskUsers &users) {
                               if (here.expired ())
                                 return;
                               looking_ = false;
                               const std::string who = users.text ();
                               if (filled_.mount != mount || who.empty ())
                                 return;
                               filled_.users = "largest on " + mount + ": " + who
                                               + (users.complete ? "" : ", as far as seen");
                               g_warning ("disk: %s", filled_.users.c_str ());
                               if (emergency_.active ())
                                 apply ();
                               if (events_.changed)
                                 events_.changed ();
                             });
}

void
Protector::prune (int64_t now)
{
  const auto total = static_cast<double> (frames_.total);
  const double wanted = total * (1 - settings_.prune_target);
  const double bytes = wanted - static_cast<double> (frames_.available);
  if (pruning_ || now < prune_after_ || !frames_.known || bytes < 1)
    return;
  pruning_ = true;
  levers_.prune (static_cast<uint64_t> (bytes), [this, here = main_.alive ()] (uint64_t freed) {
    if (here.expired ())
      return;
    pruning_ = false;
    prune_after_ = g_get_monotonic_time () + prune_again;
    pruned (0, freed);
  });
}

void
Protector::pruned (uint64_t own, uint64_t frames)
{
  if (own + frames > 0)
    tell ("prune", Severity::Warning, own ? "own-files" : "frames",
          "deleted " + size_in_words (own + frames)
              + (own ? " of old logs, evidence and leftovers" : " of the oldest stored frames")
              + " to make room");
}

/* --- processes --- */

void
Protector::look_at_growth ()
{
  if (!settings_.recycle)
    return;
  for (const auto &name : processes_.growing ())
    if (name.starts_with (camera_prefix)) {
      const std::string camera = name.substr (std::string_view (camera_prefix).size ());
      if (levers_.recycle (camera))
        tell ("order", Severity::Info, "worker-recycle",
              "camera " + camera + ": its worker is replaced, since its memory keeps growing");
    }
}

void
Protector::redis_figures (const RedisFigures &figures)
{
  redis_.update (g_get_monotonic_time (), figures);
}

void
Protector::redis_gone ()
{
  redis_.forget ();
}

std::vector<HealthIssue>
Protector::issues () const
{
  std::vector<HealthIssue> list = processes_.issues ();
  for (auto &issue : redis_.issues (g_get_monotonic_time ()))
    list.push_back (std::move (issue));
  if (filled_.users.empty ())
    return list;
  HealthIssue issue;
  issue.part = "system";
  issue.code = "disk-filled";
  issue.instance = filled_.mount;
  issue.what = "The file system " + filled_.mount + " is filled";
  issue.cause = filled_.users;
  issue.text = issue.what + ": " + issue.cause;
  list.push_back (std::move (issue));
  return list;
}

void
Protector::tell (const char *kind, Severity severity, const std::string &code,
                 const std::string &text)
{
  g_log_structured (G_LOG_DOMAIN, log_level (severity), "CAMWARDEN_EVENT", kind, "CAMWARDEN_CODE",
                    code.c_str (), "MESSAGE", "protection: %s", text.c_str ());
  if (!events_.event)
    return;
  Event event;
  event.time = g_get_real_time ();
  event.kind = kind;
  event.severity = severity;
  event.code = code;
  event.text = text;
  events_.event (event);
}

} // namespace camwarden
