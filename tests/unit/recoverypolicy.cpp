// SPDX-License-Identifier: LGPL-2.1-or-later
/* What the policy does about one fault after the other. */
#include "unit/recoveryworld.h"

using namespace camwarden;

static void
test_one_error ()
{
  World world;
  world.run (5 * second);
  const int64_t begin = world.now;
  world.fail (source_error, Tier::Source);
  g_assert_cmpuint (world.done.size (), ==, 1);
  g_assert_cmpint (world.done[0].at - begin, ==, 0);
  g_assert_true (world.policy.open ());
  world.run (4 * second);
  g_assert_false (world.policy.open ());
  g_assert_cmpuint (world.cured.size (), ==, 1);
  g_assert_true (world.cured[0].tier == Tier::Source);
  g_assert_cmpuint (world.cured[0].attempts, ==, 1);
  g_assert_cmpint (world.cured[0].took, <=, 4 * second);
}

static void
test_echoes_are_one_fault ()
{
  World world;
  world.fail (source_error, Tier::Pipeline);
  g_assert_false (world.policy.fault (world.now, source_error));
  g_assert_false (world.policy.fault (world.now, stall));
  g_assert_cmpuint (world.done.size (), ==, 1);
}

/* Errors use up the budget of the source, then comes the pipeline. */
static void
test_errors_climb ()
{
  World world;
  world.fail (source_error, Tier::Pipeline);
  world.run (2 * minute);
  g_assert_cmpuint (world.count (Tier::Source), ==, 5);
  g_assert_cmpuint (world.count (Tier::Pipeline), ==, 1);
  g_assert_cmpuint (world.count (Tier::Worker), ==, 0);
  g_assert_true (world.cured.at (0).tier == Tier::Pipeline);
}

/* No frame in time: the next tier at once. */
static void
test_silence_climbs ()
{
  World world;
  world.fail (stall, Tier::Worker, Outcome::Silent);
  world.run (40 * second);
  g_assert_cmpuint (world.count (Tier::Source), ==, 1);
  g_assert_cmpuint (world.count (Tier::Pipeline), ==, 1);
  g_assert_cmpuint (world.count (Tier::Device), ==, 0);
  g_assert_cmpuint (world.count (Tier::Worker), ==, 1);
  g_assert_true (world.cured.at (0).tier == Tier::Worker);
  g_assert_cmpint (world.cured[0].took, <, 27 * second);
}

static void
test_device_is_opt_in ()
{
  RecoverySettings settings;
  settings.device_reset = true;
  World world (settings);
  world.fail (stall, Tier::Device, Outcome::Silent);
  world.run (40 * second);
  g_assert_true (world.cured.at (0).tier == Tier::Device);
  g_assert_cmpuint (world.count (Tier::Worker), ==, 0);
}

static void
test_first_tier ()
{
  World world;
  world.fail ({ FaultClass::Camera, Tier::Worker, "source", "stall", "" }, Tier::Worker);
  world.run (5 * second);
  g_assert_cmpuint (world.done.size (), ==, 1);
  g_assert_true (world.done[0].tier == Tier::Worker);
}

/* The stall ends while the next attempt is still waited for: nothing is restarted any more. */
static void
test_right_by_itself ()
{
  World world;
  world.fail (source_error, Tier::Machine);
  while (world.policy.next_attempt () == INT64_MAX
         || world.policy.next_attempt () - world.now < 4 * second)
    world.run (100 * ms);
  const size_t before = world.done.size ();
  world.broken = false;
  world.run (4 * second);
  g_assert_cmpuint (world.done.size (), ==, before);
  g_assert_false (world.policy.open ());
  g_assert_true (world.cured.at (0).tier == Tier::Count);
}

static void
test_hanging_order ()
{
  World world;
  const int64_t begin = world.now;
  world.fail (source_error, Tier::Worker, Outcome::Hangs);
  world.run (9 * second);
  g_assert_cmpuint (world.count (Tier::Pipeline), ==, 0);
  g_assert_cmpuint (world.count (Tier::Worker), ==, 1);
  g_assert_cmpint (world.orders (Tier::Worker)[0].at - begin, <=, 6 * second);
  g_assert_false (world.policy.open ());
}

