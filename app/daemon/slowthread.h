// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"

#include <functional>
#include <glib.h>
#include <memory>
#include <utility>

namespace camwarden
{

/* The present thread gives way to all others from now on, also at the disk. */
void yield_to_others ();

/* Does `work` in a thread of its own that gives way to everything else, since it may take seconds;
 * gives its result to `done` in the main loop. done always comes while that turns; one whose object
 * may have gone by then looks at MainCall::alive(). Not a thread of GTask's pool: once it gives
 * way, it does so for ever. */
template <typename Result>
void
in_slow_thread (std::function<Result ()> work, std::function<void (Result)> done)
{
  /* The lock orders the two threads; it is not held while working. */
  struct Job
  {
    std::function<Result ()> work;
    std::function<void (Result)> done;
    Locked<Result> result;
  };
  const auto finish = [] (gpointer data) -> gboolean {
    const std::unique_ptr<Job> job (static_cast<Job *> (data));
    job->done (job->result.get ());
    return G_SOURCE_REMOVE;
  };
  static const GSourceFunc finished = finish;
  const auto run = [] (gpointer data) -> gpointer {
    auto *job = static_cast<Job *> (data);
    yield_to_others ();
    job->result.set (job->work ());
    g_idle_add (finished, job);
    return nullptr;
  };
  auto *job = new Job{ std::move (work), std::move (done), {} };
  g_thread_unref (g_thread_new ("slow", run, job));
}

} // namespace camwarden
