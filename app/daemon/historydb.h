// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/alertbook.h"
#include "core/event.h"
#include "core/metrics.h"
#include "core/seriesmerge.h"

#include <map>
#include <span>
#include <string>
#include <vector>

struct sqlite3;

namespace camwarden
{

struct HistoryLimits
{
  unsigned raw_days = 7;
  unsigned average_days = 365;
};

/* The database file, in one thread. Rows are kept in the order they came: a clock that is turned
 * back moves none and deletes none. */
class HistoryDb
{
public:
  enum class Result {
    Good,
    Trouble, /* why() tells; may be tried again */
    Corrupt, /* the file is no good */
  };
  static constexpr int ASIDE_KEPT = 2; /* files that were set aside */

  explicit HistoryDb (std::string file) : file_ (std::move (file)) {}
  ~HistoryDb ();
  HistoryDb (const HistoryDb &) = delete;
  HistoryDb &operator= (const HistoryDb &) = delete;

  [[nodiscard]] Result open ();
  void close ();
  [[nodiscard]] bool
  is_open () const
  {
    return db_ != nullptr;
  }
  /* Somebody has removed the file, or put another one in its place. */
  [[nodiscard]] bool was_replaced () const;
  [[nodiscard]] Result check ();
  /* Closes it and gives it another name, which is returned; "": that failed. */
  [[nodiscard]] std::string set_aside (const std::string &time);
  [[nodiscard]] const std::string &
  why () const
  {
    return why_;
  }

  /* Everything between them is kept, or nothing. */
  [[nodiscard]] Result begin ();
  [[nodiscard]] Result commit ();
  void rollback ();
  [[nodiscard]] Result keep (std::span<const MetricsRow> rows);
  [[nodiscard]] Result keep (std::span<const AveragesRow> rows);
  [[nodiscard]] Result keep (const Event &event);
  [[nodiscard]] Result keep (const KeptAlert &alert);

  /* A slice of what has become too old; more: there may be more of it. */
  [[nodiscard]] Result prune (const HistoryLimits &limits, int64_t wall, bool &more);

  /* The greatest one of events and alerts. */
  [[nodiscard]] Result last_id (int64_t &id);
  /* All that are open or have to be told to be over, and the newest of the others. */
  [[nodiscard]] Result alerts (std::vector<KeptAlert> &list);
  [[nodiscard]] Result events (const EventQuery &query, std::vector<Event> &list);
  [[nodiscard]] Result merge_samples (SeriesMerge &merge, int64_t from, int64_t to);
  [[nodiscard]] Result merge_averages (SeriesMerge &merge, int64_t from, int64_t to);
  /* Where samples begin, and averages end; 0: there are none. */
  [[nodiscard]] Result reach (int64_t &first_sample, int64_t &last_average);

private:
  [[nodiscard]] Result run (const char *sql);
  [[nodiscard]] Result failed (const char *what);
  [[nodiscard]] Result set_up ();
  [[nodiscard]] Result layout_of (const MetricNames &names, int64_t &id);
  [[nodiscard]] MetricNames names_of (int64_t layout);
  struct Kept
  {
    int64_t least, most; /* of the newest rows, whatever their times are */
  };
  [[nodiscard]] Result prune_table (const std::string &table, const Kept &kept, int64_t before,
                                    bool &more);
  void drop_old_asides () const;

  const std::string file_;
  sqlite3 *db_ = nullptr;
  std::string why_;
  uint64_t device_ = 0, inode_ = 0;
  std::map<MetricNames, int64_t> layouts_; /* written */
  std::map<int64_t, MetricNames> names_;   /* read */
};

} // namespace camwarden
