// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/backupcreate.h"

#include "buildconfig.h"
#include "config/i18n.h"
#include "ctl/archivenames.h"
#include "ctl/archivewriter.h"
#include "ctl/filechange.h"
#include "ctl/historycopy.h"
#include "ctl/jsonwriter.h"
#include "ctl/progress.h"
#include "ctl/stopsignals.h"
#include "ctl/textformat.h"
#include "gobject/ref.h"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr size_t piece = 128 * 1024;
constexpr size_t most_named = 10;

class Fd
{
public:
  explicit Fd (int fd) : fd_ (fd) {}
  ~Fd ()
  {
    if (fd_ >= 0)
      close (fd_);
  }
  Fd (const Fd &) = delete;
  Fd &operator= (const Fd &) = delete;
  [[nodiscard]] int
  get () const
  {
    return fd_;
  }

private:
  const int fd_;
};

std::string
about (const BackupChoice &choice)
{
  JsonWriter json;
  json.name ("format").integer (1);
  json.name ("camwarden").text (CAMWARDEN_VERSION);
  json.name ("created").text (iso_time (g_get_real_time ()));
  json.name ("host").text (g_get_host_name ());
  json.name ("images").flag (choice.images);
  json.name ("history").flag (choice.history);
  return json.finish ();
}

class Creation
{
public:
  Creation (const std::vector<BackupTree> &trees, const BackupChoice &choice, std::string path)
      : trees_ (trees), choice_ (choice)
  {
    outcome_.path = std::move (path);
  }

  [[nodiscard]] BackupOutcome
  run (bool dry_run)
  {
    count ();
    if (dry_run || !outcome_.problem.empty ())
      return outcome_;
    if (has_room ())
      write ();
    outcome_.interrupted = interrupted ();
    if (outcome_.interrupted && outcome_.problem.empty ())
      outcome_.problem = _ ("interrupted");
    return outcome_;
  }

private:
  void
  fail (const std::string &text)
  {
    if (outcome_.problem.empty ())
      outcome_.problem = text;
  }

  void
  count ()
  {
    const auto each = [this] (const FoundFile &file) {
      struct stat status
      {};
      if (fstatat (file.directory, file.name.c_str (), &status, AT_SYMLINK_NOFOLLOW) == 0) {
        outcome_.files++;
        outcome_.bytes += static_cast<uint64_t> (status.st_size);
      }
      return !interrupted ();
    };
    for (const BackupTree &tree : trees_)
      if (const std::string why = walk_tree (tree, each, unreadable_, outcome_.others);
          !why.empty ())
        fail (why);
  }

  /* Pictures do not become smaller. */
  [[nodiscard]] bool
  has_room ()
  {
    struct statvfs status
    {};
    const std::string folder = take_string (g_path_get_dirname (outcome_.path.c_str ()));
    if (statvfs (folder.c_str (), &status) != 0) {
      fail (system_error (folder));
      return false;
    }
    const double room
        = static_cast<double> (status.f_bavail) * static_cast<double> (status.f_frsize);
    const auto wanted = static_cast<double> (outcome_.bytes);
    if (room > wanted)
      return true;
    fail (text_of (_ ("%s: the backup may need %s, and %s are free. Leave the frames out with "
                      "--no-images, or name another disk with --directory"),
                   folder.c_str (), format_bytes (wanted).c_str (), format_bytes (room).c_str ()));
    return false;
  }

  void
  write ()
  {
    ArchiveWriter writer (true);
    Progress progress (outcome_.bytes);
    writer_ = &writer;
    progress_ = &progress;
    outcome_.files = outcome_.bytes = outcome_.others = outcome_.unreadable_count = 0;
    outcome_.unreadable.clear ();
    bool good = writer.open (outcome_.path)
                && writer.add_text (std::string (about_member), about (choice_));
    for (const BackupTree &tree : trees_)
      good = good && (tree.name == "history" ? add_history (tree) : add_tree (tree));
    good = good && !interrupted () && writer.finish ();
    if (!good && !interrupted ())
      fail (writer.error ());
    struct stat status
    {};
    if (good && stat (outcome_.path.c_str (), &status) == 0)
      outcome_.archive_bytes = static_cast<uint64_t> (status.st_size);
  }

