// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/historydb.h"

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace camwarden
{

/* What a file that was opened holds of the past. */
struct HistoryOpened
{
  int64_t last_id = 0;
  std::vector<KeptAlert> alerts;
};

/* What the thread of the history does: keeps what it is given until that is written, and finds a
 * way on when the file or its disk fails. Everything here belongs to that thread. */
class HistoryWorker
{
public:
  struct Settings
  {
    std::string file;
    HistoryLimits limits;
    int64_t retry_interval = 60'000'000; /* us */
  };
  struct Events
  {
    /* When it is known for the first time; with what little there is if the file fails. */
    std::function<void (HistoryOpened)> opened;
    std::function<void (const std::string &why)> trouble; /* "": it is over */
    /* The file was damaged and got another name; a new one was begun. */
    std::function<void (const std::string &aside, const std::string &why)> damaged;
  };
  using Kept = std::function<void (bool kept)>;

  HistoryWorker (Settings settings, Events events)
      : settings_ (std::move (settings)), db_ (settings_.file), events_ (std::move (events))
  {}

  /* Opens the file, and tells. */
  void start ();
  /* Closes it. */
  void stop ();
  void set_limits (const HistoryLimits &limits);
  void add (std::vector<MetricsRow> rows, std::vector<AveragesRow> averages);
  /* kept is called when it is written, or could not be: then it is written later. */
  void add (Event event, Kept kept);
  void add (KeptAlert alert);

  /* What was added since goes to the disk in one piece. */
  void write ();
  /* What there is to do without being told; when to call again (us), -1: no need. */
  [[nodiscard]] int64_t idle (int64_t now);

  /* ring: the rows of the last hour, for what is not written. */
  [[nodiscard]] HistoryAnswer query (const HistoryQuery &query, int64_t from, int64_t to,
                                     const std::deque<MetricsRow> &ring);
  /* False: it cannot be read. */
  [[nodiscard]] bool events (const EventQuery &query, std::vector<Event> &list);
  [[nodiscard]] const std::string &
  trouble () const
  {
    return trouble_;
  }

private:
  using Result = HistoryDb::Result;

  [[nodiscard]] bool ready (int64_t now);
  [[nodiscard]] bool open ();
  [[nodiscard]] Result look ();
  [[nodiscard]] bool begin_anew ();
  [[nodiscard]] Result write_all ();
  void written ();
  void answer (bool kept);
  void bound ();
  void set_trouble (const std::string &why);
  [[nodiscard]] Result merge (SeriesMerge &merge, const HistoryAnswer &span);

  Settings settings_;
  HistoryDb db_;
  const Events events_;
  bool told_opened_ = false;
  std::string trouble_;
  int64_t next_try_ = 0, next_prune_ = 0;
  int64_t last_aside_ = -1;
  uint64_t written_number_ = 0; /* rows up to this one are in the file */

  /* Not written yet. */
  std::vector<MetricsRow> rows_;
  std::vector<AveragesRow> averages_;
  std::deque<Event> waiting_;
  std::map<int64_t, KeptAlert> alerts_;
  std::vector<Kept> kept_;
};

} // namespace camwarden
