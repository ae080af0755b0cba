// SPDX-License-Identifier: LGPL-2.1-or-later
/* The supervisor and a real worker. */
#include "daemon/supervisor.h"

#include "config/config.h"
#include "support/asserttext.h"
#include "support/mainloop.h"
#include "support/tempdir.h"

#include <algorithm>
#include <csignal>
#include <cstring>
#include <filesystem>

using namespace camwarden;

namespace
{

constexpr const char *picture = "videotestsrc is-live=true pattern=ball";

/* One camera, with what its supervisor told. */
class Fixture
{
public:
  explicit Fixture (const std::string &source = picture, const std::string &keys = {},
                    const std::string &recovery = {})
      : recovery_keys (recovery)
  {
    configure (source, keys);
  }

  void
  configure (const std::string &source, const std::string &keys = {})
  {
    command.config_file = place.write (
        "camwarden.conf", "[camera:front]\nwidth=320\nheight=240\nsource=" + source + "\n" + keys
                              + "\n[redis]\nuri=redis://127.0.0.1:1\n[recovery]\n" + recovery_keys);
  }

  [[nodiscard]] Config
  all () const
  {
    g_autoptr (GError) error = nullptr;
    const auto all
        = Config::load (ConfigSources::from_environment (command.config_file.c_str ()), &error);
    g_assert_no_error (error);
    return *all;
  }
  [[nodiscard]] CameraConfig
  config () const
  {
    return *all ().camera ("front");
  }

  void
  start ()
  {
    Supervisor::Events events;
    events.fault = [this] (const Fault &fault) {
      g_test_message ("%s/%s: %s", fault.part.c_str (), fault.code.c_str (),
                      fault.evidence.c_str ());
      faults.push_back (fault);
    };
    events.line = [this] (const std::string &line) { lines.push_back (line); };
    events.recovery = [this] (const RecoveryAction &action, const Fault &) {
      if (action.kind == RecoveryAction::Kind::Cured)
        cured.push_back (action);
    };
    events.reset_device = [this] (const std::string &name, int64_t,
                                  const std::function<void (const GError *)> &done) {
      device = name;
      done (nullptr);
    };
    events.changed = [this] { states.push_back (supervisor->health ().state); };
    supervisor
        = std::make_unique<Supervisor> (config (), all ().recovery (), command, settings, events);
    supervisor->start ();
  }

  [[nodiscard]] const CameraHealth &
  health () const
  {
    return supervisor->health ();
  }
  void
  wait_streaming () const
  {
    wait_until ("it streams", [this] { return health ().state == CameraState::Streaming; });
  }
  /* Kills the worker; returns how long it took until the next one had frames, us. */
  int64_t
  kill_worker () const
  {
    const int pid = health ().pid;
    const int64_t begin = g_get_monotonic_time ();
    ::kill (pid, SIGKILL);
    wait_until ("another one streams", [this, pid] {
      return health ().pid != pid && health ().state == CameraState::Streaming;
    });
    return g_get_monotonic_time () - begin;
  }
  int64_t
  stop () const
  {
    const int64_t begin = g_get_monotonic_time ();
    bool stopped = false;
    supervisor->stop ([&] { stopped = true; });
    wait_until ("it has stopped", [&] { return stopped; });
    return g_get_monotonic_time () - begin;
  }
  [[nodiscard]] bool
  told (const std::string &part, const std::string &code) const
  {
    return std::any_of (faults.begin (), faults.end (), [&] (const Fault &fault) {
      return fault.part == part && fault.code == code;
    });
  }

  /* Orders of this tier so far. */
  [[nodiscard]] unsigned
  cures (Tier tier) const
  {
    return health ().cures[static_cast<size_t> (tier) - 1];
  }

  const std::string recovery_keys;
  TempDir place;
  WorkerCommand command;
  SupervisorSettings settings;
  std::vector<Fault> faults;
  std::vector<RecoveryAction> cured;
  std::string device; /* that was reset */
  std::vector<std::string> lines;
  std::vector<CameraState> states;
  std::unique_ptr<Supervisor> supervisor;
};

size_t
open_descriptors ()
{
  const std::filesystem::directory_iterator all ("/proc/self/fd");
  return static_cast<size_t> (std::distance (begin (all), end (all)));
}

} // namespace