  [[nodiscard]] bool
  add_tree (const BackupTree &tree)
  {
    bool good = true;
    const auto each = [&] (const FoundFile &file) {
      const Fd fd (openat (file.directory, file.name.c_str (),
                           O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK));
      if (fd.get () < 0)
        skip (tree.root + "/" + file.path, errno);
      else
        good = add_file (fd.get (), tree.name + "/" + file.path, tree.root + "/" + file.path);
      return good && !interrupted ();
    };
    if (const std::string why = walk_tree (tree, each, unreadable_, outcome_.others); !why.empty ())
      fail (why);
    return good && outcome_.problem.empty ();
  }

  void
  skip (const std::string &path, int number)
  {
    if (number == ENOENT)
      return; /* a frame whose time had come */
    if (outcome_.unreadable_count++ < most_named)
      outcome_.unreadable.push_back (path + ": " + g_strerror (number));
  }

  /* Its size is written already: the rest will be zeros. number: errno, 0: it became shorter. */
  void
  note_end (const std::string &path, uint64_t at, int number)
  {
    if (number == 0)
      outcome_.changed++;
    else
      skip (
          text_of (_ ("%s from byte %llu on"), path.c_str (), static_cast<unsigned long long> (at)),
          number);
  }

  [[nodiscard]] bool
  add_file (int fd, const std::string &member, const std::string &path)
  {
    struct stat status
    {};
    if (fstat (fd, &status) != 0 || !S_ISREG (status.st_mode))
      return true;
    if (!member_problem (member).empty ()) {
      skip (path, EINVAL);
      return true;
    }
    auto left = static_cast<uint64_t> (status.st_size);
    if (!writer_->begin_file (member, left, status.st_mode, status.st_mtime))
      return false;
    while (left > 0 && !interrupted ()) {
      const ssize_t got = read (fd, buffer_.get (), std::min<uint64_t> (piece, left));
      if (got < 0 && errno == EINTR)
        continue;
      if (got <= 0) {
        note_end (path, static_cast<uint64_t> (status.st_size) - left, got < 0 ? errno : 0);
        break;
      }
      if (!writer_->write (buffer_.get (), static_cast<size_t> (got)))
        return false;
      left -= static_cast<uint64_t> (got);
      progress_->add (static_cast<uint64_t> (got));
    }
    outcome_.files++;
    outcome_.bytes += static_cast<uint64_t> (status.st_size);
    return !interrupted () && writer_->end_file ();
  }

  [[nodiscard]] bool
  add_history (const BackupTree &tree)
  {
    const std::string from = tree.root + "/" + tree.only.front ();
    if (access (from.c_str (), F_OK) != 0)
      return true;
    const std::string copy = outcome_.path + ".history.part";
    unlink (copy.c_str ());
    const mode_t mask = umask (077);
    const std::string why = copy_history (from, copy);
    umask (mask);
    bool good = why.empty ();
    if (good) {
      const Fd fd (open (copy.c_str (), O_RDONLY | O_CLOEXEC));
      if (fd.get () < 0)
        fail (system_error (copy));
      good = fd.get () >= 0 && add_file (fd.get (), std::string (history_member), from);
    } else {
      fail (why);
    }
    unlink (copy.c_str ());
    unlink ((copy + "-journal").c_str ());
    return good;
  }

  const std::vector<BackupTree> &trees_;
  const BackupChoice &choice_;
  BackupOutcome outcome_;
  const UnreadableFolder unreadable_
      = [this] (const std::string &path, int number) { skip (path, number); };
  ArchiveWriter *writer_ = nullptr;
  Progress *progress_ = nullptr;
  const std::unique_ptr<char[]> buffer_{ new char[piece] };
};

} // namespace

BackupOutcome
create_backup (const std::vector<BackupTree> &trees, const BackupChoice &choice,
               const std::string &path, bool dry_run)
{
  return Creation (trees, choice, path).run (dry_run);
}

} // namespace camwarden
