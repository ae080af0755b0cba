// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/mainqueue.h"

#include <utility>

namespace camwarden
{

struct MainQueue::QueueSource
{
  GSource source;
  MainQueue *queue;
};

GSourceFuncs MainQueue::functions_
    = { nullptr, nullptr, MainQueue::dispatch, nullptr, nullptr, nullptr };

MainQueue::MainQueue ()
{
  source_ = reinterpret_cast<QueueSource *> (g_source_new (&functions_, sizeof (QueueSource)));
  source_->queue = this;
  g_source_set_name (&source_->source, "main queue");
  g_source_attach (&source_->source, nullptr);
}

MainQueue::~MainQueue ()
{
  g_source_destroy (&source_->source);
  g_source_unref (&source_->source);
}

void
MainQueue::post (std::function<void ()> function)
{
  {
    std::lock_guard<std::mutex> lock (mutex_);
    waiting_.push_back (std::move (function));
  }
  g_source_set_ready_time (&source_->source, 0);
}

gboolean
MainQueue::dispatch (GSource *source, GSourceFunc /*callback*/, gpointer /*data*/)
{
  reinterpret_cast<QueueSource *> (source)->queue->run ();
  return G_SOURCE_CONTINUE;
}

void
MainQueue::run ()
{
  /* Disarmed before the functions are taken: one that comes in between rings again. */
  g_source_set_ready_time (&source_->source, -1);
  std::vector<std::function<void ()>> functions;
  {
    std::lock_guard<std::mutex> lock (mutex_);
    functions.swap (waiting_);
  }
  for (auto &function : functions)
    function ();
}

} // namespace camwarden
