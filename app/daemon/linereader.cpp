// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/linereader.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <glib-unix.h>
#include <poll.h>
#include <unistd.h>

namespace camwarden
{

constexpr size_t MAX_LINE = 4096;

LineReader::~LineReader ()
{
  close ();
}

int
LineReader::open (Line line)
{
  close ();
  int fds[2];
  if (pipe2 (fds, O_CLOEXEC | O_NONBLOCK) != 0)
    return -1;
  fd_ = fds[0];
  line_ = std::move (line);
  source_ = SourceId (g_unix_fd_add (
      fd_, static_cast<GIOCondition> (G_IO_IN | G_IO_HUP),
      [] (int, GIOCondition, gpointer data) -> gboolean {
        auto *self = static_cast<LineReader *> (data);
        if (self->read_some ())
          return G_SOURCE_CONTINUE;
        self->source_.forget ();
        self->close ();
        return G_SOURCE_REMOVE;
      },
      this));
  return fds[1];
}

void
LineReader::close ()
{
  source_.reset ();
  if (fd_ >= 0)
    ::close (fd_);
  fd_ = -1;
  rest_.clear ();
}

void
LineReader::drain ()
{
  constexpr int most = 16; /* blocks: a grandchild may go on writing for ever */
  for (int i = 0; i < most && fd_ >= 0; i++) {
    pollfd poll_fd{ fd_, POLLIN, 0 };
    if (poll (&poll_fd, 1, 0) <= 0 || !read_some ())
      return;
  }
}

/* False: the end. */
bool
LineReader::read_some ()
{
  std::array<char, 4096> block;
  const ssize_t length = read (fd_, block.data (), block.size ());
  if (length < 0)
    return errno == EAGAIN || errno == EINTR;
  if (length == 0)
    return false;
  rest_.append (block.data (), static_cast<size_t> (length));
  size_t begin = 0;
  for (size_t end; (end = rest_.find ('\n', begin)) != std::string::npos; begin = end + 1)
    line_ (rest_.substr (begin, end - begin));
  rest_.erase (0, begin);
  if (rest_.size () > MAX_LINE)
    line_ (std::exchange (rest_, {}));
  return true;
}

} // namespace camwarden
