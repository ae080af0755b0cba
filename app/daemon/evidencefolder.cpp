// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/evidencefolder.h"

#include "daemon/openfile.h"

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <dirent.h>
#include <fcntl.h>
#include <map>
#include <span>
#include <sys/stat.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr size_t STAMP = 16; /* "20261125T220000Z" */
constexpr size_t LONGEST_CODE = 40;
constexpr size_t LONGEST_NAME = 64;
constexpr int MOST_ALIKE = 9; /* folders of one second and code */
constexpr std::string_view unfinished = ".part";
constexpr int FOLDER_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;

bool
is_code_char (char c)
{
  return islower (static_cast<unsigned char> (c)) || isdigit (static_cast<unsigned char> (c))
         || c == '-';
}

bool
is_camera_name (std::string_view name)
{
  return !name.empty () && name.size () <= 32
         && std::all_of (name.begin (), name.end (), is_code_char);
}

/* ".NAME.part": a daemon that was killed left it. */
bool
is_unfinished_name (std::string_view name)
{
  if (!name.starts_with ('.') || !name.ends_with (unfinished))
    return false;
  return is_evidence_name (name.substr (1, name.size () - 1 - unfinished.size ()));
}

bool
is_file_name (std::string_view name)
{
  const auto good = [] (char c) {
    return isalnum (static_cast<unsigned char> (c)) || c == '-' || c == '_' || c == '.';
  };
  return !name.empty () && name.size () <= LONGEST_NAME && name.front () != '.'
         && std::all_of (name.begin (), name.end (), good);
}

std::vector<std::string>
entries (int folder)
{
  std::vector<std::string> names;
  const int fd = openat (folder, ".", FOLDER_FLAGS);
  DIR *directory = fd < 0 ? nullptr : fdopendir (fd);
  if (!directory) {
    if (fd >= 0)
      close (fd);
    return names;
  }
  while (const dirent *entry = readdir (directory)) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..")
      names.push_back (name);
  }
  closedir (directory);
  return names;
}

/* One level deep: a folder that somebody put into ours, or a link, is never entered. */
bool
remove_folder (int parent, const std::string &name)
{
  {
    const OpenFile folder (openat (parent, name.c_str (), FOLDER_FLAGS));
    if (!folder)
      return false;
    for (const auto &file : entries (folder.get ()))
      unlinkat (folder.get (), file.c_str (), 0);
  }
  return unlinkat (parent, name.c_str (), AT_REMOVEDIR) == 0;
}

uint64_t
size_of (int parent, const std::string &name)
{
  uint64_t size = 0;
  const OpenFile folder (openat (parent, name.c_str (), FOLDER_FLAGS));
  if (!folder)
    return size;
  for (const auto &file : entries (folder.get ())) {
    struct stat status
    {};
    if (fstatat (folder.get (), file.c_str (), &status, AT_SYMLINK_NOFOLLOW) == 0
        && S_ISREG (status.st_mode))
      size += static_cast<uint64_t> (status.st_size);
  }
  return size;
}

/* A folder that is kept so far. */
struct Kept
{
  std::string camera;
  std::string name;
  uint64_t bytes = 0;
};

/* Oldest first, of all cameras. tidy: what is unfinished is deleted on the way, which only the one
 * who writes may do. */
std::vector<Kept>
kept_folders (int directory, bool tidy)
{
  std::vector<Kept> all;
  for (const auto &camera : entries (directory)) {
    const OpenFile folder (
        is_camera_name (camera) ? openat (directory, camera.c_str (), FOLDER_FLAGS) : -1);
    if (!folder)
      continue;
    for (const auto &name : entries (folder.get ())) {
      if (tidy && is_unfinished_name (name))
        remove_folder (folder.get (), name);
      if (is_evidence_name (name))
        all.push_back ({ camera, name, size_of (folder.get (), name) });
    }
  }
  std::sort (all.begin (), all.end (),
             [] (const Kept &a, const Kept &b) { return a.name < b.name; });
  return all;
}

void
make_room (int directory, const EvidenceSettings &settings, const std::string &camera,
           uint64_t bytes)
{
  const auto all = kept_folders (directory, true);
  uint64_t total = bytes;
  size_t of_camera = 1; /* the new one */
  for (const Kept &kept : all) {
    total += kept.bytes;
    of_camera += kept.camera == camera ? 1 : 0;
  }
  for (const Kept &kept : all) {
    const bool one_too_many = kept.camera == camera && of_camera > settings.keep;
    if (total <= settings.max_bytes && !one_too_many)
      continue;
    const OpenFile folder (openat (directory, kept.camera.c_str (), FOLDER_FLAGS));
    if (!folder || !remove_folder (folder.get (), kept.name))
      continue;
    total -= kept.bytes;
    of_camera -= kept.camera == camera ? 1 : 0;
  }
}

/* A file that is to be written. */
struct Part
{
  std::string name;
  std::string_view data;
};

/* As many as there is room for at all; the report itself comes first. */
std::vector<Part>
parts_of (const EvidenceItems &items, uint64_t max_bytes)
{
  std::vector<Part> parts;
  uint64_t left = max_bytes;
  const auto add = [&] (const std::string &name, std::string_view data) {
    if (!is_file_name (name) || data.size () > left)
      return;
    left -= data.size ();
    parts.push_back ({ name, data });
  };
  add ("fault.json", items.fault_json);
  for (const auto &[name, data] : items.files) {
    gsize size = 0;
    const auto *bytes
        = data ? static_cast<const char *> (g_bytes_get_data (data.get (), &size)) : nullptr;
    if (bytes && name != "fault.json")
      add (name, { bytes, size });
  }
  return parts;
}

