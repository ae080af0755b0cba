// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/logfile.h"

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>

namespace camwarden
{

/* Writes lines to the log file in a thread of its own, in order: a disk that hangs holds nobody up.
 * What waits longer than there is room for is left out, and the file says how many lines. From any
 * thread. Never destroyed: its thread may hang for ever. */
class LogThread
{
public:
  static constexpr size_t most_lines = 2000;

  /* problem: one that is not said in the file, from the thread. */
  using Problem = std::function<void (const std::string &problem)>;
  explicit LogThread (Problem problem) : problem_ (std::move (problem)) {}

  /* After what was written before. */
  void configure (LogFileSettings settings);
  void write (std::string line);
  /* What was written before is in the file, or it took so many us. */
  void settle (int64_t patience);

private:
  void start ();
  void run ();

  const Problem problem_;
  LogFile file_; /* the thread's */

  std::mutex mutex_; /* not held while writing */
  std::condition_variable changed_;
  bool started_ = false; /* from here on: under mutex_ */
  bool used_ = false;    /* there is a file */
  bool busy_ = false;
  unsigned left_out_ = 0;
  std::deque<std::string> lines_;
  std::optional<LogFileSettings> settings_; /* to be taken over */
};

} // namespace camwarden
