// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/rebooter.h"

#include "builddate.h"
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
  RebootLog log = file_.read ();
  if (note_boot (log, now ()))
    keep (log);
  if (const RebootEntry *entry = reboot_before (log, now ())) {
    last_reason_ = "the machine was rebooted " + cause (*entry);
    g_message ("%s", last_reason_.c_str ());
  }
  if (const std::string text = trouble (); !text.empty ())
    g_warning ("no reboot of the machine: %s", text.c_str ());
}

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
  const RebootDecision decision = judge_reboot (limits_, file_.read (), fault, now ());
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

/* What is noted in passing: the guard does not depend on its being written. */
void
Rebooter::keep (const RebootLog &log) const
{
  g_autoptr (GError) error = nullptr;
  if (!file_.write (log, &error))
    g_warning ("%s", error->message);
}

void
Rebooter::request (const Fault &fault, const std::string &camera, Done done)
{
  if (asking_)
    return done (false, "a reboot is being asked for already");
  RebootLog log = file_.read ();
  const RebootMoment moment = now ();
  const bool noted = note_reboot_wanted (log, fault, camera, moment);
  const RebootDecision decision = judge_reboot (limits_, log, fault, moment);
  if (!decision.allowed) {
    if (noted)
      keep (log);
    return done (false, explain (decision));
  }
  ask (std::move (log), fault, camera, std::move (done));
}

void
Rebooter::order (const std::string &who, Done done)
{
  if (const std::string why = refusal (); !why.empty ())
    return done (false, why);
  g_warning ("a reboot of the machine was ordered by %s", who.c_str ());
  ask (file_.read (), operators_wish (), operator_mark, std::move (done));
}

std::string
Rebooter::refusal () const
{
  if (asking_)
    return "a reboot is being asked for already";
  const RebootDecision decision = judge_reboot (limits_, file_.read (), operators_wish (), now ());
  return decision.allowed ? "" : explain (decision);
}

/* The guard has allowed it. */
void
Rebooter::ask (RebootLog log, const Fault &fault, const std::string &camera, Done done)
{
  const RebootEntry entry = reboot_entry (limits_, fault, camera, now ());
  log.entries.push_back (entry);
  g_autoptr (GError) error = nullptr;
  if (!file_.write (log, &error))
    return done (false, std::string (error->message) + "; without it there is no reboot");
  g_warning ("asking for a reboot of the machine %s", cause (entry).c_str ());
  asking_ = true;
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
Rebooter::take_back (const RebootEntry &entry) const
{
  RebootLog log = file_.read ();
  if (log.state != RebootLog::State::Good || log.entries.empty ()
      || !(log.entries.back () == entry))
    return;
  log.entries.pop_back ();
  keep (log);
}

void
Rebooter::cured (const std::string &camera)
{
  RebootLog log = file_.read ();
  if (!note_camera_healthy (log, camera, now ()))
    return;
  keep (log);
  g_message ("the reboot because of camera %s has helped", camera.c_str ());
}

bool
Rebooter::clear (GError **error)
{
  RebootLog log = file_.read ();
  return !note_cleared (log) || file_.write (log, error);
}

} // namespace camwarden
