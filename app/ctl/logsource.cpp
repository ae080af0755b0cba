// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/logsource.h"
#include "ctl/stopsignals.h"

#include "gobject/ref.h"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr size_t piece = 256 * 1024;
constexpr size_t longest_line = 64 * 1024;
constexpr off_t follow_tail = 8 * 1024;
constexpr useconds_t follow_pause = 200 * 1000;

/* A file descriptor that is read line by line. */
class LineFile
{
public:
  ~LineFile () { close (); }
  LineFile () = default;
  LineFile (const LineFile &) = delete;
  LineFile &operator= (const LineFile &) = delete;

  [[nodiscard]] bool
  open (const std::string &path)
  {
    close ();
    fd_ = path == "-" ? dup (STDIN_FILENO) : ::open (path.c_str (), O_RDONLY | O_CLOEXEC);
    used_ = 0;
    skipping_ = false;
    return fd_ >= 0;
  }

  [[nodiscard]] int
  fd () const
  {
    return fd_;
  }

  /* One piece; > 0: more may follow, 0: the end for now, < 0: errno. A last line without an end
   * waits for it. */
  template <typename Each>
  ssize_t
  read_piece (const Each &each)
  {
    ssize_t got = 0;
    do
      got = ::read (fd_, buffer_.get () + used_, piece);
    while (got < 0 && errno == EINTR);
    if (got <= 0)
      return got;
    const char *begin = buffer_.get ();
    const char *end = begin + used_ + got;
    const char *from = begin + used_;
    while (const auto *stop
           = static_cast<const char *> (memchr (from, '\n', static_cast<size_t> (end - from)))) {
      if (!skipping_)
        each (std::string_view (begin, static_cast<size_t> (stop - begin)));
      skipping_ = false;
      begin = from = stop + 1;
    }
    used_ = static_cast<size_t> (end - begin);
    memmove (buffer_.get (), begin, used_);
    if (used_ > longest_line)
      clip (each);
    return got;
  }

  /* What is left without a line's end. */
  template <typename Each>
  void
  finish (const Each &each)
  {
    if (used_ > 0 && !skipping_)
      each (std::string_view (buffer_.get (), used_));
    used_ = 0;
  }

private:
  template <typename Each>
  void
  clip (const Each &each)
  {
    if (!skipping_)
      each (std::string_view (buffer_.get (), longest_line));
    skipping_ = true;
    used_ = 0;
  }

  void
  close ()
  {
    if (fd_ >= 0)
      ::close (fd_);
    fd_ = -1;
  }

  int fd_ = -1;
  std::unique_ptr<char[]> buffer_{ new char[longest_line + piece] };
  size_t used_ = 0;
  bool skipping_ = false;
};

std::string
problem (const std::string &path)
{
  return path + ": " + g_strerror (errno);
}

bool
replaced (const std::string &path, int fd)
{
  struct stat open_one
  {
  }, named{};
  if (fstat (fd, &open_one) != 0 || stat (path.c_str (), &named) != 0)
    return false; /* it may come again */
  return open_one.st_ino != named.st_ino || open_one.st_dev != named.st_dev;
}

} // namespace

std::vector<std::string>
rotated_files (const std::string &path)
{
  std::vector<std::string> files;
  for (unsigned number = 1; number <= 1000; number++) {
    const std::string name = path + "." + std::to_string (number);
    if (access (name.c_str (), F_OK) != 0)
      break;
    files.insert (files.begin (), name);
  }
  if (access (path.c_str (), F_OK) == 0)
    files.push_back (path);
  return files;
}

std::string
read_log_file (const std::string &path, const LogReader &reader)
{
  LineFile file;
  if (!file.open (path))
    return problem (path);
  LogLineParser parser;
  const auto each = [&] (std::string_view line) {
    if (const auto entry = parser.parse (line))
      reader (*entry);
  };
  ssize_t got = 0;
  while ((got = file.read_piece (each)) > 0) {
  }
  if (got < 0)
    return problem (path);
  file.finish (each);
  return {};
}

std::string
follow_log_file (const std::string &path, const std::function<bool (const LogEntry &)> &reader)
{
  LineFile file;
  LogLineParser parser;
  bool wanted = true;
  const auto each = [&] (std::string_view line) {
    const auto entry = wanted ? parser.parse (line) : std::nullopt;
    if (entry)
      wanted = reader (*entry);
  };
  if (!file.open (path))
    return problem (path);
  if (lseek (file.fd (), -follow_tail, SEEK_END) < 0)
    (void)lseek (file.fd (), 0, SEEK_SET); /* it is shorter, or cannot be sought in */
  while (wanted && !interrupted ()) {
    const ssize_t got = file.read_piece (each);
    if (got < 0)
      return problem (path);
    if (got > 0)
      continue;
    if (!replaced (path, file.fd ()))
      usleep (follow_pause);
    else if (!file.open (path))
      return problem (path);
  }
  return {};
}

} // namespace camwarden