/* A worker that dies under an order has escalated it. */
static void
test_death_under_an_order ()
{
  World world;
  world.fail (source_error, Tier::Worker, Outcome::Dies);
  world.run (5 * second);
  g_assert_cmpuint (world.count (Tier::Source), ==, 1);
  g_assert_cmpuint (world.count (Tier::Worker), ==, 1);
  g_assert_false (world.done[1].alive);
  g_assert_cmpuint (world.cured.size (), ==, 1);
  g_assert_cmpuint (world.cured[0].attempts, ==, 2);
}

static void
test_sudden_death ()
{
  World world;
  world.run (second);
  world.worker = false;
  world.policy.worker_ended (world.now, { WorkerExit::Kind::Signal, 9 });
  world.run (5 * second);
  g_assert_cmpuint (world.done.size (), ==, 1);
  g_assert_true (world.done[0].tier == Tier::Worker);
  g_assert_cmpint (world.done[0].at - (hour + second), ==, 0);
  g_assert_false (world.policy.open ());
}

/* A worker that dies again and again waits longer and longer, but is never left dead. */
static void
test_crash_loop ()
{
  World world;
  world.fail (source_error, Tier::Machine, Outcome::Dies);
  world.run (hour);
  const size_t starts = world.count (Tier::Worker);
  g_assert_cmpuint (starts, >, hour / (30 * second) - 5);
  g_assert_cmpuint (starts, <, 400);
  g_assert_cmpuint (world.given_up, ==, 1);
  g_assert_true (world.policy.given_up ());
}

/* Unplugged for an hour: few probes, nothing rebuilt, back at once. */
static void
test_unplugged ()
{
  World world;
  world.run (10 * second);
  world.fail (absent, Tier::Machine);
  world.run (hour);
  const size_t probes = world.count (Tier::Source);
  g_test_message ("%zu probes", probes);
  g_assert_cmpuint (probes, <, 130);
  g_assert_cmpuint (probes, >, 100);
  g_assert_cmpuint (world.done.size (), ==, probes);
  world.cured_by = Tier::Source;
  const int64_t back = world.now;
  world.policy.device_arrived (world.now);
  world.run (2 * second);
  g_assert_cmpint (world.done.back ().at - back, <=, second);
  g_assert_false (world.broken);
  world.run (5 * second);
  g_assert_false (world.policy.open ());
}

static void
test_busy ()
{
  World world;
  world.fail (busy, Tier::Machine);
  world.run (10 * minute);
  g_assert_cmpuint (world.done.size (), ==, world.count (Tier::Source));
  world.cured_by = Tier::Source; /* released */
  world.run (2 * second);
  g_assert_false (world.broken);
}

/* Plugged in again, but dumb: from then on it is the camera's fault. */
static void
test_silent_after_return ()
{
  World world;
  world.fail (absent, Tier::Worker);
  world.run (minute);
  world.failing = Outcome::Silent;
  world.run (2 * minute);
  g_assert_true (world.cured.at (0).tier == Tier::Worker);
}

static void
test_never_for_others ()
{
  World world;
  for (const FaultClass one : { FaultClass::Redis, FaultClass::Storage, FaultClass::Network,
                                FaultClass::Configuration, FaultClass::Power, FaultClass::Heat })
    g_assert_false (world.policy.fault (world.now, { one, Tier::Worker, "", "", "" }));
  world.run (minute);
  g_assert_cmpuint (world.done.size (), ==, 0);
}

static void
test_quality_once ()
{
  World world;
  world.fail ({ FaultClass::Quality, Tier::Source, "source", "frozen", "" }, Tier::Machine,
              Outcome::Same);
  world.run (10 * minute);
  g_assert_cmpuint (world.done.size (), ==, 1);
  g_assert_false (world.policy.open ());
}

/* The restart for the sake of the picture breaks the source: that is another fault. */
static void
test_quality_restart_fails ()
{
  for (const bool answers : { true, false }) {
    World world;
    world.policy.fault (world.now, { FaultClass::Quality, Tier::Source, "source", "frozen", "" });
    g_assert_true (world.policy.due (world.now).has_value ());
    world.policy.order_done (world.now, !answers);
    world.broken = true;
    world.cured_by = Tier::Pipeline;
    world.run (minute);
    g_assert_cmpuint (world.count (Tier::Pipeline), ==, 1);
    g_assert_false (world.policy.open ());
  }
}

