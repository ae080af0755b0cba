// SPDX-License-Identifier: LGPL-2.1-or-later
/* What kernels really write, and what they never should. */
#include "core/systemparse.h"
#include "support/asserttext.h"

#include <cstring>
#include <glib.h>
#include <random>

using namespace camwarden;

namespace
{

constexpr const char *STAT = "cpu  91256 1606 20080 163331 3565 0 391 1286 0 0\n"
                             "cpu0 44227 866 9036 85550 411 0 24 648 0 0\n"
                             "cpu1 47028 740 11044 77780 3153 0 367 637 0 0\n"
                             "intr 737206 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n"
                             "ctxt 1522314\n"
                             "btime 1795642087\n"
                             "processes 21522\n"
                             "procs_running 1\n"
                             "procs_blocked 0\n"
                             "softirq 312244 0 85071 1 15209 18244 0 2 92204 3 101510\n";

constexpr const char *MEMINFO = "MemTotal:        3884096 kB\n"
                                "MemFree:          202908 kB\n"
                                "MemAvailable:    2913072 kB\n"
                                "Buffers:           23084 kB\n"
                                "Cached:          2631884 kB\n"
                                "SwapCached:            0 kB\n"
                                "SwapTotal:        102396 kB\n"
                                "SwapFree:         101116 kB\n"
                                "HugePages_Total:       0\n"
                                "Hugepagesize:       2048 kB\n";

constexpr const char *PRESSURE = "some avg10=12.50 avg60=3.01 avg300=0.75 total=81234567\n"
                                 "full avg10=4.00 avg60=1.00 avg300=0.25 total=41234567\n";

constexpr const char *MOUNTINFO
    = "22 27 0:21 / /proc rw,relatime - proc proc rw\n"
      "27 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw\n"
      "31 27 179:1 / /boot/firmware ro,relatime shared:7 - vfat /dev/mmcblk0p1 rw,fmask=0022\n"
      "40 27 8:1 / /srv/frames\\040of\\011today rw,relatime shared:9 master:3 - ext4 /dev/sda1 "
      "ro,errors=remount-ro\n"
      "41 27 0:45 / /srv rw,relatime - tmpfs tmpfs rw,size=4k\n"
      "42 27 8:2 / /srv rw,relatime - xfs /dev/sda2 rw\n";

constexpr const char *NET_DEV
    = "Inter-|   Receive                                                |  Transmit\n"
      " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs "
      "drop "
      "fifo colls carrier compressed\n"
      "    lo:    3267      29    0    0    0     0          0         0     3267      29    0    "
      "0 "
      "   0     0       0          0\n"
      "  eth0:145131485    3034    7    0    0     0          0         0   120752    1497    2    "
      "0 "
      "   0     0       0          0\n";

constexpr const char *ROUTE
    = "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n"
      "wlan0\t00000000\t0102A8C0\t0003\t0\t0\t600\t00000000\t0\t0\t0\n"
      "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n"
      "eth0\t000200C0\t00000000\t0001\t0\t0\t100\t00FFFFFF\t0\t0\t0\n";

constexpr const char *ROUTE6
    = "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 "
      "00000000000000000000000000000000 00000100 00000001 00000000 00000001     eth0\n"
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
      "fd000000000000000000000000000001 00000400 00000002 00000000 00000003     eth0\n"
      "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
      "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200       lo\n";

constexpr const char *TASK
    = "21523 (a (b) c) D 21515 21515 10634 0 -1 4194304 101 0 0 0 120 34 0 0 20 0 17 0 141016 "
      "3133440 391 18446744073709551615 94420984135680 94420984155561 140733380471536 0 0 0 0 0 0 "
      "0 "
      "0 0 17 1 0 0 0 0 0 94420984171568 94420984173184 94421925371904 140733380475512 0\n";

constexpr const char *STATUS = "Name:\tcamwarden-camer\n"
                               "Umask:\t0027\n"
                               "State:\tD (disk sleep)\n"
                               "Tgid:\t21524\n"
                               "VmPeak:\t   80604 kB\n"
                               "VmRSS:\t   41652 kB\n"
                               "VmSwap:\t     128 kB\n"
                               "Threads:\t17\n";

/* Everything at once; it is enough that nothing breaks. */
void
parse_all (std::string_view text)
{
  (void)parse_cpu_times (text);
  (void)parse_loadavg (text);
  (void)parse_uptime (text);
  (void)parse_boot_id (text);
  if (const auto memory = parse_meminfo (text)) {
    g_assert_cmpfloat (memory->used (), >=, 0);
    g_assert_cmpfloat (memory->used (), <=, 1);
  }
  (void)parse_pressure (text);
  const auto mounts = parse_mountinfo (text);
  (void)mount_of (mounts, text);
  (void)parse_net_dev (text);
  (void)parse_default_route (text);
  (void)parse_default_route6 (text);
  (void)parse_task_stat (text);
  (void)parse_process_status (text);
  (void)parse_millidegrees (text);
  (void)parse_throttled (text);
  (void)parse_alarm (text);
}

} // namespace

