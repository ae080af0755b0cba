// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/runtimefile.h"

#include "gobject/ref.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/file.h>
#include <sys/random.h>
#include <unistd.h>

namespace camwarden
{

bool
write_file (const std::string &path, const std::string &text, int mode, GError **error)
{
  return g_file_set_contents_full (path.c_str (), text.data (), static_cast<gssize> (text.size ()),
                                   G_FILE_SET_CONTENTS_CONSISTENT, mode, error);
}

std::string
read_file (const std::string &path)
{
  g_autofree char *text = nullptr;
  gsize length = 0;
  if (!g_file_get_contents (path.c_str (), &text, &length, nullptr))
    return {};
  return { text, length };
}

std::string
ensure_secret (const std::string &path, GError **error)
{
  const std::string found = read_file (path);
  if (found.size () >= 32)
    return found.substr (0, found.find ('\n'));
  std::array<unsigned char, 32> bytes;
  if (getrandom (bytes.data (), bytes.size (), 0) != static_cast<ssize_t> (bytes.size ())) {
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "no random bytes from the system");
    return {};
  }
  std::string secret;
  for (const unsigned char byte : bytes) {
    secret += "0123456789abcdef"[byte >> 4];
    secret += "0123456789abcdef"[byte & 15];
  }
  return write_file (path, secret + "\n", 0600, error) ? secret : std::string ();
}

int
lock_file (const std::string &path)
{
  const int fd = open (path.c_str (), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd >= 0 && flock (fd, LOCK_EX | LOCK_NB) != 0) {
    const int reason = errno;
    close (fd);
    errno = reason;
    return -1;
  }
  return fd;
}

} // namespace camwarden
