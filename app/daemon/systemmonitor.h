// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/systemsample.h"
#include "daemon/powerprobe.h"
#include "daemon/systemreader.h"
#include "gobject/ref.h"

#include <functional>
#include <glib.h>
#include <memory>
#include <string>

namespace camwarden
{

struct SystemMonitorSettings
{
  int64_t interval = 10'000'000; /* us between two samples */
  std::string root = "/";        /* that everything is read below, see SystemReader */
};

/* Takes a sample of the machine at each interval. A file may block for ever, so a thread of GTask's
 * pool reads, one read at a time: while one hangs, the next ones are left out and counted, and
 * nothing waits for it, not even the end of this object. Main thread, default main context. */
class SystemMonitor
{
public:
  struct Events
  {
    /* What is wanted, before each sample; its time is filled in here. */
    std::function<SystemQuestion ()> question;
    std::function<void (const SystemSample &)> sample;
    /* The time of a sample has come, but the one before still hangs at that file; since: when it
     * began, monotonic us. Called each time; `again` is false at the first of a row. */
    std::function<void (const std::string &file, int64_t since, bool again)> hangs;
  };

  SystemMonitor (SystemMonitorSettings settings, Events events);
  ~SystemMonitor ();
  SystemMonitor (const SystemMonitor &) = delete;
  SystemMonitor &operator= (const SystemMonitor &) = delete;

  /* The first sample is taken at once. */
  void start ();
  /* At once, and the next one after the interval. */
  void look_now ();
  /* From now on; nothing happens when it is the same. */
  void set_interval (int64_t interval);

  /* The last one; its time is 0 while there was none. */
  [[nodiscard]] const SystemSample &
  sample () const
  {
    return sample_;
  }
  /* Monotonic us; 0: nothing is being read. */
  [[nodiscard]] int64_t
  reading_since () const
  {
    return reading_since_;
  }

private:
  void schedule ();
  void tick (int64_t now);
  void read (int64_t now);
  void finished (SystemSample sample);

  SystemMonitorSettings settings_;
  const Events events_;
  const std::shared_ptr<SystemReader> reader_; /* shared with a thread that may never end */
  PowerProbe probe_;
  SystemSample sample_;
  int64_t reading_since_ = 0;
  unsigned missed_ = 0;
  SourceId timer_;
  std::shared_ptr<int> alive_ = std::make_shared<int> (0);
};

} // namespace camwarden
