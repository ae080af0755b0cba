// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"
#include "core/systemsample.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

/* What a sample is to be about, as its asker knows it. */
struct SystemQuestion
{
  struct Disk
  {
    std::string name; /* frames, state, runtime, log */
    std::string path; /* absolute */
    std::optional<uint64_t> write_errors;
  };
  struct Process
  {
    std::string name;
    int pid = 0; /* 0: it does not run */
    unsigned restarts = 0;
  };

  int64_t time = 0; /* monotonic us */
  std::vector<Disk> disks;
  std::vector<Process> processes;
  std::optional<bool> redis_reachable;
  std::optional<PowerReading> power; /* of a program, where the kernel tells nothing */
};

/* Reads one sample after the other. It blocks when a file does, so it is used by one thread at a
 * time that is not the main one; reading() alone may be called from any.
 *
 * All paths are below the root. With one of a test's own, what is no file is asked of files in it:
 *
 *   ROOT/camwarden-statvfs   a line "PATH TOTAL AVAILABLE INODES FREE [ro]" for each path, in
 * bytes; the longest line that a path lies below counts ROOT/camwarden-clock     "synchronised" or
 * anything else
 */
class SystemReader
{
public:
  explicit SystemReader (std::string root = "/");

  [[nodiscard]] SystemSample read (const SystemQuestion &question);

  /* The file that is being read just now; empty: none. */
  [[nodiscard]] std::string
  reading () const
  {
    return reading_.get ();
  }
  /* The last read found no file that tells of the power: a program may know. */
  [[nodiscard]] bool
  power_wanted () const
  {
    return power_wanted_;
  }

private:
  /* A process between two samples. */
  struct Known
  {
    uint64_t start = 0;
    uint64_t ticks = 0;
    int64_t time = 0;
    struct Blocked
    {
      int64_t since = 0;
      uint64_t ticks = 0;
    };
    std::map<int, Blocked> blocked; /* by thread */
  };

  [[nodiscard]] bool real () const;
  [[nodiscard]] std::string below (const std::string &path) const;
  [[nodiscard]] std::optional<std::string> text (const std::string &path);
  [[nodiscard]] std::vector<std::string> names (const std::string &directory);

  void read_cpu (SystemSample &sample);
  void read_memory (SystemSample &sample);
  void read_disks (SystemSample &sample, const SystemQuestion &question);
  void ask_disk (DiskSample &disk);
  void ask_disk_file (DiskSample &disk);
  void read_temperature (SystemSample &sample);
  void read_power (SystemSample &sample, const SystemQuestion &question);
  [[nodiscard]] std::optional<PowerReading> power_file ();
  void read_network (SystemSample &sample);
  [[nodiscard]] bool link_up (const std::string &name);
  void read_processes (SystemSample &sample, const SystemQuestion &question);
  [[nodiscard]] ProcessSample read_process (const SystemQuestion::Process &process, Known &known,
                                            int64_t now);
  void find_blocked (ProcessSample &process, Known &known, int64_t now);
  [[nodiscard]] std::optional<bool> clock_synchronised ();

  const std::string root_; /* without the slash at its end */
  Locked<std::string> reading_;
  std::optional<CpuTimes> cpu_before_;
  std::map<int, Known> known_; /* by process */
  PowerLatch power_;
  bool power_wanted_ = false;
};

} // namespace camwarden
