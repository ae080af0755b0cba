// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/healer.h"

#include "daemon/bootid.h"
#include "daemon/runtimefile.h"

namespace camwarden
{

namespace
{

constexpr int64_t longest_sleep = int64_t{ 3600 } * G_USEC_PER_SEC;

int64_t
monotonic ()
{
  return g_get_monotonic_time ();
}

} // namespace

Healer::Healer (RecoverySettings settings, std::string state_file, Levers levers)
    : state_file_ (std::move (state_file)), levers_ (std::move (levers)),
      policy_ (settings, static_cast<RandomSource::result_type> (g_random_int ()))
{
  if (!state_file_.empty ())
    policy_.restore (read_file (state_file_), boot_id (), monotonic ());
}

Healer::~Healer ()
{
  *alive_ = false;
}

void
Healer::configure (const RecoverySettings &settings)
{
  policy_.configure (settings);
  turn ();
}

void
Healer::announce ()
{
  if (!policy_.open ())
    incident_ = g_get_real_time ();
}

bool
Healer::fault (const Fault &fault)
{
  const bool taken = policy_.fault (monotonic (), fault);
  turn ();
  return taken;
}

void
Healer::requested (Tier tier, std::string_view why)
{
  announce ();
  policy_.requested (monotonic (), tier, why);
  turn ();
}

void
Healer::worker_started ()
{
  policy_.worker_started (monotonic ());
  turn ();
}

void
Healer::worker_ended (const WorkerExit &exit)
{
  policy_.worker_ended (monotonic (), exit);
  turn ();
}

void
Healer::worker_unreapable ()
{
  policy_.worker_unreapable (monotonic ());
  turn ();
}

void
Healer::frames (uint64_t count, bool fresh)
{
  policy_.frames (monotonic (), count, fresh);
  turn ();
}

void
Healer::device_arrived ()
{
  policy_.device_arrived (monotonic ());
  turn ();
}

void
Healer::abandon ()
{
  policy_.abandon ();
  order_++;
  turn ();
}

/* Levers may come back here with an event before they return: the loop that runs takes it up. */
void
Healer::turn ()
{
  if (turning_)
    return;
  turning_ = true;
  const auto alive = alive_;
  while (const auto action = policy_.due (monotonic ())) {
    carry_out (*action);
    if (!*alive)
      return;
  }
  turning_ = false;
  const int64_t wakeup = policy_.wakeup ();
  if (wakeup == INT64_MAX) {
    alarm_.cancel ();
    return;
  }
  const int64_t sleep = std::clamp<int64_t> (wakeup - monotonic (), 0, longest_sleep);
  alarm_ = Timer::once (static_cast<guint> ((sleep + 999) / 1000), [this] { turn (); });
}

void
Healer::carry_out (const RecoveryAction &action)
{
  if (action.kind != RecoveryAction::Kind::Order) {
    levers_.tell (action, policy_.reason ());
    return;
  }
  /* Before the act: it may be the last that this process does. */
  if (action.tier >= Tier::Device)
    save ();
  levers_.tell (action, policy_.reason ());
  if (action.tier == Tier::Worker)
    return levers_.replace_worker ();
  levers_.order (action.tier, [this, alive = alive_, order = ++order_] (bool good) {
    if (!*alive || order != order_)
      return;
    policy_.order_done (monotonic (), good);
    turn ();
  });
}

void
Healer::save ()
{
  if (state_file_.empty ())
    return;
  std::string text = policy_.save (boot_id ());
  if (text == saved_)
    return;
  g_autoptr (GError) error = nullptr;
  if (write_file (state_file_, text, 0640, &error))
    saved_ = std::move (text);
  else
    g_warning ("%s; a daemon that starts again will not know of this", error->message);
}

} // namespace camwarden
