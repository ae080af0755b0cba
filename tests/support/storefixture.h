// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <functional>
#include <gst/check/gstharness.h>
#include <gst/gst.h>
#include <string>
#include <vector>

namespace camwarden
{

/* A mount namespace of the test's own, as root or in a user namespace. To be called before the
 * process has threads. False where the machine permits neither. */
bool enter_private_mounts ();

/* A directory that goes with its owner; with `options` a tmpfs of its own ("size=1m"). */
class StoreDirectory
{
public:
  explicit StoreDirectory (const char *tmpfs_options = nullptr);
  ~StoreDirectory ();
  StoreDirectory (const StoreDirectory &) = delete;
  StoreDirectory &operator= (const StoreDirectory &) = delete;

  void remount (const char *options, bool read_only);
  /* A file with these bytes; its folders are made. */
  void put (const std::string &relative, const std::string &content) const;
  [[nodiscard]] bool has (const std::string &relative) const;
  /* Paths below the directory, sorted, hidden ones included. */
  [[nodiscard]] std::vector<std::string> files () const;
  [[nodiscard]] uint64_t bytes () const;

  [[nodiscard]] const std::string &
  path () const
  {
    return path_;
  }

private:
  std::string path_;
  bool mounted_;
};

/* The name a stored frame of that time has, relative to the store. */
std::string stored_name (const char *camera, int64_t time_us, unsigned run = 1, unsigned seq = 1);

/* Something like a JPEG whose content says whether it is whole. At least 24 bytes. */
std::string made_frame (uint64_t number, size_t size);
bool is_whole_frame (const std::string &content);
std::string read_file (const std::string &path);

/* A framestoresink that is fed by hand and whose messages are collected. */
class StoreSink
{
public:
  /* `properties` as in a launch line. */
  StoreSink (const std::string &location, const std::string &properties = "");
  ~StoreSink ();
  StoreSink (const StoreSink &) = delete;
  StoreSink &operator= (const StoreSink &) = delete;

  GstFlowReturn push (size_t size = 1000, GstClockTime pts = GST_CLOCK_TIME_NONE);
  GstFlowReturn push (GstBuffer *buffer);
  void end ();  /* EOS; returns when it was handled */
  void stop (); /* to NULL */

  [[nodiscard]] guint64 stat (const char *name);
  [[nodiscard]] std::string paused ();
  /* rendered = stored + dropped by any reason + skipped + queued; to be called at rest. */
  void check_law ();

  /* Waits up to 20 s. */
  void wait (const char *what, const std::function<bool ()> &done);
  void wait_stored (guint64 frames);
  void wait_settled ();

  /* How many messages of this name have come: of an element message's structure, or "warning",
   * "error". */
  size_t count (const char *name);
  /* The newest of them, or NULL; the sink's. */
  const GstStructure *newest (const char *name);
  /* The paths of all frame-stored messages so far. */
  std::vector<std::string> stored_paths ();

  [[nodiscard]] GstElement *
  element () const
  {
    return element_;
  }
  [[nodiscard]] GstHarness *
  harness () const
  {
    return harness_;
  }

private:
  struct Message
  {
    std::string name;
    GstMessage *message;
  };
  void collect ();

  GstElement *element_;
  GstBus *bus_;
  GstHarness *harness_;
  std::vector<Message> messages_;
  uint64_t pushed_ = 0;
};

} // namespace camwarden