static void
test_streams_and_stops ()
{
  Fixture fixture;
  fixture.start ();
  fixture.wait_streaming ();
  bool seen = false;
  fixture.supervisor->snapshot ([&] (GBytes *jpeg, const GError *error) {
    g_assert_no_error (error);
    g_assert_cmpuint (g_bytes_get_size (jpeg), >, 500);
    seen = true;
  });
  wait_until ("the picture comes", [&] { return seen; });
  wait_until ("the worker says what it gives", [&] { return fixture.health ().width == 320; });
  ASSERT_TEXT (fixture.health ().source, picture);
  const int pid = fixture.health ().pid;
  g_assert_cmpint (pid, >, 0);
  g_assert_cmpint (fixture.stop (), <, 3 * G_USEC_PER_SEC);
  g_assert_cmpint (::kill (pid, 0), ==, -1);
  g_assert_true (fixture.health ().state == CameraState::Stopped);
  ASSERT_TEXT (fixture.health ().last_exit, "exit 0");
  g_assert_cmpuint (fixture.faults.size (), ==, 0);
}

static void
test_comes_back ()
{
  Fixture fixture;
  fixture.start ();
  fixture.wait_streaming ();
  const int64_t away = fixture.kill_worker ();
  g_test_message ("frames again after %.3f s", static_cast<double> (away) / 1e6);
  g_assert_cmpint (away, <, 1500 * 1000);
  g_assert_true (fixture.told ("worker", "signal 9"));
  g_assert_cmpuint (fixture.health ().respawns, ==, 1);
  fixture.stop ();
}

static void
test_hang ()
{
  Fixture fixture;
  fixture.settings.watch.ping_interval = 200'000;
  fixture.settings.watch.ping_deadline = 500'000;
  fixture.start ();
  fixture.wait_streaming ();
  const int pid = fixture.health ().pid;
  ::kill (pid, SIGSTOP);
  wait_until ("the hang is told", [&] { return fixture.told ("worker", "hang"); });
  wait_until ("another one streams", [&] {
    return fixture.health ().pid != pid && fixture.health ().state == CameraState::Streaming;
  });
  fixture.stop ();
}

static void
test_stop_of_a_stopped_process ()
{
  Fixture fixture (picture, "", "worker-drain=0s\n");
  fixture.settings.kill_after = 300'000;
  fixture.settings.watch.pings_missed = 1000;
  fixture.start ();
  fixture.wait_streaming ();
  ::kill (fixture.health ().pid, SIGSTOP);
  g_test_expect_message ("camwarden", G_LOG_LEVEL_WARNING, "*does not stop: SIGTERM*");
  /* 1 s for its answer, 0.3 s from SIGTERM to SIGKILL; the default drain would make it 2.8 s. */
  g_assert_cmpint (fixture.stop (), <, 2'500'000);
  g_test_assert_expected_messages ();
  ASSERT_TEXT (fixture.health ().last_exit, "signal 9");
}

static void
test_wrong_configuration ()
{
  Fixture fixture ("nosuchsrc ! identity");
  fixture.start ();
  wait_until ("it has failed", [&] { return fixture.health ().state == CameraState::Failed; });
  g_assert_nonnull (strstr (fixture.health ().detail.c_str (), "nosuchsrc"));
  /* What is wrong, without the lines before it. */
  g_assert_null (strstr (fixture.health ().detail.c_str (), " -> "));
  ASSERT_TEXT (fixture.health ().last_exit, "exit 78");
  turn_for (1500 * 1000);
  g_assert_cmpuint (fixture.health ().respawns, ==, 1);
  /* A mended configuration is taken at once. */
  fixture.configure (picture);
  fixture.supervisor->reload (fixture.config (), fixture.all ().recovery (), fixture.command);
  fixture.wait_streaming ();
  fixture.stop ();
}

/* ---- recovery ---- */

constexpr const char *fast = "healthy-after=1s\nhealthy-bin=500ms\ncamera-backoff=50ms\n";

