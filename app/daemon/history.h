// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/metrics.h"
#include "daemon/historyworker.h"
#include "daemon/maincall.h"
#include "gobject/timer.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace camwarden
{

/* What is kept of what happened: the last hour in memory, the rest in a database, which a thread of
 * its own writes. Nothing here waits for the disk, not even the end for longer than STOP_PATIENCE.
 * Main thread. */
class History
{
public:
  struct Settings
  {
    std::string file;
    HistoryLimits limits;
    int64_t flush_interval = 300'000'000; /* us: as much is lost by a crash */
    int64_t retry_interval = 60'000'000;
    int64_t query_patience = 3'000'000; /* us: then the answer is what is in memory */
  };
  using Events = HistoryWorker::Events;                 /* on the main loop */
  static constexpr int64_t SAMPLE_INTERVAL = 9'000'000; /* us: what comes faster is not written */
  static constexpr int64_t STOP_PATIENCE = 1'000'000;
  static constexpr size_t RECENT = 500;     /* events that are remembered */
  static constexpr size_t MOST_QUERIES = 8; /* that may wait for the disk; then it is memory, too */

  History (Settings settings, Events events);
  ~History ();
  History (const History &) = delete;
  History &operator= (const History &) = delete;

  void configure (const HistoryLimits &limits);
  /* What the end waits for the disk at most; STOP_PATIENCE else. */
  void
  end_within (int64_t patience)
  {
    stop_patience_ = patience;
  }
  void sample (MetricsRow row);
  /* kept: it is on the disk, or will not be for now. Not called if the disk hangs. */
  void event (const Event &event, HistoryWorker::Kept kept);
  void alert (const KeptAlert &alert);
  void flush ();

  using EventsDone = std::function<void (const std::vector<Event> &, const std::string &error)>;
  void events (const EventQuery &query, EventsDone done);
  using QueryDone = std::function<void (const HistoryAnswer &)>;
  void query (const HistoryQuery &query, int64_t wall, QueryDone done);

private:
  using Job = std::function<void (HistoryWorker &)>;
  struct Shared;

  static void run (const std::shared_ptr<Shared> &shared);
  [[nodiscard]] bool post (Job job);
  [[nodiscard]] uint64_t expect (std::function<void ()> late);
  [[nodiscard]] bool settle (uint64_t question);
  [[nodiscard]] HistoryAnswer of_ring (const HistoryQuery &query, int64_t from, int64_t to) const;
  [[nodiscard]] std::vector<Event> remembered (const EventQuery &query) const;

  const Settings settings_;
  MetricsRing ring_;
  Averager averager_;
  std::vector<MetricsRow> rows_; /* to be flushed */
  std::vector<AveragesRow> averages_;
  int64_t kept_mono_ = -1, flushed_mono_ = -1;
  std::deque<Event> recent_; /* oldest first */
  int64_t stop_patience_ = STOP_PATIENCE;
  uint64_t last_question_ = 0;
  std::map<uint64_t, Timer>
      questions_; /* that the thread has not answered; the late ones' are off */
  MainCall main_;
  std::shared_ptr<Shared> shared_; /* with a thread that may hang for ever in the kernel */
};

/* The query says yes to it; its limit is another matter. */
[[nodiscard]] bool is_asked_for (const EventQuery &query, const Event &event);

} // namespace camwarden
