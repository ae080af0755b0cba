// SPDX-License-Identifier: LGPL-2.1-or-later
/* To be loaded before a program (LD_PRELOAD): while the file $HUNGDISK exists, what concerns a file
 * below the directory that it names waits, as on a disk that does not answer. */
#undef _FILE_OFFSET_BITS /* each name by itself */

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <fcntl.h>
#include <string_view>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace
{

/* The directory; nothing: the disk works. By system calls: these functions are called by all. */
std::string_view
hung (char *text, size_t most)
{
  static const char *flag = getenv ("HUNGDISK");
  const long fd = flag ? syscall (SYS_openat, AT_FDCWD, flag, O_RDONLY | O_CLOEXEC) : -1;
  const long length = fd >= 0 ? syscall (SYS_read, fd, text, most) : 0;
  if (fd >= 0)
    syscall (SYS_close, fd);
  return { text, length > 0 ? static_cast<size_t> (length) : 0 };
}

void
wait_for_path (const char *path)
{
  char text[1024];
  while (true) {
    const std::string_view place = hung (text, sizeof text);
    if (place.empty () || !path || !std::string_view (path).starts_with (place))
      return;
    usleep (10'000);
  }
}

void
wait_for (int fd)
{
  char text[1024], link[64], path[4096];
  if (hung (text, sizeof text).empty ())
    return;
  snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  const ssize_t length = readlink (link, path, sizeof path - 1);
  if (length <= 0)
    return;
  path[length] = 0;
  wait_for_path (path);
}

void
wait_below (int directory, const char *path)
{
  if (path && *path != '/' && directory != AT_FDCWD)
    wait_for (directory);
  else
    wait_for_path (path);
}

template <typename Function>
Function *
next (const char *name)
{
  return reinterpret_cast<Function *> (dlsym (RTLD_NEXT, name));
}

} // namespace

#define EXPORT extern "C" __attribute__ ((visibility ("default")))

/* Each call of the C library, with the wait that it begins with. */
#define CALL(result, name, wait, parameters, ...)                                                  \
  EXPORT result name parameters                                                                    \
  {                                                                                                \
    wait;                                                                                          \
    static const auto real = next<result parameters> (#name);                                      \
    return real (__VA_ARGS__);                                                                     \
  }

#define CALL_OPEN(name)                                                                            \
  EXPORT int name (const char *path, int flags, ...)                                               \
  {                                                                                                \
    va_list rest;                                                                                  \
    va_start (rest, flags);                                                                        \
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg (rest, mode_t) : 0;                 \
    va_end (rest);                                                                                 \
    wait_for_path (path);                                                                          \
    static const auto real = next<int (const char *, int, ...)> (#name);                           \
    return real (path, flags, mode);                                                               \
  }
#define CALL_OPENAT(name)                                                                          \
  EXPORT int name (int directory, const char *path, int flags, ...)                                \
  {                                                                                                \
    va_list rest;                                                                                  \
    va_start (rest, flags);                                                                        \
    const mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg (rest, mode_t) : 0;                 \
    va_end (rest);                                                                                 \
    wait_below (directory, path);                                                                  \
    static const auto real = next<int (int, const char *, int, ...)> (#name);                      \
    return real (directory, path, flags, mode);                                                    \
  }

CALL_OPEN (open)
CALL_OPEN (open64)
CALL_OPENAT (openat)
CALL_OPENAT (openat64)
CALL (ssize_t, read, wait_for (fd), (int fd, void *data, size_t size), fd, data, size)
CALL (ssize_t, write, wait_for (fd), (int fd, const void *data, size_t size), fd, data, size)
CALL (ssize_t, pread, wait_for (fd), (int fd, void *data, size_t size, off_t at), fd, data, size,
      at)
CALL (ssize_t, pread64, wait_for (fd), (int fd, void *data, size_t size, off_t at), fd, data, size,
      at)
CALL (ssize_t, pwrite, wait_for (fd), (int fd, const void *data, size_t size, off_t at), fd, data,
      size, at)
CALL (ssize_t, pwrite64, wait_for (fd), (int fd, const void *data, size_t size, off_t at), fd, data,
      size, at)
CALL (int, fsync, wait_for (fd), (int fd), fd)
CALL (int, fdatasync, wait_for (fd), (int fd), fd)
CALL (int, access, wait_for_path (path), (const char *path, int mode), path, mode)
CALL (int, stat, wait_for_path (path), (const char *path, struct stat *status), path, status)
CALL (int, lstat, wait_for_path (path), (const char *path, struct stat *status), path, status)
CALL (int, rename, wait_for_path (from), (const char *from, const char *to), from, to)
CALL (int, unlink, wait_for_path (path), (const char *path), path)
CALL (int, mkdir, wait_for_path (path), (const char *path, mode_t mode), path, mode)
