// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/progress.h"

#include "config/i18n.h"
#include "ctl/statusview.h"
#include "ctl/terminal.h"
#include "ctl/textformat.h"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

namespace camwarden
{

std::string
progress_line (uint64_t done, uint64_t total, double elapsed)
{
  constexpr int width = 20;
  done = std::min (done, total);
  const double share = total ? static_cast<double> (done) / static_cast<double> (total) : 1;
  const int full = static_cast<int> (share * width);
  std::string line = "[" + std::string (static_cast<size_t> (full), '#')
                     + std::string (static_cast<size_t> (width - full), '-') + "]";
  line += text_of (" %3d %%  ", static_cast<int> (share * 100));
  line += text_of (_ ("%s of %s"), format_bytes (static_cast<double> (done)).c_str (),
                   format_bytes (static_cast<double> (total)).c_str ());
  if (elapsed > 1 && done > 0) {
    const double rate = static_cast<double> (done) / elapsed;
    line += text_of (_ ("  %s/s  %s left"), format_bytes (rate).c_str (),
                     format_span (static_cast<double> (total - done) / rate).c_str ());
  }
  return clip (line, 79);
}

Progress::Progress (uint64_t total)
    : total_ (total), shown_ (isatty (STDERR_FILENO) != 0), start_ (g_get_monotonic_time ())
{}

Progress::~Progress ()
{
  if (shown_ && drawn_)
    fputs ("\r\033[K", stderr);
}

void
Progress::add (uint64_t bytes)
{
  done_ += bytes;
  const int64_t now = g_get_monotonic_time ();
  if (!shown_ || now - drawn_ < G_USEC_PER_SEC / 10)
    return;
  drawn_ = now;
  const double elapsed = static_cast<double> (now - start_) / G_USEC_PER_SEC;
  fprintf (stderr, "\r%s\033[K", progress_line (done_, total_, elapsed).c_str ());
  fflush (stderr);
}

} // namespace camwarden
