// SPDX-License-Identifier: LGPL-2.1-or-later
/* The half of StoreWriter that runs on the second thread: start scan and group synchronisation. */
#include "framestore/storewriter.h"

#include <cerrno>
#include <fcntl.h>
#include <pthread.h>

namespace camwarden
{

namespace
{

using namespace std::chrono_literals;

constexpr auto scan_slice = 20ms;
constexpr auto scan_rest = 2ms;

} // namespace

void
StoreWriter::keep_loop ()
{
  pthread_setname_np (pthread_self (), "fs-keep");
  scan ();
  while (!stopping ()) {
    bool scan_again = false;
    {
      std::unique_lock lock (mutex_);
      while (!stopping_ && !rescan_ && !sync_due ()) {
        if (unsynced_.empty ())
          wake_keeper_.wait (lock);
        else
          wake_keeper_.wait_until (lock, sync_at_);
      }
      scan_again = std::exchange (rescan_, false);
    }
    if (scan_again && !stopping ())
      scan ();
    sync_if_due ();
  }
}

void
StoreWriter::scan ()
{
  const int64_t start = clock_.mono ();
  SteadyTime slice = std::chrono::steady_clock::now ();
  const ScanReport report = scan_store (
      settings_.location, settings_.camera,
      [this] (std::span<const StoredFrame> frames) {
        index_.with ([&] (Retention &index) {
          for (const StoredFrame &frame : frames)
            index.add (frame);
        });
      },
      [&] { return scan_may_go_on (&slice); });
  std::lock_guard lock (mutex_);
  stats_.scanning = false;
  stats_.quarantined = report.quarantined;
  stats_.scan_us = static_cast<uint64_t> (clock_.mono () - start);
}

/* Between two slices others get the processor, and the synchronisation its turn. */
bool
StoreWriter::scan_may_go_on (SteadyTime *slice)
{
  if (std::chrono::steady_clock::now () - *slice >= scan_slice) {
    sync_if_due ();
    std::unique_lock lock (mutex_);
    wake_keeper_.wait_for (lock, scan_rest, [this] { return stopping_.load (); });
    *slice = std::chrono::steady_clock::now ();
  }
  return !stopping ();
}

/* Under mutex_. Who drains the queue does not wait for the interval. */
bool
StoreWriter::sync_due () const
{
  const bool at_once = draining_ && stats_.queued == 0;
  return !unsynced_.empty () && (at_once || std::chrono::steady_clock::now () >= sync_at_);
}

/* A card takes a group of files in a few large writes and one commit of the journal. File by file,
 * it is known which one failed, and a stop waits for one of them only; above some hundreds of
 * files one synchronisation of the file system is cheaper than all theirs. */
void
StoreWriter::sync_if_due ()
{
  std::vector<StoredFrame> files;
  size_t more = 0;
  {
    std::lock_guard lock (mutex_);
    if (stopping_ || !sync_due ())
      return;
    files.swap (unsynced_);
    more = std::exchange (unsynced_more_, 0);
    syncing_ = true;
  }
  if (more > 0)
    sync_everything ();
  sync_files (files);
  sync_folders (files);
  std::lock_guard lock (mutex_);
  stats_.synced += more;
  syncing_ = false;
  settled_.notify_all ();
}

/* They are opened again, for reading: a file that is open for writing, and at a camera's pace there
 * would always be one, forbids to make the file system read-only. An error that nobody was told
 * of yet waits for us all the same. */
void
StoreWriter::sync_files (const std::vector<StoredFrame> &files)
{
  std::vector<FileDescriptor> open_files;
  for (const StoredFrame &file : files) {
    const std::string name = file_name (settings_.camera, file.name);
    int fd = -1;
    if (sync_folder_.enter (minute_of (file.name.time_us), Create::no) == 0)
      fd = openat (sync_folder_.fd (), name.c_str (), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    open_files.emplace_back (fd);
    if (fd >= 0)
      (void)sync_file_range (fd, 0, 0, SYNC_FILE_RANGE_WRITE); /* a hint to start */
  }
  sync_folder_.leave ();
  for (size_t i = 0; i < files.size () && !stopping (); i++) {
    if (open_files[i])
      sync_file (files[i], open_files[i].get ());
  }
}

void
StoreWriter::sync_file (const StoredFrame &file, int fd)
{
  if (fdatasync (fd) != 0) {
    sync_failed (file, errno);
    return;
  }
  std::lock_guard lock (mutex_);
  stats_.synced++;
}

void
StoreWriter::sync_folders (const std::vector<StoredFrame> &files)
{
  for (const StoredFrame &file : files) {
    const int64_t minute = minute_of (file.name.time_us);
    if (stopping () || (minute == synced_minute_ && &file != &files.back ()))
      continue;
    int error = sync_folder_.enter (minute, Create::no);
    if (error == 0)
      error = sync_folder_.sync (minute != synced_minute_);
    if (error == EIO)
      begin_outage (error, settings_.location);
    synced_minute_ = minute;
    sync_folder_.leave ();
  }
}

void
StoreWriter::sync_everything ()
{
  const FileDescriptor location (
      open (settings_.location.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (location && syncfs (location.get ()) != 0)
    begin_outage (errno, settings_.location);
}

/* A file that was stored has not reached the disk: it is none of the stored ones any more. An error
 * is told once per open file, so there is no second try. */
void
StoreWriter::sync_failed (const StoredFrame &file, int error)
{
  const std::string name = file_name (settings_.camera, file.name);
  const OutageReason reason = outage_reason_of (error);
  const bool known = index_.with ([&] (Retention &index) { return index.remove (file.name); });
  if (known && sync_folder_.enter (minute_of (file.name.time_us), Create::no) == 0) {
    const bool kept
        = error == EIO && may_quarantine () && quarantine_file (sync_folder_.fd (), name) == 0;
    if (kept)
      count_quarantined ();
    else
      unlinkat (sync_folder_.fd (), name.c_str (), 0);
    sync_folder_.leave ();
  }
  begin_outage (error, path_of (file.name));
  std::lock_guard lock (mutex_);
  stats_.stored--;
  stats_.stored_bytes -= file.size;
  stats_.dropped[static_cast<size_t> (reason)]++;
  dropped_in_outage_++;
}

} // namespace camwarden
