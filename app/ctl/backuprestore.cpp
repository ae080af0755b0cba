// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/backuprestore.h"

#include "config/directories.h"
#include "config/i18n.h"
#include "ctl/archivenames.h"
#include "ctl/filechange.h"
#include "ctl/progress.h"
#include "ctl/stopsignals.h"
#include "ctl/terminal.h"
#include "ctl/textformat.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <optional>
#include <set>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr uint64_t reserve = 64 << 20; /* bytes that stay free on each disk */

/* The folder that is being filled, and what is to become of it. */
struct Staging
{
  const BackupTree *tree;
  std::string folder; /* ROOT/.restore-PID */
  bool made_root = false;
  struct stat owner
  {};
};

int
remove_one (const char *path, const struct stat *, int, struct FTW *)
{
  return remove (path);
}

class Unpacker : public MemberSink
{
public:
  explicit Unpacker (std::vector<Staging> &stagings) : stagings_ (stagings) {}
  ~Unpacker () override { close_file (); }
  Unpacker (const Unpacker &) = delete;
  Unpacker &operator= (const Unpacker &) = delete;

  std::string
  begin (const ArchiveMember &member) override
  {
    const Staging *staging = staging_of (member_tree (member.name));
    if (!staging)
      return {};
    /* The history's file is called as the configuration wants it. */
    const std::string rest = member.name == history_member
                                 ? staging->tree->only.front ()
                                 : member.name.substr (staging->tree->name.size () + 1);
    if (!is_wanted (*staging, rest)) {
      refused_ = true;
      return text_of (_ ("\"%s\" has no place here: this configuration is the file %s alone. "
                         "Nothing was changed"),
                      clip (member.name, 60).c_str (),
                      (staging->tree->root + "/" + staging->tree->only.front ()).c_str ());
    }
    if (is_left_out (*staging, rest))
      return {};
    if (std::string why = room_for (*staging, member.size); !why.empty ())
      return why;
    return make_file (*staging, rest, member);
  }

  std::string
  data (const void *data, size_t size) override
  {
    const auto *from = static_cast<const char *> (data);
    while (fd_ >= 0 && size > 0) {
      const ssize_t written = ::write (fd_, from, size);
      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        return system_error (path_);
      from += written;
      size -= static_cast<size_t> (written);
    }
    return {};
  }

  std::string
  end () override
  {
    if (fd_ < 0)
      return {};
    const struct timespec times[2] = { { mtime_, 0 }, { mtime_, 0 } };
    (void)futimens (fd_, times);
    if (mode_ != 0 && fchmod (fd_, mode_) != 0)
      return system_error (path_);
    const int fd = std::exchange (fd_, -1);
    return close (fd) == 0 ? std::string () : system_error (path_);
  }

  /* The archive is at fault, not the disk. */
  [[nodiscard]] bool
  refused () const
  {
    return refused_;
  }

private:
  [[nodiscard]] const Staging *
  staging_of (std::string_view tree) const
  {
    const auto found = std::find_if (stagings_.begin (), stagings_.end (),
                                     [&] (const Staging &one) { return one.tree->name == tree; });
    return found == stagings_.end () ? nullptr : &*found;
  }

  /* Where a tree is one file, an archive may not bring others into its folder. */
  [[nodiscard]] static bool
  is_wanted (const Staging &staging, const std::string &rest)
  {
    const auto &only = staging.tree->only;
    return only.empty ()
           || std::find (only.begin (), only.end (), rest.substr (0, rest.find ('/')))
                  != only.end ();
  }

  /* By the rules for making a backup: the log of reboots above all. */
  [[nodiscard]] static bool
  is_left_out (const Staging &staging, const std::string &rest)
  {
    const auto &without = staging.tree->without;
    const std::string path = staging.tree->root + "/" + rest;
    return is_restore_folder (rest)
           || std::any_of (without.begin (), without.end (), [&path] (const std::string &one) {
                return path == one || path.starts_with (one + "/");
              });
  }

  [[nodiscard]] std::string
  room_for (const Staging &staging, uint64_t size)
  {
    struct statvfs status
    {};
    if (statvfs (staging.folder.c_str (), &status) != 0)
      return system_error (staging.folder);
    const uint64_t room = static_cast<uint64_t> (status.f_bavail) * status.f_frsize;
    if (room > reserve && room - reserve >= size)
      return {};
    return text_of (_ ("%s: no room to unpack to; %s are free. Nothing was changed"),
                    staging.tree->root.c_str (),
                    format_bytes (static_cast<double> (room)).c_str ());
  }

