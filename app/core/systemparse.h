// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/powerlatch.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* Reads what the kernel writes in /proc and /sys. Nothing here fails loudly: what is not
 * understood is left out, and nothing is returned when the part that matters is missing. */

/* --- /proc/stat --- */

/* Ticks since the start; guests are part of `user`. */
struct CpuTicks
{
  uint64_t user = 0, nice = 0, system = 0, idle = 0, iowait = 0, irq = 0, softirq = 0, steal = 0;
};

struct CpuTimes
{
  CpuTicks total;
  std::map<unsigned, CpuTicks> cores; /* by number: a core may be switched off */
};

/* 0 to 1; waiting for I/O is idle time. */
struct CpuShare
{
  double busy = 0;
  double iowait = 0;
};

[[nodiscard]] std::optional<CpuTimes> parse_cpu_times (std::string_view text);
/* Nothing: no time has passed between them. */
[[nodiscard]] std::optional<CpuShare> cpu_share (const CpuTicks &before, const CpuTicks &after);

/* --- /proc/loadavg, /proc/uptime, /proc/sys/kernel/random/boot_id --- */

struct LoadAverage
{
  double one = 0, five = 0, fifteen = 0; /* over so many minutes */
};

[[nodiscard]] std::optional<LoadAverage> parse_loadavg (std::string_view text);
[[nodiscard]] std::optional<int64_t> parse_uptime (std::string_view text); /* us */
[[nodiscard]] std::optional<std::string> parse_boot_id (std::string_view text);

/* --- /proc/meminfo --- */

/* Bytes. */
struct MemoryInfo
{
  uint64_t total = 0;
  uint64_t available = 0; /* never above `total` */
  uint64_t swap_total = 0;
  uint64_t swap_free = 0;

  /* Of `total`, what is not available: 0 to 1. */
  [[nodiscard]] double used () const;
};

[[nodiscard]] std::optional<MemoryInfo> parse_meminfo (std::string_view text);

/* --- /proc/pressure/{cpu,memory,io} --- */

/* Time in which some, or all, tasks waited: share of the last 10, 60, 300 s (0 to 1), and sum. */
struct PressureLine
{
  double avg10 = 0, avg60 = 0, avg300 = 0;
  uint64_t total = 0; /* us */
};

struct Pressure
{
  PressureLine some;
  std::optional<PressureLine> full; /* older kernels have none for the processor */
};

[[nodiscard]] std::optional<Pressure> parse_pressure (std::string_view text);

/* --- /proc/self/mountinfo --- */

struct Mount
{
  std::string point;
  std::string device; /* major:minor */
  std::string type;
  std::string source;
  bool read_only = false; /* the mount, or the file system below it */
};

[[nodiscard]] std::vector<Mount> parse_mountinfo (std::string_view text);
/* The one that an absolute path lies on; nullptr: none. */
[[nodiscard]] const Mount *mount_of (const std::vector<Mount> &mounts, std::string_view path);

/* --- /proc/net/{dev,route,ipv6_route} --- */

/* Since the interface came up. */
struct LinkCounters
{
  std::string name;
  uint64_t rx_bytes = 0, rx_errors = 0, tx_bytes = 0, tx_errors = 0;
};

[[nodiscard]] std::vector<LinkCounters> parse_net_dev (std::string_view text);
/* The interface of the default route with the lowest metric; nothing: there is none. */
[[nodiscard]] std::optional<std::string> parse_default_route (std::string_view route);
[[nodiscard]] std::optional<std::string> parse_default_route6 (std::string_view ipv6_route);

/* --- /proc/PID/... --- */

/* Of a process, or of one of its threads. */
struct TaskStat
{
  std::string name;
  char state = '?';   /* R running, S sleeping, D waiting in the kernel, Z ended, T stopped, ... */
  uint64_t ticks = 0; /* of processor time, user and system */
  unsigned threads = 0;
  uint64_t start = 0; /* ticks after the machine's start: with the number, who it is */
};

struct ProcessStatus
{
  char state = '?';
  uint64_t rss = 0;  /* bytes */
  uint64_t swap = 0; /* bytes */
  unsigned threads = 0;
};

[[nodiscard]] std::optional<TaskStat> parse_task_stat (std::string_view text);
[[nodiscard]] std::optional<ProcessStatus> parse_process_status (std::string_view text);

/* /proc/PID/io: bytes that went, or will go, to disks. */
[[nodiscard]] std::optional<uint64_t> parse_process_io (std::string_view text);

/* --- /sys --- */

/* thermal_zone's temp. What no sensor measures in earnest (below -40, above 200) is nothing. */
[[nodiscard]] std::optional<double> parse_millidegrees (std::string_view text);
/* "50005" of the firmware's file, "throttled=0x50005" of vcgencmd. */
[[nodiscard]] std::optional<PowerReading> parse_throttled (std::string_view text);
/* "0" or "1" of a hwmon alarm. */
[[nodiscard]] std::optional<bool> parse_alarm (std::string_view text);

} // namespace camwarden
