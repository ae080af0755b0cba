// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/processwatch.h"

#include <algorithm>
#include <cstdio>
#include <numeric>

namespace camwarden
{

namespace
{

std::string
mebibytes (double bytes)
{
  std::array<char, 32> text;
  (void)std::snprintf (text.data (), text.size (), "%.0f MiB", bytes / (1 << 20));
  return text.data ();
}

HealthIssue
finished (HealthIssue issue)
{
  issue.text = issue.what + (issue.cause.empty () ? "" : ": " + issue.cause);
  return issue;
}

/* A worker is its camera's. */
std::string
part_of (const std::string &name)
{
  constexpr std::string_view camera = "camera:";
  if (name.starts_with (camera))
    return "camera/" + name.substr (camera.size ());
  return name == "redis-server" ? "redis" : "daemon";
}

} // namespace

void
ProcessWatch::configure (const ProcessWatchSettings &settings)
{
  const bool other_pace = settings.growth_after != settings_.growth_after;
  settings_ = settings;
  if (other_pace)
    for (auto &[name, known] : known_)
      known.memory = new_trend ();
}

Trend
ProcessWatch::new_trend () const
{
  Trend::Settings settings;
  settings.bucket = settings_.growth_after / static_cast<int64_t> (settings.least);
  return Trend (settings);
}

void
ProcessWatch::sampled (const SystemSample &sample)
{
  now_ = sample.time;
  enter_hour (now_);
  std::map<std::string, Known> present;
  for (const auto &process : sample.processes) {
    Known &known = present[process.name];
    if (auto before = known_.extract (process.name))
      known = std::move (before.mapped ());
    const bool same = known.pid == process.pid;
    if (!same)
      known.memory = new_trend ();
    known.pid = process.pid;
    if (!process.running) {
      known.hung_since = 0;
      continue;
    }
    known.rss = process.rss;
    known.memory.add (now_, static_cast<double> (process.rss));
    note_hanging (known, process, now_);
    note_writes (known, process, same);
  }
  known_ = std::move (present);
}

/* Stopped, traced, or with a thread that waits in the kernel where no signal reaches it. */
void
ProcessWatch::note_hanging (Known &known, const ProcessSample &process, int64_t now) const
{
  const bool stopped = process.state == 'T' || process.state == 't';
  known.state = process.state;
  if (process.blocked_since)
    known.hung_since = process.blocked_since;
  else if (!stopped)
    known.hung_since = 0;
  else if (!known.hung_since)
    known.hung_since = now;
}

void
ProcessWatch::note_writes (Known &known, const ProcessSample &process, bool same) const
{
  if (!process.written)
    return;
  const uint64_t before = same ? std::min (known.written, *process.written) : 0;
  known.by_hour[static_cast<size_t> (hour_) % hours] += *process.written - before;
  known.written = *process.written;
}

void
ProcessWatch::enter_hour (int64_t now)
{
  const int64_t present = now / hour;
  const int64_t first = std::max (hour_ + 1, present - static_cast<int64_t> (hours) + 1);
  for (int64_t next = std::max<int64_t> (first, 0); hour_ >= 0 && next <= present; next++)
    for (auto &[name, known] : known_)
      known.by_hour[static_cast<size_t> (next) % hours] = 0;
  hour_ = present;
}

bool
ProcessWatch::grows (const Known &known) const
{
  const auto slope = known.memory.slope ();
  return settings_.growth > 0 && slope && slope->share > settings_.growth
         && slope->growth >= settings_.least_growth && slope->steady >= settings_.steady;
}

uint64_t
ProcessWatch::sum (const Known &known)
{
  return std::accumulate (known.by_hour.begin (), known.by_hour.end (), uint64_t{ 0 });
}

std::vector<std::string>
ProcessWatch::growing () const
{
  std::vector<std::string> names;
  for (const auto &[name, known] : known_)
    if (grows (known))
      names.push_back (name);
  return names;
}

std::map<std::string, uint64_t>
ProcessWatch::written () const
{
  std::map<std::string, uint64_t> all;
  for (const auto &[name, known] : known_)
    all[name] = sum (known);
  return all;
}

std::vector<HealthIssue>
ProcessWatch::issues () const
{
  std::vector<HealthIssue> list;
  for (const auto &[name, known] : known_) {
    add_hanging (list, name, known);
    add_growth (list, name, known);
  }
  add_writes (list);
  return list;
}

void
ProcessWatch::add_hanging (std::vector<HealthIssue> &list, const std::string &name,
                           const Known &known) const
{
  if (!known.hung_since || now_ - known.hung_since < settings_.hung_after)
    return;
  const bool stopped = known.state == 'T' || known.state == 't';
  const int64_t seconds = (now_ - known.hung_since) / 1'000'000;
  HealthIssue issue;
  issue.code = "process-hung";
  issue.level = HealthLevel::Critical;
  issue.instance = name;
  issue.part = part_of (name);
  issue.what = "Process " + name + " (" + std::to_string (known.pid) + ") hangs for "
               + std::to_string (seconds) + " s";
  issue.cause = stopped ? "it was stopped by a signal"
                        : "a thread waits in the kernel: a device or a disk does not answer";
  issue.value = static_cast<double> (seconds);
  issue.threshold = static_cast<double> (settings_.hung_after) / 1e6;
  issue.unit = "s";
  list.push_back (finished (std::move (issue)));
}

void
ProcessWatch::add_growth (std::vector<HealthIssue> &list, const std::string &name,
                          const Known &known) const
{
  const auto slope = known.memory.slope ();
  if (!slope || !grows (known))
    return;
  std::array<char, 64> rate;
  (void)std::snprintf (rate.data (), rate.size (), "%.1f %% an hour", slope->share * 100);
  HealthIssue issue;
  issue.code = "memory-growth";
  issue.instance = name;
  issue.part = part_of (name);
  issue.what = "The memory of " + name + " grows by " + rate.data () + ", now "
               + mebibytes (static_cast<double> (known.rss));
  issue.cause = "it does not give back what it takes";
  issue.value = slope->share * 100;
  issue.threshold = settings_.growth * 100;
  issue.unit = "%";
  list.push_back (finished (std::move (issue)));
}

void
ProcessWatch::add_writes (std::vector<HealthIssue> &list) const
{
  uint64_t all = 0;
  std::string most;
  uint64_t largest = 0;
  for (const auto &[name, bytes] : written ()) {
    all += bytes;
    if (bytes > largest) {
      largest = bytes;
      most = name;
    }
  }
  if (settings_.writes_per_day == 0 || all <= settings_.writes_per_day)
    return;
  const auto written = static_cast<double> (all);
  HealthIssue issue;
  issue.code = "disk-wear";
  issue.part = "system";
  issue.what = mebibytes (written) + " were written within 24 hours, more than "
               + mebibytes (static_cast<double> (settings_.writes_per_day));
  issue.cause = most + " wrote " + mebibytes (static_cast<double> (largest));
  issue.value = written;
  issue.threshold = static_cast<double> (settings_.writes_per_day);
  issue.unit = "bytes";
  list.push_back (finished (std::move (issue)));
}

} // namespace camwarden
