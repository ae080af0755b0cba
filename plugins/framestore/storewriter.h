// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "common/locked.h"
#include "framestore/retention.h"
#include "framestore/storefolder.h"
#include "framestore/storeoutage.h"
#include "framestore/storescan.h"
#include "framestore/storetime.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace camwarden
{

/* A frame's bytes and what keeps them alive. */
class FramePayload
{
public:
  using Release = void (*) (void *owner);

  FramePayload (std::span<const uint8_t> bytes, void *owner, Release release)
      : bytes_ (bytes), owner_ (owner), release_ (release)
  {}
  FramePayload (FramePayload &&other) noexcept
      : bytes_ (other.bytes_), owner_ (other.owner_),
        release_ (std::exchange (other.release_, nullptr))
  {}
  FramePayload (const FramePayload &) = delete;
  FramePayload &operator= (const FramePayload &) = delete;
  ~FramePayload ()
  {
    if (release_)
      release_ (owner_);
  }

  [[nodiscard]] std::span<const uint8_t>
  bytes () const
  {
    return bytes_;
  }

private:
  std::span<const uint8_t> bytes_;
  void *owner_;
  Release release_;
};

struct StoreSettings
{
  std::string location; /* absolute */
  std::string camera;
  uint32_t max_queued_frames = 16;
  uint64_t max_queued_bytes = uint64_t{ 64 } << 20;
  uint32_t run = 0;         /* random */
  int64_t clock_set_us = 0; /* a wall clock that says less is not set */
};

/* What may change while it runs. */
struct StoreLimits
{
  uint64_t max_bytes = 0; /* 0: no limit */
  int64_t max_age_us = 0; /* 0: no limit */
  KeepFree keep_free;
  int64_t sync_interval_us = 1'000'000; /* 0: each frame by itself, before it is reported */
  int64_t retry_us = 250'000;           /* of StoreOutage: the first wait and the longest */
  int64_t max_retry_us = 60'000'000;
  int64_t protect_us = Retention::protected_us; /* no younger frame goes for the sake of space */
  uint64_t slice_files = 200;                   /* deleted in one go, */
  int64_t slice_us = 20'000;                    /* for at most so long */
};

/* Microseconds; a test brings its own. */
struct StoreClock
{
  std::function<int64_t ()> wall;
  std::function<int64_t ()> mono;

  [[nodiscard]] static StoreClock system ();
};

/* admitted = stored + dropped + queued, at any time. */
struct StoreStats
{
  uint64_t stored = 0;
  uint64_t stored_bytes = 0;
  uint64_t synced = 0;
  uint64_t dropped_queue = 0;
  uint64_t dropped_stopped = 0;
  std::array<uint64_t, outage_reasons> dropped{}; /* by OutageReason */
  uint64_t queued = 0;                            /* the one being written included */
  uint64_t queued_bytes = 0;
  uint64_t pruned = 0;
  uint64_t pruned_bytes = 0;
  uint64_t quarantined = 0; /* ".bad" files in the store */
  uint64_t files = 0;
  uint64_t files_bytes = 0;
  uint64_t scan_us = 0;        /* how long the start scan took */
  uint64_t names_ahead_us = 0; /* of the wall clock: StoreTime */
  bool scanning = false;
  OutageReason outage = OutageReason::none;
  int error_number = 0;
};

struct StoredReport
{
  std::string path;
  uint64_t size;
  uint64_t pts;
  uint64_t seq;
  bool synced;
};

/* Called from the writer's threads, without any lock held. */
class StoreListener
{
public:
  virtual ~StoreListener () = default;
  virtual void frame_stored (const StoredReport &report) = 0;
  /* `first`: an outage begins; else its reason has changed. */
  virtual void store_paused (OutageReason reason, int error_number, const std::string &what,
                             bool first)
      = 0;
  virtual void store_resumed (uint64_t dropped) = 0;
};

/* Writes frames to the disk on a thread of its own, behind a bounded queue, and keeps the store
 * within its limits. A second thread does what may take long: the start scan and the group
 * synchronisation. admit() and push() never wait for the disk; stop() waits for the system call
 * that is under way and for nothing else.
 *
 * Three locks, never two of them together and never during I/O or a call of the listener: mutex_
 * (queue, counters, outage, what is to be synchronised) and those inside index_ and time_. */
class StoreWriter
{
public:
  struct Ticket
  {
    uint32_t run;
    uint32_t seq;
  };

  StoreWriter (StoreSettings settings, StoreLimits limits, StoreListener &listener,
               StoreClock clock = StoreClock::system ());
  ~StoreWriter ();
  StoreWriter (const StoreWriter &) = delete;
  StoreWriter &operator= (const StoreWriter &) = delete;

  void start ();
  void stop ();
  void set_limits (const StoreLimits &limits);

  /* Is there room for a frame of this size? If not it is counted as dropped. The ticket is used up
   * by the next push(); both come from one thread. */
  [[nodiscard]] std::optional<Ticket> admit (uint64_t size);
  void push (Ticket ticket, int64_t capture_us, uint64_t pts, FramePayload payload);

  /* Waits until what was pushed is stored, or dropped, and synchronised. False: it took too long
   * or was interrupted. */
  bool drain (std::chrono::milliseconds timeout);
  void interrupt (bool interrupted);

  /* Deletes oldest frames, never those of the newest minute, until `bytes` are freed or deleting
   * makes no space; returns how many were. From any thread. */
  uint64_t prune (uint64_t bytes);

  [[nodiscard]] StoreStats stats () const;

private:
  using SteadyTime = std::chrono::steady_clock::time_point;

  struct Frame
  {
    FrameName name; /* with the time of capture until it is named */
    int64_t mono;
    uint64_t pts;
    FramePayload payload;
  };
  struct SpaceMade
  {
    bool enough;
    uint64_t freed;
  };
  /* Deleting goes in slices, so that frames and orders get their turn in between. */
  class Slice
  {
  public:
    Slice (const StoreWriter &writer, const StoreLimits &limits)
        : writer_ (writer), most_files_ (limits.slice_files), most_time_ (limits.slice_us)
    {}
    /* Fewer, to see whether it helps. */
    void
    limit (uint64_t most_files)
    {
      most_files_ = std::min (most_files_, most_files);
    }
    [[nodiscard]] bool spent () const;
    void
    take (uint64_t freed)
    {
      files_++;
      freed_ += freed;
    }
    [[nodiscard]] uint64_t
    files () const
    {
      return files_;
    }
    [[nodiscard]] uint64_t
    freed () const
    {
      return freed_;
    }

  private:
    const StoreWriter &writer_;
    uint64_t most_files_;
    const std::chrono::microseconds most_time_;
    SteadyTime start_ = std::chrono::steady_clock::now ();
    uint64_t files_ = 0;
    uint64_t freed_ = 0;
  };

  /* writer thread */
  void write_loop ();
  [[nodiscard]] std::optional<Frame> wait_for_work ();
  void housekeep ();
  void drop_queue ();
  void store (Frame frame);
  void name (Frame &frame);
  void look_for_newest (int64_t wall);
  [[nodiscard]] int write (const Frame &frame, bool durable);
  void finish (const Frame &frame, bool durable);
  void drop (uint64_t size);
  void fail (const Frame &frame, int error);
  void leave_queue (uint64_t size);
  [[nodiscard]] int keep_limits (uint64_t incoming);
  [[nodiscard]] int keep_space_free (const StoreLimits &limits, uint64_t incoming);
  [[nodiscard]] SpaceMade make_space (uint64_t target, uint64_t target_files, uint64_t at_least,
                                      int slices);
  [[nodiscard]] bool make_space_for (uint64_t size);
  void enter_new_minute (int64_t minute);

  /* keeper thread */
  void keep_loop ();
  void scan ();
  [[nodiscard]] bool scan_may_go_on (SteadyTime *slice);
  [[nodiscard]] bool sync_due () const;
  void sync_if_due ();
  void sync_files (const std::vector<StoredFrame> &files);
  void sync_file (const StoredFrame &file, int fd);
  void sync_folders (const std::vector<StoredFrame> &files);
  void sync_everything ();
  void sync_failed (const StoredFrame &file, int error);

  /* any thread */
  bool remove_file (StoreFolder &folder, const StoredFrame &frame, uint64_t *freed);
  void prune_slice (StoreFolder &folder, uint64_t bytes, uint64_t files, int64_t protect,
                    Slice *slice);
  void begin_outage (int error, const std::string &what);
  [[nodiscard]] std::string path_of (const FrameName &name) const;
  [[nodiscard]] int64_t present () const;
  [[nodiscard]] bool may_quarantine () const;
  void count_quarantined ();
  [[nodiscard]] bool stopping () const;

  /* constant */
  const StoreSettings settings_;
  const StoreClock clock_;
  StoreListener &listener_;

  Locked<StoreLimits> limits_;
  Locked<Retention> index_;
  Locked<StoreTime> time_;
  std::atomic<bool> stopping_ = false;       /* written under mutex_ */
  std::atomic<int64_t> current_minute_ = -1; /* the folder being written into stays */

  mutable std::mutex mutex_;
  std::condition_variable wake_writer_, wake_keeper_, settled_;
  std::deque<Frame> queue_; /* from here on: under mutex_ */
  StoreStats stats_;
  StoreOutage outage_;
  uint64_t dropped_in_outage_ = 0;
  uint32_t run_;
  uint32_t seq_ = 0;
  bool interrupted_ = false;
  bool draining_ = false;
  bool syncing_ = false;
  bool rescan_ = false;
  std::vector<StoredFrame> unsynced_;
  size_t unsynced_more_ = 0; /* files beyond those: then the whole file system is synchronised */
  SteadyTime sync_at_;

  /* writer thread only */
  StoreFolder folder_, prune_folder_;
  bool more_to_prune_ = false;
  bool newest_known_ = false;
  int64_t in_vain_until_ = 0; /* mono: deleting made no space, and is not tried before */

  /* keeper thread only */
  StoreFolder sync_folder_;
  int64_t synced_minute_ = -1;

  std::thread writer_, keeper_;
};

} // namespace camwarden