/* Windows slide and do not clear on success: what flaps climbs all the same. */
static void
test_flapping_climbs ()
{
  World world;
  for (int i = 0; i < 20; i++) {
    world.fail (source_error, Tier::Source);
    world.run (4 * second);
  }
  g_assert_true (within_budget (world.orders (Tier::Source), 5, minute));
  g_assert_cmpuint (world.count (Tier::Pipeline), >, 0);
}

static void
test_healthy_resets ()
{
  World world;
  world.fail (stall, Tier::Pipeline, Outcome::Silent);
  world.run (20 * second);
  g_assert_true (world.cured.at (0).tier == Tier::Pipeline);
  world.run (10 * second);
  /* Within the minute: it begins where less did not do. */
  world.fail (source_error, Tier::Source);
  g_assert_true (world.policy.tier () == Tier::Pipeline);
  world.run (minute + 20 * second);
  const size_t before = world.done.size ();
  const int64_t begin = world.now;
  world.fail (source_error, Tier::Source);
  g_assert_true (world.done.at (before).tier == Tier::Source);
  g_assert_cmpint (world.done[before].at, ==, begin);
}

/* Too slow to be healthy after a minute, but streaming for long enough. */
static void
test_slow_is_healthy_in_the_end ()
{
  for (const int64_t spell : { minute, 11 * minute }) {
    World world;
    world.speed = 0.5;
    world.fail (source_error, Tier::Source);
    world.run (5 * second + spell);
    const int64_t begin = world.now;
    world.fail (source_error, Tier::Source);
    const bool at_once = world.done.size () == 2 && world.done[1].at == begin;
    g_assert_true (at_once == (spell > minute));
  }
}

static void
test_given_up ()
{
  World world;
  world.fail (stall, Tier::Machine, Outcome::Silent);
  world.run (24 * hour);
  const size_t workers = world.count (Tier::Worker);
  g_test_message ("%zu workers, %zu pipelines, %zu sources in a day", workers,
                  world.count (Tier::Pipeline), world.count (Tier::Source));
  g_assert_cmpuint (world.given_up, ==, 1);
  g_assert_cmpuint (workers, <=, 75);
  g_assert_cmpuint (workers, >=, 60);
  g_assert_cmpuint (world.count (Tier::Machine), ==, 0);
  world.cured_by = Tier::Source;
  world.run (5 * minute);
  g_assert_false (world.policy.open ());
}

static void
test_budgets_of_zero ()
{
  RecoverySettings settings;
  settings.source.attempts = settings.pipeline.attempts = settings.worker.attempts = 0;
  World world (settings);
  world.fail (source_error, Tier::Source);
  world.run (hour);
  g_assert_cmpuint (world.done.size (), ==, 0);
  g_assert_true (world.policy.given_up ());
  world.policy.requested (world.now, Tier::Source, "requested"); /* the operator may */
  world.run (5 * second);
  g_assert_false (world.policy.open ());
}

/* A class that may go no higher than a tier that is left out waits for what comes by itself. */
static void
test_tier_left_out ()
{
  RecoverySettings settings;
  settings.source.attempts = 0;
  World world (settings);
  world.fail ({ FaultClass::Transient, Tier::Source, "source", "failed", "" }, Tier::Pipeline);
  world.run (minute);
  g_assert_true (world.done.empty ());
  g_assert_true (world.policy.given_up ());
  world.broken = false;
  world.run (4 * second);
  g_assert_false (world.policy.open ());
  /* A bad picture is not even waited for. */
  world.fail ({ FaultClass::Quality, Tier::Source, "source", "frozen", "" }, Tier::Machine,
              Outcome::Same);
  world.run (minute);
  g_assert_true (world.done.empty ());
  g_assert_false (world.policy.open ());
}

static void
test_wedged ()
{
  World world;
  world.fail (stall, Tier::Machine, Outcome::Silent);
  world.failing = Outcome::Stays;
  world.run (2 * minute);
  const auto reboots = world.orders (Tier::Machine);
  g_assert_cmpuint (reboots.size (), >=, 1);
  const int64_t stuck = world.orders (Tier::Worker).at (0).at;
  g_assert_cmpint (reboots[0].at - stuck, >=, 30 * second);
  const size_t others = world.done.size () - reboots.size ();
  world.run (hour);
  /* No second worker beside it. */
  g_assert_cmpuint (world.done.size () - world.count (Tier::Machine), ==, others);
  /* The kernel lets go of it after all. */
  world.failing = Outcome::Silent;
  world.cured_by = Tier::Source;
  world.worker = false;
  world.policy.worker_ended (world.now, { WorkerExit::Kind::Signal, 9 });
  world.run (minute);
  g_assert_false (world.policy.open ());
}

