// SPDX-License-Identifier: LGPL-2.1-or-later
/* The machine as the daemon sees it, on a tree of files and on the real one. */
#include "daemon/systemmonitor.h"

#include "daemon/safeguards.h"
#include "support/asserttext.h"
#include "support/fakemachine.h"
#include "support/mainloop.h"

#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace camwarden;

namespace
{

constexpr int64_t second = G_USEC_PER_SEC;
using Level = ThresholdLevel;

/* Reads the machine every ten seconds of its own time. */
class Watch
{
public:
  explicit Watch (FakeMachine &machine) : machine_ (machine), reader_ (machine.root ()) {}

  /* The level after so many samples. */
  Level
  after (int samples, Quantity what, const std::string &instance = {})
  {
    for (int i = 0; i < samples; i++)
      step ();
    return thresholds_.level (what, instance);
  }

  const SystemSample &
  step ()
  {
    machine_.pass (10);
    question.time += 10 * second;
    sample_ = reader_.read (question);
    for (const auto &change : thresholds_.update (question.time, threshold_values (sample_)))
      changes.push_back (change);
    return sample_;
  }

  SystemQuestion question;
  std::vector<ThresholdChange> changes;

private:
  FakeMachine &machine_;
  SystemReader reader_;
  Thresholds thresholds_;
  SystemSample sample_;
};

/* What was logged, our fields before it; the writer is set once for the whole program. */
std::vector<std::string> &
log_lines ()
{
  static std::vector<std::string> lines;
  return lines;
}

GLogWriterOutput
keep_log (GLogLevelFlags level, const GLogField *fields, gsize count, gpointer)
{
  std::string line, message;
  for (gsize i = 0; i < count; i++) {
    const auto *text = static_cast<const char *> (fields[i].value);
    if (g_str_equal (fields[i].key, "MESSAGE"))
      message = text;
    else if (g_str_has_prefix (fields[i].key, "CAMWARDEN_"))
      line += std::string (text) + "|";
  }
  line += message;
  log_lines ().push_back (line);
  return g_log_writer_standard_streams (level, fields, count, nullptr);
}

size_t
logged (const std::string &part)
{
  return static_cast<size_t> (
      std::count_if (log_lines ().begin (), log_lines ().end (),
                     [&part] (const auto &line) { return line.find (part) != line.npos; }));
}

size_t
threads ()
{
  size_t count = 0;
  for (const auto &task : std::filesystem::directory_iterator ("/proc/self/task"))
    count += task.is_directory ();
  return count;
}

} // namespace

static void
test_cpu ()
{
  FakeMachine machine;
  Watch watch (machine);
  g_assert_true (watch.after (1, Quantity::Cpu) == Level::None); /* one reading is no use */
  machine.busy = 0.86;
  g_assert_true (watch.after (3, Quantity::Cpu) == Level::None);
  g_assert_true (watch.after (1, Quantity::Cpu) == Level::Warning); /* 30 s */
  machine.busy = 0.96;
  g_assert_true (watch.after (1, Quantity::Cpu) == Level::Warning);
  g_assert_true (watch.after (1, Quantity::Cpu) == Level::Critical); /* 10 s */
  machine.busy = 0.84;
  g_assert_true (watch.after (6, Quantity::Cpu) == Level::Critical);
  g_assert_true (watch.after (1, Quantity::Cpu) == Level::Warning); /* below 90 % for 60 s */
  g_assert_true (watch.after (20, Quantity::Cpu) == Level::Warning);
  machine.busy = 0.79;
  g_assert_true (watch.after (6, Quantity::Cpu) == Level::Warning);
  g_assert_true (watch.after (1, Quantity::Cpu) == Level::None);
  g_assert_cmpuint (watch.changes.size (), ==, 4);
  const SystemSample &sample = watch.step ();
  g_assert_cmpfloat_with_epsilon (sample.cpu->busy, 0.79, 1e-3);
  g_assert_cmpuint (sample.cores.size (), ==, 2);
  g_assert_cmpfloat_with_epsilon (sample.cores.at (1).busy, 0.79, 1e-2);
  g_assert_cmpfloat (sample.load->one, ==, 1.5);
}

