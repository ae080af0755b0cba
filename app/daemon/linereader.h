// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "gobject/ref.h"

#include <functional>
#include <string>

namespace camwarden
{

/* Reads lines from the output of another process, in the main loop. The writer is never held up:
 * its end of the pipe does not block either, what does not fit is lost. */
class LineReader
{
public:
  using Line = std::function<void (const std::string &line)>;

  LineReader () = default;
  ~LineReader ();
  LineReader (const LineReader &) = delete;
  LineReader &operator= (const LineReader &) = delete;

  /* Returns the writing end (close-on-exec), which the caller closes; -1 with errno. */
  [[nodiscard]] int open (Line line);
  void close ();
  /* Takes what is there now: after the writer has ended. */
  void drain ();

private:
  bool read_some ();

  int fd_ = -1;
  SourceId source_;
  std::string rest_;
  Line line_;
};

} // namespace camwarden