static void
test_locked_and_configuration ()
{
  World world;
  world.worker = false;
  world.policy.worker_ended (world.now, { WorkerExit::Kind::Code, 65 });
  g_assert_cmpint (world.policy.next_attempt (), ==, world.now + 300 * ms);
  world.run (5 * second);
  g_assert_false (world.policy.open ());
  world.worker = false;
  world.policy.worker_ended (world.now, { WorkerExit::Kind::Code, 78 });
  g_assert_cmpint (world.policy.next_attempt (), ==, world.now + 30 * second);
  g_assert_true (world.policy.given_up ());
}

/* Something holds the camera for ever: the retries get rare, and cost the real failures nothing. */
static void
test_locked_for_long ()
{
  World world;
  const WorkerExit locked{ WorkerExit::Kind::Code, 65 };
  unsigned starts = 0;
  world.policy.worker_ended (world.now, locked);
  for (const int64_t end = world.now + 2 * hour; world.now < end; starts++) {
    world.now = world.policy.next_attempt ();
    g_assert_true (world.policy.due (world.now).has_value ());
    world.policy.worker_started (world.now);
    world.policy.worker_ended (world.now, locked);
  }
  g_assert_cmpuint (starts, <, 2 * 120 + 25);
  world.worker = false;
  world.run (35 * second);
  g_assert_false (world.policy.open ());
  g_assert_true (world.policy.save ("x") == "boot x\n");
  world.done.clear ();
  world.fail ({ FaultClass::Camera, Tier::Worker, "source", "stall", "" }, Tier::Worker);
  world.run (second);
  g_assert_cmpuint (world.count (Tier::Worker), ==, 1);
}

/* What a wrong configuration cost is not missing once it was mended. */
static void
test_configuration_is_free ()
{
  World world;
  world.worker = false;
  for (int i = 0; i < 10; i++) {
    world.policy.worker_ended (world.now, { WorkerExit::Kind::Code, 78 });
    world.now = world.policy.next_attempt ();
    g_assert_true (world.policy.due (world.now).has_value ());
    world.policy.worker_started (world.now);
  }
  g_assert_true (world.policy.save ("x") == "boot x\n");
}

/* One frame in five seconds: in most seconds there is no new one. */
static void
test_slow_camera_is_cured ()
{
  RecoverySettings settings;
  settings.healthy.rate = 0.2;
  World world (settings);
  world.policy.fault (world.now, source_error);
  g_assert_true (world.policy.due (world.now).has_value ());
  world.policy.order_done (world.now, true);
  for (uint64_t i = 1; i <= 12; i++) {
    world.now += second;
    world.policy.frames (world.now, i / 5, true);
  }
  const auto action = world.policy.due (world.now);
  g_assert_true (action && action->kind == RecoveryAction::Kind::Cured);
}

/* The first frame comes, and then nobody says anything more. */
static void
test_silence_while_verifying ()
{
  World world;
  world.policy.fault (world.now, source_error);
  g_assert_true (world.policy.due (world.now).has_value ());
  world.policy.order_done (world.now, true);
  world.policy.frames (world.now, 1, true);
  world.broken = true;
  world.worker = false; /* it says no word more */
  world.run (minute);
  g_assert_cmpuint (world.done.size (), >=, 1);
}

/* The reboot was promised and does not come: it is asked for again, nobody forgets the camera. */
static void
test_promised_reboot ()
{
  World world;
  world.reboot_allowed = true;
  world.policy.worker_unreapable (world.now);
  world.run (minute);
  g_assert_cmpuint (world.count (Tier::Machine), ==, 1);
  g_assert_cmpint (world.policy.wakeup (), <, INT64_MAX);
  world.policy.worker_unreapable (world.now); /* killed again, and told again */
  world.run (5 * minute);
  g_assert_cmpuint (world.count (Tier::Machine), ==, 1);
  world.run (10 * minute);
  g_assert_cmpuint (world.count (Tier::Machine), ==, 2);
}

