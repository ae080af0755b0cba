// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/logline.h"
#include "core/workerexit.h"
#include "daemon/linereader.h"
#include "daemon/supervisor.h"
#include "daemon/watchedprocess.h"
#include "gobject/timer.h"

#include <deque>

namespace camwarden
{

/* One run of a camera's worker: the process, its end of the link, its stderr. Main thread only. */
class WorkerProcess
{
public:
  struct Events
  {
    std::function<void ()> opened; /* it can be called from now on */
    /* Once; the last event. */
    std::function<void (const WorkerExit &)> exited;
    /* Killed, but the kernel does not let go of it: a thread of it hangs in a driver. */
    std::function<void ()> unreapable;
    std::function<void (const Fault &)> fault;
    std::function<void (GVariant *health)> health; /* a{sv} */
    std::function<void (const LogLine &)> line;
  };
  /* error is NULL on success; values is a tuple. */
  using Answer = std::function<void (GVariant *values, const GError *error)>;

  WorkerProcess (std::string camera, Events events, unsigned keep_lines);
  ~WorkerProcess (); /* kills it */
  WorkerProcess (const WorkerProcess &) = delete;
  WorkerProcess &operator= (const WorkerProcess &) = delete;

  [[nodiscard]] bool start (const WorkerCommand &command, GError **error);

  /* answer is called exactly once: also when the deadline passes, the worker ends or this object
   * goes. Fails at once while the link is not open. args may be NULL or floating. */
  void call (const char *method, GVariant *args, const char *reply_type, int64_t deadline_us,
             Answer answer);

  /* Asks it to drain and go; SIGTERM if it does not, then SIGKILL. */
  void end (unsigned drain_ms, int64_t kill_after_us);
  void kill (int64_t kill_after_us);

  [[nodiscard]] bool
  is_open () const
  {
    return open_;
  }
  [[nodiscard]] pid_t
  pid () const
  {
    return process_.pid ();
  }
  [[nodiscard]] const std::deque<std::string> &
  lines () const
  {
    return lines_;
  }

private:
  [[nodiscard]] bool spawn (const WorkerCommand &command, int link, GError **error);
  void open_link (int fd);
  static void link_opened (GObject *source, GAsyncResult *result, gpointer data);
  static void link_signal (GDBusConnection *connection, const char *sender, const char *path,
                           const char *interface, const char *signal, GVariant *args,
                           gpointer data);
  static void link_answered (GObject *source, GAsyncResult *result, gpointer data);
  void take_line (const std::string &raw);
  void ended (int status);

  const std::string camera_;
  const Events events_;
  const unsigned keep_lines_;
  WatchedProcess process_;
  LineReader reader_;
  std::deque<std::string> lines_;
  Ref<GCancellable> cancellable_; /* ends with this object */
  Ref<GDBusConnection> link_;
  guint subscription_ = 0;
  bool open_ = false;
  Timer escalation_;
};

} // namespace camwarden
