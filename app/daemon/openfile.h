// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <unistd.h>
#include <utility>

namespace camwarden
{

/* A file descriptor, closed with its owner. */
class OpenFile
{
public:
  OpenFile () = default;
  explicit OpenFile (int fd) : fd_ (fd) {}
  OpenFile (OpenFile &&other) noexcept : fd_ (std::exchange (other.fd_, -1)) {}
  OpenFile (const OpenFile &) = delete;
  OpenFile &operator= (const OpenFile &) = delete;
  ~OpenFile () { (void)close (); }

  /* Some file systems say only now that there was no room. False with errno. */
  [[nodiscard]] bool
  close ()
  {
    const int fd = std::exchange (fd_, -1);
    return fd < 0 || ::close (fd) == 0;
  }
  [[nodiscard]] int
  get () const
  {
    return fd_;
  }
  explicit operator bool () const { return fd_ >= 0; }

private:
  int fd_ = -1;
};

} // namespace camwarden