/* Redis and the disk are no reason to call a camera ill. */
static void
test_others_keep_it_healthy ()
{
  World world;
  for (int i = 0; i < 120; i++) {
    world.run (second);
    world.policy.fault (world.now, { FaultClass::Redis, Tier::Count, "redis", "away", "" });
  }
  g_assert_true (world.policy.healthy ());
}

/* A source that refuses: the process lives, nothing is rebuilt, somebody may mend it any time. */
static void
test_refused_by_the_source ()
{
  World world;
  world.fail ({ FaultClass::Configuration, Tier::Count, "source", "not-negotiated", "" },
              Tier::Machine);
  world.run (10 * minute);
  g_assert_cmpuint (world.done.size (), ==, 20);
  g_assert_cmpuint (world.count (Tier::Source), ==, 20);
  g_assert_cmpuint (world.given_up, ==, 1);
  world.cured_by = Tier::Source;
  world.run (40 * second);
  g_assert_false (world.policy.open ());
}

static void
test_requested ()
{
  World world;
  world.policy.requested (world.now, Tier::Pipeline, "requested");
  world.run (5 * second);
  g_assert_cmpuint (world.count (Tier::Pipeline), ==, 1);
  g_assert_true (world.cured.at (0).tier == Tier::Pipeline);
}

static void
test_budgets_outlive_the_daemon ()
{
  World world;
  world.fail (stall, Tier::Machine, Outcome::Silent);
  world.run (10 * minute);
  g_assert_cmpuint (world.count (Tier::Worker), ==, 3);
  const std::string saved = world.policy.save ("boot-1");

  World successor;
  successor.now = world.now;
  successor.policy.restore (saved, "boot-1", successor.now);
  successor.fail (stall, Tier::Machine, Outcome::Silent);
  successor.run (40 * minute);
  g_assert_cmpuint (successor.count (Tier::Worker), ==, 0);

  World other;
  other.policy.restore (saved, "boot-2", other.now);
  other.policy.restore (
      "boot boot-2\nworker\nworker x\n\nnonsense 3\nsource 1\nworker 99999999999999", "boot-2",
      other.now);
  other.fail (stall, Tier::Machine, Outcome::Silent);
  other.run (10 * minute);
  g_assert_cmpuint (other.count (Tier::Worker), ==, 3);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  const struct
  {
    const char *name;
    void (*test) ();
  } tests[] = {
    { "one-error", test_one_error },
    { "echoes-are-one-fault", test_echoes_are_one_fault },
    { "errors-climb", test_errors_climb },
    { "silence-climbs", test_silence_climbs },
    { "device-is-opt-in", test_device_is_opt_in },
    { "first-tier", test_first_tier },
    { "right-by-itself", test_right_by_itself },
    { "hanging-order", test_hanging_order },
    { "death-under-an-order", test_death_under_an_order },
    { "sudden-death", test_sudden_death },
    { "crash-loop", test_crash_loop },
    { "unplugged", test_unplugged },
    { "busy", test_busy },
    { "silent-after-return", test_silent_after_return },
    { "never-for-others", test_never_for_others },
    { "quality-once", test_quality_once },
    { "quality-restart-fails", test_quality_restart_fails },
    { "flapping-climbs", test_flapping_climbs },
    { "healthy-resets", test_healthy_resets },
    { "slow-is-healthy-in-the-end", test_slow_is_healthy_in_the_end },
    { "given-up", test_given_up },
    { "budgets-of-zero", test_budgets_of_zero },
    { "tier-left-out", test_tier_left_out },
    { "wedged", test_wedged },
    { "locked-and-configuration", test_locked_and_configuration },
    { "locked-for-long", test_locked_for_long },
    { "configuration-is-free", test_configuration_is_free },
    { "slow-camera-is-cured", test_slow_camera_is_cured },
    { "silence-while-verifying", test_silence_while_verifying },
    { "promised-reboot", test_promised_reboot },
    { "others-keep-it-healthy", test_others_keep_it_healthy },
    { "refused-by-the-source", test_refused_by_the_source },
    { "requested", test_requested },
    { "budgets-outlive-the-daemon", test_budgets_outlive_the_daemon },
  };
  for (const auto &one : tests)
    g_test_add_func ((std::string ("/recoverypolicy/") + one.name).c_str (), one.test);
  return g_test_run ();
}
