// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "support/tempdir.h"

#include <filesystem>
#include <glib.h>
#include <string>

namespace camwarden
{

/* A machine of files, for SystemReader: two cores, 4 GB, a frame disk, a network card. Without
 * sensors, pressure files, processes and statvfs, which tests add. */
class FakeMachine
{
public:
  FakeMachine ()
  {
    write ("proc/loadavg", "1.50 0.72 0.85 1/87 21522\n");
    write ("proc/uptime", "1410.18 1633.33\n");
    write ("proc/sys/kernel/random/boot_id", "e5d5e01d-2521-49f9-ba62-181f6cf2fa16\n");
    write ("proc/self/mountinfo", "27 1 179:2 / / rw,noatime shared:1 - ext4 /dev/root rw\n"
                                  "40 27 8:1 / /srv/frames rw shared:9 - ext4 /dev/sda1 rw\n");
    write ("proc/net/dev", "Inter-|   Receive  |  Transmit\n"
                           "    lo: 3267 29 0 0 0 0 0 0 3267 29 0 0 0 0 0 0\n"
                           "  eth0:145131485 3034 7 0 0 0 0 0 120752 1497 2 0 0 0 0 0\n"
                           "  tun0: 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0 0\n");
    write ("proc/net/route",
           "Iface\tDestination\tGateway\tFlags\tRefCnt\tUse\tMetric\tMask\tMTU\tWindow\tIRTT\n"
           "eth0\t00000000\t010200C0\t0003\t0\t0\t100\t00000000\t0\t0\t0\n");
    write ("sys/class/net/eth0/operstate", "up\n");
    write ("sys/class/net/tun0/operstate", "unknown\n");
    write ("sys/class/net/tun0/carrier", "0\n");
    memory (0.25);
    pass (0);
  }

  [[nodiscard]] std::string
  root () const
  {
    return folder_.path ();
  }

  std::string
  write (const std::string &file, const std::string &text) const
  {
    return folder_.write (file, text);
  }

  double busy = 0.1; /* of both cores, from now on */

  /* So many seconds of processor time. */
  void
  pass (unsigned seconds)
  {
    const auto ticks = static_cast<double> (seconds) * 1000; /* fine ones, for exact shares */
    busy_ticks_ += static_cast<uint64_t> (ticks * busy + 0.5);
    idle_ticks_ += static_cast<uint64_t> (ticks * (1 - busy) + 0.5);
    auto line = [this] (const char *name, unsigned cores) {
      return std::string (name) + " " + std::to_string (busy_ticks_ * cores) + " 0 0 "
             + std::to_string (idle_ticks_ * cores) + " 0 0 0 0 0 0\n";
    };
    write ("proc/stat", line ("cpu ", 2) + line ("cpu0", 1) + line ("cpu1", 1) + "btime 1\n");
  }

  void
  memory (double used) const
  {
    const auto available = static_cast<unsigned> (4'000'000 * (1 - used) + 0.5);
    write ("proc/meminfo", "MemTotal:        4000000 kB\nMemFree:          1000 kB\nMemAvailable: "
                               + std::to_string (available)
                               + " kB\nSwapTotal: 0 kB\nSwapFree: 0 kB\n");
  }

  /* As camwarden-statvfs has them. */
  void
  disks (const std::string &table) const
  {
    write ("camwarden-statvfs", table);
  }

  void
  temperature (unsigned zone, const std::string &type, const std::string &millidegrees) const
  {
    const std::string folder = "sys/class/thermal/thermal_zone" + std::to_string (zone);
    write (folder + "/type", type + "\n");
    write (folder + "/temp", millidegrees + "\n");
  }

  void
  throttled (const std::string &flags) const
  {
    write ("sys/devices/platform/soc/soc:firmware/get_throttled", flags);
  }

  /* With its first thread. */
  void
  process (int pid, char state, unsigned ticks, unsigned start = 7) const
  {
    const std::string folder = "proc/" + std::to_string (pid);
    write (folder + "/stat", stat (pid, state, ticks, start));
    write (folder + "/status", std::string ("State:\t") + state
                                   + " (x)\nVmRSS:\t   41652 kB\nVmSwap:\t 0 kB\nThreads:\t17\n");
    write (folder + "/fd/0", "");
    write (folder + "/fd/1", "");
    thread (pid, pid, state, ticks);
  }

  void
  thread (int pid, int thread, char state, unsigned ticks) const
  {
    write ("proc/" + std::to_string (pid) + "/task/" + std::to_string (thread) + "/stat",
           stat (thread, state, ticks, 7));
  }

private:
  static std::string
  stat (int pid, char state, unsigned ticks, unsigned start)
  {
    return std::to_string (pid) + " (camwarden (x)) " + state + " 1 1 1 0 -1 4194304 101 0 0 0 "
           + std::to_string (ticks) + " 0 0 0 20 0 17 0 " + std::to_string (start)
           + " 3133440 391 18446744073709551615 0\n";
  }

  TempDir folder_;
  uint64_t busy_ticks_ = 1000;
  uint64_t idle_ticks_ = 1000;
};

} // namespace camwarden