static void
test_memory ()
{
  FakeMachine machine;
  Watch watch (machine);
  machine.memory (0.91);
  g_assert_true (watch.after (1, Quantity::Memory) == Level::None);
  g_assert_true (watch.after (1, Quantity::Memory) == Level::Warning); /* longer than 2 s */
  machine.memory (0.96);
  g_assert_true (watch.after (2, Quantity::Memory) == Level::Critical);
  machine.memory (0.86);
  g_assert_true (watch.after (30, Quantity::Memory) == Level::Warning);
  machine.memory (0.84);
  g_assert_true (watch.after (6, Quantity::Memory) == Level::Warning);
  g_assert_true (watch.after (1, Quantity::Memory) == Level::None);
  /* Kernels for a Raspberry Pi come without the pressure files. */
  g_assert_false (watch.step ().memory_pressure.has_value ());
  machine.write ("proc/pressure/memory", "some avg10=12.50 avg60=3.00 avg300=0.75 total=8\n"
                                         "full avg10=4.00 avg60=1.00 avg300=0.25 total=4\n");
  const SystemSample &sample = watch.step ();
  g_assert_cmpfloat (sample.memory_pressure->full->avg10, ==, 0.04);
  g_assert_false (sample.cpu_pressure || sample.io_pressure);
}

static void
test_disk ()
{
  FakeMachine machine;
  Watch watch (machine);
  watch.question.disks = { { "frames", "/srv/frames/today", 7 }, { "state", "/var/lib/x", {} } };
  machine.disks ("/ 1000 800 100 90\n/srv/frames 1000 90 0 0\n");
  g_assert_true (watch.after (1, Quantity::Disk, "/srv/frames") == Level::None);
  g_assert_true (watch.after (1, Quantity::Disk, "/srv/frames") == Level::Warning);
  machine.disks ("/ 1000 800 100 90\n/srv/frames 1000 40 0 0\n");
  g_assert_true (watch.after (2, Quantity::Disk, "/srv/frames") == Level::Critical);
  const SystemSample &sample = watch.step ();
  ASSERT_TEXT (sample.disks[0].mount, "/srv/frames");
  ASSERT_TEXT (sample.disks[0].type, "ext4");
  g_assert_cmpuint (*sample.disks[0].write_errors, ==, 7);
  g_assert_false (sample.disks[0].read_only || sample.disks[1].read_only);
  ASSERT_TEXT (sample.disks[1].mount, "/");
  g_assert_cmpfloat_with_epsilon (sample.disks[1].used (), 0.2, 1e-9);
  /* The inodes run out as well. */
  machine.disks ("/ 1000 800 100 9\n/srv/frames 1000 160 0 0 ro\n");
  g_assert_true (watch.after (2, Quantity::Disk, "/") == Level::Warning);
  g_assert_true (watch.step ().disks[0].read_only);
  g_assert_true (watch.after (4, Quantity::Disk, "/srv/frames") == Level::None);
  /* A file system that cannot be asked keeps its level. */
  machine.disks ("/srv 1 1 1 1\n");
  g_assert_false (watch.step ().disks[1].known);
  g_assert_true (watch.after (20, Quantity::Disk, "/") == Level::Warning);
}

static void
test_temperature ()
{
  FakeMachine machine;
  Watch watch (machine);
  g_assert_false (watch.step ().temperature.has_value ());
  machine.temperature (0, "cpu-thermal", "69900");
  machine.temperature (1, "gpu-thermal", "-274000");
  g_assert_true (watch.after (20, Quantity::Temperature) == Level::None);
  machine.temperature (2, "pmic", "70000");
  g_assert_true (watch.after (1, Quantity::Temperature) == Level::None);
  g_assert_true (watch.after (1, Quantity::Temperature) == Level::Warning);
  ASSERT_TEXT (watch.step ().temperature_zone, "pmic");
  machine.temperature (0, "cpu-thermal", "80000");
  g_assert_true (watch.after (2, Quantity::Temperature) == Level::Critical);
  ASSERT_TEXT (watch.step ().temperature_zone, "cpu-thermal");
  machine.temperature (0, "cpu-thermal", "64900");
  machine.temperature (2, "pmic", "64900");
  g_assert_true (watch.after (6, Quantity::Temperature) == Level::Critical);
  g_assert_true (watch.after (1, Quantity::Temperature) == Level::None);
}

