// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/backuptree.h"

#include "config/directories.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <memory>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

struct CloseDirectory
{
  void
  operator() (DIR *directory) const
  {
    closedir (directory);
  }
};
using DirectoryPtr = std::unique_ptr<DIR, CloseDirectory>;

std::string
directory_of (const std::string &path)
{
  return take_string (g_path_get_dirname (path.c_str ()));
}

std::string
name_of (const std::string &path)
{
  return take_string (g_path_get_basename (path.c_str ()));
}

class Walk
{
public:
  Walk (const BackupTree &tree, const std::function<bool (const FoundFile &)> &each,
        const UnreadableFolder &unreadable, uint64_t &others)
      : tree_ (tree), each_ (each), unreadable_ (unreadable), others_ (others)
  {}

  /* False: `each` wanted no more. */
  [[nodiscard]] bool
  folder (int fd, const std::string &path, unsigned depth)
  {
    const DirectoryPtr directory (fdopendir (fd));
    if (!directory) {
      tell (path, errno);
      close (fd);
      return true;
    }
    std::vector<std::string> names;
    errno = 0;
    while (const dirent *entry = readdir (directory.get ())) {
      if (wanted (entry->d_name, path, depth))
        names.emplace_back (entry->d_name);
      errno = 0;
    }
    if (errno != 0)
      tell (path, errno);
    std::sort (names.begin (), names.end ());
    for (const std::string &name : names)
      if (!visit (dirfd (directory.get ()), path.empty () ? name : path + "/" + name, name, depth))
        return false;
    return true;
  }

private:
  static constexpr unsigned deepest = 30;

  [[nodiscard]] bool
  wanted (const std::string &name, const std::string &path, unsigned depth) const
  {
    if (name == "." || name == ".." || (name.front () == '.' && name.ends_with (".part")))
      return false;
    if (depth > 0)
      return left_in (tree_.root + "/" + path + "/" + name);
    const bool listed
        = tree_.only.empty ()
          || std::find (tree_.only.begin (), tree_.only.end (), name) != tree_.only.end ();
    return listed && !is_restore_folder (name) && left_in (tree_.root + "/" + name);
  }

  [[nodiscard]] bool
  left_in (const std::string &path) const
  {
    return std::find (tree_.without.begin (), tree_.without.end (), path) == tree_.without.end ();
  }

  [[nodiscard]] bool
  visit (int directory, const std::string &path, const std::string &name, unsigned depth)
  {
    struct stat status
    {};
    if (fstatat (directory, name.c_str (), &status, AT_SYMLINK_NOFOLLOW) != 0) {
      tell (path, errno);
      return true;
    }
    if (S_ISREG (status.st_mode))
      return each_ ({ path, directory, name });
    if (!S_ISDIR (status.st_mode) || depth >= deepest) {
      others_++;
      return true;
    }
    const int fd
        = openat (directory, name.c_str (), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0)
      return folder (fd, path, depth + 1);
    tell (path, errno);
    return true;
  }

  void
  tell (const std::string &path, int number) const
  {
    if (number != ENOENT) /* gone meanwhile */
      unreadable_ (path.empty () ? tree_.root : tree_.root + "/" + path, number);
  }

  const BackupTree &tree_;
  const std::function<bool (const FoundFile &)> &each_;
  const UnreadableFolder &unreadable_;
  uint64_t &others_;
};

} // namespace

bool
is_restore_folder (const std::string &name)
{
  return name.starts_with (".restore-") || name.starts_with (".before-restore-");
}

std::vector<BackupTree>
backup_trees (const Config &config, const std::string &config_file, const std::string &archives,
              const BackupChoice &choice)
{
  const ConfigPaths paths
      = ConfigSources::from_environment (config_file.empty () ? nullptr : config_file.c_str ())
            .paths;
  const std::string state = state_directory (), usual_archives = state + "/backups";
  std::vector<BackupTree> trees;
  if (paths.single_file.empty ())
    trees.push_back (
        { "config", directory_of (paths.main_file), {}, { archives, usual_archives } });
  else
    trees.push_back (
        { "config", directory_of (paths.single_file), { name_of (paths.single_file) }, {} });
  const std::string history = config.history ().location;
  const std::string frames = config.store ().location;
  /* The log of reboots guards against rebooting for ever: an old one must not come back. */
  trees.push_back (
      { "state",
        state,
        {},
        { archives, usual_archives, frames, history, history + "-wal", history + "-shm",
          history + "-journal", logs_directory (), state + "/reboots" } });
  if (choice.history)
    trees.push_back ({ "history", directory_of (history), { name_of (history) }, {} });
  if (choice.images)
    trees.push_back ({ "frames", frames, {}, { archives, usual_archives } });
  return trees;
}

std::string
walk_tree (const BackupTree &tree, const std::function<bool (const FoundFile &)> &each,
           const UnreadableFolder &unreadable, uint64_t &others)
{
  const int fd = open (tree.root.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0)
    return errno == ENOENT ? std::string () : tree.root + ": " + g_strerror (errno);
  Walk walk (tree, each, unreadable, others);
  (void)walk.folder (fd, "", 0);
  return {};
}

} // namespace camwarden
