// SPDX-License-Identifier: LGPL-2.1-or-later
/* Random lives of a camera: whatever happens, the policy keeps to its budgets. */
#include "unit/recoveryworld.h"

#include <map>

using namespace camwarden;

static const Fault *
random_fault (RandomSource &random)
{
  static const Fault all[] = {
    source_error,
    stall,
    absent,
    busy,
    wedged_hint,
    { FaultClass::Transient, Tier::Source, "source", "t", "" },
    { FaultClass::Quality, Tier::Source, "source", "frozen", "" },
    { FaultClass::Camera, Tier::Pipeline, "source", "caps", "" },
    { FaultClass::Camera, Tier::Device, "source", "eio", "" },
    { FaultClass::Hang, Tier::Worker, "pipeline", "state-change-hang", "" },
    { FaultClass::Redis, Tier::Worker, "redis", "away", "" },
    { FaultClass::Storage, Tier::Machine, "store", "full", "" },
  };
  return &all[random () % std::size (all)];
}

/* Orders to a living worker keep to every budget, no order is above what the worst class so far
 * allows, and time always goes on. */
static void
check_script (unsigned seed)
{
  RandomSource random (seed);
  RecoverySettings settings;
  settings.device_reset = random () % 2;
  World world (settings, seed);
  Tier worst = Tier::Worker; /* a death alone may need a new worker */
  bool only_waiting = true;
  for (int i = 0; i < 30; i++) {
    const Fault *fault = random_fault (random);
    const auto cure = static_cast<Tier> (1 + random () % 5);
    const auto outcome = static_cast<Outcome> (1 + random () % 5);
    only_waiting = only_waiting && tier_cap (fault->fault_class) == Tier::Count;
    if (random () % 8 == 0 && world.worker) {
      world.worker = false;
      world.policy.worker_ended (world.now, { WorkerExit::Kind::Signal, 9 });
      only_waiting = false;
    }
    if (outcome == Outcome::Stays || tier_cap (fault->fault_class) == Tier::Machine)
      worst = Tier::Machine;
    if (tier_cap (fault->fault_class) == Tier::Count)
      world.policy.fault (world.now, *fault);
    else
      world.fail (*fault, cure, outcome);
    if (random () % 4 == 0)
      world.policy.device_arrived (world.now);
    world.run (static_cast<int64_t> (random () % (5 * minute)));
    if (random () % 16 == 0)
      world.policy.abandon ();
  }
  std::map<Tier, std::vector<Done>> living;
  for (const Done &one : world.done) {
    g_assert_true (one.tier >= Tier::Source && one.tier <= worst);
    g_assert_true (one.tier != Tier::Device || settings.device_reset);
    if (one.alive)
      living[one.tier].push_back (one);
  }
  g_assert_true (!only_waiting || world.done.empty ());
  g_assert_true (
      within_budget (living[Tier::Pipeline], settings.pipeline.attempts, settings.pipeline.window));
  g_assert_true (
      within_budget (living[Tier::Device], settings.device.attempts, settings.device.window));
  g_assert_true (
      within_budget (living[Tier::Worker], settings.worker.attempts, settings.worker.window));
}

static void
test_random_scripts ()
{
  const char *given = g_getenv ("CAMWARDEN_SEED");
  const auto seed = given ? static_cast<unsigned> (g_ascii_strtoull (given, nullptr, 10))
                          : static_cast<unsigned> (g_random_int () % 1000000);
  g_test_message ("CAMWARDEN_SEED=%u", seed);
  for (unsigned i = 0; i < 10000; i++)
    check_script (seed + i);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/recoveryscripts/random", test_random_scripts);
  return g_test_run ();
}
