// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/powerlatch.h"
#include "core/systemparse.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

/* A file system, as seen from one of the paths that are in use. */
struct DiskSample
{
  std::string name;   /* what the path is used for: frames, state, runtime, log */
  std::string path;   /* as configured; it may not exist yet */
  std::string mount;  /* the mount point; the path itself when that is not known */
  std::string type;   /* ext4, tmpfs, ... */
  std::string device; /* major:minor; empty: not known */
  bool known = false; /* it could be asked; else the figures are 0 */
  uint64_t total = 0; /* bytes that an ordinary user could fill */
  uint64_t available = 0;
  uint64_t inodes = 0; /* 0: this file system does not count them */
  uint64_t inodes_free = 0;
  bool read_only = false;
  std::optional<uint64_t> write_errors; /* as the caller counts them */

  /* 0 to 1: of bytes or of inodes, whichever is nearer to its end. */
  [[nodiscard]] double
  used () const
  {
    return std::max (share (available, total), share (inodes_free, inodes));
  }

private:
  static double
  share (uint64_t left, uint64_t all)
  {
    return all ? 1 - static_cast<double> (std::min (left, all)) / static_cast<double> (all) : 0;
  }
};

struct LinkSample
{
  LinkCounters counters;
  bool up = false;
};

struct ProcessSample
{
  std::string name; /* as the caller calls it */
  int pid = 0;
  bool running = false; /* else there is no such process, and the figures are 0 */
  char state = '?';     /* of its first thread: R, S, D, Z, T, ... */
  uint64_t rss = 0;     /* bytes */
  uint64_t swap = 0;    /* bytes */
  unsigned threads = 0;
  unsigned descriptors = 0;
  std::optional<double> cpu; /* processors in use: 1 is one whole core; not known at first */
  unsigned restarts = 0;
  std::optional<uint64_t> written; /* bytes to disks since it started; not known: not allowed */
  /* Threads that wait in the kernel where no signal reaches them (state D), and since when one of
   * them has done so at each sample without using the processor: monotonic us, 0: none. */
  unsigned blocked_threads = 0;
  int64_t blocked_since = 0;
};

/* The machine at one moment. What could not be read is left out. */
struct SystemSample
{
  int64_t time = 0;    /* monotonic us: when it was asked for; 0: there was none yet */
  int64_t took = 0;    /* us of wall time to read it */
  unsigned missed = 0; /* samples before it that could not be taken, as that one still hung */

  std::optional<CpuShare> cpu; /* since the sample before */
  std::map<unsigned, CpuShare> cores;
  std::optional<LoadAverage> load;

  std::optional<MemoryInfo> memory;
  std::optional<Pressure> cpu_pressure, memory_pressure, io_pressure;

  std::vector<DiskSample> disks;

  std::optional<double> temperature; /* degrees Celsius of the hottest zone */
  std::string temperature_zone;      /* its name */

  bool power_known = false; /* the machine has such a sensor */
  PowerFlags power_now;
  PowerFlags power_since_boot;
  int64_t under_voltage_seen = -1; /* monotonic us; -1: never */

  std::vector<LinkSample> links;       /* without the loopback */
  std::string default_route;           /* its interface; empty: there is none */
  std::optional<bool> redis_reachable; /* as the caller says */

  std::vector<ProcessSample> processes;

  std::optional<int64_t> uptime; /* us */
  std::string boot_id;
  std::optional<bool> clock_synchronised;
};

} // namespace camwarden
