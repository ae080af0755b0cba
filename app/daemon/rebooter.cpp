// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/rebooter.h"

#include "builddate.h"
#include "daemon/background.h"
#include "daemon/bootid.h"

#include <algorithm>
#include <ctime>

namespace camwarden
{

namespace
{

/* In place of a camera's id, which has no dot. */
constexpr const char *operator_mark = ".operator";

/* What the guard is asked about when somebody asks. */
Fault
operators_wish ()
{
  return { FaultClass::Wedged, Tier::Machine, "machine", "requested", "" };
}

std::string
cause (const RebootEntry &entry)
{
  if (entry.camera == operator_mark)
    return "because somebody asked for it";
  return "because of \"" + entry.reason + "\" of camera " + entry.camera;
}

int64_t
since_start ()
{
  timespec time{};
  clock_gettime (CLOCK_BOOTTIME, &time);
  return time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

void
set_limits (RebootLimits &limits, const RecoveryConfig &config)
{
  limits.allow = config.allow_reboot;
  limits.min_uptime = config.reboot_min_uptime;
  limits.interval = config.reboot_interval;
  limits.per_day = config.reboots_per_day;
}

} // namespace

Rebooter::World
Rebooter::World::system ()
{
  World world;
  world.boot_id = camwarden::boot_id ();
  world.built = CAMWARDEN_BUILD_DATE * G_USEC_PER_SEC;
  world.mono = since_start;
  world.wall = g_get_real_time;
  return world;
}

Rebooter::Rebooter (const RecoveryConfig &config, std::string directory, ServiceControl &services,
                    World world)
    : file_ (std::move (directory)), services_ (services), world_ (std::move (world))
{
  limits_.built = world_.built;
  apply (config);
  enqueue ({ [this] (RebootLog &log) {
              const bool first = note_boot (log, now ());
              if (const RebootEntry *entry = reboot_before (log, now ()))
                last_reason_ = "the machine was rebooted " + cause (*entry);
              return first;
            },
             [this] (const std::string &problem) {
               if (!problem.empty ())
                 g_warning ("%s", problem.c_str ());
               noted_boot ();
             } });
}

void
Rebooter::noted_boot () const
{
  if (!last_reason_.empty ())
    g_message ("%s", last_reason_.c_str ());
  if (const std::string text = trouble (); !text.empty ())
    g_warning ("no reboot of the machine: %s", text.c_str ());
}

/* --- the log, one step after the other --- */

void
Rebooter::enqueue (Step step)
{
  if (late_)
    return step.done (log_.problem);
  steps_.push_back (std::move (step));
  next ();
}

void
Rebooter::next ()
{
  if (busy_ || steps_.empty ())
    return;
  busy_ = true;
  patience_ = Timer::once (PATIENCE / 1000, [this] { late (); });
  in_background<RebootLog> ([file = file_] { return file.read (); },
                            [this, here = life_.alive ()] (RebootLog log) {
                              if (!here.expired ())
                                read (std::move (log));
                            });
}

void
Rebooter::read (RebootLog log)
{
  if (late_)
    return finished ("");
  log_ = log;
  if (!steps_.front ().change (log))
    return finished ("");
  in_background<std::string> (
      [file = file_, log] () -> std::string {
        g_autoptr (GError) error = nullptr;
        return file.write (log, &error) ? "" : error->message;
      },
      [this, here = life_.alive (), log] (const std::string &problem) {
        if (!here.expired ())
          written (log, problem);
      });
}

void
Rebooter::written (RebootLog log, const std::string &problem)
{
  if (problem.empty ())
    log_ = std::move (log);
  finished (problem);
}

/* The step's end; of one that was told to have failed, that the disk answers again. */
void
Rebooter::finished (const std::string &problem)
{
  const Step step = std::move (steps_.front ());
  steps_.pop_front ();
  patience_.cancel ();
  busy_ = false;
  const bool was_late = std::exchange (late_, false);
  if (!was_late)
    step.done (problem);
  else if (problem.empty () && step.too_late)
    step.too_late ();
  if (was_late)
    look ();
  next ();
}

void
Rebooter::late ()
{
  late_ = true;
  log_ = { RebootLog::State::Unreadable, file_.path () + ": its disk does not answer", {} };
  g_warning ("%s", log_.problem.c_str ());
  std::deque<Step> given_up (std::make_move_iterator (steps_.begin () + 1),
                             std::make_move_iterator (steps_.end ()));
  steps_.resize (1);
  const auto done = steps_.front ().done;
  done (log_.problem);
  for (const Step &step : given_up)
    step.done (log_.problem);
}

void
Rebooter::look (std::function<void ()> done)
{
  enqueue ({ [] (RebootLog &) { return false; },
             [done = std::move (done)] (const std::string &) {
               if (done)
                 done ();
             } });
}

/* --- what it is asked --- */

void
Rebooter::apply (const RecoveryConfig &config)
{
  set_limits (limits_, config);
}

RebootMoment
Rebooter::now () const
{
  return { world_.boot_id, world_.mono (), world_.wall () };
}

std::string
Rebooter::last_reason () const
{
  return last_reason_;
}

/* As the guard would answer if nothing else spoke against it. */
std::string
Rebooter::trouble () const
{
  if (!limits_.allow)
    return {};
  const Fault fault{ FaultClass::Wedged, Tier::Machine, "worker", "", "" };
  const RebootDecision decision = judge_reboot (limits_, log_, fault, now ());
  return decision.allowed || decision.wait ? "" : explain (decision);
}

std::string
Rebooter::explain (const RebootDecision &decision) const
{
  switch (decision.refusal) {
  case RebootRefusal::LogUnreadable:
  case RebootRefusal::LogCorrupt:
  case RebootRefusal::Disarmed:
    return decision.text + " (removing " + file_.path () + " clears it)";
  default:
    return decision.text;
  }
}

struct Rebooter::Asked
{
  Fault fault;
  std::string camera;
  bool orders; /* somebody asks, not a camera's recovery */
  RebootDecision decision = {};
  RebootEntry entry = {};
};

/* Whether the log has to be written. */
bool
Rebooter::decide (RebootLog &log, Asked &asked) const
{
  const RebootMoment moment = now ();
  const bool noted = !asked.orders && note_reboot_wanted (log, asked.fault, asked.camera, moment);
  asked.decision = judge_reboot (limits_, log, asked.fault, moment);
  if (!asked.decision.allowed)
    return noted;
  asked.entry = reboot_entry (limits_, asked.fault, asked.camera, moment);
  log.entries.push_back (asked.entry);
  return true;
}

void
Rebooter::request (const Fault &fault, const std::string &camera, Done done)
{
  if (std::exchange (asking_, true))
    return done (false, "a reboot is being asked for already");
  /* Shared by the parts of the step. */
  const auto asked = std::make_shared<Asked> (Asked{ fault, camera, camera == operator_mark });
  enqueue ({ [this, asked] (RebootLog &log) { return decide (log, *asked); },
             [this, asked, done = std::move (done)] (const std::string &problem) {
               if (asked->decision.allowed && problem.empty ())
                 return ask (asked->entry, done);
               asking_ = false;
               if (asked->decision.refusal != RebootRefusal::None) {
                 if (!problem.empty ())
                   g_warning ("%s", problem.c_str ());
                 return done (false, explain (asked->decision));
               }
               done (false, problem + "; without it there is no reboot");
             },
             [this, asked] {
               if (asked->decision.allowed)
                 take_back (asked->entry);
             } });
}

void
Rebooter::order (const std::string &who, Done done)
{
  if (const std::string why = refusal (); !why.empty ())
    return done (false, why);
  g_warning ("a reboot of the machine was ordered by %s", who.c_str ());
  request (operators_wish (), operator_mark, std::move (done));
}

std::string
Rebooter::refusal () const
{
  if (asking_)
    return "a reboot is being asked for already";
  const RebootDecision decision = judge_reboot (limits_, log_, operators_wish (), now ());
  return decision.allowed ? "" : explain (decision);
}

/* The guard has allowed it, and the log has it. */
void
Rebooter::ask (const RebootEntry &entry, Done done)
{
  g_warning ("asking for a reboot of the machine %s", cause (entry).c_str ());
  services_.reboot (
      [this, alive = life_.alive (), entry, done = std::move (done)] (const GError *refused) {
        if (!alive.expired ())
          answered (entry, refused, done);
      });
}

void
Rebooter::answered (const RebootEntry &entry, const GError *error, const Done &done)
{
  asking_ = false;
  if (!error)
    return done (true, "the machine reboots " + cause (entry));
  const std::string why = error->message;
  /* An order that may still be obeyed counts. */
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT))
    take_back (entry);
  done (false, why);
}

void
Rebooter::take_back (const RebootEntry &entry)
{
  enqueue ({ [entry] (RebootLog &log) {
              const bool last = log.state == RebootLog::State::Good && !log.entries.empty ()
                                && log.entries.back () == entry;
              if (last)
                log.entries.pop_back ();
              return last;
            },
             [] (const std::string &problem) {
               if (!problem.empty ())
                 g_warning ("%s", problem.c_str ());
             } });
}

void
Rebooter::cured (const std::string &camera)
{
  RebootLog known = log_;
  if (late_ || !note_camera_healthy (known, camera, now ()))
    return;
  enqueue ({ [this, camera] (RebootLog &log) { return note_camera_healthy (log, camera, now ()); },
             [camera] (const std::string &problem) {
               if (problem.empty ())
                 g_message ("the reboot because of camera %s has helped", camera.c_str ());
               else
                 g_warning ("%s", problem.c_str ());
             } });
}

void
Rebooter::clear (Cleared done)
{
  enqueue ({ [] (RebootLog &log) { return note_cleared (log); }, std::move (done) });
}

} // namespace camwarden