static void
test_power ()
{
  FakeMachine machine;
  Watch watch (machine);
  g_assert_false (watch.step ().power_known);
  /* Another sensor with that file is not the Pi's. */
  machine.write ("sys/class/hwmon/hwmon0/name", "nct6775\n");
  machine.write ("sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1\n");
  g_assert_false (watch.step ().power_known);
  machine.write ("sys/class/hwmon/hwmon1/name", "rpi_volt\n");
  machine.write ("sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1\n");
  const SystemSample alarm = watch.step ();
  g_assert_true (alarm.power_known && alarm.power_now.under_voltage);
  g_assert_cmpint (alarm.under_voltage_seen, ==, alarm.time);
  /* The firmware's own word comes first, and what was is remembered. */
  machine.throttled ("4\n");
  const SystemSample &firmware = watch.step ();
  g_assert_true (firmware.power_now.throttled && !firmware.power_now.under_voltage);
  g_assert_true (firmware.power_since_boot.under_voltage);
  g_assert_cmpint (firmware.under_voltage_seen, ==, alarm.time);
}

static void
test_network ()
{
  FakeMachine machine;
  Watch watch (machine);
  watch.question.redis_reachable = false;
  const SystemSample up = watch.step ();
  g_assert_cmpuint (up.links.size (), ==, 2);
  ASSERT_TEXT (up.links[0].counters.name, "eth0");
  g_assert_true (up.links[0].up);
  g_assert_cmpuint (up.links[0].counters.rx_bytes, ==, 145131485);
  g_assert_false (up.links[1].up); /* a tunnel without a carrier */
  ASSERT_TEXT (up.default_route, "eth0");
  g_assert_false (*up.redis_reachable);
  machine.write ("sys/class/net/eth0/operstate", "down\n");
  machine.write ("sys/class/net/tun0/carrier", "1\n");
  machine.write ("proc/net/route", "");
  const SystemSample &down = watch.step ();
  g_assert_true (!down.links[0].up && down.links[1].up);
  ASSERT_TEXT (down.default_route, "");
}

static void
test_process ()
{
  FakeMachine machine;
  Watch watch (machine);
  watch.question.processes = { { "camera:front", 4242, 3 }, { "camera:back", 0, 0 } };
  g_assert_false (watch.step ().processes[0].running);
  machine.process (4242, 'S', 100);
  machine.thread (4242, 4243, 'S', 5);
  const SystemSample first = watch.step ();
  g_assert_true (first.processes[0].running);
  g_assert_false (first.processes[0].cpu.has_value ());
  g_assert_cmpuint (first.processes[0].rss, ==, 41652 * 1024);
  g_assert_cmpuint (first.processes[0].threads, ==, 17);
  g_assert_cmpuint (first.processes[0].descriptors, ==, 2);
  g_assert_cmpuint (first.processes[0].restarts, ==, 3);
  g_assert_cmpint (first.processes[0].blocked_since, ==, 0);
  g_assert_false (first.processes[1].running);

  /* One thread hangs in the kernel, the first one sleeps. */
  machine.process (4242, 'S', 100 + 5 * static_cast<unsigned> (sysconf (_SC_CLK_TCK)));
  machine.thread (4242, 4243, 'D', 5);
  const SystemSample blocked = watch.step ();
  g_assert_cmpfloat_with_epsilon (*blocked.processes[0].cpu, 0.5, 1e-6);
  g_assert_cmpuint (blocked.processes[0].blocked_threads, ==, 1);
  g_assert_cmpint (blocked.processes[0].blocked_since, ==, blocked.time);
  (void)watch.step ();
  g_assert_cmpint (watch.step ().processes[0].blocked_since, ==, blocked.time);
  /* It did something in between: that is a slow disk. */
  machine.thread (4242, 4243, 'D', 6);
  const SystemSample slow = watch.step ();
  g_assert_cmpint (slow.processes[0].blocked_since, ==, slow.time);
  /* The whole process. */
  machine.process (4242, 'D', 2000);
  const SystemSample whole = watch.step ();
  g_assert_cmpint (whole.processes[0].state, ==, 'D');
  g_assert_cmpuint (whole.processes[0].blocked_threads, ==, 2);
  /* Another one with the same number is a new one. */
  machine.process (4242, 'S', 3, 99);
  machine.thread (4242, 4243, 'S', 0);
  const SystemSample &other = watch.step ();
  g_assert_false (other.processes[0].cpu.has_value ());
  g_assert_cmpint (other.processes[0].blocked_since, ==, 0);
}

