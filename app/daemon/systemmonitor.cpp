// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/systemmonitor.h"

#include <gio/gio.h>

namespace camwarden
{

/* One read, on its way into a thread and back. The lock orders the two; it is never held while
 * reading. */
struct SystemMonitor::Job
{
  struct State
  {
    SystemQuestion question;
    SystemSample sample;
  };
  SystemMonitor *monitor;
  std::weak_ptr<int> alive; /* of the monitor */
  std::shared_ptr<SystemReader> reader;
  Locked<State> state;
};

SystemMonitor::SystemMonitor (SystemMonitorSettings settings, Events events)
    : settings_ (std::move (settings)), events_ (std::move (events)),
      reader_ (std::make_shared<SystemReader> (settings_.root)),
      probe_ (PowerProbe::find (settings_.root))
{}

SystemMonitor::~SystemMonitor () = default;

void
SystemMonitor::start ()
{
  schedule ();
  tick (g_get_monotonic_time ());
}

void
SystemMonitor::set_interval (int64_t interval)
{
  if (interval == settings_.interval)
    return;
  settings_.interval = interval;
  if (timer_)
    schedule ();
}

/* The moment that the timer was due, not the one at which the loop came to it: two samples are
 * then never closer than the interval, and "for ten seconds" is two of them, not sometimes three.
 */
void
SystemMonitor::schedule ()
{
  timer_ = SourceId (g_timeout_add (
      static_cast<guint> (settings_.interval / 1000),
      [] (gpointer self) -> gboolean {
        const int64_t now = g_source_get_time (g_main_current_source ());
        static_cast<SystemMonitor *> (self)->tick (now);
        return G_SOURCE_CONTINUE;
      },
      this));
}

void
SystemMonitor::tick (int64_t now)
{
  if (!reading_since_)
    return read (now);
  missed_++;
  events_.hangs (reader_->reading (), reading_since_, missed_ > 1);
}

void
SystemMonitor::read (int64_t now)
{
  reading_since_ = now;
  auto job = std::make_unique<Job> ();
  job->monitor = this;
  job->alive = alive_;
  job->reader = reader_;
  SystemQuestion question = events_.question ();
  question.time = now;
  question.power = probe_.reading ();
  job->state.with ([&question] (Job::State &state) { state.question = std::move (question); });
  g_autoptr (GTask) task = g_task_new (
      nullptr, nullptr,
      [] (GObject *, GAsyncResult *result, gpointer) {
        auto *done = static_cast<Job *> (g_task_get_task_data (G_TASK (result)));
        SystemSample sample = done->state.with (
            [] (Job::State &state) { return std::exchange (state.sample, {}); });
        if (!done->alive.expired ())
          done->monitor->finished (std::move (sample));
      },
      nullptr);
  g_task_set_task_data (task, job.release (),
                        [] (gpointer data) { delete static_cast<Job *> (data); });
  g_task_run_in_thread (task, [] (GTask *own, gpointer, gpointer data, GCancellable *) {
    auto *here = static_cast<Job *> (data);
    const SystemQuestion asked
        = here->state.with ([] (Job::State &state) { return state.question; });
    SystemSample sample = here->reader->read (asked);
    here->state.with ([&sample] (Job::State &state) { state.sample = std::move (sample); });
    g_task_return_boolean (own, TRUE);
  });
}

void
SystemMonitor::finished (SystemSample sample)
{
  reading_since_ = 0;
  sample.missed = std::exchange (missed_, 0);
  sample_ = std::move (sample);
  if (reader_->power_wanted ())
    probe_.ask ();
  events_.sample (sample_);
}

} // namespace camwarden