/* Waited for in the same process, however long. */
static void
test_no_camera ()
{
  Fixture fixture ("faultysrc is-live=true mode=nodevice");
  fixture.start ();
  wait_until ("it is told", [&] { return fixture.health ().state == CameraState::NoCamera; });
  const int pid = fixture.health ().pid;
  wait_until ("it is tried again", [&] { return fixture.cures (Tier::Source) >= 2; });
  g_assert_true (fixture.told ("source", "resource-not-found"));
  g_assert_true (fixture.health ().state == CameraState::NoCamera);
  ASSERT_TEXT (fixture.health ().recovery, "source");
  /* The next probe would be seconds away. */
  const unsigned before = fixture.cures (Tier::Source);
  const int64_t begin = g_get_monotonic_time ();
  fixture.supervisor->device_arrived ();
  wait_until ("it is tried at once", [&] { return fixture.cures (Tier::Source) > before; });
  g_assert_cmpint (g_get_monotonic_time () - begin, <, G_USEC_PER_SEC);
  g_assert_cmpint (fixture.health ().pid, ==, pid);
  g_assert_cmpuint (fixture.cures (Tier::Pipeline) + fixture.cures (Tier::Worker), ==, 0);
  fixture.stop ();
}

static void
test_source_error ()
{
  Fixture fixture ("faultysrc is-live=true mode=error at-frame=30 times=1", "", fast);
  fixture.start ();
  wait_until ("the error is told", [&] { return fixture.told ("source", "resource-read"); });
  const int pid = fixture.health ().pid;
  wait_until ("it is cured", [&] { return !fixture.cured.empty (); });
  g_assert_true (fixture.cured[0].tier == Tier::Source);
  g_assert_cmpuint (fixture.cured[0].attempts, ==, 1);
  fixture.wait_streaming ();
  g_assert_cmpint (fixture.health ().pid, ==, pid);
  g_assert_cmpuint (fixture.cures (Tier::Source), ==, 1);
  g_assert_cmpuint (fixture.health ().respawns, ==, 0);
  g_assert_true (fixture.health ().recovery.empty ());
  g_assert_cmpint (fixture.supervisor->incident (), >, 0);
  fixture.stop ();
}

/* A driver that hangs while it is stopped: only another process helps. */
static void
test_hang_in_a_state_change ()
{
  Fixture fixture ("faultysrc is-live=true mode=hang-on-stop at-frame=10 times=1", "",
                   std::string (fast) + "source-deadline=1s\n");
  fixture.start ();
  wait_until ("it will hang", [&] { return fixture.health ().frames > 15; });
  const int pid = fixture.health ().pid;
  const int64_t begin = g_get_monotonic_time ();
  fixture.supervisor->recover (Tier::Source);
  wait_until ("another process streams", [&] {
    return fixture.health ().pid != pid && fixture.health ().state == CameraState::Streaming;
  });
  g_assert_cmpint (g_get_monotonic_time () - begin, <, 10 * G_USEC_PER_SEC);
  wait_until ("it is cured", [&] { return !fixture.cured.empty (); });
  g_assert_true (fixture.cured[0].tier == Tier::Worker);
  g_assert_cmpuint (fixture.cures (Tier::Pipeline), ==, 0);
  fixture.stop ();
}

static void
test_device_reset ()
{
  Fixture fixture ("faultysrc is-live=true device=/dev/video9 mode=error at-frame=30 times=1"
                   " error-code=1",
                   "", std::string (fast) + "device-reset=true\n");
  fixture.start ();
  fixture.wait_streaming ();
  fixture.supervisor->recover (Tier::Device);
  wait_until ("it is cured", [&] { return !fixture.cured.empty (); });
  g_assert_true (fixture.cured[0].tier == Tier::Device);
  ASSERT_TEXT (fixture.device, "/dev/video9");
  fixture.stop ();
}

/* As libcamera does when a lost camera is stopped. */
static void
test_abort_when_stopped ()
{
  Fixture fixture ("faultysrc is-live=true mode=abort-on-stop at-frame=120", "stall-timeout=1s",
                   fast);
  fixture.start ();
  wait_until ("the stall is told", [&] { return fixture.told ("source", "stall"); });
  wait_until ("it is cured", [&] { return !fixture.cured.empty (); });
  g_assert_true (fixture.cured[0].tier == Tier::Worker);
  g_assert_cmpuint (fixture.cures (Tier::Source), ==, 1);
  fixture.stop ();
}