static void
test_clock ()
{
  FakeMachine machine;
  Watch watch (machine);
  const SystemSample first = watch.step ();
  g_assert_false (first.clock_synchronised.has_value ());
  g_assert_cmpint (*first.uptime, ==, 1410'180'000);
  ASSERT_TEXT (first.boot_id, "e5d5e01d-2521-49f9-ba62-181f6cf2fa16");
  machine.write ("camwarden-clock", "synchronised\n");
  g_assert_true (*watch.step ().clock_synchronised);
  machine.write ("camwarden-clock", "no\n");
  g_assert_false (*watch.step ().clock_synchronised);
}

/* No file at all, then only garbage: nothing is known, and nothing breaks. */
static void
test_nothing ()
{
  const TempDir empty;
  SystemReader reader (empty.path ());
  SystemQuestion question;
  question.disks = { { "frames", "/srv", {} } };
  question.processes = { { "x", 1, 0 } };
  for (int i = 0; i < 2; i++) {
    const SystemSample sample = reader.read (question);
    g_assert_false (sample.cpu || sample.memory || sample.temperature || sample.uptime
                    || sample.clock_synchronised || sample.power_known || sample.load);
    g_assert_true (sample.links.empty () && !sample.disks[0].known && !sample.processes[0].running);
    Thresholds thresholds;
    g_assert_true (thresholds.update (1, threshold_values (sample)).empty ());
    for (const char *file : { "stat", "meminfo", "loadavg", "uptime", "net/dev", "net/route",
                              "self/mountinfo", "1/stat", "1/status", "pressure/cpu" })
      empty.write (std::string ("proc/") + file, "cpu \xff garbage ((( \n\n:::");
  }
}

static void
test_blocks ()
{
  FakeMachine machine;
  const std::string fifo = machine.root () + "/proc/meminfo";
  unlink (fifo.c_str ());
  g_assert_cmpint (mkfifo (fifo.c_str (), 0600), ==, 0);
  std::string file;
  unsigned samples = 0, missed = 0, first = 0;
  SystemMonitor::Events events;
  events.question = [] { return SystemQuestion{}; };
  events.sample = [&] (const SystemSample &) { samples++; };
  events.hangs = [&] (const std::string &path, int64_t since, bool again) {
    file = path;
    g_assert_cmpint (since, >, 0);
    missed++;
    first += !again;
  };
  auto monitor = std::make_unique<SystemMonitor> (
      SystemMonitorSettings{ .interval = second / 50, .root = machine.root () }, events);
  int64_t last = g_get_monotonic_time (), longest = 0;
  monitor->start ();
  size_t busy = 0;
  wait_until ("20 samples could not be taken", [&] {
    const int64_t now = g_get_monotonic_time ();
    longest = std::max (longest, now - last);
    last = now;
    if (missed == 2)
      busy = threads ();
    return missed >= 20;
  });
  ASSERT_TEXT (file, fifo);
  g_assert_cmpuint (first, ==, 1);
  g_assert_cmpuint (samples, ==, 0);
  g_assert_cmpuint (threads (), <=, busy); /* none more than the one that hangs */
  g_assert_cmpint (monitor->reading_since (), >, 0);
  g_test_message ("the loop was away for %.1f ms at most", static_cast<double> (longest) / 1000);
  g_assert_cmpint (longest, <, second);

  /* It goes on where it was. */
  close (open (fifo.c_str (), O_WRONLY | O_CLOEXEC));
  wait_until ("the sample came after all", [&] { return samples > 0; });
  g_assert_cmpuint (monitor->sample ().missed, >=, 20);
  g_assert_false (monitor->sample ().memory.has_value ());

  /* And its owner need not wait for it. */
  wait_until ("it hangs again", [&] { return first == 2; });
  monitor.reset ();
  const unsigned before = samples;
  close (open (fifo.c_str (), O_WRONLY | O_CLOEXEC));
  turn_for (second / 10);
  g_assert_cmpuint (samples, ==, before);
}