static void
test_cpu ()
{
  const auto times = parse_cpu_times (STAT);
  g_assert_true (times.has_value ());
  g_assert_cmpuint (times->total.user, ==, 91256);
  g_assert_cmpuint (times->total.steal, ==, 1286);
  g_assert_cmpuint (times->cores.size (), ==, 2);
  g_assert_cmpuint (times->cores.at (1).iowait, ==, 3153);
  /* A core that is switched off is left out, its neighbour keeps its number. */
  const auto some = parse_cpu_times ("cpu  1 2 3 4\ncpu3 1 2 3 4\n");
  g_assert_true (some && some->cores.contains (3) && some->cores.size () == 1);
  g_assert_false (parse_cpu_times ("cpu0 1 2 3 4\n").has_value ());
  g_assert_false (parse_cpu_times ("cpu 1 2 x 4\n").has_value ());

  CpuTicks after = times->total;
  g_assert_false (cpu_share (times->total, after).has_value ());
  after.user += 60;
  after.system += 10;
  after.idle += 20;
  after.iowait += 10;
  const auto share = cpu_share (times->total, after);
  g_assert_cmpfloat_with_epsilon (share->busy, 0.7, 1e-9);
  g_assert_cmpfloat_with_epsilon (share->iowait, 0.1, 1e-9);
  after.iowait -= 100; /* the kernel may count it backwards */
  g_assert_cmpfloat_with_epsilon (cpu_share (times->total, after)->busy, 70.0 / 90, 1e-9);
}

static void
test_times ()
{
  const auto load = parse_loadavg ("0.23 0.72 12.85 1/87 21522\n");
  g_assert_cmpfloat (load->one, ==, 0.23);
  g_assert_cmpfloat (load->fifteen, ==, 12.85);
  g_assert_false (parse_loadavg ("0.23 0.72").has_value ());
  g_assert_false (parse_loadavg ("nan 0.72 0.1").has_value ());
  g_assert_cmpint (*parse_uptime ("1410.18 1633.33\n"), ==, 1410'180'000);
  g_assert_false (parse_uptime ("-1 0").has_value ());
  g_assert_false (parse_uptime ("1e300 0").has_value ());
  ASSERT_TEXT (*parse_boot_id ("e5d5e01d-2521-49f9-ba62-181f6cf2fa16\n"),
               "e5d5e01d-2521-49f9-ba62-181f6cf2fa16");
  g_assert_false (parse_boot_id ("e5d5e01d-2521-49f9-ba62-181f6cf2fa1").has_value ());
  g_assert_false (parse_boot_id ("../../../../etc/shadow-and-a-bit-more").has_value ());
}

static void
test_memory ()
{
  const auto memory = parse_meminfo (MEMINFO);
  g_assert_cmpuint (memory->total, ==, 3884096ULL * 1024);
  g_assert_cmpuint (memory->available, ==, 2913072ULL * 1024);
  g_assert_cmpuint (memory->swap_free, ==, 101116ULL * 1024);
  g_assert_cmpfloat_with_epsilon (memory->used (), 0.25, 1e-6);
  g_assert_false (parse_meminfo ("MemTotal: 3884096 kB\nMemFree: 12 kB\n").has_value ());
  g_assert_false (parse_meminfo ("MemAvailable: 3884096 kB\n").has_value ());
  /* A container may have more available than its limit. */
  const auto odd = parse_meminfo ("MemTotal: 10 kB\nMemAvailable: 20 kB\n");
  g_assert_cmpfloat (odd->used (), ==, 0);
  g_assert_false (parse_meminfo ("MemTotal: 18446744073709551615 kB\nMemAvailable: 1 kB\n"));
}

static void
test_pressure ()
{
  const auto both = parse_pressure (PRESSURE);
  g_assert_cmpfloat (both->some.avg10, ==, 0.125);
  g_assert_cmpuint (both->some.total, ==, 81234567);
  g_assert_cmpfloat (both->full->avg300, ==, 0.0025);
  const auto cpu = parse_pressure ("some avg10=0.00 avg60=0.00 avg300=0.00 total=5\n");
  g_assert_true (cpu && !cpu->full);
  g_assert_false (parse_pressure ("full avg10=0.00 avg60=0.00 avg300=0.00 total=5\n"));
  g_assert_false (parse_pressure ("some avg10=0.00 avg60=0.00 total=5\n"));
  g_assert_false (parse_pressure (""));
}

