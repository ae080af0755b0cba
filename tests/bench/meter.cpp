// SPDX-License-Identifier: LGPL-2.1-or-later
#include "meter.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace camwarden::bench
{

void
die (const std::string &what)
{
  fprintf (stderr, "bench: %s\n", what.c_str ());
  exit (1);
}

Options::Options (int argc, char **argv)
{
  for (int i = 2; i < argc; i++) {
    const std::string word = argv[i];
    const size_t split = word.find ('=');
    if (split == std::string::npos)
      die ("expected key=value, not " + word);
    values_[word.substr (0, split)] = word.substr (split + 1);
  }
}

std::string
Options::text (const std::string &key, const std::string &otherwise) const
{
  const auto found = values_.find (key);
  return found == values_.end () ? otherwise : found->second;
}

int64_t
Options::number (const std::string &key, int64_t otherwise) const
{
  const auto found = values_.find (key);
  return found == values_.end () ? otherwise : strtoll (found->second.c_str (), nullptr, 10);
}

std::vector<std::string>
load_frames (const std::string &folder)
{
  std::vector<std::filesystem::path> names;
  std::error_code error;
  for (const auto &entry : std::filesystem::directory_iterator (folder, error))
    names.push_back (entry.path ());
  std::sort (names.begin (), names.end ());
  std::vector<std::string> frames;
  for (const auto &name : names) {
    std::ifstream file (name, std::ios::binary);
    frames.emplace_back (std::istreambuf_iterator<char> (file), std::istreambuf_iterator<char> ());
  }
  if (frames.empty ())
    die ("no frames in " + folder);
  return frames;
}

static int64_t
clock_ns (clockid_t clock)
{
  timespec now{};
  if (clock_gettime (clock, &now) != 0)
    die (std::string ("clock_gettime: ") + strerror (errno));
  return int64_t{ now.tv_sec } * 1'000'000'000 + now.tv_nsec;
}

int64_t
wall_ns ()
{
  return clock_ns (CLOCK_MONOTONIC);
}

CpuTime
cpu_time (pid_t other)
{
  CpuTime time;
  time.own = clock_ns (CLOCK_PROCESS_CPUTIME_ID);
  clockid_t clock = 0;
  if (other > 0) {
    if (clock_getcpuclockid (other, &clock) != 0)
      die ("no process " + std::to_string (other));
    time.other = clock_ns (clock);
  }
  return time;
}

void
Pacer::wait ()
{
  if (interval_ == 0)
    return;
  if (next_ == 0)
    next_ = wall_ns ();
  next_ += interval_;
  const timespec until{ next_ / 1'000'000'000, next_ % 1'000'000'000 };
  while (clock_nanosleep (CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) == EINTR) {
  }
}

void
Meter::begin ()
{
  wall_from_ = wall_ns ();
  from_ = cpu_time (other_);
}

void
Meter::end (int64_t frames)
{
  const CpuTime to = cpu_time (other_);
  const double count = static_cast<double> (frames) * 1000; /* ns -> us per frame */
  figures_["frames"] = static_cast<double> (frames);
  figures_["own_us"] = static_cast<double> (to.own - from_.own) / count;
  figures_["other_us"] = static_cast<double> (to.other - from_.other) / count;
  figures_["wall_us"] = static_cast<double> (wall_ns () - wall_from_) / count;
}

void
Meter::add (const std::string &key, double value)
{
  figures_[key] = value;
}

void
Meter::print () const
{
  const char *separator = "{";
  for (const auto &[key, value] : figures_) {
    printf ("%s\"%s\": %.3f", separator, key.c_str (), value);
    separator = ", ";
  }
  printf ("}\n");
}

double
percentile (std::vector<double> values, double fraction)
{
  if (values.empty ())
    die ("nothing was measured");
  const auto last = static_cast<double> (values.size () - 1);
  const auto at = static_cast<std::ptrdiff_t> (last * fraction + 0.5);
  std::nth_element (values.begin (), values.begin () + at, values.end ());
  return values[static_cast<size_t> (at)];
}

} // namespace camwarden::bench
