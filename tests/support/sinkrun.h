// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <atomic>
#include <functional>
#include <gst/gst.h>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace camwarden
{

/* A pipeline that ends in "redissink name=sink", and what its bus said. */
class SinkRun
{
public:
  explicit SinkRun (const std::string &launch);
  ~SinkRun ();
  SinkRun (const SinkRun &) = delete;
  SinkRun &operator= (const SinkRun &) = delete;

  void play ();
  double stop (); /* to NULL; ms */
  /* To the end of the stream, then to NULL. False: not within the time. */
  [[nodiscard]] bool run_to_end (double seconds);

  [[nodiscard]] GstElement *
  sink () const
  {
    return sink_;
  }
  [[nodiscard]] GstElement *element (const char *name) const; /* not a new reference */

  [[nodiscard]] guint64 stat (const char *name) const; /* counters of any integer type */
  [[nodiscard]] std::string text_stat (const char *name) const;
  [[nodiscard]] bool wanted () const;

  [[nodiscard]] guint64
  buffers () const /* that came to the sink */
  {
    return buffers_;
  }
  [[nodiscard]] guint64 dropped () const; /* for whatever reason */
  /* sent = published + dropped; to be called after stop(). */
  void assert_law () const;
  /* Every buffer that came was sent; the one that was on its way into stop() need not be. */
  void assert_all_sent () const;

  unsigned
  errors () const
  {
    return errors_;
  }
  unsigned
  warnings () const
  {
    return warnings_;
  }
  std::string last_detail () const;          /* of the last error, warning or element message */
  unsigned states (const char *state) const; /* element messages with that state */

private:
  static GstBusSyncReply on_message (GstBus *bus, GstMessage *message, gpointer data);
  void take_message (GstMessage *message);
  GstStructure *stats () const;

  GstElement *pipeline_;
  GstElement *sink_;
  /* Read by the pipeline's threads before anything else: their locks, which made them see this
   * object, are unknown to ThreadSanitizer. */
  std::atomic<bool> made_{ false };
  std::atomic<guint64> buffers_{ 0 };
  std::atomic<unsigned> errors_{ 0 };
  std::atomic<unsigned> warnings_{ 0 };
  std::atomic<bool> ended_{ false };
  mutable std::mutex mutex_;
  std::vector<std::string> states_;
  std::string detail_;
};

/* Looks every few ms; false: not within the time. */
[[nodiscard]] bool wait_until (double seconds, const std::function<bool ()> &condition);

/* A reader on a connection and a thread of its own. */
class Subscriber
{
public:
  /* Returns when it is subscribed. An empty channel: the pattern instead. */
  Subscriber (int port, const std::string &channel, const std::string &pattern = "");
  ~Subscriber ();
  Subscriber (const Subscriber &) = delete;
  Subscriber &operator= (const Subscriber &) = delete;

  [[nodiscard]] std::vector<std::string> messages () const;
  [[nodiscard]] size_t count () const;

private:
  void listen ();

  int fd_ = -1;
  void *context_ = nullptr;
  std::atomic<bool> quit_{ false };
  mutable std::mutex mutex_;
  std::vector<std::string> messages_;
  std::thread thread_;
};

} // namespace camwarden