static void
test_mounts ()
{
  const auto mounts = parse_mountinfo (MOUNTINFO);
  g_assert_cmpuint (mounts.size (), ==, 6);
  ASSERT_TEXT (mounts[3].point, "/srv/frames of\ttoday");
  ASSERT_TEXT (mounts[3].device, "8:1");
  g_assert_true (mounts[3].read_only); /* the file system went read-only, the mount did not */
  g_assert_true (mounts[2].read_only);
  g_assert_false (mounts[1].read_only);
  ASSERT_TEXT (mount_of (mounts, "/srv/x")->type, "xfs"); /* the later one covers */
  ASSERT_TEXT (mount_of (mounts, "/srvx")->point, "/");
  ASSERT_TEXT (mount_of (mounts, "/srv/frames of\ttoday/a.jpg")->device, "8:1");
  ASSERT_TEXT (mount_of (mounts, "/boot/firmware")->type, "vfat");
  g_assert_null (mount_of (mounts, "relative"));
  g_assert_null (mount_of ({}, "/"));
}

static void
test_network ()
{
  const auto links = parse_net_dev (NET_DEV);
  g_assert_cmpuint (links.size (), ==, 2);
  ASSERT_TEXT (links[1].name, "eth0");
  g_assert_cmpuint (links[1].rx_bytes, ==, 145131485); /* no blank after the colon */
  g_assert_cmpuint (links[1].rx_errors, ==, 7);
  g_assert_cmpuint (links[1].tx_bytes, ==, 120752);
  g_assert_cmpuint (links[1].tx_errors, ==, 2);
  ASSERT_TEXT (*parse_default_route (ROUTE), "eth0");
  g_assert_false (parse_default_route ("eth0\t000200C0\t0\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"));
  /* "unreachable default" is no way out. */
  g_assert_false (parse_default_route ("*\t00000000\t0\t0201\t0\t0\t0\t00000000\t0\t0\t0\n"));
  ASSERT_TEXT (*parse_default_route6 (ROUTE6), "eth0");
  g_assert_false (parse_default_route6 (std::string_view (ROUTE6).substr (0, 150)));
}

static void
test_process ()
{
  const auto stat = parse_task_stat (TASK);
  ASSERT_TEXT (stat->name, "a (b) c");
  g_assert_cmpint (stat->state, ==, 'D');
  g_assert_cmpuint (stat->ticks, ==, 154);
  g_assert_cmpuint (stat->threads, ==, 17);
  g_assert_cmpuint (stat->start, ==, 141016);
  g_assert_false (parse_task_stat ("1 (x) S 1 2 3"));
  g_assert_false (parse_task_stat (") ("));
  const auto status = parse_process_status (STATUS);
  g_assert_cmpint (status->state, ==, 'D');
  g_assert_cmpuint (status->rss, ==, 41652 * 1024);
  g_assert_cmpuint (status->swap, ==, 128 * 1024);
  g_assert_cmpuint (status->threads, ==, 17);
  /* One that ended has no memory any more. */
  g_assert_cmpuint (parse_process_status ("State:\tZ (zombie)\n")->rss, ==, 0);
  g_assert_false (parse_process_status ("VmRSS:\t 1 kB\n"));
}

static void
test_heat_and_power ()
{
  g_assert_cmpfloat (*parse_millidegrees ("70123\n"), ==, 70.123);
  g_assert_cmpfloat (*parse_millidegrees ("-5000\n"), ==, -5);
  for (const char *bad : { "", "\n", "-274000\n", "255000\n", "70.1\n", "hot\n", "0x11170\n" })
    g_assert_false (parse_millidegrees (bad).has_value ());
  const auto file = parse_throttled ("50005\n");
  g_assert_true (file->now.under_voltage && file->now.throttled);
  g_assert_false (file->now.frequency_capped || file->now.soft_temperature_limit);
  g_assert_true (file->since_boot == file->now);
  g_assert_true (parse_throttled ("throttled=0x50005\n") == file);
  g_assert_true (parse_throttled ("0\n") == PowerReading{});
  const auto before = parse_throttled ("throttled=0xa0000\n");
  g_assert_true (before->now == PowerFlags{});
  g_assert_true (before->since_boot.frequency_capped && before->since_boot.soft_temperature_limit);
  for (const char *bad : { "", "throttled=\n", "throttled=0x\n", "0xg\n", "100000000000\n",
                           "VCHI initialization failed\n" })
    g_assert_false (parse_throttled (bad).has_value ());
  g_assert_true (*parse_alarm ("1\n"));
  g_assert_false (*parse_alarm ("0\n"));
  g_assert_false (parse_alarm ("2\n").has_value ());
}

