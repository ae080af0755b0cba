// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <functional>
#include <glib.h>
#include <mutex>
#include <vector>

namespace camwarden
{

/* Functions from any thread, run in order on the default main context. What is still queued when
 * the queue goes is dropped. */
class MainQueue
{
public:
  MainQueue ();
  ~MainQueue ();
  MainQueue (const MainQueue &) = delete;
  MainQueue &operator= (const MainQueue &) = delete;

  void post (std::function<void ()> function);

private:
  static gboolean dispatch (GSource *source, GSourceFunc callback, gpointer data);
  void run ();

  struct QueueSource;
  static GSourceFuncs functions_;
  QueueSource *source_;
  std::mutex mutex_; /* guards waiting_ */
  std::vector<std::function<void ()>> waiting_;
};

} // namespace camwarden