static void
test_program ()
{
  FakeMachine machine;
  const std::string program = machine.write ("usr/bin/vcgencmd", "#!/bin/sh\n"
                                                                 "echo $* >> ${0%/usr*}/asked\n"
                                                                 "cat ${0%/usr*}/answer\n");
  g_assert_cmpint (chmod (program.c_str (), 0755), ==, 0);
  machine.write ("answer", "throttled=0x50005\n");
  SystemMonitor::Events events;
  events.question = [] { return SystemQuestion{}; };
  events.sample = [] (const SystemSample &) {};
  events.hangs = [] (const std::string &, int64_t, bool) {};
  SystemMonitor monitor ({ .interval = second / 50, .root = machine.root () }, events);
  monitor.start ();
  wait_until ("the program's answer is in a sample",
              [&] { return monitor.sample ().power_now.throttled; });
  g_assert_true (monitor.sample ().power_since_boot.under_voltage);
  /* Something else than an answer, three times: not asked any more. */
  machine.write ("answer", "VCHI initialization failed\n");
  wait_until ("it is given up", [] { return logged ("not asked any more") == 1; });
  g_assert_false (monitor.sample ().power_now.throttled);
  g_autofree char *asked = nullptr;
  const std::string list = machine.root () + "/asked";
  g_assert_true (g_file_get_contents (list.c_str (), &asked, nullptr, nullptr));
  g_assert_true (g_str_has_prefix (asked, "get_throttled\n"));
  turn_for (second / 5);
  g_autofree char *later = nullptr;
  g_assert_true (g_file_get_contents (list.c_str (), &later, nullptr, nullptr));
  g_assert_cmpstr (asked, ==, later);
}

/* The file of the kernel is there: no program is started. */
static void
test_no_program ()
{
  FakeMachine machine;
  const std::string program
      = machine.write ("usr/bin/vcgencmd", "#!/bin/sh\ntouch ${0%/usr*}/asked\n");
  g_assert_cmpint (chmod (program.c_str (), 0755), ==, 0);
  machine.throttled ("0\n");
  unsigned samples = 0;
  SystemMonitor::Events events;
  events.question = [] { return SystemQuestion{}; };
  events.sample = [&] (const SystemSample &) { samples++; };
  events.hangs = [] (const std::string &, int64_t, bool) {};
  SystemMonitor monitor ({ .interval = second / 100, .root = machine.root () }, events);
  monitor.start ();
  wait_until ("some samples came", [&] { return samples >= 5; });
  g_assert_cmpint (access ((machine.root () + "/asked").c_str (), F_OK), !=, 0);
}

