// SPDX-License-Identifier: LGPL-2.1-or-later
#include "support/faultyfiles.h"

#include <atomic>
#include <cerrno>
#include <climits>
#include <condition_variable>
#include <cstdio>
#include <mutex>
#include <string>
#include <sys/syscall.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

struct Fault
{
  FaultyFiles::Call call;
  int error_number; /* 0: freeze */
  std::string where;
};

std::atomic<bool> armed{ false };
std::mutex mutex;
std::condition_variable thawed;
Fault fault; /* from here on: under mutex */
int frozen_calls = 0;

void
arm (Fault what)
{
  std::lock_guard lock (mutex);
  fault = std::move (what);
  armed = true;
}

bool
concerns (FaultyFiles::Call call, int fd)
{
  char link[64], path[PATH_MAX];
  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink (link, path, sizeof path);
  return fault.call == call && length > 0
         && std::string (path, static_cast<size_t> (length)).find (fault.where)
                != std::string::npos;
}

/* 0, after waiting if need be, or the errno to fail with. */
int
pass (FaultyFiles::Call call, int fd)
{
  if (!armed)
    return 0;
  std::unique_lock lock (mutex);
  if (!armed || !concerns (call, fd))
    return 0;
  if (fault.error_number != 0)
    return fault.error_number;
  frozen_calls++;
  thawed.wait (lock, [] { return !armed; });
  frozen_calls--;
  return 0;
}

} // namespace

void
FaultyFiles::fail (Call call, int error_number, const char *where)
{
  arm ({ call, error_number, where });
}

void
FaultyFiles::freeze (Call call, const char *where)
{
  arm ({ call, 0, where });
}

void
FaultyFiles::thaw ()
{
  std::lock_guard lock (mutex);
  armed = false;
  thawed.notify_all ();
}

int
FaultyFiles::frozen ()
{
  std::lock_guard lock (mutex);
  return frozen_calls;
}

} // namespace camwarden

using camwarden::FaultyFiles;

static int
failed (int error_number)
{
  errno = error_number;
  return -1;
}

extern "C" __attribute__ ((visibility ("default"))) ssize_t
write (int fd, const void *bytes, size_t size)
{
  const int error_number = camwarden::pass (FaultyFiles::Call::write, fd);
  return error_number ? failed (error_number) : syscall (SYS_write, fd, bytes, size);
}

extern "C" __attribute__ ((visibility ("default"))) int
fsync (int fd)
{
  const int error_number = camwarden::pass (FaultyFiles::Call::sync, fd);
  return error_number ? failed (error_number) : static_cast<int> (syscall (SYS_fsync, fd));
}

extern "C" __attribute__ ((visibility ("default"))) int
fdatasync (int fd)
{
  const int error_number = camwarden::pass (FaultyFiles::Call::sync, fd);
  return error_number ? failed (error_number) : static_cast<int> (syscall (SYS_fdatasync, fd));
}
