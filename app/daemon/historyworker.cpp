// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/historyworker.h"

#include "gobject/ref.h"

#include <algorithm>
#include <glib.h>

namespace camwarden
{

namespace
{

/* Kept in memory while the disk fails. */
constexpr size_t MOST_ROWS = 400, MOST_AVERAGES = 300, MOST_EVENTS = 2000, MOST_ALERTS = 2000;
constexpr int64_t PRUNE_INTERVAL = 6 * 3600'000'000LL, PRUNE_PAUSE = 200'000;
constexpr int64_t ASIDE_INTERVAL = 600'000'000;   /* a disk that damages each file is left alone */
constexpr int64_t AVERAGES_FROM = Averager::STEP; /* steps that averages are good enough for */

template <typename List>
void
keep_newest (List &list, size_t most)
{
  if (list.size () > most)
    list.erase (list.begin (), list.begin () + static_cast<ptrdiff_t> (list.size () - most));
}

std::string
time_stamp ()
{
  g_autoptr (GDateTime) now = g_date_time_new_now_utc ();
  return take_string (g_date_time_format (now, "%Y%m%dT%H%M%SZ"));
}

} // namespace

void
HistoryWorker::start ()
{
  (void)ready (g_get_monotonic_time ());
}

void
HistoryWorker::stop ()
{
  db_.close ();
}

void
HistoryWorker::set_limits (const HistoryLimits &limits)
{
  settings_.limits = limits;
  next_prune_ = 0;
}

void
HistoryWorker::add (std::vector<MetricsRow> rows, std::vector<AveragesRow> averages)
{
  if (settings_.limits.raw_days > 0)
    std::move (rows.begin (), rows.end (), std::back_inserter (rows_));
  if (settings_.limits.average_days > 0)
    std::move (averages.begin (), averages.end (), std::back_inserter (averages_));
}

void
HistoryWorker::add (Event event, Kept kept)
{
  waiting_.push_back (std::move (event));
  kept_.push_back (std::move (kept));
}

void
HistoryWorker::add (KeptAlert alert)
{
  const bool whole = !alert.key.empty () || !alerts_.contains (alert.alert.id);
  if (whole)
    alerts_[alert.alert.id] = std::move (alert);
  else /* only that somebody has seen it */
    alerts_[alert.alert.id].alert = std::move (alert.alert);
}

void
HistoryWorker::bound ()
{
  keep_newest (rows_, MOST_ROWS);
  keep_newest (averages_, MOST_AVERAGES);
  keep_newest (waiting_, MOST_EVENTS);
  while (alerts_.size () > MOST_ALERTS)
    alerts_.erase (alerts_.begin ());
}

void
HistoryWorker::set_trouble (const std::string &why)
{
  if (trouble_ != why && (trouble_.empty () || why.empty ()))
    events_.trouble (why);
  trouble_ = why;
}

/* --- the file --- */

bool
HistoryWorker::ready (int64_t now)
{
  const bool replaced = db_.is_open () && db_.was_replaced ();
  if (db_.is_open () && !replaced)
    return true;
  if (replaced)
    written_number_ = 0; /* what was written went with the file */
  if (now < next_try_)
    return false;
  next_try_ = now + settings_.retry_interval;
  if (open ())
    return true;
  set_trouble (db_.why ());
  db_.close ();
  if (!std::exchange (told_opened_, true))
    events_.opened ({});
  return false;
}

bool
HistoryWorker::open ()
{
  Result result = db_.open ();
  if (result == Result::Good)
    result = look ();
  return result == Result::Good || (result == Result::Corrupt && begin_anew ());
}

/* What the daemon needs comes before the long look at the whole file. */
HistoryWorker::Result
HistoryWorker::look ()
{
  HistoryOpened opened;
  Result result = db_.last_id (opened.last_id);
  if (result == Result::Good)
    result = db_.alerts (opened.alerts);
  if (result != Result::Good)
    return result;
  if (!std::exchange (told_opened_, true))
    events_.opened (std::move (opened));
  return db_.check ();
}

bool
HistoryWorker::begin_anew ()
{
  const std::string why = db_.why ();
  const int64_t now = g_get_monotonic_time ();
  if (last_aside_ >= 0 && now - last_aside_ < ASIDE_INTERVAL)
    return false;
  last_aside_ = now;
  const std::string aside = db_.set_aside (time_stamp ());
  if (aside.empty () || db_.open () != Result::Good)
    return false;
  written_number_ = 0; /* the ring still has the last hour, but the file has not */
  if (!std::exchange (told_opened_, true))
    events_.opened ({});
  events_.damaged (aside, why);
  return true;
}

/* --- writing --- */

void
HistoryWorker::write ()
{
  if (rows_.empty () && averages_.empty () && waiting_.empty () && alerts_.empty ())
    return;
  if (!ready (g_get_monotonic_time ())) {
    bound ();
    return answer (false);
  }
  Result result = write_all ();
  if (result == Result::Corrupt && begin_anew ())
    result = write_all ();
  if (result == Result::Good)
    return written ();
  const std::string why = db_.why ();
  set_trouble (why);
  if (result == Result::Corrupt)
    db_.close ();
  next_try_ = g_get_monotonic_time () + settings_.retry_interval;
  bound ();
  answer (false);
}

HistoryWorker::Result
HistoryWorker::write_all ()
{
  Result result = db_.begin ();
  if (result != Result::Good)
    return result;
  result = db_.keep (std::span<const MetricsRow> (rows_));
  if (result == Result::Good)
    result = db_.keep (std::span<const AveragesRow> (averages_));
  for (auto event = waiting_.begin (); result == Result::Good && event != waiting_.end (); ++event)
    result = db_.keep (*event);
  for (auto alert = alerts_.begin (); result == Result::Good && alert != alerts_.end (); ++alert)
    result = db_.keep (alert->second);
  if (result == Result::Good)
    result = db_.commit ();
  if (result != Result::Good)
    db_.rollback ();
  return result;
}

void
HistoryWorker::written ()
{
  if (!rows_.empty ())
    written_number_ = rows_.back ().number;
  rows_.clear ();
  averages_.clear ();
  waiting_.clear ();
  alerts_.clear ();
  set_trouble ("");
  answer (true);
}

void
HistoryWorker::answer (bool kept)
{
  for (const auto &done : std::exchange (kept_, {}))
    if (done)
      done (kept);
}

int64_t
HistoryWorker::idle (int64_t now)
{
  const bool due = now >= next_try_;
  if (!db_.is_open () || !trouble_.empty ()) {
    if (due) {
      next_try_ = 0;
      if (ready (now)) {
        next_try_ = now + settings_.retry_interval;
        set_trouble (rows_.empty () && waiting_.empty () && alerts_.empty () ? "" : trouble_);
        write ();
      }
    }
    if (!db_.is_open () || !trouble_.empty ())
      return std::max<int64_t> (next_try_ - now, 1000);
  }
  if (now < next_prune_)
    return next_prune_ - now;
  bool more = false;
  const Result result = db_.prune (settings_.limits, g_get_real_time (), more);
  if (result == Result::Corrupt && !begin_anew ())
    db_.close ();
  const int64_t pause = result == Result::Good && more ? PRUNE_PAUSE : PRUNE_INTERVAL;
  next_prune_ = now + pause;
  return pause;
}

/* --- reading --- */

/* Long steps are answered out of the averages, as far as these reach. */
HistoryWorker::Result
HistoryWorker::merge (SeriesMerge &merge, const HistoryAnswer &span)
{
  int64_t first_sample = 0, last_average = 0;
  Result result = db_.reach (first_sample, last_average);
  if (result != Result::Good)
    return result;
  const bool rough = span.step >= AVERAGES_FROM;
  const int64_t averages_end = last_average ? last_average + Averager::STEP : span.from;
  const int64_t border = rough ? averages_end : first_sample ? first_sample : span.to;
  result = db_.merge_averages (merge, span.from, std::min (border, span.to));
  if (result == Result::Good)
    result = db_.merge_samples (merge, std::max (rough ? border : span.from, span.from), span.to);
  return result;
}

HistoryAnswer
HistoryWorker::query (const HistoryQuery &query, int64_t from, int64_t to,
                      const std::deque<MetricsRow> &ring)
{
  HistoryAnswer span{ from, to, choose_step (query, from, to), {}, {}, {} };
  SeriesMerge merge (from, to, span.step, query.series);
  span.from -= from % span.step;
  std::string error;
  if (!ready (g_get_monotonic_time ()))
    error = trouble_;
  else if (this->merge (merge, span) != Result::Good)
    error = db_.why ();
  for (const auto &row : ring)
    if (row.number > written_number_)
      merge.add (row);
  HistoryAnswer answer = merge.finish ();
  if (answer.times.empty ())
    answer.error = error;
  return answer;
}

bool
HistoryWorker::events (const EventQuery &query, std::vector<Event> &list)
{
  return waiting_.empty () && ready (g_get_monotonic_time ())
         && db_.events (query, list) == Result::Good;
}

} // namespace camwarden
