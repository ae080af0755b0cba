// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/processwatch.h"

#include "core/clockwatch.h"
#include "core/redisfigures.h"
#include "support/asserttext.h"

#include <glib.h>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
constexpr int64_t hour = 3600 * second;
constexpr uint64_t mib = 1 << 20;

struct Processes
{
  ProcessWatch watch;
  SystemSample sample;

  Processes ()
  {
    for (const auto &[name, pid] : { std::pair{ "camwardend", 10 }, { "camera:front", 11 } }) {
      ProcessSample process;
      process.name = name;
      process.pid = pid;
      process.running = true;
      process.state = 'S';
      process.rss = 50 * mib;
      sample.processes.push_back (process);
    }
  }
  ProcessSample &
  daemon ()
  {
    return sample.processes[0];
  }
  ProcessSample &
  worker ()
  {
    return sample.processes[1];
  }
  void
  pass (int64_t time)
  {
    sample.time += time;
    watch.sampled (sample);
  }
};

void
test_growth ()
{
  Processes all;
  for (int i = 0; i < 4 * 360; i++) {
    all.worker ().rss += mib / 20; /* 18 MiB an hour */
    all.pass (10 * second);
  }
  const auto list = all.watch.issues ();
  g_assert_cmpuint (list.size (), ==, 1);
  ASSERT_TEXT (list[0].code, "memory-growth");
  ASSERT_TEXT (list[0].instance, "camera:front");
  ASSERT_TEXT (list[0].part, "camera/front");
  g_assert_cmpuint (all.watch.growing ().size (), ==, 1);
  all.worker ().pid = 12; /* another process has its own memory */
  all.pass (10 * second);
  g_assert_true (all.watch.issues ().empty ());
  all.watch.configure ({ .growth = 0 });
  g_assert_true (all.watch.growing ().empty ());
}

void
test_hanging ()
{
  Processes all;
  all.worker ().blocked_since = 1;
  all.pass (20 * second);
  g_assert_true (all.watch.issues ().empty ());
  all.pass (20 * second);
  auto list = all.watch.issues ();
  g_assert_cmpuint (list.size (), ==, 1);
  ASSERT_TEXT (list[0].code, "process-hung");
  g_assert_true (list[0].level == HealthLevel::Critical);
  ASSERT_TEXT (list[0].cause, "a thread waits in the kernel: a device or a disk does not answer");
  all.worker ().blocked_since = 0;
  all.pass (10 * second);
  g_assert_true (all.watch.issues ().empty ());
  all.daemon ().state = 'T';
  all.pass (10 * second);
  all.pass (31 * second);
  list = all.watch.issues ();
  g_assert_cmpuint (list.size (), ==, 1);
  ASSERT_TEXT (list[0].cause, "it was stopped by a signal");
  all.daemon ().running = false;
  all.pass (10 * second);
  g_assert_true (all.watch.issues ().empty ());
}

void
test_writes ()
{
  Processes all;
  all.watch.configure ({ .writes_per_day = 1000 * mib });
  all.daemon ().written = 0;
  all.worker ().written = 0;
  for (int i = 0; i < 24; i++) {
    *all.worker ().written += 50 * mib;
    *all.daemon ().written += mib;
    all.pass (hour);
  }
  g_assert_cmpuint (all.watch.written ().at ("camera:front"), ==, 1200 * mib);
  auto list = all.watch.issues ();
  g_assert_cmpuint (list.size (), ==, 1);
  ASSERT_TEXT (list[0].code, "disk-wear");
  ASSERT_TEXT (list[0].cause, "camera:front wrote 1200 MiB");
  /* A worker that starts anew counts from zero, what the one before wrote stays written. */
  all.worker ().pid = 99;
  all.worker ().written = 5 * mib;
  all.pass (second);
  g_assert_cmpuint (all.watch.written ().at ("camera:front"), ==, 1205 * mib);
  for (int i = 0; i < 24; i++)
    all.pass (hour);
  g_assert_cmpuint (all.watch.written ().at ("camera:front"), ==, 0);
  g_assert_true (all.watch.issues ().empty ());
}

void
test_clock ()
{
  ClockWatch clock;
  g_assert_false (clock.update (0, 1000 * second, false));
  g_assert_false (clock.update (10 * second, 1011 * second, false)); /* slewed */
  const auto change = clock.update (20 * second, 90'000 * second, true);
  g_assert_true (change && change->synchronised);
  g_assert_cmpint (change->correction, ==, (90'000 - 1021) * second);
  const auto back = clock.update (30 * second, 80'000 * second, {});
  g_assert_cmpint (back->correction, ==, -10'010 * second);
  g_assert_false (back->synchronised);
  g_assert_false (clock.update (40 * second, 80'010 * second, true));
}

constexpr const char *info
    = "# Memory\r\nused_memory:125829120\r\nused_memory_human:120.00M\r\n"
      "maxmemory:134217728\r\n# Stats\r\nevicted_keys:3\r\n"
      "# Clients\r\nconnected_clients:7\r\n"
      "client_recent_max_output_buffer:20971520\r\nbroken\r\nused_memory_x:1";

void
test_redis ()
{
  RedisFigures figures = parse_redis_info (info);
  g_assert_cmpuint (figures.used_memory, ==, 120 * mib);
  g_assert_cmpuint (figures.max_memory, ==, 128 * mib);
  g_assert_cmpuint (figures.clients, ==, 7);
  RedisWatch watch;
  g_assert_true (watch.issues (0).empty ());
  watch.update (0, figures);
  auto list = watch.issues (0);
  g_assert_cmpuint (list.size (), ==, 2); /* what was evicted before is not known to be new */
  ASSERT_TEXT (list[0].code, "redis-memory");
  ASSERT_TEXT (list[0].what, "Redis uses 120 MiB of 128 MiB");
  ASSERT_TEXT (list[1].code, "redis-slow-reader");
  figures = {
    .used_memory = mib, .max_memory = 128 * mib, .evicted_keys = 10, .buffer_disconnections = 2
  };
  watch.update (second, figures);
  list = watch.issues (second);
  g_assert_cmpuint (list.size (), ==, 2);
  ASSERT_TEXT (list[0].what, "Redis has thrown away 7 keys");
  ASSERT_TEXT (list[1].what, "Redis has cut off 2 slow readers");
  g_assert_true (watch.issues (700 * second).empty ());
  figures.evicted_keys = 1; /* another server */
  watch.update (701 * second, figures);
  ASSERT_TEXT (watch.issues (701 * second).front ().what, "Redis has thrown away 1 keys");
  watch.forget ();
  g_assert_true (watch.issues (701 * second).empty ());
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/processwatch/growth", test_growth);
  g_test_add_func ("/processwatch/hanging", test_hanging);
  g_test_add_func ("/processwatch/writes", test_writes);
  g_test_add_func ("/clockwatch", test_clock);
  g_test_add_func ("/redisfigures", test_redis);
  return g_test_run ();
}