static void
test_power_latch ()
{
  PowerLatch latch;
  g_assert_false (latch.known () || latch.weak ());
  latch.update (10, parse_throttled ("10000"));
  g_assert_true (latch.known () && latch.since_boot ().under_voltage);
  g_assert_false (latch.weak ()); /* when that was, nobody knows */
  g_assert_cmpint (latch.last_seen (PowerLatch::UnderVoltage), ==, -1);
  latch.update (20, parse_throttled ("10001"));
  g_assert_true (latch.weak () && latch.now ().under_voltage);
  g_assert_cmpint (latch.last_seen (PowerLatch::UnderVoltage), ==, 20);
  latch.update (30, parse_throttled ("0")); /* the driver forgot it all */
  g_assert_false (latch.weak ());
  g_assert_true (latch.since_boot ().under_voltage);
  g_assert_cmpint (latch.last_seen (PowerLatch::UnderVoltage), ==, 20);
  latch.update (40, parse_throttled ("10000")); /* came and went in between */
  g_assert_true (latch.weak ());
  g_assert_cmpint (latch.last_seen (PowerLatch::UnderVoltage), ==, 40);
  latch.update (50, parse_throttled ("10000"));
  g_assert_false (latch.weak ());
  latch.update (60, parse_throttled ("4"));
  g_assert_true (latch.weak () && latch.since_boot ().throttled);
  latch.update (70, parse_throttled ("a")); /* slower and warm, not weak */
  g_assert_false (latch.weak ());
  latch.update (80, parse_throttled ("1"));
  latch.update (90, std::nullopt);
  g_assert_false (latch.known () || latch.weak ());
  g_assert_true (latch.since_boot ().under_voltage && latch.since_boot ().frequency_capped);
  g_assert_cmpint (latch.last_seen (PowerLatch::UnderVoltage), ==, 80);
}

static void
test_truncated ()
{
  for (const char *whole : { STAT, MEMINFO, PRESSURE, MOUNTINFO, NET_DEV, ROUTE, ROUTE6, TASK,
                             STATUS, "throttled=0x50005\n", "70123\n", "1410.18 1633.33\n" })
    for (size_t length = 0; length <= strlen (whole); length++)
      parse_all (std::string (whole, length)); /* a heap block of its own: a sanitizer sees more */
  /* Of what was cut, the lines that are whole count. */
  const std::string_view mounts = MOUNTINFO;
  g_assert_cmpuint (parse_mountinfo (mounts.substr (0, mounts.find ("31 27") + 20)).size (), ==, 2);
}

static void
test_garbage ()
{
  const uint32_t seed = g_test_rand_int ();
  g_test_message ("seed %u", seed);
  std::mt19937 random (seed);
  const std::string whole = std::string (STAT) + MEMINFO + PRESSURE + MOUNTINFO + NET_DEV + ROUTE
                            + ROUTE6 + TASK + STATUS;
  for (int i = 0; i < 2000; i++) {
    std::string bytes (random () % 300, '\0');
    for (char &c : bytes)
      c = static_cast<char> (random ());
    parse_all (bytes);
    std::string damaged = whole;
    for (unsigned n = random () % 50; n > 0; n--)
      damaged[random () % damaged.size ()] = static_cast<char> (random ());
    parse_all (damaged);
  }
  for (const char *text :
       { "", "\n\n\n", "cpu", "cpu \n", ":::", "(((((", ")", "some\n", "\\", "-" })
    parse_all (text);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/parse/cpu", test_cpu);
  g_test_add_func ("/parse/times", test_times);
  g_test_add_func ("/parse/memory", test_memory);
  g_test_add_func ("/parse/pressure", test_pressure);
  g_test_add_func ("/parse/mounts", test_mounts);
  g_test_add_func ("/parse/network", test_network);
  g_test_add_func ("/parse/process", test_process);
  g_test_add_func ("/parse/heat-and-power", test_heat_and_power);
  g_test_add_func ("/parse/power-latch", test_power_latch);
  g_test_add_func ("/parse/truncated", test_truncated);
  g_test_add_func ("/parse/garbage", test_garbage);
  return g_test_run ();
}
