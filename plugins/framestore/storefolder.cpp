// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framestore/storefolder.h"

#include "framestore/storepath.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <string_view>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

namespace camwarden
{

namespace
{

constexpr mode_t folder_mode = 0750;
constexpr mode_t file_mode = 0640;
constexpr int open_folder = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
constexpr size_t levels = 5;

/* "2026/01/31/23/59" as five names. */
std::array<std::string, levels>
folder_names (int64_t minute)
{
  const std::string path = minute_folder (minute);
  return { path.substr (0, 4), path.substr (5, 2), path.substr (8, 2), path.substr (11, 2),
           path.substr (14, 2) };
}

int
make_path (const std::string &path)
{
  for (size_t slash = path.find ('/', 1);; slash = path.find ('/', slash + 1)) {
    if (mkdir (path.substr (0, slash).c_str (), folder_mode) != 0 && errno != EEXIST
        && slash == std::string::npos)
      return errno;
    if (slash == std::string::npos)
      return 0;
  }
}

bool
on_root_file_system (int fd)
{
  struct stat here
  {
  }, root{};
  return fstat (fd, &here) == 0 && stat ("/", &root) == 0 && here.st_dev == root.st_dev;
}

int
enter_child (int parent, const char *name, Create create, FileDescriptor *child)
{
  int fd = openat (parent, name, open_folder | O_NOFOLLOW);
  if (fd < 0 && errno == ENOENT && create != Create::no) {
    if (mkdirat (parent, name, folder_mode) != 0 && errno != EEXIST)
      return errno;
    if (create == Create::durable && fsync (parent) != 0)
      return errno;
    fd = openat (parent, name, open_folder | O_NOFOLLOW);
  }
  if (fd < 0)
    return errno;
  *child = FileDescriptor (fd);
  return 0;
}

int
write_all (int fd, std::span<const uint8_t> bytes)
{
  while (!bytes.empty ()) {
    const ssize_t written = write (fd, bytes.data (), bytes.size ());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return written < 0 ? errno : EIO;
    bytes = bytes.subspan (static_cast<size_t> (written));
  }
  return 0;
}

/* A new part file that is locked by us. A scan that took it for a dead one, before the lock was
 * there, removes it: then another is made. */
int
open_part (int folder, const char *part, FileDescriptor *file)
{
  for (int attempt = 0;; attempt++) {
    const int fd
        = openat (folder, part, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, file_mode);
    if (fd < 0 && (errno != EEXIST || attempt == 3))
      return errno;
    if (fd >= 0) {
      *file = FileDescriptor (fd);
      if (flock (fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return 0; /* a file system without locks has no scan that asks for them either */
      if (attempt == 3)
        return EWOULDBLOCK;
    }
    unlinkat (folder, part, 0);
  }
}

/* Network file systems tell on closing what went wrong. */
int
publish (int folder, const char *part, const std::string &name, bool durable, FileDescriptor *file)
{
  if (renameat (folder, part, folder, name.c_str ()) != 0)
    return errno;
  if (close (file->release ()) == 0 && (!durable || fsync (folder) == 0))
    return 0;
  const int error = errno;
  unlinkat (folder, name.c_str (), 0);
  return error;
}

} // namespace

int
store_space (const std::string &location, StoreSpace *space)
{
  struct statvfs info
  {};
  std::string path = location;
  while (statvfs (path.c_str (), &info) != 0) {
    const size_t slash = path.rfind ('/');
    if (errno != ENOENT || slash == std::string::npos || path == "/")
      return errno;
    path.resize (slash == 0 ? 1 : slash);
  }
  *space = { uint64_t{ info.f_blocks } * info.f_frsize, uint64_t{ info.f_bavail } * info.f_frsize,
             info.f_files, info.f_favail };
  return 0;
}

int
StoreFolder::open_location (Create create, FileDescriptor *location)
{
  int fd = open (location_.c_str (), open_folder);
  const bool make = fd < 0 && errno == ENOENT && create != Create::no;
  if (make) {
    if (const int error = make_path (location_))
      return error;
    fd = open (location_.c_str (), open_folder);
  }
  if (fd < 0)
    return errno;
  *location = FileDescriptor (fd);
  const bool on_root = on_root_file_system (fd);
  if (seen_ && mounted_once_ && on_root) {
    if (make)
      rmdir (location_.c_str ());
    return ENODEV;
  }
  seen_ = true;
  mounted_once_ = !on_root;
  return 0;
}

int
StoreFolder::enter (int64_t minute, Create create)
{
  if (minute_ == minute)
    return 0;
  leave ();
  FileDescriptor folder;
  int error = open_location (create, &folder);
  for (const auto &name : folder_names (minute)) {
    FileDescriptor child;
    if (error == 0)
      error = enter_child (folder.get (), name.c_str (), create, &child);
    if (error != 0)
      return error;
    folder = std::move (child);
  }
  folder_ = std::move (folder);
  minute_ = minute;
  return 0;
}

void
StoreFolder::leave ()
{
  minute_.reset ();
  folder_.reset ();
}

int
StoreFolder::sync (bool parents) const
{
  if (fsync (folder_.get ()) != 0)
    return errno;
  FileDescriptor above;
  int from = folder_.get ();
  for (size_t level = 0; parents && level < levels; level++) {
    above = FileDescriptor (openat (from, "..", open_folder));
    if (!above || fsync (above.get ()) != 0)
      return errno;
    from = above.get ();
  }
  return 0;
}

void
remove_empty_folders (const std::string &location, int64_t minute)
{
  std::string path = minute_folder (minute);
  const FileDescriptor root (open (location.c_str (), open_folder));
  for (size_t level = 0; root && level < levels; level++) {
    if (unlinkat (root.get (), path.c_str (), AT_REMOVEDIR) != 0)
      return;
    path.resize (path.size () - (path.size () > 4 ? 3 : 0));
  }
}

FrameFile
write_frame_file (int folder, const std::string &name, std::span<const uint8_t> bytes, bool durable,
                  bool quarantine)
{
  FrameFile result;
  FileDescriptor file;
  const std::string part = part_name (name);
  if ((result.error = open_part (folder, part.c_str (), &file)) != 0)
    return result;
  result.error = write_all (file.get (), bytes);
  if (result.error == 0 && durable && fsync (file.get ()) != 0)
    result.error = errno;
  if (result.error == 0)
    result.error = publish (folder, part.c_str (), name, durable, &file);
  if (result.error == 0)
    return result;
  result.quarantined = result.error == EIO && quarantine
                       && renameat (folder, part.c_str (), folder, bad_name (name).c_str ()) == 0;
  if (!result.quarantined)
    unlinkat (folder, part.c_str (), 0);
  return result;
}

int
quarantine_file (int folder, const std::string &name)
{
  return renameat (folder, name.c_str (), folder, bad_name (name).c_str ()) == 0 ? 0 : errno;
}

bool
remove_dead_part (int folder, const char *part)
{
  const FileDescriptor fd (openat (folder, part, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!fd || flock (fd.get (), LOCK_EX | LOCK_NB) != 0)
    return false;
  return unlinkat (folder, part, 0) == 0;
}

} // namespace camwarden