static void
test_safeguards ()
{
  FakeMachine machine;
  machine.disks ("/ 1000 10 0 0\n");
  machine.throttled ("5\n");
  ThresholdsSettings settings;
  settings.critical_after = settings.leave_after = settings.memory_after = 0;
  int64_t redis_since = 0;
  std::vector<ThresholdChange> changes;
  std::vector<bool> power;
  unsigned samples = 0;
  Safeguards::World world;
  world.question = [] {
    SystemQuestion question;
    question.disks = { { "frames", "/srv/x", {} }, { "state", "/var", {} } };
    return question;
  };
  world.redis_away_since = [&] { return redis_since; };
  Safeguards::Events events;
  events.sample = [&] (const SystemSample &) { samples++; };
  events.changed = [&] (const ThresholdChange &change) { changes.push_back (change); };
  events.power_changed = [&] (bool weak) { power.push_back (weak); };
  Safeguards guards ({ .interval = second / 50, .root = machine.root () }, settings, world, events);
  guards.start ();
  wait_until ("ten samples came", [&] { return samples >= 10; });
  g_assert_cmpuint (changes.size (), ==, 1); /* one file system, told once */
  g_assert_true (changes[0].what == Quantity::Disk && changes[0].to == Level::Critical);
  g_assert_cmpuint (
      logged ("disk|/|99.0%|95.0%|none|critical|threshold: disk of / value=99.0% limit=95.0% "
              "from=none to=critical"),
      ==, 1);
  g_assert_true (guards.weak_power () && power == std::vector<bool>{ true });
  g_assert_cmpuint (logged ("power: under-voltage, throttled"), ==, 1);
  g_assert_cmpint (guards.sample ().time, >, 0);

  /* Other thresholds, as after a reload. */
  settings.disk = { 0.995, 0.999 };
  guards.configure (settings);
  machine.throttled ("0\n");
  wait_until ("all is well", [&] { return changes.size () == 2 && power.size () == 2; });
  g_assert_true (changes[1].from == Level::Critical && changes[1].to == Level::None);
  g_assert_false (guards.weak_power ());

  redis_since = g_get_monotonic_time () - 11 * second;
  wait_until ("Redis is missed", [&] { return changes.size () == 3; });
  g_assert_true (changes[2].what == Quantity::RedisAway && changes[2].to == Level::Warning);
  redis_since = -1; /* no connection to ask: counted from now on, so the warning stays */
  samples = 0;
  wait_until ("five samples came", [&] { return samples >= 5; });
  g_assert_true (guards.thresholds ().level (Quantity::RedisAway) == Level::Warning);
  redis_since = 0;
  wait_until ("Redis is back", [&] { return changes.size () == 4; });

  /* Faults of the camera count, those of what is around it do not. */
  settings.failures_apart = 0;
  guards.configure (settings);
  guards.camera_fault ("front", { FaultClass::Camera, Tier::Source, "source", "stall", "" });
  settings.camera_failures = { 2, 3 };
  guards.configure (settings);
  for (const auto other : { FaultClass::Redis, FaultClass::Storage, FaultClass::Absent,
                            FaultClass::Busy, FaultClass::Quality, FaultClass::Heat })
    guards.camera_fault ("front", { other, Tier::Source, "x", "y", "" });
  guards.camera_fault ("front", { FaultClass::Transient, Tier::Count, "source", "late", "" });
  samples = 0;
  wait_until ("five samples came", [&] { return samples >= 5; });
  g_assert_cmpuint (changes.size (), ==, 4);
  guards.camera_fault ("front", { FaultClass::Hang, Tier::Worker, "worker", "hangs", "" });
  wait_until ("the camera fails often", [&] { return changes.size () == 5; });
  ASSERT_TEXT (changes[4].instance, "front");
  guards.camera_removed ("front");
  g_assert_cmpuint (changes.size (), ==, 6);
  g_assert_true (changes[5].to == Level::None);
}

/* Redis is watched also while the machine cannot be. */
static void
test_safeguards_blocked ()
{
  FakeMachine machine;
  const std::string fifo = machine.root () + "/proc/meminfo";
  unlink (fifo.c_str ());
  g_assert_cmpint (mkfifo (fifo.c_str (), 0600), ==, 0);
  std::vector<ThresholdChange> changes;
  Safeguards::World world;
  world.question = [] { return SystemQuestion{}; };
  world.redis_away_since = [] { return g_get_monotonic_time () - 70 * second; };
  Safeguards::Events events;
  events.changed = [&] (const ThresholdChange &change) { changes.push_back (change); };
  Safeguards guards ({ .interval = second / 50, .root = machine.root () }, {}, world, events);
  guards.start ();
  wait_until ("Redis is missed", [&] { return !changes.empty (); });
  g_assert_true (changes[0].to == Level::Critical);
  turn_for (second / 10);
  g_assert_cmpuint (logged ("reading " + fifo + " hangs"), ==, 1);
  close (open (fifo.c_str (), O_WRONLY | O_CLOEXEC));
  wait_until ("it says that it reads again", [] { return logged ("can be read again") == 1; });
}

