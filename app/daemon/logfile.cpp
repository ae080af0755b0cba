// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/logfile.h"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <glib.h>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

LogFile::~LogFile ()
{
  close ();
}

void
LogFile::close ()
{
  if (fd_ >= 0)
    ::close (fd_);
  fd_ = -1;
}

std::string
LogFile::old_file (unsigned number) const
{
  return settings_.path + "." + std::to_string (number);
}

void
LogFile::configure (LogFileSettings settings)
{
  if (settings.path != settings_.path) {
    close ();
    said_ = false;
  }
  settings_ = std::move (settings);
  if (settings_.path.empty ())
    return;
  /* More of them were kept before. */
  unsigned number = settings_.keep + 1;
  while (unlink (old_file (number).c_str ()) == 0)
    number++;
}

std::string
LogFile::write (std::string_view line)
{
  if (settings_.path.empty ())
    return {};
  if (put (line)) {
    said_ = false;
    return {};
  }
  const int number = errno;
  close ();
  if (said_)
    return {};
  said_ = true;
  return settings_.path + ": " + g_strerror (number)
         + ": this log is not written to the file. Mend that, or set `file` in [log] to another "
           "one";
}

bool
LogFile::put (std::string_view line)
{
  struct stat status
  {};
  if (fd_ < 0 && !open ())
    return false;
  if (fstat (fd_, &status) != 0)
    return false;
  if (status.st_nlink == 0) { /* somebody took it away */
    close ();
    return put (line);
  }
  const bool full = S_ISREG (status.st_mode) && status.st_size > 0
                    && static_cast<uint64_t> (status.st_size) + line.size () > settings_.max_size;
  if (full && !rotate ())
    return false;
  const ssize_t written = ::write (fd_, line.data (), line.size ());
  if (written >= 0 && written < static_cast<ssize_t> (line.size ()))
    errno = ENOSPC;
  return written == static_cast<ssize_t> (line.size ());
}

/* Neither a pipe without a reader nor a terminal may hold up or take over the daemon. */
bool
LogFile::open ()
{
  constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK;
  const char *path = settings_.path.c_str ();
  fd_ = ::open (path, flags, 0640);
  if (fd_ >= 0 || errno != ENOENT)
    return fd_ >= 0;
  g_autofree char *directory = g_path_get_dirname (path);
  if (g_mkdir_with_parents (directory, 0750) != 0)
    return false;
  fd_ = ::open (path, flags, 0640);
  return fd_ >= 0;
}

bool
LogFile::rotate ()
{
  close ();
  if (settings_.keep == 0 && unlink (settings_.path.c_str ()) != 0)
    return false;
  for (unsigned number = settings_.keep; number > 0; number--) {
    const std::string from = number == 1 ? settings_.path : old_file (number - 1);
    if (rename (from.c_str (), old_file (number).c_str ()) != 0 && errno != ENOENT)
      return false;
  }
  return open ();
}

} // namespace camwarden
