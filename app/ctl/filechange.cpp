// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/filechange.h"

#include "config/i18n.h"
#include "gobject/ref.h"

#include <cerrno>
#include <climits>
#include <cstdlib>
#include <fcntl.h>
#include <pwd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr off_t largest = 1 << 20;

/* What a link leads to. */
std::string
real_path (const std::string &path)
{
  char *found = realpath (path.c_str (), nullptr);
  std::string real = found ? found : path;
  free (found);
  return real;
}

bool
write_all (int fd, const std::string &text)
{
  size_t done = 0;
  while (done < text.size ()) {
    const ssize_t count = write (fd, text.data () + done, text.size () - done);
    if (count < 0 && errno == EINTR)
      continue;
    if (count <= 0)
      return false;
    done += static_cast<size_t> (count);
  }
  return fsync (fd) == 0;
}

/* The new name is on the disk when its folder is. */
void
sync_folder (const std::string &path)
{
  g_autofree char *folder = g_path_get_dirname (path.c_str ());
  const int fd = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return;
  fsync (fd);
  close (fd);
}

bool
take_over (int fd, const std::string &path, mode_t mode, bool force_mode)
{
  struct stat old
  {};
  const bool there = stat (path.c_str (), &old) == 0;
  if (there && (old.st_uid != geteuid () || old.st_gid != getegid ())
      && fchown (fd, old.st_uid, old.st_gid) != 0)
    return false;
  return fchmod (fd, there && !force_mode ? old.st_mode & 07777 : mode) == 0;
}

} // namespace

std::string
system_error (const std::string &what)
{
  return what + ": " + g_strerror (errno);
}

std::optional<std::string>
read_whole (const std::string &path, std::string &error)
{
  struct stat status
  {};
  if (stat (path.c_str (), &status) != 0) {
    if (errno == ENOENT)
      return "";
    error = system_error (path);
    return {};
  }
  if (S_ISREG (status.st_mode) && status.st_size <= largest) {
    g_autofree char *text = nullptr;
    gsize size = 0;
    g_autoptr (GError) problem = nullptr;
    if (g_file_get_contents (path.c_str (), &text, &size, &problem))
      return std::string (text, size);
    error = problem->message;
    return {};
  }
  error = take_string (g_strdup_printf (_ ("%s is no small file"), path.c_str ()));
  return {};
}

std::string
replace_file (const std::string &path, const std::string &text, mode_t mode, bool force_mode)
{
  const std::string target = real_path (path);
  std::string fresh = target + ".XXXXXX";
  const int fd = mkostemp (fresh.data (), O_CLOEXEC);
  if (fd < 0)
    return system_error (target);
  std::string problem;
  if (!take_over (fd, target, mode, force_mode) || !write_all (fd, text))
    problem = system_error (fresh);
  if (close (fd) != 0 && problem.empty ())
    problem = system_error (fresh);
  if (problem.empty () && rename (fresh.c_str (), target.c_str ()) != 0)
    problem = system_error (target);
  if (!problem.empty ())
    unlink (fresh.c_str ());
  else
    sync_folder (target);
  return problem;
}

std::string
remove_file (const std::string &path)
{
  const std::string target = real_path (path);
  return unlink (target.c_str ()) == 0 ? std::string () : system_error (target);
}

bool
give_to_service (const std::string &path, GivenTo whom)
{
  const passwd *user = geteuid () == 0 ? getpwnam ("camwarden") : nullptr;
  const auto keep = static_cast<uid_t> (-1);
  return !user
         || chown (path.c_str (), whom == GivenTo::User ? user->pw_uid : keep, user->pw_gid) == 0;
}

ChangeLock::ChangeLock (const std::string &path)
{
  g_autofree char *folder = g_path_get_dirname (path.c_str ());
  fd_ = open (folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd_ < 0 || flock (fd_, LOCK_EX) != 0)
    error_ = system_error (folder);
}

ChangeLock::~ChangeLock ()
{
  if (fd_ >= 0)
    close (fd_);
}

} // namespace camwarden