bool
write_all (int fd, std::string_view data)
{
  while (!data.empty ()) {
    const ssize_t written = write (fd, data.data (), data.size ());
    if (written < 0 && errno == EINTR)
      continue;
    if (written <= 0)
      return false;
    data.remove_prefix (static_cast<size_t> (written));
  }
  return true;
}

/* False with errno. */
bool
write_part (int folder, const Part &part)
{
  constexpr int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
  OpenFile file (openat (folder, part.name.c_str (), flags, 0640));
  return file && write_all (file.get (), part.data) && file.close ();
}

bool
write_parts (int parent, const std::string &name, std::span<const Part> parts)
{
  if (mkdirat (parent, name.c_str (), 0750) != 0)
    return false;
  const OpenFile folder (openat (parent, name.c_str (), FOLDER_FLAGS));
  return folder && std::all_of (parts.begin (), parts.end (), [&] (const Part &part) {
           return write_part (folder.get (), part);
         });
}

/* The final name; "" with errno. */
std::string
give_name (int parent, const std::string &temporary, const std::string &wanted)
{
  for (int i = 1; i <= MOST_ALIKE; i++) {
    std::string name = i == 1 ? wanted : wanted + "-" + std::to_string (i);
    if (renameat (parent, temporary.c_str (), parent, name.c_str ()) == 0)
      return name;
    if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR)
      return {};
  }
  return {};
}

/* "" with errno; nothing is left then. */
std::string
make_folder (int parent, const std::string &wanted, std::span<const Part> parts)
{
  const std::string temporary = "." + wanted + std::string (unfinished);
  std::string name;
  if (write_parts (parent, temporary, parts))
    name = give_name (parent, temporary, wanted);
  const int reason = errno;
  if (name.empty ())
    remove_folder (parent, temporary);
  errno = reason;
  return name;
}

OpenFile
open_folder (int parent, const std::string &name)
{
  if (mkdirat (parent, name.c_str (), 0750) != 0 && errno != EEXIST)
    return {};
  return OpenFile (openat (parent, name.c_str (), FOLDER_FLAGS));
}

EvidenceResult
failed (const std::string &path)
{
  const int reason = errno;
  std::string text = path + ": " + g_strerror (reason) + ": the evidence of a fault is not kept. ";
  if (reason == ENOSPC || reason == EDQUOT || reason == EFBIG)
    text += "Make room on this file system";
  else
    text += "The daemon must be able to make folders there";
  return { {}, text };
}

} // namespace

std::string
evidence_name (int64_t wall, std::string_view code)
{
  g_autoptr (GDateTime) time = g_date_time_new_from_unix_utc (wall / G_USEC_PER_SEC);
  g_autofree char *stamp = time ? g_date_time_format (time, "%Y%m%dT%H%M%SZ") : nullptr;
  std::string name = stamp && strlen (stamp) == STAMP ? stamp : "19700101T000000Z";
  name += '-';
  for (const char c : code.substr (0, LONGEST_CODE)) {
    const char lower = static_cast<char> (tolower (static_cast<unsigned char> (c)));
    name += is_code_char (lower) ? lower : '-';
  }
  return code.empty () ? name + "fault" : name;
}

bool
is_evidence_name (std::string_view name)
{
  constexpr std::string_view pattern = "00000000T000000Z-";
  if (name.size () <= pattern.size () || name.size () > pattern.size () + LONGEST_CODE + 2)
    return false;
  for (size_t i = 0; i < pattern.size (); i++) {
    const bool digit = isdigit (static_cast<unsigned char> (name[i])) != 0;
    if (pattern[i] == '0' ? !digit : name[i] != pattern[i])
      return false;
  }
  const auto code = name.substr (pattern.size ());
  return std::all_of (code.begin (), code.end (), is_code_char);
}

EvidenceResult
write_evidence (const EvidenceSettings &settings, const std::string &camera,
                const EvidenceItems &items)
{
  const std::string path = settings.directory + "/" + camera;
  if (!is_camera_name (camera))
    return { {}, "'" + camera + "' is no camera: the evidence of its fault is not kept" };
  const OpenFile directory = open_folder (AT_FDCWD, settings.directory);
  const OpenFile folder = directory ? open_folder (directory.get (), camera) : OpenFile ();
  if (!folder)
    return failed (path);
  const auto parts = parts_of (items, settings.max_bytes);
  uint64_t bytes = 0;
  for (const Part &part : parts)
    bytes += part.data.size ();
  make_room (directory.get (), settings, camera, bytes);
  const std::string name
      = make_folder (folder.get (), evidence_name (items.wall, items.code), parts);
  if (name.empty ())
    return failed (path);
  return { path + "/" + name, {} };
}

EvidenceThinned
thin_evidence (const std::string &directory, size_t keep)
{
  EvidenceThinned thinned;
  const OpenFile parent (open (directory.c_str (), FOLDER_FLAGS));
  if (!parent)
    return thinned;
  auto all = kept_folders (parent.get (), false);
  std::reverse (all.begin (), all.end ());
  std::map<std::string, size_t> kept;
  for (const Kept &one : all) {
    if (++kept[one.camera] <= keep)
      continue;
    const OpenFile folder (openat (parent.get (), one.camera.c_str (), FOLDER_FLAGS));
    if (!folder || !remove_folder (folder.get (), one.name))
      continue;
    thinned.folders++;
    thinned.bytes += one.bytes;
  }
  return thinned;
}

} // namespace camwarden
