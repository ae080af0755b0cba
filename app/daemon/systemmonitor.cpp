// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/systemmonitor.h"

#include "daemon/background.h"

namespace camwarden
{

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
SystemMonitor::look_now ()
{
  if (reading_since_)
    return;
  schedule ();
  read (g_get_monotonic_time ());
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
  SystemQuestion question = events_.question ();
  question.time = now;
  question.power = probe_.reading ();
  in_background<SystemSample> (
      [reader = reader_, question = std::move (question)] { return reader->read (question); },
      [this, alive = std::weak_ptr<int> (alive_)] (SystemSample sample) {
        if (!alive.expired ())
          finished (std::move (sample));
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
