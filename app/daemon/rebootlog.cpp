// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/rebootlog.h"

#include "config/directories.h"
#include "daemon/openfile.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr const char *NAME = "reboots";
constexpr const char *PART = ".reboots.part";
constexpr size_t MOST_BYTES = size_t{ 64 } * 1024; /* a whole log is less than half as long */

/* False with errno. */
bool
read_all (int fd, std::string &text)
{
  std::array<char, 4096> piece;
  while (text.size () <= MOST_BYTES) {
    const ssize_t got = ::read (fd, piece.data (), piece.size ());
    if (got == 0)
      return true;
    if (got < 0 && errno != EINTR)
      return false;
    if (got > 0)
      text.append (piece.data (), static_cast<size_t> (got));
  }
  errno = EFBIG;
  return false;
}

bool
write_all (int fd, const std::string &text)
{
  for (size_t done = 0; done < text.size ();) {
    const ssize_t put = ::write (fd, text.data () + done, text.size () - done);
    if (put < 0 && errno != EINTR)
      return false;
    if (put > 0)
      done += static_cast<size_t> (put);
  }
  return true;
}

RebootLog
unreadable (const std::string &path, const char *why)
{
  RebootLog log;
  log.state = RebootLog::State::Unreadable;
  log.problem = path + ": " + why;
  return log;
}

/* The part file is whole and on the disk; false with errno. */
bool
write_part (int directory, const std::string &text)
{
  unlinkat (directory, PART, 0); /* of a daemon that was killed while it wrote */
  const OpenFile part (
      openat (directory, PART, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640));
  /* Whatever the umask says. */
  return part.get () >= 0 && fchmod (part.get (), 0640) == 0 && write_all (part.get (), text)
         && fsync (part.get ()) == 0;
}

} // namespace

RebootLogFile::RebootLogFile (std::string directory)
    : directory_ (std::move (directory)), path_ (directory_ + "/" + NAME)
{}

RebootLog
RebootLogFile::read () const
{
  const OpenFile file (open (path_.c_str (), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.get () < 0)
    return errno == ENOENT ? RebootLog{} : unreadable (path_, g_strerror (errno));
  struct stat info
  {};
  if (fstat (file.get (), &info) != 0)
    return unreadable (path_, g_strerror (errno));
  if (!S_ISREG (info.st_mode))
    return unreadable (path_, "not a regular file");
  std::string text;
  if (!read_all (file.get (), text))
    return unreadable (path_, g_strerror (errno));
  return parse_reboot_log (text);
}

bool
RebootLogFile::write (const RebootLog &log, GError **error) const
{
  if (const std::string why = ensure_directory (directory_); !why.empty ()) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, why.c_str ());
    return false;
  }
  const OpenFile directory (open (directory_.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  bool good = directory.get () >= 0 && write_part (directory.get (), reboot_log_text (log))
              && renameat (directory.get (), PART, directory.get (), NAME) == 0
              && fsync (directory.get ()) == 0;
  if (!good) {
    const int reason = errno;
    if (directory.get () >= 0)
      unlinkat (directory.get (), PART, 0);
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (reason),
                 "cannot write the log of reboots %s: %s", path_.c_str (), g_strerror (reason));
  }
  return good;
}

} // namespace camwarden
