// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <unistd.h>
#include <utility>

namespace camwarden
{

/* A file descriptor, closed with its owner. */
class FileDescriptor
{
public:
  FileDescriptor () = default;
  explicit FileDescriptor (int fd) : fd_ (fd) {}
  FileDescriptor (FileDescriptor &&other) noexcept : fd_ (std::exchange (other.fd_, -1)) {}
  FileDescriptor (const FileDescriptor &) = delete;
  ~FileDescriptor () { reset (); }

  FileDescriptor &
  operator= (FileDescriptor other) noexcept
  {
    std::swap (fd_, other.fd_);
    return *this;
  }

  void
  reset ()
  {
    if (const int fd = std::exchange (fd_, -1); fd >= 0)
      close (fd);
  }

  [[nodiscard]] int
  get () const
  {
    return fd_;
  }
  [[nodiscard]] int
  release ()
  {
    return std::exchange (fd_, -1);
  }
  explicit operator bool () const { return fd_ >= 0; }

private:
  int fd_ = -1;
};

} // namespace camwarden
