// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/history.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace camwarden
{

static constexpr size_t MOST_JOBS = 5000; /* that wait for a disk */

struct History::Shared
{
  Shared (const Settings &settings, Events events)
      : worker ({ settings.file, settings.limits, settings.retry_interval }, std::move (events))
  {}

  /* Calls on the main loop, unless nobody is there any more. */
  void
  post (std::function<void ()> function)
  {
    main.with ([&function] (MainCall *to) {
      if (to)
        to->call (std::move (function));
    });
  }

  std::mutex mutex; /* of these three */
  std::condition_variable changed;
  std::deque<Job> jobs;
  bool stop = false, ended = false;

  Locked<MainCall *> main;
  std::thread thread;   /* the main thread's */
  HistoryWorker worker; /* the history's thread only */
};

History::History (Settings settings, Events events) : settings_ (std::move (settings))
{
  auto told = std::make_shared<Events> (std::move (events)); /* by calls under way */
  /* The worker is part of what it is told by. */
  auto shared = std::make_shared<std::weak_ptr<Shared>> ();
  const auto post = [shared] (std::function<void ()> function) {
    if (const auto to = shared->lock ())
      to->post (std::move (function));
  };
  Events from_thread;
  from_thread.opened = [post, told] (HistoryOpened opened) {
    post ([told, opened = std::move (opened)] { told->opened (opened); });
  };
  from_thread.trouble
      = [post, told] (const std::string &why) { post ([told, why] { told->trouble (why); }); };
  from_thread.damaged = [post, told] (const std::string &aside, const std::string &why) {
    post ([told, aside, why] { told->damaged (aside, why); });
  };
  shared_ = std::make_shared<Shared> (settings_, std::move (from_thread));
  *shared = shared_;
  shared_->main.set (&main_);
  shared_->thread = std::thread ([own = shared_] { run (own); });
}

History::~History ()
{
  if (auto rest = averager_.finish ())
    averages_.push_back (std::move (*rest));
  flush ();
  bool ended = false;
  {
    std::unique_lock<std::mutex> lock (shared_->mutex);
    shared_->stop = true;
    shared_->changed.notify_all ();
    ended = shared_->changed.wait_for (lock, std::chrono::microseconds (stop_patience_),
                                       [this] { return shared_->ended; });
  }
  shared_->main.set (nullptr);
  if (ended) {
    shared_->thread.join ();
    return;
  }
  g_warning ("the disk hangs: what was not written to %s is lost", settings_.file.c_str ());
  shared_->thread.detach ();
}

/* The history's thread. */
void
History::run (const std::shared_ptr<Shared> &shared)
{
  HistoryWorker &worker = shared->worker;
  worker.start ();
  int64_t pause = worker.idle (g_get_monotonic_time ());
  std::unique_lock<std::mutex> lock (shared->mutex);
  while (true) {
    shared->changed.wait_for (lock, std::chrono::microseconds (pause),
                              [&shared] { return shared->stop || !shared->jobs.empty (); });
    const bool last = shared->stop;
    std::deque<Job> jobs = std::exchange (shared->jobs, {});
    lock.unlock ();
    for (const auto &job : jobs)
      job (worker);
    jobs.clear ();
    worker.write ();
    pause = last ? 0 : worker.idle (g_get_monotonic_time ());
    lock.lock ();
    if (last && shared->jobs.empty ())
      break;
  }
  lock.unlock ();
  worker.stop ();
  lock.lock ();
  shared->ended = true;
  shared->changed.notify_all ();
}

/* False: a disk has hung for so long that no more is kept for it. */
bool
History::post (Job job)
{
  const std::lock_guard<std::mutex> lock (shared_->mutex);
  if (shared_->jobs.size () >= MOST_JOBS)
    return false;
  shared_->jobs.push_back (std::move (job));
  shared_->changed.notify_all ();
  return true;
}

void
History::configure (const HistoryLimits &limits)
{
  (void)post ([limits] (HistoryWorker &worker) { worker.set_limits (limits); });
}

void
History::sample (MetricsRow row)
{
  if (auto complete = averager_.add (row))
    averages_.push_back (std::move (*complete));
  if (kept_mono_ < 0 || row.mono - kept_mono_ >= SAMPLE_INTERVAL) {
    kept_mono_ = row.mono;
    rows_.push_back (row);
  }
  const int64_t now = row.mono;
  ring_.add (std::move (row));
  if (flushed_mono_ < 0)
    flushed_mono_ = now;
  if (now - flushed_mono_ < settings_.flush_interval)
    return;
  flushed_mono_ = now;
  flush ();
}

void
History::flush ()
{
  if (rows_.empty () && averages_.empty ())
    return;
  (void)post ([rows = std::exchange (rows_, {}), averages = std::exchange (averages_, {})] (
                  HistoryWorker &worker) { worker.add (rows, averages); });
}

void
History::event (const Event &event, HistoryWorker::Kept kept)
{
  recent_.push_back (event);
  if (recent_.size () > RECENT)
    recent_.pop_front ();
  const auto back = [to = std::weak_ptr<Shared> (shared_), kept = std::move (kept)] (bool good) {
    if (const auto shared = to.lock (); shared && kept)
      shared->post ([kept, good] { kept (good); });
  };
  (void)post ([event, back] (HistoryWorker &worker) { worker.add (event, back); });
}

void
History::alert (const KeptAlert &alert)
{
  (void)post ([alert] (HistoryWorker &worker) { worker.add (alert); });
}

/* --- questions --- */

bool
is_asked_for (const EventQuery &query, const Event &event)
{
  return event.id > query.after && (query.before == 0 || event.id < query.before)
         && event.time >= query.from && (query.to == 0 || event.time < query.to)
         && event.severity >= query.least && (query.camera.empty () || event.camera == query.camera)
         && (query.kind.empty () || event.kind == query.kind);
}

std::vector<Event>
History::remembered (const EventQuery &query) const
{
  std::vector<Event> list;
  std::copy_if (recent_.begin (), recent_.end (), std::back_inserter (list),
                [&query] (const Event &event) { return is_asked_for (query, event); });
  if (query.after == 0)
    std::reverse (list.begin (), list.end ());
  if (list.size () > query.limit)
    list.resize (query.limit);
  return list;
}

/* A question to the thread: `late` is called when it is not settled in time, as while the disk
 * hangs. 0: too many are open already. */
uint64_t
History::expect (std::function<void ()> late)
{
  if (questions_.size () >= MOST_QUERIES)
    return 0;
  questions_[++last_question_]
      = Timer::once (static_cast<guint> (settings_.query_patience / 1000), std::move (late));
  return last_question_;
}

/* Its answer came; false: too late. */
bool
History::settle (uint64_t question)
{
  const auto found = questions_.find (question);
  const bool in_time = static_cast<bool> (found->second);
  questions_.erase (found);
  return in_time;
}

/* `done` goes back with the answer: it never ends in the other thread. */
void
History::events (const EventQuery &query, EventsDone done)
{
  auto waiting = std::make_shared<EventsDone> (std::move (done));
  const uint64_t question = expect ([this, query, waiting] {
    const EventsDone late = std::exchange (*waiting, {});
    late (remembered (query), "");
  });
  if (!question)
    return (*waiting) (remembered (query), "");
  const std::weak_ptr<Shared> to = shared_;
  const bool asked = post ([this, query, question, to, waiting] (HistoryWorker &worker) mutable {
    worker.write ();
    std::vector<Event> list;
    const bool good = worker.events (query, list);
    if (const auto shared = to.lock ())
      shared->post (
          [this, query, question, good, list = std::move (list), waiting = std::move (waiting)] {
            if (settle (question))
              (*waiting) (good ? list : remembered (query), "");
          });
  });
  if (!asked && settle (question))
    (*waiting) (remembered (query), "");
}

void
History::query (const HistoryQuery &query, int64_t wall, QueryDone done)
{
  const int64_t to = query.to > 0 ? query.to : wall + 1;
  const int64_t from = query.from;
  if (from >= to) {
    HistoryAnswer answer{ from, to, 0, {}, {}, "from is not before to" };
    return done (answer);
  }
  if (ring_.reaches (from))
    return done (of_ring (query, from, to));
  auto waiting = std::make_shared<QueryDone> (std::move (done));
  const uint64_t question = expect ([this, query, from, to, waiting] {
    const QueryDone late = std::exchange (*waiting, {});
    late (of_ring (query, from, to));
  });
  if (!question)
    return (*waiting) (of_ring (query, from, to));
  const std::weak_ptr<Shared> back = shared_;
  const bool asked = post ([this, query, from, to, question, back, waiting,
                            ring = ring_.rows ()] (HistoryWorker &worker) mutable {
    worker.write ();
    HistoryAnswer answer = worker.query (query, from, to, ring);
    if (const auto shared = back.lock ())
      shared->post ([this, question, answer = std::move (answer), waiting = std::move (waiting)] {
        if (settle (question))
          (*waiting) (answer);
      });
  });
  if (!asked && settle (question))
    (*waiting) (of_ring (query, from, to));
}

HistoryAnswer
History::of_ring (const HistoryQuery &query, int64_t from, int64_t to) const
{
  SeriesMerge merge (from, to, choose_step (query, from, to), query.series);
  for (const auto &row : ring_.rows ())
    merge.add (row);
  return merge.finish ();
}

} // namespace camwarden
