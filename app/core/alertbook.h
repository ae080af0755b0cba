// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/alert.h"
#include "core/healthreport.h"

#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace camwarden
{

/* What somebody is told of an alert. */
struct AlertMessage
{
  enum class Kind {
    Begin,
    Worse, /* it was told as a warning, and is critical now */
    Over,
  };
  Kind kind = Kind::Begin;
  Alert alert;
  int64_t lasted = 0; /* us; of Over */
};

/* An alert as it outlives the daemon. */
struct KeptAlert
{
  enum class Told {
    Nothing,
    Warning,
    Critical,
    Over,
  };
  Alert alert;
  std::string key;
  Told told = Told::Nothing;
  int64_t told_at = 0; /* us UTC */
};

/* Makes alerts of the conditions that hold. An alert begins when its condition has held for
 * min_duration, and is over when that has been gone for as long, 10 s at most. Conditions of the
 * same matter and instance are one alert; its severity only rises. One that comes back before
 * its end was told, or within min_interval, goes on. Between two messages about one key there is
 * at least min_interval; what changed meanwhile is told with the next one, and what has begun and
 * ended untold is not told at all. Times are monotonic us, `wall` us UTC. */
class AlertBook
{
public:
  struct Settings
  {
    int64_t min_duration = 10'000'000;
    int64_t min_interval = 300'000'000;
  };
  struct Changes
  {
    std::vector<KeptAlert> kept; /* began, changed or ended, or was told: to be kept */
    std::vector<Alert> shown;    /* of these, what differs for who looks */
    std::vector<AlertMessage> messages;
  };
  static constexpr size_t MOST_OVER = 500;             /* that are remembered */
  static constexpr int64_t RESTORE_GRACE = 60'000'000; /* the cameras of a new daemon start first */

  AlertBook (Settings settings, std::function<int64_t ()> next_id)
      : settings_ (settings), next_id_ (std::move (next_id))
  {}

  void configure (Settings settings);

  /* Of the daemon before. Open ones stay open, without another message, until their condition has
   * been gone for RESTORE_GRACE. */
  [[nodiscard]] Changes restore (int64_t now, int64_t wall, std::vector<KeptAlert> alerts);

  /* To be called about once a second. */
  [[nodiscard]] Changes update (int64_t now, int64_t wall, const std::vector<HealthIssue> &issues);

  /* What was done about that part, such as "camera/front". */
  [[nodiscard]] Changes done (const std::string &part, const std::string &text);
  /* Nothing in the changes: there is no such alert. */
  [[nodiscard]] Changes acknowledge (int64_t id, int64_t wall, const std::string &who);

  /* Open ones first, each newest first. */
  [[nodiscard]] std::vector<Alert> alerts (const AlertQuery &query) const;
  /* For a file that begins anew. */
  [[nodiscard]] std::vector<KeptAlert> open () const;

private:
  struct Entry
  {
    Alert alert;             /* id 0: none so far */
    bool open = false;       /* its condition may be gone for a moment */
    int64_t held_since = -1; /* -1: the condition does not hold */
    int64_t held_wall = 0;
    int64_t gone_since = -1;
    int64_t gone_wall = 0;
    int64_t closed = -1;
    int64_t began = -1; /* -1: in the time of another daemon */
    bool restored = false;
    HealthIssue issue; /* the latest */
    std::string done;
    KeptAlert::Told told = KeptAlert::Told::Nothing;
    int64_t told_at = -1, told_wall = 0;
    unsigned times = 1;
  };
  using Entries = std::map<std::string, Entry>;

  [[nodiscard]] int64_t end_after (const Entry &entry) const;
  [[nodiscard]] bool comes_back (const Entry &entry, int64_t now) const;
  void resume (Entry &entry, int64_t now, int64_t wall, KeptAlert old);
  void replace (KeptAlert old, int64_t wall, Changes &changes);
  void hold (Entry &entry, int64_t now, int64_t wall, const HealthIssue &issue);
  void let_go (Entry &entry, int64_t now, int64_t wall);
  void open (const std::string &key, Entry &entry, int64_t now, Changes &changes);
  void follow (const std::string &key, Entry &entry, Changes &changes);
  void close (const std::string &key, Entry &entry, int64_t now, Changes &changes);
  void tell (const std::string &key, Entry &entry, int64_t now, int64_t wall, Changes &changes);
  void forget_old (int64_t now);
  void remember (const Alert &alert);
  [[nodiscard]] static KeptAlert kept (const std::string &key, const Entry &entry);
  static void changed (const std::string &key, const Entry &entry, Changes &changes);

  Settings settings_;
  std::function<int64_t ()> next_id_;
  Entries entries_;
  std::deque<Alert> over_; /* oldest first */
};

} // namespace camwarden
