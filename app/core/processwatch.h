// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/healthreport.h"
#include "core/systemsample.h"
#include "core/trend.h"

#include <array>
#include <map>
#include <string>
#include <vector>

namespace camwarden
{

struct ProcessWatchSettings
{
  double growth = 0.05;                   /* of a process's memory, per hour; 0: never */
  double least_growth = 16.0 * (1 << 20); /* bytes: less than that in all is no matter */
  double steady = 0.5;                    /* see Trend::Slope */
  int64_t growth_after = 7'200'000'000;   /* us that it is watched for at least */
  uint64_t writes_per_day = 0;            /* bytes of all parts together; 0: any */
  int64_t hung_after = 30'000'000;        /* us */
};

/* Our own processes over hours: memory that grows, processes that hang, what is written to disks.
 * Fed with each sample. */
class ProcessWatch
{
public:
  explicit ProcessWatch (const ProcessWatchSettings &settings) : settings_ (settings) {}
  ProcessWatch () : ProcessWatch (ProcessWatchSettings{}) {}

  void configure (const ProcessWatchSettings &settings);
  void sampled (const SystemSample &sample);
  [[nodiscard]] std::vector<HealthIssue> issues () const;
  /* "camera:front": its memory grows; by names as the samples have them. */
  [[nodiscard]] std::vector<std::string> growing () const;
  /* Bytes by process over the last 24 hours, as far as it was watched. */
  [[nodiscard]] std::map<std::string, uint64_t> written () const;

private:
  static constexpr int64_t hour = int64_t{ 3600 } * 1'000'000;
  static constexpr size_t hours = 24;

  struct Known
  {
    int pid = 0;
    Trend memory;
    uint64_t rss = 0;
    uint64_t written = 0;                  /* of this process id, so far */
    std::array<uint64_t, hours> by_hour{}; /* of the name, a ring */
    int64_t hung_since = 0;                /* 0: it is not */
    char state = '?';
  };

  [[nodiscard]] bool grows (const Known &known) const;
  [[nodiscard]] Trend new_trend () const;
  [[nodiscard]] static uint64_t sum (const Known &known);
  void note_hanging (Known &known, const ProcessSample &process, int64_t now) const;
  void note_writes (Known &known, const ProcessSample &process, bool same) const;
  void enter_hour (int64_t now);
  void add_hanging (std::vector<HealthIssue> &list, const std::string &name,
                    const Known &known) const;
  void add_growth (std::vector<HealthIssue> &list, const std::string &name,
                   const Known &known) const;
  void add_writes (std::vector<HealthIssue> &list) const;

  ProcessWatchSettings settings_;
  std::map<std::string, Known> known_; /* by name */
  int64_t now_ = 0;
  int64_t hour_ = -1; /* number of the present one */
};

} // namespace camwarden
