// SPDX-License-Identifier: LGPL-2.1-or-later
#include "camera/lockfile.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

namespace camwarden
{

LockFile::~LockFile ()
{
  if (fd_ >= 0)
    close (fd_);
}

LockFile::Result
LockFile::take (const std::string &path)
{
  fd_ = open (path.c_str (), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0)
    return Result::Failed;
  if (flock (fd_, LOCK_EX | LOCK_NB) != 0)
    return errno == EWOULDBLOCK ? Result::Busy : Result::Failed;
  /* For people who look: the lock is what counts, not the text. */
  if (ftruncate (fd_, 0) == 0)
    dprintf (fd_, "%ld\n", static_cast<long> (getpid ()));
  return Result::Held;
}

} // namespace camwarden
