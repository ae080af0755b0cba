// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framestore/storewriter.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>
#include <limits>
#include <pthread.h>

namespace camwarden
{

namespace
{

using namespace std::chrono_literals;

constexpr auto housekeeping_period = 1s; /* max-age and keep-free while no frame comes */
constexpr int slices_when_full = 16;
constexpr uint64_t first_slice_files = 16;               /* to see whether it helps */
constexpr uint64_t enough_to_tell = uint64_t{ 4 } << 20; /* freed bytes that must show */
constexpr int64_t in_vain_pause_us = 10'000'000;
constexpr uint64_t most_low_water = uint64_t{ 64 } << 20;
constexpr uint64_t fewest_free_files = 8;
constexpr uint64_t most_quarantined = 16; /* files, in one store */
constexpr size_t most_unsynced = 256;     /* files that are synchronised one by one */

} // namespace

StoreClock
StoreClock::system ()
{
  using namespace std::chrono;
  return {
    [] { return duration_cast<microseconds> (system_clock::now ().time_since_epoch ()).count (); },
    [] { return duration_cast<microseconds> (steady_clock::now ().time_since_epoch ()).count (); }
  };
}

bool
StoreWriter::Slice::spent () const
{
  return files_ >= most_files_ || std::chrono::steady_clock::now () - start_ >= most_time_
         || writer_.stopping ();
}

StoreWriter::StoreWriter (StoreSettings settings, StoreLimits limits, StoreListener &listener,
                          StoreClock clock)
    : settings_ (std::move (settings)), clock_ (std::move (clock)), listener_ (listener),
      limits_ (limits), time_ (StoreTime (settings_.clock_set_us)), run_ (settings_.run),
      folder_ (settings_.location), prune_folder_ (settings_.location),
      sync_folder_ (settings_.location)
{
  stats_.scanning = true;
  outage_.configure (limits.retry_us, limits.max_retry_us);
}

StoreWriter::~StoreWriter ()
{
  stop ();
}

void
StoreWriter::start ()
{
  keeper_ = std::thread ([this] { keep_loop (); });
  writer_ = std::thread ([this] { write_loop (); });
}

void
StoreWriter::stop ()
{
  {
    std::lock_guard lock (mutex_);
    stopping_ = true;
  }
  wake_writer_.notify_all ();
  wake_keeper_.notify_all ();
  settled_.notify_all ();
  if (writer_.joinable ())
    writer_.join ();
  if (keeper_.joinable ())
    keeper_.join ();
}

void
StoreWriter::set_limits (const StoreLimits &limits)
{
  limits_.set (limits);
  std::lock_guard lock (mutex_);
  outage_.configure (limits.retry_us, limits.max_retry_us);
}

std::optional<StoreWriter::Ticket>
StoreWriter::admit (uint64_t size)
{
  const int64_t mono = clock_.mono ();
  std::lock_guard lock (mutex_);
  if (++seq_ == 0)
    run_++; /* a name is never used twice */
  const bool full = stats_.queued >= settings_.max_queued_frames
                    || stats_.queued_bytes + size > settings_.max_queued_bytes;
  if (stopping_) {
    stats_.dropped_stopped++;
  } else if (!outage_.may_try (mono) || (outage_.active () && stats_.queued > 0)) {
    stats_.dropped[static_cast<size_t> (outage_.reason ())]++; /* one try at a time */
    dropped_in_outage_++;
  } else if (full && stats_.queued > 0) {
    stats_.dropped_queue++;
  } else {
    stats_.queued++;
    stats_.queued_bytes += size;
    return Ticket{ run_, seq_ };
  }
  return std::nullopt;
}

void
StoreWriter::push (Ticket ticket, int64_t capture_us, uint64_t pts, FramePayload payload)
{
  const FrameName name{ std::clamp<int64_t> (capture_us, 0, last_time_us), ticket.run, ticket.seq };
  const int64_t mono = clock_.mono ();
  {
    std::lock_guard lock (mutex_);
    queue_.push_back (Frame{ name, mono, pts, std::move (payload) });
  }
  wake_writer_.notify_one ();
}

bool
StoreWriter::drain (std::chrono::milliseconds timeout)
{
  std::unique_lock lock (mutex_);
  draining_ = true;
  wake_keeper_.notify_all ();
  const auto given_up = [this] { return interrupted_ || stopping_; };
  settled_.wait_for (lock, timeout, [&] {
    const bool unsynced = !unsynced_.empty () || unsynced_more_ > 0 || syncing_;
    return given_up () || (stats_.queued == 0 && !unsynced);
  });
  draining_ = false;
  return !given_up () && stats_.queued == 0;
}

void
StoreWriter::interrupt (bool interrupted)
{
  {
    std::lock_guard lock (mutex_);
    interrupted_ = interrupted;
  }
  settled_.notify_all ();
}

uint64_t
StoreWriter::prune (uint64_t bytes)
{
  StoreFolder folder (settings_.location);
  StoreSpace begin, space;
  uint64_t freed = 0;
  bool helps = store_space (settings_.location, &begin) == 0;
  while (helps && freed < bytes && !stopping ()) {
    const StoreLimits limits = limits_.get ();
    Slice slice (*this, limits);
    prune_slice (folder, bytes - freed, 0, limits.protect_us, &slice);
    freed += slice.freed ();
    helps = slice.files () > 0 && store_space (settings_.location, &space) == 0
            && (freed < enough_to_tell || space.available >= begin.available + freed / 4);
  }
  return freed;
}

StoreStats
StoreWriter::stats () const
{
  const auto [files, bytes] = index_.with (
      [] (const Retention &index) { return std::pair (index.count (), index.bytes ()); });
  const int64_t ahead = time_.with ([] (const StoreTime &time) { return time.ahead (); });
  std::lock_guard lock (mutex_);
  StoreStats stats = stats_;
  stats.names_ahead_us = static_cast<uint64_t> (ahead);
  stats.files = files;
  stats.files_bytes = bytes;
  stats.outage = outage_.reason ();
  stats.error_number = outage_.error_number ();
  return stats;
}

bool
StoreWriter::stopping () const
{
  return stopping_;
}

bool
StoreWriter::may_quarantine () const
{
  std::lock_guard lock (mutex_);
  return stats_.quarantined < most_quarantined;
}

void
StoreWriter::count_quarantined ()
{
  std::lock_guard lock (mutex_);
  stats_.quarantined++;
}

std::string
StoreWriter::path_of (const FrameName &name) const
{
  return settings_.location + "/" + minute_folder (minute_of (name.time_us)) + "/"
         + file_name (settings_.camera, name);
}

void
StoreWriter::write_loop ()
{
  pthread_setname_np (pthread_self (), "fs-write");
  while (!stopping ()) {
    if (auto frame = wait_for_work ())
      store (std::move (*frame));
    else
      housekeep ();
  }
  drop_queue ();
}

/* The next frame, or nothing when it is time to look after the limits, or to stop. */
std::optional<StoreWriter::Frame>
StoreWriter::wait_for_work ()
{
  std::unique_lock lock (mutex_);
  const auto patience = more_to_prune_ ? 0s : housekeeping_period;
  wake_writer_.wait_for (lock, patience, [this] { return stopping_ || !queue_.empty (); });
  if (stopping_ || queue_.empty ())
    return std::nullopt;
  std::optional<Frame> frame (std::move (queue_.front ()));
  queue_.pop_front ();
  return frame;
}

void
StoreWriter::drop_queue ()
{
  std::deque<Frame> rest;
  std::lock_guard lock (mutex_);
  std::swap (rest, queue_);
  stats_.dropped_stopped += stats_.queued;
  stats_.queued = stats_.queued_bytes = 0;
}

void
StoreWriter::housekeep ()
{
  const auto reason = [this] {
    std::lock_guard lock (mutex_);
    return outage_.reason ();
  }();
  if (reason == OutageReason::none || reason == OutageReason::full)
    (void)keep_limits (0);
}

/* What is stored already may be newer than the wall clock says. After an outage there may be
 * another disk. */
void
StoreWriter::look_for_newest (int64_t wall)
{
  const int64_t last = time_.with ([&] (const StoreTime &time) { return time.believed (wall); });
  const auto newest = newest_stored (settings_.location, settings_.camera, last);
  if (newest)
    time_.with ([&] (StoreTime &time) { time.found (*newest); });
  newest_known_ = true;
}

void
StoreWriter::name (Frame &frame)
{
  const int64_t capture = frame.name.time_us;
  if (!newest_known_)
    look_for_newest (capture);
  frame.name.time_us
      = time_.with ([&] (StoreTime &time) { return time.name (capture, frame.mono); });
}

/* Until when frames are of the past. */
int64_t
StoreWriter::present () const
{
  const int64_t wall = clock_.wall ();
  return time_.with ([&] (const StoreTime &time) { return time.present (wall); });
}

void
StoreWriter::store (Frame frame)
{
  const uint64_t size = frame.payload.bytes ().size ();
  const int64_t mono = clock_.mono ();
  const bool may_try = [&] {
    std::lock_guard lock (mutex_);
    return outage_.may_try (mono);
  }();
  if (!may_try) {
    drop (size);
    return;
  }
  name (frame);
  const bool durable = limits_.get ().sync_interval_us == 0;
  int error = keep_limits (size);
  if (error == 0) {
    error = write (frame, durable);
    if ((error == ENOSPC || error == EDQUOT) && make_space_for (size))
      error = write (frame, durable);
  }
  if (error == 0)
    finish (frame, durable);
  else
    fail (frame, error);
}

int
StoreWriter::write (const Frame &frame, bool durable)
{
  const int64_t minute = minute_of (frame.name.time_us);
  const std::string name = file_name (settings_.camera, frame.name);
  const bool quarantine = may_quarantine ();
  enter_new_minute (minute);
  int error = 0;
  /* The folder may vanish under us, with or without the location: it is made again. */
  for (int attempt = 0; attempt < 3; attempt++) {
    error = folder_.enter (minute, durable ? Create::durable : Create::yes);
    if (error == 0) {
      const FrameFile file
          = write_frame_file (folder_.fd (), name, frame.payload.bytes (), durable, quarantine);
      error = file.error;
      if (file.quarantined)
        count_quarantined ();
    }
    if (error != ENOENT)
      break;
    folder_.leave ();
  }
  if (error != 0)
    folder_.leave (); /* what it is to be written into is looked up again */
  return error;
}

/* The folder that was in use is kept while it is empty: somebody has to remove it afterwards. */
void
StoreWriter::enter_new_minute (int64_t minute)
{
  const int64_t before = current_minute_.exchange (minute);
  if (before < 0 || before == minute)
    return;
  if (!index_.with ([&] (const Retention &index) { return index.holds (before); }))
    remove_empty_folders (settings_.location, before);
}

void
StoreWriter::finish (const Frame &frame, bool durable)
{
  const uint64_t size = frame.payload.bytes ().size ();
  const auto counted
      = static_cast<uint32_t> (std::min<uint64_t> (size, std::numeric_limits<uint32_t>::max ()));
  index_.with ([&] (Retention &index) { index.add ({ frame.name, counted }); });

  const int64_t interval = limits_.get ().sync_interval_us;
  bool resumed = false;
  uint64_t dropped = 0;
  {
    std::lock_guard lock (mutex_);
    stats_.stored++;
    stats_.stored_bytes += size;
    resumed = outage_.active ();
    dropped = dropped_in_outage_;
    if (resumed) {
      rescan_ = outage_.reason () != OutageReason::full; /* who knows what is there now */
      outage_.end ();
      dropped_in_outage_ = 0;
    }
    if (durable) {
      stats_.synced++;
    } else {
      if (unsynced_.empty () && unsynced_more_ == 0)
        sync_at_ = std::chrono::steady_clock::now () + std::chrono::microseconds (interval);
      if (unsynced_.size () < most_unsynced)
        unsynced_.push_back ({ frame.name, counted });
      else
        unsynced_more_++;
    }
    leave_queue (size);
  }
  if (resumed)
    listener_.store_resumed (dropped);
  listener_.frame_stored ({ path_of (frame.name), size, frame.pts, frame.name.seq, durable });
}

/* Under mutex_, together with counting what became of the frame. */
void
StoreWriter::leave_queue (uint64_t size)
{
  stats_.queued--;
  stats_.queued_bytes -= size;
  const bool first_unsynced = unsynced_.size () == 1;
  if (first_unsynced || rescan_ || draining_)
    wake_keeper_.notify_one ();
  if (stats_.queued == 0)
    settled_.notify_all ();
}

void
StoreWriter::drop (uint64_t size)
{
  std::lock_guard lock (mutex_);
  stats_.dropped[static_cast<size_t> (outage_.reason ())]++;
  dropped_in_outage_++;
  leave_queue (size);
}

void
StoreWriter::fail (const Frame &frame, int error)
{
  newest_known_ = newest_known_ && outage_reason_of (error) == OutageReason::full;
  begin_outage (error, path_of (frame.name));
  drop (frame.payload.bytes ().size ());
}

void
StoreWriter::begin_outage (int error, const std::string &what)
{
  const OutageReason reason = outage_reason_of (error);
  const int64_t mono = clock_.mono ();
  bool first = false, news = false;
  {
    std::lock_guard lock (mutex_);
    first = !outage_.active ();
    if (first)
      dropped_in_outage_ = 0;
    news = outage_.failed (reason, error, mono);
  }
  if (news)
    listener_.store_paused (reason, error, what, first);
}

/* Quota and age, one slice at a time, then the free space. Returns ENOSPC when the space that is to
 * be kept free is not there and cannot be made. */
int
StoreWriter::keep_limits (uint64_t incoming)
{
  const StoreLimits limits = limits_.get ();
  const int64_t wall = clock_.wall (), mono = clock_.mono (), now = present ();
  Slice slice (*this, limits);
  more_to_prune_ = false;
  while (true) {
    const auto frame = index_.with ([&] (Retention &index) {
      index.observe_clock (wall, mono);
      auto victim = index.take_over_quota (limits.max_bytes, incoming, now);
      return victim ? victim : index.take_expired (limits.max_age_us, wall, mono);
    });
    uint64_t freed = 0;
    if (!frame || !remove_file (prune_folder_, *frame, &freed))
      break;
    slice.take (freed);
    if (slice.spent ()) {
      more_to_prune_ = true;
      break;
    }
  }
  return keep_space_free (limits, incoming);
}

int
StoreWriter::keep_space_free (const StoreLimits &limits, uint64_t incoming)
{
  StoreSpace space;
  const bool wanted = limits.keep_free.bytes > 0 || limits.keep_free.percent > 0;
  if (!wanted || store_space (settings_.location, &space) != 0)
    return 0; /* what is wrong with the location, writing will tell */
  const uint64_t target = limits.keep_free.target (space.total) + incoming;
  if (space.available >= target)
    return 0;
  const SpaceMade made = make_space (target, 0, 0, 1);
  more_to_prune_ = more_to_prune_ || (!made.enough && made.freed > 0);
  return made.enough || made.freed > 0 ? 0 : ENOSPC;
}

/* The disk is full: down to a low water mark, so that this does not happen with each frame. */
bool
StoreWriter::make_space_for (uint64_t size)
{
  StoreSpace space;
  if (store_space (settings_.location, &space) != 0)
    return false;
  const uint64_t low_water = std::clamp (space.total / 20, 4 * size, 4 * size + most_low_water);
  const uint64_t kept = limits_.get ().keep_free.target (space.total) + size;
  const uint64_t files = std::max (fewest_free_files, space.files / 100);
  return make_space (std::max (low_water, kept), files, 4 * size, slices_when_full).freed > 0;
}

/* Deletes oldest frames until `target` bytes and `target_files` inodes are available and at least
 * `at_least` bytes are freed. Gives up when deleting makes no difference: then it is somebody else
 * who fills the disk, and our history would go for nothing. */
StoreWriter::SpaceMade
StoreWriter::make_space (uint64_t target, uint64_t target_files, uint64_t at_least, int slices)
{
  StoreSpace space;
  SpaceMade made{ false, 0 };
  const StoreLimits limits = limits_.get ();
  const int64_t mono = clock_.mono ();
  if (mono < in_vain_until_ || store_space (settings_.location, &space) != 0)
    return made;
  for (int i = 0; i < slices; i++) {
    const uint64_t bytes = target > space.available ? target - space.available : 0;
    const uint64_t files = space.files > 0 && target_files > space.files_available
                               ? target_files - space.files_available
                               : 0;
    const uint64_t rest = at_least > made.freed ? at_least - made.freed : 0;
    made.enough = bytes == 0 && files == 0 && rest == 0;
    if (made.enough)
      break;
    Slice slice (*this, limits);
    if (i == 0)
      slice.limit (first_slice_files);
    prune_slice (prune_folder_, std::max (bytes, rest), files, limits.protect_us, &slice);
    made.freed += slice.freed ();
    const StoreSpace before = space;
    if (slice.files () == 0 || store_space (settings_.location, &space) != 0)
      break;
    const bool more_files = space.files_available > before.files_available;
    const bool better
        = space.available > before.available || (bytes == 0 && (files == 0 || more_files));
    if (slice.freed () > 0 && !better) {
      in_vain_until_ = mono + in_vain_pause_us;
      break;
    }
  }
  return made;
}

/* Oldest frames, without the newest minute, until this many bytes and files are gone. */
void
StoreWriter::prune_slice (StoreFolder &folder, uint64_t bytes, uint64_t files, int64_t protect,
                          Slice *slice)
{
  const int64_t now = present ();
  while ((slice->freed () < bytes || slice->files () < files) && !slice->spent ()) {
    const auto frame
        = index_.with ([&] (Retention &index) { return index.take_for_space (now, protect); });
    uint64_t freed = 0;
    if (!frame || !remove_file (folder, *frame, &freed))
      return;
    slice->take (freed);
  }
}

/* Deletes the file of a frame that the index has let go of; one that is gone already frees nothing.
 * False: it could not be deleted, and trying the next one is in vain as well. */
bool
StoreWriter::remove_file (StoreFolder &folder, const StoredFrame &frame, uint64_t *freed)
{
  const int64_t minute = minute_of (frame.name.time_us);
  const std::string name = file_name (settings_.camera, frame.name);
  int error = folder.enter (minute, Create::no);
  if (error == 0 && unlinkat (folder.fd (), name.c_str (), 0) != 0)
    error = errno;
  if (error == EROFS)
    index_.with ([&] (Retention &index) { index.add (frame); });
  if (error != 0 && error != ENOENT && error != ENOTDIR)
    return false; /* one that nobody may delete is forgotten, else it would block all others */
  *freed = error == 0 ? frame.size : 0;
  if (error == 0) {
    std::lock_guard lock (mutex_);
    stats_.pruned++;
    stats_.pruned_bytes += frame.size;
  }
  const bool last = !index_.with ([&] (const Retention &index) { return index.holds (minute); });
  if (last && minute != current_minute_) {
    folder.leave ();
    remove_empty_folders (settings_.location, minute);
  }
  return true;
}

} // namespace camwarden
