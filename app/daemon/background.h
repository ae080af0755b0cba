// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <gio/gio.h>
#include <memory>
#include <utility>

namespace camwarden
{

/* Does `work` in a thread of GIO's pool and gives its result to `done` in the caller's main loop.
 * done always comes; one whose object may have gone by then looks at MainCall::alive(). */
template <typename Result>
void
in_background (std::function<Result ()> work, std::function<void (Result)> done)
{
  struct Job
  {
    std::function<Result ()> work;
    std::function<void (Result)> done;
    Result result;
  };
  const auto finished = [] (GObject *, GAsyncResult *, gpointer data) {
    const std::unique_ptr<Job> job (static_cast<Job *> (data));
    job->done (std::move (job->result));
  };
  const auto run = [] (GTask *task, gpointer, gpointer data, GCancellable *) {
    auto *job = static_cast<Job *> (data);
    job->result = job->work ();
    g_task_return_boolean (task, TRUE);
  };
  auto *job = new Job{ std::move (work), std::move (done), {} };
  g_autoptr (GTask) task = g_task_new (nullptr, nullptr, finished, job);
  g_task_set_task_data (task, job, nullptr);
  g_task_run_in_thread (task, run);
}

} // namespace camwarden
