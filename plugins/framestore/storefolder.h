// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "framestore/filedescriptor.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>

namespace camwarden
{

/* File operations of the store. Functions return 0 or an errno. Below the location no symbolic link
 * is followed, so that nobody leads the store elsewhere. */

struct StoreSpace
{
  uint64_t total = 0;           /* bytes */
  uint64_t available = 0;       /* bytes, to this user */
  uint64_t files = 0;           /* 0: the file system does not count files */
  uint64_t files_available = 0; /* to this user */
};

/* Asked of the nearest folder that exists, so that it answers before the location is made. */
[[nodiscard]] int store_space (const std::string &location, StoreSpace *space);

enum class Create : uint8_t {
  no,
  yes,
  durable, /* each folder made is on the disk when enter() returns */
};

/* One minute's folder, kept open between frames. For one thread. */
class StoreFolder
{
public:
  explicit StoreFolder (std::string location) : location_ (std::move (location)) {}

  /* Opens the folder of this minute, unless it is the open one. ENODEV: the location has fallen
   * back from a mounted disk to the root file system, where the store does not belong. */
  [[nodiscard]] int enter (int64_t minute, Create create);
  void leave ();

  [[nodiscard]] int
  fd () const
  {
    return folder_.get ();
  }

  /* Brings the folder's entries to the disk, and with `parents` those that lead to it. */
  [[nodiscard]] int sync (bool parents) const;

private:
  [[nodiscard]] int open_location (Create create, FileDescriptor *location);

  const std::string location_;
  std::optional<int64_t> minute_;
  FileDescriptor folder_;
  bool seen_ = false;         /* the location was open once, */
  bool mounted_once_ = false; /* and then not on the root file system */
};

/* Removes a minute's folder and those above it up to the location, as far as they are empty. */
void remove_empty_folders (const std::string &location, int64_t minute);

/* Writes `bytes` as `name`, by way of ".NAME.part". `durable`: file and name are on the disk when
 * this returns. Another process' start scan knows by the lock on the part file that its writer
 * lives. */
struct FrameFile
{
  int error = 0;
  bool quarantined = false; /* after EIO, if that was asked for */
};
[[nodiscard]] FrameFile write_frame_file (int folder, const std::string &name,
                                          std::span<const uint8_t> bytes, bool durable,
                                          bool quarantine);

/* Takes a stored file whose data did not reach the disk out of sight, without giving its blocks
 * back: a bad block would only be handed to the next file. */
[[nodiscard]] int quarantine_file (int folder, const std::string &name);

/* Removes a part file unless its writer lives. True when it is gone. */
bool remove_dead_part (int folder, const char *part);

} // namespace camwarden
