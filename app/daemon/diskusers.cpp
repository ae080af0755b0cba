// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/diskusers.h"

#include <algorithm>
#include <cstdio>
#include <dirent.h>
#include <fcntl.h>
#include <glib.h>
#include <memory>
#include <optional>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr int named_depth = 4;      /* folders below the mount point that may be named */
constexpr int deepest = 64;         /* a tree that is deeper is not looked through */
constexpr uint64_t least = 1 << 20; /* smaller ones are named by their folder */
constexpr double mostly = 0.7;      /* of a folder that lies in one place of it */

struct Node
{
  std::string path;
  uint64_t bytes = 0;
  std::vector<Node> parts;
};

class Walk
{
public:
  explicit Walk (int64_t end) : end_ (end) {}

  void
  look (int parent, const char *name, Node &node, int depth)
  {
    constexpr int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    const int fd = openat (parent, name, flags);
    struct stat self
    {};
    if (fd < 0 || fstat (fd, &self) != 0 || (device_ && self.st_dev != *device_)) {
      complete_ = complete_ && fd >= 0;
      if (fd >= 0)
        close (fd);
      return;
    }
    device_ = self.st_dev;
    const std::unique_ptr<DIR, int (*) (DIR *)> directory (fdopendir (fd), closedir);
    while (const dirent *entry = directory ? readdir (directory.get ()) : nullptr) {
      if (g_get_monotonic_time () > end_)
        return;
      const std::string child = entry->d_name;
      if (child != "." && child != "..")
        add (dirfd (directory.get ()), child, node, depth);
    }
    complete_ = complete_ && directory != nullptr;
  }

  [[nodiscard]] bool
  complete () const
  {
    return complete_ && g_get_monotonic_time () <= end_;
  }

private:
  void
  add (int fd, const std::string &name, Node &node, int depth)
  {
    struct stat status
    {};
    if (fstatat (fd, name.c_str (), &status, AT_SYMLINK_NOFOLLOW) != 0)
      return;
    Node child{ (node.path == "/" ? "" : node.path) + "/" + name,
                static_cast<uint64_t> (status.st_blocks) * 512,
                {} };
    if (S_ISDIR (status.st_mode) && depth < deepest)
      look (fd, name.c_str (), child, depth + 1);
    node.bytes += child.bytes;
    if (depth < named_depth && child.bytes >= least)
      node.parts.push_back (std::move (child));
  }

  const int64_t end_;
  std::optional<dev_t> device_;
  bool complete_ = true;
};

/* Where most of a folder lies in one place of it, that place is the answer. */
const Node &
place_of (const Node &node)
{
  const Node *place = &node;
  while (true) {
    const auto largest
        = std::max_element (place->parts.begin (), place->parts.end (),
                            [] (const Node &a, const Node &b) { return a.bytes < b.bytes; });
    if (largest == place->parts.end ()
        || static_cast<double> (largest->bytes) < mostly * static_cast<double> (place->bytes))
      return *place;
    place = &*largest;
  }
}

} // namespace

DiskUsers
find_disk_users (const std::string &mount, int64_t patience, size_t most)
{
  Walk walk (g_get_monotonic_time () + patience);
  Node root{ mount, 0, {} };
  walk.look (AT_FDCWD, mount.c_str (), root, 0);
  DiskUsers users;
  for (const Node &part : root.parts) {
    const Node &place = place_of (part);
    users.largest.push_back ({ place.path, place.bytes });
  }
  std::sort (users.largest.begin (), users.largest.end (),
             [] (const DiskUser &a, const DiskUser &b) { return a.bytes > b.bytes; });
  users.largest.resize (std::min (most, users.largest.size ()));
  users.complete = walk.complete ();
  return users;
}

std::string
DiskUsers::text () const
{
  std::string text;
  for (const DiskUser &user : largest)
    text += (text.empty () ? "" : ", ") + user.path + " " + size_in_words (user.bytes);
  return text;
}

std::string
size_in_words (uint64_t bytes)
{
  char text[G_ASCII_DTOSTR_BUF_SIZE];
  const double mib = static_cast<double> (bytes) / (1 << 20);
  if (mib < 1024)
    return std::string (g_ascii_formatd (text, sizeof text, "%.0f", mib)) + " MiB";
  return std::string (g_ascii_formatd (text, sizeof text, "%.1f", mib / 1024)) + " GiB";
}

} // namespace camwarden