  /* The folders are made one by one below a folder that is ours alone: no link can be on the way.
   */
  [[nodiscard]] std::string
  make_file (const Staging &staging, const std::string &rest, const ArchiveMember &member)
  {
    path_ = staging.folder + "/" + rest;
    const std::string folder = take_string (g_path_get_dirname (path_.c_str ()));
    if (folder != last_folder_) {
      for (size_t at = staging.folder.size (); at != std::string::npos;) {
        at = folder.find ('/', at + 1);
        const std::string part = folder.substr (0, at);
        if (!make_folder (staging, part))
          return system_error (part);
      }
      last_folder_ = folder;
    }
    fd_ = ::open (path_.c_str (), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd_ < 0)
      return system_error (path_);
    const struct stat model = model_of (staging, rest, S_IFREG);
    if (geteuid () == 0 && fchown (fd_, model.st_uid, model.st_gid) != 0)
      return system_error (path_);
    mode_ = member.mode;
    mtime_ = member.mtime;
    return {};
  }

  /* What it replaces, else the tree's root: the service must be able to read what it could. */
  [[nodiscard]] static struct stat
  model_of (const Staging &staging, const std::string &rest, mode_t type)
  {
    struct stat status
    {};
    const bool there = lstat ((staging.tree->root + "/" + rest).c_str (), &status) == 0
                       && (status.st_mode & S_IFMT) == type;
    return there ? status : staging.owner;
  }

  [[nodiscard]] static bool
  make_folder (const Staging &staging, const std::string &path)
  {
    if (mkdir (path.c_str (), 0700) != 0)
      return errno == EEXIST;
    const struct stat model = model_of (staging, path.substr (staging.folder.size () + 1), S_IFDIR);
    if (geteuid () == 0 && lchown (path.c_str (), model.st_uid, model.st_gid) != 0)
      return false;
    /* It has still to be filled. */
    return chmod (path.c_str (), (model.st_mode & 07777) | 0700) == 0;
  }

  void
  close_file ()
  {
    if (fd_ >= 0)
      close (fd_);
    fd_ = -1;
  }

  std::vector<Staging> &stagings_;
  std::string path_, last_folder_;
  bool refused_ = false;
  int fd_ = -1;
  unsigned mode_ = 0;
  int64_t mtime_ = 0;
};

/* Renames that can be taken back. */
class Swap
{
public:
  [[nodiscard]] std::string
  move (const std::string &from, const std::string &to)
  {
    if (rename (from.c_str (), to.c_str ()) != 0)
      return system_error (from);
    done_.emplace_back (from, to);
    return {};
  }

  void
  take_back ()
  {
    for (auto step = done_.rbegin (); step != done_.rend (); ++step)
      (void)rename (step->second.c_str (), step->first.c_str ());
    done_.clear ();
  }

private:
  std::vector<std::pair<std::string, std::string>> done_;
};

std::vector<std::string>
entries_of (const std::string &folder)
{
  std::vector<std::string> names;
  g_autoptr (GDir) directory = g_dir_open (folder.c_str (), 0, nullptr);
  while (const char *name = directory ? g_dir_read_name (directory) : nullptr)
    names.emplace_back (name);
  std::sort (names.begin (), names.end ());
  return names;
}

class Restore
{
public:
  Restore (const std::vector<BackupTree> &trees, std::string stamp)
      : trees_ (trees), stamp_ (std::move (stamp))
  {}
  ~Restore ()
  {
    for (const Staging &staging : stagings_) {
      (void)remove_folder (staging.folder);
      if (staging.made_root)
        rmdir (staging.tree->root.c_str ());
    }
  }
  Restore (const Restore &) = delete;
  Restore &operator= (const Restore &) = delete;

  [[nodiscard]] RestoreOutcome
  run (const std::string &archive)
  {
    using Result = ArchiveReader::Result;
    for (const BackupTree &tree : trees_)
      if (const std::string why = stage (tree); !why.empty ())
        return fail (Result::Failed, why);
    struct stat status
    {};
    Progress progress (
        stat (archive.c_str (), &status) == 0 ? static_cast<uint64_t> (status.st_size) : 0);
    Unpacker unpacker (stagings_);
    ArchiveReader reader;
    const Result result
        = reader.run (archive, &unpacker, [&progress] (uint64_t more) { progress.add (more); });
    outcome_.sums = reader.sums ();
    if (result != Result::Good)
      return fail (unpacker.refused () ? Result::Bad : result, reader.problem ());
    flush ();
    if (interrupted ())
      return fail (Result::Interrupted, _ ("interrupted"));
    if (const std::string why = swap_all (); !why.empty ())
      return fail (Result::Failed, why);
    return outcome_;
  }

private:
  [[nodiscard]] RestoreOutcome
  fail (ArchiveReader::Result result, const std::string &why)
  {
    outcome_.result = result;
    outcome_.problem = why;
    outcome_.kept.clear ();
    return outcome_;
  }

