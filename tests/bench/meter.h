// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>
#include <vector>

namespace camwarden::bench
{

/* "key=value" words of the command line. */
class Options
{
public:
  Options (int argc, char **argv);

  [[nodiscard]] std::string text (const std::string &key, const std::string &otherwise = "") const;
  [[nodiscard]] int64_t number (const std::string &key, int64_t otherwise = 0) const;

private:
  std::map<std::string, std::string> values_;
};

/* Several different frames, as a camera has them: the same bytes again and again would be read
 * from the processor's cache. Every frame file of the folder, in the order of the names. */
[[nodiscard]] std::vector<std::string> load_frames (const std::string &folder);

/* Monotonic nanoseconds. */
[[nodiscard]] int64_t wall_ns ();

/* CPU time of this process and of another one (the server), nanoseconds, all threads. */
struct CpuTime
{
  int64_t own = 0;
  int64_t other = 0;
};

[[nodiscard]] CpuTime cpu_time (pid_t other);

/* Lets a loop run flat out (fps 0) or at a rate. */
class Pacer
{
public:
  explicit Pacer (int64_t fps) : interval_ (fps > 0 ? 1'000'000'000 / fps : 0) {}
  void wait ();

private:
  int64_t interval_;
  int64_t next_ = 0;
};

/* Measures from the end of the warm-up to the end: {"frames": .., "own_us": .., ...} per frame. */
class Meter
{
public:
  explicit Meter (pid_t other) : other_ (other) {}
  void begin ();
  void end (int64_t frames);
  void add (const std::string &key, double value);
  void print () const;

private:
  pid_t other_;
  CpuTime from_;
  int64_t wall_from_ = 0;
  std::map<std::string, double> figures_;
};

[[nodiscard]] double percentile (std::vector<double> values, double fraction);

[[noreturn]] void die (const std::string &what);

int run_publisher (const Options &options);
int run_discard (const Options &options);
int run_subscriber (const Options &options);
int run_files (const Options &options);
int run_pipeline (const Options &options);
int run_latency (const Options &options);

} // namespace camwarden::bench
