// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framestore/storescan.h"

#include "framestore/storefolder.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <dirent.h>
#include <fcntl.h>
#include <limits>
#include <memory>
#include <sys/stat.h>
#include <vector>

namespace camwarden
{

namespace
{

constexpr size_t question_every = 128; /* files */
constexpr size_t levels = 5;           /* year, month, day, hour, minute */

struct CloseDirectory
{
  void
  operator() (DIR *directory) const
  {
    closedir (directory);
  }
};
using Directory = std::unique_ptr<DIR, CloseDirectory>;

Directory
open_directory (int parent, const char *name, int flags)
{
  FileDescriptor fd (openat (parent, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | flags));
  if (!fd)
    return nullptr;
  DIR *directory = fdopendir (fd.get ());
  if (directory)
    (void)fd.release ();
  return Directory (directory);
}

/* The folders one level down, those of numbers, in order of time. */
std::vector<int>
read_numbers (DIR *directory, size_t digits)
{
  std::vector<int> numbers;
  while (const dirent *entry = readdir (directory)) {
    if (const auto number = parse_digits (entry->d_name, digits))
      numbers.push_back (*number);
  }
  std::sort (numbers.begin (), numbers.end ());
  return numbers;
}

Directory
open_number (DIR *directory, int number, size_t digits)
{
  std::string name = std::to_string (number);
  name.insert (0, digits - std::min (digits, name.size ()), '0');
  return open_directory (dirfd (directory), name.c_str (), O_NOFOLLOW);
}

constexpr size_t
digits_of (size_t level)
{
  return level == 0 ? 4 : 2;
}

class Scan
{
public:
  Scan (const std::string &location, const std::string &camera,
        const std::function<void (std::span<const StoredFrame>)> &found,
        const std::function<bool ()> &go_on)
      : location_ (location), camera_ (camera), found_ (found), go_on_ (go_on)
  {}

  ScanReport
  run ()
  {
    const Directory root = open_directory (AT_FDCWD, location_.c_str (), 0);
    report_.complete = root ? walk (root.get (), 0) : true;
    return report_;
  }

private:
  bool walk (DIR *directory, size_t level);
  bool read_minute (DIR *directory);
  void look_at (int folder, const char *name, int64_t minute);
  void add_frame (int folder, const char *name, const FrameName &frame, int64_t minute);

  const std::string &location_;
  const std::string &camera_;
  const std::function<void (std::span<const StoredFrame>)> &found_;
  const std::function<bool ()> &go_on_;
  std::array<int, levels> parts_{};
  std::vector<StoredFrame> frames_; /* of the folder being read */
  bool removed_part_ = false;       /* from that folder */
  ScanReport report_;
};

/* The folders one level down in order of time; at the lowest level the files. False: stopped. */
bool
Scan::walk (DIR *directory, size_t level)
{
  const size_t digits = digits_of (level);
  for (const int number : read_numbers (directory, digits)) {
    const Directory child = open_number (directory, number, digits);
    parts_[level] = number;
    if (!child)
      continue;
    if (!(level + 1 < levels ? walk (child.get (), level + 1) : read_minute (child.get ())))
      return false;
  }
  return true;
}

bool
Scan::read_minute (DIR *directory)
{
  const auto minute = minute_from_parts (parts_[0], parts_[1], parts_[2], parts_[3], parts_[4]);
  if (!minute)
    return true;
  frames_.clear ();
  removed_part_ = false;
  bool proceed = go_on_ ();
  for (size_t files = 1; proceed; files++) {
    const dirent *entry = readdir (directory);
    if (!entry)
      break;
    look_at (dirfd (directory), entry->d_name, *minute);
    if (files % question_every == 0)
      proceed = go_on_ ();
  }
  std::sort (frames_.begin (), frames_.end (),
             [] (const StoredFrame &a, const StoredFrame &b) { return a.name < b.name; });
  if (!frames_.empty ())
    found_ (frames_);
  else if (removed_part_)
    remove_empty_folders (location_, *minute);
  return proceed;
}

void
Scan::look_at (int folder, const char *name, int64_t minute)
{
  if (const auto frame = parse_file_name (name, camera_)) {
    add_frame (folder, name, *frame, minute);
    return;
  }
  const auto hidden = parse_hidden_name (name, camera_);
  if (!hidden || minute_of (hidden->name.time_us) != minute)
    return;
  if (hidden->kind == HiddenKind::bad)
    report_.quarantined++;
  else if (remove_dead_part (folder, name)) {
    removed_part_ = true;
    report_.parts_removed++;
  }
}

void
Scan::add_frame (int folder, const char *name, const FrameName &frame, int64_t minute)
{
  struct stat info
  {};
  if (minute_of (frame.time_us) != minute || fstatat (folder, name, &info, AT_SYMLINK_NOFOLLOW) != 0
      || !S_ISREG (info.st_mode))
    return;
  const auto size = std::min<uint64_t> (static_cast<uint64_t> (info.st_size),
                                        std::numeric_limits<uint32_t>::max ());
  frames_.push_back ({ frame, static_cast<uint32_t> (size) });
}

/* The newest frame, from the end. */
class Newest
{
public:
  Newest (const std::string &camera, int64_t last) : camera_ (camera), last_ (last) {}

  std::optional<int64_t>
  in (DIR *directory, size_t level)
  {
    const size_t digits = digits_of (level);
    const std::vector<int> numbers = read_numbers (directory, digits);
    for (auto number = numbers.rbegin (); number != numbers.rend (); ++number) {
      parts_[level] = *number;
      const auto begin = first_minute (level);
      if (!begin || *begin > minute_of (last_))
        continue;
      const Directory child = open_number (directory, *number, digits);
      std::optional<int64_t> found;
      if (child)
        found
            = level + 1 < levels ? in (child.get (), level + 1) : in_minute (child.get (), *begin);
      if (found)
        return found;
    }
    return std::nullopt;
  }

private:
  /* Of the folder that is entered. */
  [[nodiscard]] std::optional<int64_t>
  first_minute (size_t level) const
  {
    const auto part = [&] (size_t at, int least) { return at <= level ? parts_[at] : least; };
    return minute_from_parts (part (0, 0), part (1, 1), part (2, 1), part (3, 0), part (4, 0));
  }

  std::optional<int64_t>
  in_minute (DIR *directory, int64_t minute)
  {
    std::optional<int64_t> newest;
    while (const dirent *entry = readdir (directory)) {
      const auto name = parse_file_name (entry->d_name, camera_);
      if (name && minute_of (name->time_us) == minute && name->time_us <= last_
          && (entry->d_type == DT_REG || entry->d_type == DT_UNKNOWN))
        newest = std::max (newest.value_or (0), name->time_us);
    }
    return newest;
  }

  const std::string &camera_;
  const int64_t last_;
  std::array<int, levels> parts_{};
};

} // namespace

std::optional<int64_t>
newest_stored (const std::string &location, const std::string &camera, int64_t last)
{
  const Directory root = open_directory (AT_FDCWD, location.c_str (), 0);
  return root ? Newest (camera, last).in (root.get (), 0) : std::nullopt;
}

ScanReport
scan_store (const std::string &location, const std::string &camera,
            const std::function<void (std::span<const StoredFrame>)> &found,
            const std::function<bool ()> &go_on)
{
  return Scan (location, camera, found, go_on).run ();
}

} // namespace camwarden
