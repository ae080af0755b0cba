// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/alertbook.h"
#include "core/slidingbudget.h"
#include "daemon/alertsinks.h"
#include "daemon/history.h"
#include "gobject/timer.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

namespace camwarden
{

struct HistoryConfig; /* config/settings.h */

/* An event on its way to everybody. */
struct EventReport
{
  Event event;
  std::vector<std::pair<std::string, std::string>> log_fields; /* of the log line */
  bool log = true;                                             /* the log has no line of it yet */
  bool keep = true; /* false: the same as the one before, for Redis alone */
};

/* The one place that hears of everything and tells everybody: the log at once, then the database,
 * and when that has it (or TELL_PATIENCE later, should the disk hang) Redis and who watches. Out of
 * the conditions that hold it makes alerts, and tells these to the sinks. Main thread. */
class Records
{
public:
  static constexpr int64_t TELL_PATIENCE = 3'000'000;  /* us */
  static constexpr int64_t DAMAGE_SHOWN = 600'000'000; /* us */
  static constexpr unsigned KEPT_AN_HOUR = 300;        /* of what befalls cameras */
  static constexpr const char *MACHINE_CHANNEL = "cam:event";

  struct World
  {
    std::function<std::vector<HealthIssue> ()> issues; /* all that hold at this moment */
    std::function<std::vector<std::string> ()> cameras;
    std::function<std::string (const std::string &camera)> channel; /* its cam:ID:event */
    /* A command to Redis; done: why it was not done, "": it was. May be empty. */
    std::function<void (const std::vector<std::string> &words,
                        std::function<void (const std::string &error)> done)>
        redis;
  };

  /* directory: where the webhook's queue is. */
  Records (World world, const AlertsConfig &alerts, const HistoryConfig &history,
           const std::string &directory);
  ~Records ();
  Records (const Records &) = delete;
  Records &operator= (const Records &) = delete;

  void configure (const AlertsConfig &alerts, const HistoryConfig &history);

  void event (EventReport report);
  /* kind, severity, camera, code, text; it has a line in the log already. */
  void note (const char *kind, Severity severity, const std::string &camera,
             const std::string &code, const std::string &text);
  void
  sample (MetricsRow row)
  {
    history_.sample (std::move (row));
  }
  /* What the recovery did about a camera. */
  void recovered (const std::string &camera, const std::string &text);
  /* Looks at the conditions; about once a second. */
  void tick ();
  /* What waits is told now: the end is near. */
  void finish ();
  /* And what is not written by then is lost. */
  void
  end_within (int64_t patience)
  {
    history_.end_within (patience);
  }

  [[nodiscard]] std::vector<Alert>
  alerts (const AlertQuery &query) const
  {
    return book_.alerts (query);
  }
  [[nodiscard]] bool acknowledge (int64_t alert, const std::string &who);
  void test (ApiModel::AlertTested done);
  void
  events (const EventQuery &query, History::EventsDone done)
  {
    history_.events (query, std::move (done));
  }
  void history (const HistoryQuery &query, History::QueryDone done);
  [[nodiscard]] uint64_t watch (ApiModel::Watch watch);
  void unwatch (uint64_t token);
  /* What keeps the history from being kept; "": nothing. */
  [[nodiscard]] std::string trouble () const;

private:
  struct Waiting
  {
    EventReport report;
    bool submitted = false, kept = false;
    int64_t deadline = 0; /* monotonic us */
  };

  [[nodiscard]] int64_t
  next_id ()
  {
    return ++last_id_;
  }
  void opened (const HistoryOpened &past);
  void damaged (const std::string &aside, const std::string &why);
  [[nodiscard]] bool may_keep (const Event &event);
  void submit ();
  void kept (int64_t id);
  void release ();
  void publish (const Event &event);
  void tell (const Event &event);
  void apply (const AlertBook::Changes &changes);
  void tell (const AlertMessage &message, int64_t wall);
  void show ();
  void add_sinks (const std::string &directory, const AlertsConfig &alerts);

  const World world_;
  const std::string host_;
  int64_t last_id_;
  bool opened_ = false;
  std::deque<Waiting> waiting_; /* in the order they happened */
  SlidingBudget budget_{ KEPT_AN_HOUR, 3600'000'000 };
  bool flooded_ = false; /* the log knows */
  Timer patience_;
  std::map<uint64_t, ApiModel::Watch> watches_;
  uint64_t next_watch_ = 1;
  std::string trouble_, damage_;
  int64_t damaged_at_ = 0; /* monotonic us */
  AlertBook book_;
  std::vector<std::unique_ptr<AlertSink>> sinks_;
  std::vector<std::string> shown_cameras_;
  MainCall life_;   /* tells an answer that comes too late */
  History history_; /* last: it calls the others */
};

} // namespace camwarden