/* One restart may help a picture that is frozen; a second one would not. */
static void
test_frozen ()
{
  Fixture fixture ("faultysrc is-live=true mode=freeze", "frozen-after=1s",
                   std::string (fast) + "frozen-restart-after=2s\n");
  fixture.start ();
  wait_until ("it is told", [&] { return fixture.told ("source", "frozen"); });
  g_assert_cmpuint (fixture.cures (Tier::Source), ==, 0);
  wait_until ("the source is restarted", [&] { return fixture.cures (Tier::Source) == 1; });
  turn_for (4 * G_USEC_PER_SEC);
  g_assert_cmpuint (fixture.cures (Tier::Source), ==, 1);
  g_assert_cmpuint (fixture.cures (Tier::Pipeline), ==, 0);
  ASSERT_TEXT (fixture.health ().verdict, "frozen");
  fixture.stop ();
}

/* Twice as patient, also in a worker that starts later. */
static void
test_weak_power ()
{
  const char *source = "faultysrc is-live=true mode=stall at-frame=30 duration=1500000000";
  for (const bool weak : { true, false }) {
    Fixture fixture (source, "stall-timeout=1s", fast);
    fixture.start ();
    fixture.supervisor->set_weak_power (weak);
    fixture.wait_streaming ();
    turn_for (3500 * 1000);
    g_assert_true (fixture.told ("source", "stall") == !weak);
    fixture.stop ();
  }
}

static void
test_stop_while_something_is_ordered ()
{
  Fixture fixture ("faultysrc is-live=true mode=hang-on-stop at-frame=10", "", fast);
  fixture.start ();
  wait_until ("it will hang", [&] { return fixture.health ().frames > 15; });
  fixture.supervisor->recover (Tier::Source);
  turn_for (300 * 1000);
  g_assert_cmpint (fixture.stop (), <, 8 * G_USEC_PER_SEC);
  turn_for (500 * 1000);
  g_assert_cmpint (fixture.health ().pid, ==, 0);
}

static void
test_lock_is_waited_for ()
{
  Fixture fixture;
  fixture.start ();
  fixture.wait_streaming ();
  /* The successor of a killed daemon, while the orphan still has the camera. */
  Supervisor::Events events;
  std::vector<std::string> lines;
  events.line = [&lines] (const std::string &line) { lines.push_back (line); };
  Supervisor successor (fixture.config (), fixture.all ().recovery (), fixture.command,
                        fixture.settings, events);
  successor.start ();
  wait_until ("it waits", [&] {
    return successor.health ().last_exit == "exit 65"
           && successor.health ().state == CameraState::Respawning;
  });
  g_assert_false (lines.empty ());
  g_assert_nonnull (strstr (lines.front ().c_str (), "another worker runs camera front"));
  g_assert_cmpint (lines.front ().front (), ==, 'c'); /* no "<4>" */
  fixture.stop ();
  wait_until ("it streams", [&] { return successor.health ().state == CameraState::Streaming; });
  bool stopped = false;
  successor.stop ([&] { stopped = true; });
  wait_until ("it has stopped", [&] { return stopped; });
}

static void
test_reload ()
{
  Fixture fixture;
  fixture.start ();
  fixture.wait_streaming ();
  const int pid = fixture.health ().pid;
  fixture.configure (picture, "frozen-after=7s\nencode-when=always");
  fixture.supervisor->reload (fixture.config (), fixture.all ().recovery (), fixture.command);
  wait_until ("it is applied", [&] { return fixture.health ().wanted; });
  g_assert_cmpint (fixture.health ().pid, ==, pid);
  fixture.configure (picture, "framerate=10");
  fixture.supervisor->reload (fixture.config (), fixture.all ().recovery (), fixture.command);
  wait_until ("another one streams", [&] {
    return fixture.health ().pid != pid && fixture.health ().state == CameraState::Streaming;
  });
  g_assert_cmpuint (fixture.faults.size (), ==, 0);
  fixture.stop ();
}