  /* Two trees may share a root: the folder of each has its name in it. */
  [[nodiscard]] std::string
  stage (const BackupTree &tree)
  {
    Staging staging{ .tree = &tree,
                     .folder
                     = tree.root + "/.restore-" + tree.name + "-" + std::to_string (getpid ()) };
    if (access (tree.root.c_str (), F_OK) != 0) {
      if (g_mkdir_with_parents (tree.root.c_str (), 0750) != 0)
        return system_error (tree.root);
      staging.made_root = true;
    }
    if (stat (tree.root.c_str (), &staging.owner) != 0
        || mkdir (staging.folder.c_str (), 0700) != 0)
      return system_error (staging.folder);
    stagings_.push_back (staging);
    return {};
  }

  /* What takes the place of good files must be on the disk. */
  void
  flush () const
  {
    for (const Staging &staging : stagings_) {
      const int fd = open (staging.folder.c_str (), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
      if (fd >= 0) {
        (void)syncfs (fd);
        close (fd);
      }
    }
  }

  [[nodiscard]] std::string
  swap_all ()
  {
    std::string why;
    for (const Staging &staging : stagings_)
      if (why.empty ())
        why = swap_tree (staging);
    if (why.empty ())
      return {};
    swap_.take_back ();
    for (const std::string &folder : outcome_.kept)
      rmdir (folder.c_str ());
    return text_of (_ ("%s. Everything is as it was before"), why.c_str ());
  }

  [[nodiscard]] std::string
  swap_tree (const Staging &staging)
  {
    const std::string root = staging.tree->root + "/";
    const std::string made = staging.folder + "/";
    const std::string before = root + ".before-restore-" + stamp_;
    for (const std::string &name : entries_of (staging.folder)) {
      std::vector<std::string> old{ name };
      if (staging.tree->name == "history") /* they belong to the old database */
        old.insert (old.end (), { name + "-wal", name + "-shm", name + "-journal" });
      for (const std::string &one : old)
        if (std::string why = put_aside (root + one, before, one); !why.empty ())
          return why;
      if (std::string why = swap_.move (made + name, root + name); !why.empty ())
        return why;
    }
    return {};
  }

  [[nodiscard]] std::string
  put_aside (const std::string &path, const std::string &before, const std::string &name)
  {
    struct stat status
    {};
    if (lstat (path.c_str (), &status) != 0)
      return errno == ENOENT ? std::string () : system_error (path);
    if (mkdir (before.c_str (), 0700) != 0 && errno != EEXIST)
      return system_error (before);
    if (std::find (outcome_.kept.begin (), outcome_.kept.end (), before) == outcome_.kept.end ())
      outcome_.kept.push_back (before);
    return swap_.move (path, before + "/" + name);
  }

  const std::vector<BackupTree> &trees_;
  const std::string stamp_;
  std::vector<Staging> stagings_;
  Swap swap_;
  RestoreOutcome outcome_;
};

} // namespace

RestoreOutcome
restore_backup (const std::string &archive, const std::vector<BackupTree> &trees,
                const std::string &stamp)
{
  return Restore (trees, stamp).run (archive);
}

bool
remove_folder (const std::string &path)
{
  constexpr int descriptors = 16;
  return nftw (path.c_str (), remove_one, descriptors, FTW_DEPTH | FTW_PHYS | FTW_MOUNT) == 0;
}

DaemonLock::~DaemonLock ()
{
  if (fd_ >= 0) {
    if (!made_.empty ())
      unlink (path_.c_str ());
    close (fd_);
  }
  if (!made_.empty ())
    rmdir (made_.c_str ());
}

DaemonLock::Result
DaemonLock::take (const std::string &directory, std::string &why)
{
  if (access (directory.c_str (), F_OK) != 0) {
    if (why = ensure_directory (directory); !why.empty ())
      return Result::Failed;
    made_ = directory;
  }
  path_ = directory + "/camwardend.lock";
  fd_ = open (path_.c_str (), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd_ < 0) {
    why = system_error (path_);
    return Result::Failed;
  }
  /* A daemon that is not root must be able to lock it, too. */
  struct stat owner
  {};
  if (geteuid () == 0 && stat (directory.c_str (), &owner) == 0)
    (void)!fchown (fd_, owner.st_uid, owner.st_gid);
  if (flock (fd_, LOCK_EX | LOCK_NB) == 0)
    return Result::Held;
  const bool busy = errno == EWOULDBLOCK;
  char pid[32] = "";
  const ssize_t size = pread (fd_, pid, sizeof pid - 1, 0);
  why = busy ? std::string (pid, static_cast<size_t> (std::max<ssize_t> (size, 0)))
             : system_error (path_);
  close (std::exchange (fd_, -1));
  return busy ? Result::Busy : Result::Failed;
}

} // namespace camwarden
