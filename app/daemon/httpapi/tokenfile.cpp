// SPDX-License-Identifier: LGPL-2.1-or-later
#define G_LOG_DOMAIN "camwarden-http"
#include "daemon/httpapi/tokenfile.h"

#include <cerrno>
#include <fcntl.h>
#include <gio/gio.h>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

static constexpr off_t largest_file = 64 * 1024;

static std::optional<TokenTable>
fail (GError **error, GIOErrorEnum code, const std::string &text)
{
  g_set_error_literal (error, G_IO_ERROR, code, text.c_str ());
  return std::nullopt;
}

static std::string
read_all (int fd, size_t size)
{
  std::string text (size, '\0');
  size_t done = 0;
  while (done < size) {
    const ssize_t count = read (fd, text.data () + done, size - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      break;
    done += static_cast<size_t> (count);
  }
  text.resize (done);
  return text;
}

static std::optional<TokenTable>
read_open_file (int fd, const std::string &path, GError **error)
{
  struct stat status;
  if (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode) || status.st_size > largest_file)
    return fail (error, G_IO_ERROR_INVALID_DATA, "The token file " + path + " is no small file");
  if (status.st_mode & 077)
    return fail (error, G_IO_ERROR_PERMISSION_DENIED,
                 "The token file " + path + " may be read by others: run `chmod 600 " + path
                     + "`, and make new tokens if others have read it");
  auto parsed = TokenTable::parse (read_all (fd, static_cast<size_t> (status.st_size)));
  if (!parsed.error.empty ())
    return fail (error, G_IO_ERROR_INVALID_DATA,
                 "The token file " + path + ", " + parsed.error
                     + "; each line is `ROLE TOKEN`, such as `read` and 43 random characters");
  if (parsed.table.empty ())
    return fail (error, G_IO_ERROR_INVALID_DATA,
                 "The token file " + path + " holds no token: add a line `ROLE TOKEN`");
  return std::move (parsed.table);
}

std::optional<TokenTable>
read_token_file (const std::string &path, GError **error)
{
  const int fd = open (path.c_str (), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0)
    return fail (error,
                 g_io_error_from_errno (errno) == G_IO_ERROR_NOT_FOUND ? G_IO_ERROR_NOT_FOUND
                                                                       : G_IO_ERROR_FAILED,
                 "Cannot open the token file " + path + ": " + g_strerror (errno));
  auto tokens = read_open_file (fd, path, error);
  close (fd);
  return tokens;
}

void
note_wrong_token (AccessRules &access, const std::string &address, int64_t now)
{
  if (const uint64_t count = access.note_wrong_token (now))
    g_message ("A wrong token came from %s (%" G_GUINT64_FORMAT
               " since the daemon began to listen)",
               address.c_str (), count);
}

} // namespace camwarden