static void
test_real ()
{
  SystemReader reader;
  SystemQuestion question;
  question.disks = { { "frames", "/tmp/not/yet/there", {} }, { "state", "/", {} } };
  question.processes = { { "self", getpid (), 0 }, { "init", 1, 0 } };
  SystemSample sample = reader.read (question);
  while (!sample.cpu) { /* until the kernel has counted a tick */
    question.time = g_get_monotonic_time ();
    sample = reader.read (question);
  }
  g_assert_cmpfloat (sample.cpu->busy, >=, 0);
  g_assert_cmpfloat (sample.cpu->busy, <=, 1);
  g_assert_cmpuint (sample.memory->total, >, 64 * 1024 * 1024);
  g_assert_cmpfloat (sample.memory->used (), >, 0);
  g_assert_cmpfloat (sample.memory->used (), <=, 1);
  g_assert_true (sample.load.has_value ());
  g_assert_cmpint (*sample.uptime, >, second);
  g_assert_cmpuint (sample.boot_id.size (), ==, 36);
  for (const auto &disk : sample.disks) {
    g_assert_true (disk.known);
    g_assert_cmpuint (disk.total, >, 0);
    g_assert_cmpfloat (disk.used (), <=, 1);
    g_assert_true (g_path_is_absolute (disk.mount.c_str ()));
    g_assert_false (disk.type.empty ());
  }
  const ProcessSample &self = sample.processes[0];
  g_assert_true (self.running);
  g_assert_cmpuint (self.rss, >, 1024 * 1024);
  g_assert_cmpuint (self.threads, ==, threads ());
  g_assert_cmpuint (self.descriptors, >=, 3);
  g_assert_true (sample.processes[1].running);
  g_assert_cmpint (sample.took, >=, 0);
}

static int64_t
processor_time ()
{
  timespec time{};
  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time);
  return time.tv_sec * second + time.tv_nsec / 1000;
}

/* A machine like a small one with four cameras: less than 0.3 % of one core at 10 s. */
static void
test_cost ()
{
  SystemReader reader;
  SystemQuestion question;
  question.disks = { { "frames", "/tmp", {} },
                     { "state", "/var", {} },
                     { "runtime", "/run", {} },
                     { "log", "/var/log", {} } };
  for (int i = 0; i < 6; i++)
    question.processes.push_back ({ "self", getpid (), 0 });
  const int64_t begin = processor_time ();
  for (int i = 0; i < 100; i++) {
    question.time += 10 * second;
    (void)reader.read (question);
  }
  const double each = static_cast<double> (processor_time () - begin) / 100;
  g_test_message ("%.0f us of processor time a sample: %.4f %% of one core at 10 s", each,
                  each / (10 * second) * 100);
  g_assert_cmpfloat (each, <, 0.003 * 10 * second);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  /* Warnings are what is tested here. */
  g_log_set_always_fatal (static_cast<GLogLevelFlags> (G_LOG_LEVEL_CRITICAL | G_LOG_LEVEL_ERROR));
  g_log_set_writer_func (keep_log, nullptr, nullptr);
  /* GLib 2.84's tests have a handler of their own, from which nothing comes to the writer. */
  g_log_set_default_handler (g_log_default_handler, nullptr);
  g_test_add_func ("/system/cpu", test_cpu);
  g_test_add_func ("/system/memory", test_memory);
  g_test_add_func ("/system/disk", test_disk);
  g_test_add_func ("/system/temperature", test_temperature);
  g_test_add_func ("/system/power", test_power);
  g_test_add_func ("/system/network", test_network);
  g_test_add_func ("/system/process", test_process);
  g_test_add_func ("/system/clock", test_clock);
  g_test_add_func ("/system/nothing", test_nothing);
  g_test_add_func ("/system/real", test_real);
  g_test_add_func ("/system/cost", test_cost);
  g_test_add_func ("/monitor/blocks", test_blocks);
  g_test_add_func ("/monitor/program", test_program);
  g_test_add_func ("/monitor/no-program", test_no_program);
  g_test_add_func ("/safeguards/changes", test_safeguards);
  g_test_add_func ("/safeguards/blocked", test_safeguards_blocked);
  return g_test_run ();
}