/* What the dead worker owes does not hit the next one. */
static void
test_reload_of_a_dying_worker ()
{
  Fixture fixture;
  fixture.start ();
  fixture.wait_streaming ();
  const int pid = fixture.health ().pid;
  ::kill (pid, SIGSTOP);
  fixture.configure (picture, "frozen-after=7s\nencode-when=always");
  fixture.supervisor->reload (fixture.config (), fixture.all ().recovery (), fixture.command);
  ::kill (pid, SIGKILL);
  /* By the recovery, or by the reload if it hears first that the link is closed: once. */
  wait_until ("another one streams", [&] {
    return fixture.health ().pid != pid && fixture.health ().state == CameraState::Streaming;
  });
  turn_for (2 * G_USEC_PER_SEC);
  g_assert_cmpuint (fixture.health ().respawns, ==, 1);
  g_assert_true (fixture.health ().wanted);
  fixture.stop ();
}

static void
test_calls_without_worker ()
{
  Fixture fixture;
  fixture.supervisor
      = std::make_unique<Supervisor> (fixture.config (), fixture.all ().recovery (),
                                      fixture.command, fixture.settings, Supervisor::Events{});
  bool refused = false;
  fixture.supervisor->snapshot ([&] (GBytes *jpeg, const GError *error) {
    g_assert_null (jpeg);
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_CONNECTED);
    refused = true;
  });
  g_assert_true (refused);
  fixture.supervisor->start ();
  fixture.wait_streaming ();
  /* An answer that is owed when the supervisor goes still comes. */
  bool answered = false;
  fixture.supervisor->test ([&] (GVariant *, const GError *error) { answered = error != nullptr; });
  fixture.supervisor.reset ();
  wait_until ("the call has ended", [&] { return answered; });
}

static void
test_no_descriptor_is_lost ()
{
  Fixture fixture (picture, "", "camera-backoff=10ms\ncamera-backoff-max=10ms\n");
  fixture.command.program = "/bin/false";
  fixture.start ();
  wait_until ("it came and went", [&] { return fixture.health ().respawns >= 5; });
  const size_t before = open_descriptors ();
  wait_until (
      "it came and went", [&] { return fixture.health ().respawns >= 55; }, 60);
  g_assert_cmpuint (open_descriptors (), <=, before + 4); /* of one that is under way */
  fixture.stop ();
  fixture.command.program = "/nonexistent/worker";
  fixture.supervisor.reset ();
  fixture.start ();
  wait_until ("it is told", [&] { return fixture.told ("worker", "not-started"); });
  fixture.stop ();
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  signal (SIGPIPE, SIG_IGN);
  const TempDir run;
  g_setenv ("RUNTIME_DIRECTORY", run.path ("run").c_str (), TRUE);
  g_test_add_func ("/supervisor/streams-and-stops", test_streams_and_stops);
  g_test_add_func ("/supervisor/comes-back", test_comes_back);
  g_test_add_func ("/supervisor/hang", test_hang);
  g_test_add_func ("/supervisor/stop-of-a-stopped-process", test_stop_of_a_stopped_process);
  g_test_add_func ("/supervisor/wrong-configuration", test_wrong_configuration);
  g_test_add_func ("/supervisor/no-camera", test_no_camera);
  g_test_add_func ("/supervisor/source-error", test_source_error);
  g_test_add_func ("/supervisor/hang-in-a-state-change", test_hang_in_a_state_change);
  g_test_add_func ("/supervisor/device-reset", test_device_reset);
  g_test_add_func ("/supervisor/abort-when-stopped", test_abort_when_stopped);
  g_test_add_func ("/supervisor/frozen", test_frozen);
  g_test_add_func ("/supervisor/weak-power", test_weak_power);
  g_test_add_func ("/supervisor/stop-while-something-is-ordered",
                   test_stop_while_something_is_ordered);
  g_test_add_func ("/supervisor/lock-is-waited-for", test_lock_is_waited_for);
  g_test_add_func ("/supervisor/reload", test_reload);
  g_test_add_func ("/supervisor/reload-of-a-dying-worker", test_reload_of_a_dying_worker);
  g_test_add_func ("/supervisor/calls-without-worker", test_calls_without_worker);
  g_test_add_func ("/supervisor/no-descriptor-is-lost", test_no_descriptor_is_lost);
  return g_test_run ();
}
