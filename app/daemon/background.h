// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"

#include <functional>
#include <gio/gio.h>
#include <memory>
#include <utility>

namespace camwarden
{

/* Does `work` in a thread of GIO's pool and gives its result to `done` in the caller's main loop.
 * done always comes; one whose object may have gone by then looks at MainCall::alive(). Both, and
 * what they hold, are freed in the main loop. */
template <typename Result>
void
in_background (std::function<Result ()> work, std::function<void (Result)> done)
{
  /* The lock orders the two threads; it is not held while working. */
  struct State
  {
    std::function<Result ()> work;
    Result result;
  };
  struct Job
  {
    std::function<void (Result)> done;
    Locked<State> state;
  };
  const auto finished = [] (GObject *, GAsyncResult *, gpointer data) {
    const std::unique_ptr<Job> job (static_cast<Job *> (data));
    job->done (job->state.with ([] (State &state) { return std::move (state.result); }));
  };
  const auto run = [] (GTask *task, gpointer, gpointer data, GCancellable *) {
    auto *job = static_cast<Job *> (data);
    const auto &own = job->state.with ([](State & state) -> auto & { return state.work; });
    Result result = own ();
    job->state.with ([&result] (State &state) { state.result = std::move (result); });
    g_task_return_boolean (task, TRUE);
  };
  auto *job = new Job{ std::move (done), {} };
  job->state.with ([&work] (State &state) { state.work = std::move (work); });
  g_autoptr (GTask) task = g_task_new (nullptr, nullptr, finished, job);
  g_task_set_task_data (task, job, nullptr);
  g_task_run_in_thread (task, run);
}

} // namespace camwarden
