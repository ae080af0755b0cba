// SPDX-License-Identifier: LGPL-2.1-or-later
/* What "doctor" says of the disks that hold frames and state. */
#include "config/directories.h"
#include "config/i18n.h"
#include "config/values.h"
#include "core/systemparse.h"
#include "ctl/doctor.h"
#include "ctl/textformat.h"
#include "gobject/ref.h"

#include <algorithm>
#include <cstdlib>
#include <fcntl.h>
#include <numeric>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

struct DiskFacts
{
  bool known = false;
  double total = 0, available = 0; /* bytes */
  double used = 0;                 /* 0 to 1, of bytes or inodes */
  bool read_only = false;
  std::string type, source; /* ext4, /dev/mmcblk0p2 */
};

double
share (double left, double all)
{
  return all > 0 ? 1 - std::min (left, all) / all : 0;
}

/* Above a folder that is not made yet. */
std::string
existing_part (std::string path)
{
  while (path.size () > 1 && access (path.c_str (), F_OK) != 0)
    path = take_string (g_path_get_dirname (path.c_str ()));
  return path;
}

/* Tests say it in a file: PATH TOTAL AVAILABLE INODES FREE [ro]. */
void
read_table (const Machine &machine, const std::string &path, DiskFacts &disk)
{
  const auto table = machine.text ("/camwarden-statvfs");
  size_t longest = 0;
  for (const auto &line : split_words (table.value_or (""), "\n")) {
    const auto words = split_words (line, " ");
    if (words.size () < 5 || !path.starts_with (words[0]) || words[0].size () <= longest)
      continue;
    const auto number = [&words] (size_t i) { return std::strtod (words[i].c_str (), nullptr); };
    longest = words[0].size ();
    disk.known = true;
    disk.total = number (1);
    disk.available = number (2);
    disk.used = std::max (share (number (2), number (1)), share (number (4), number (3)));
    disk.read_only = words.size () > 5 && words[5] == "ro";
  }
}

DiskFacts
ask_disk (const Machine &machine, const std::string &path)
{
  DiskFacts disk;
  if (machine.real ()) {
    struct statvfs told
    {};
    disk.known = statvfs (existing_part (path).c_str (), &told) == 0;
    const auto unit = static_cast<double> (told.f_frsize);
    disk.available = static_cast<double> (told.f_bavail) * unit;
    disk.total = static_cast<double> (told.f_blocks - told.f_bfree) * unit + disk.available;
    disk.used
        = std::max (share (disk.available, disk.total), share (static_cast<double> (told.f_favail),
                                                               static_cast<double> (told.f_files)));
    disk.read_only = (told.f_flag & ST_RDONLY) != 0;
  } else {
    read_table (machine, path, disk);
  }
  const auto mounts = parse_mountinfo (machine.text ("/proc/self/mountinfo").value_or (""));
  if (const Mount *mount = mount_of (mounts, path)) {
    disk.type = mount->type;
    disk.source = mount->source;
    disk.read_only = disk.read_only || mount->read_only;
  }
  return disk;
}

void
check_room (Inspection &all, const std::string &path, const DiskFacts &disk)
{
  const Levels &levels = all.config.thresholds ().disk;
  const bool full = disk.known && disk.used >= levels.warning;
  all.check (
      full, disk.used >= levels.critical ? Severity::Error : Severity::Warning, "disk-full",
      text_of (_ ("the disk of %s is %.0f %% full"), path.c_str (), disk.used * 100),
      text_of (_ ("%s are free, of bytes or of inodes"), format_bytes (disk.available).c_str ()),
      _ ("store-max-bytes or store-keep-free of the cameras, camwardenctl backup cleanup, or "
         "a larger disk"));
  all.error (disk.read_only, "disk-read-only",
             text_of (_ ("the disk of %s is read-only"), path.c_str ()),
             _ ("a kernel mounts a disk anew like that after an error on it"),
             _ ("see dmesg; check the disk with fsck, replace it if there are errors"));
}

/* B/s that a second of writing gives; 0: it cannot be tried. */
double
write_speed (const Machine &machine, const std::string &folder)
{
  if (!machine.real ())
    return std::strtod (machine.text ("/camwarden-write-speed").value_or ("0").c_str (), nullptr);
  constexpr size_t piece = 1 << 20;
  constexpr int most = 32;
  const std::string path = folder + "/.camwarden-doctor-XXXXXX";
  std::string name = path;
  const int fd = mkostemp (name.data (), O_CLOEXEC);
  if (fd < 0)
    return 0;
  unlink (name.c_str ());
  const std::string data (piece, 'x');
  const int64_t start = g_get_monotonic_time ();
  int written = 0;
  while (written < most && g_get_monotonic_time () - start < G_USEC_PER_SEC
         && write (fd, data.data (), piece) == static_cast<ssize_t> (piece))
    written++;
  const bool flushed = fdatasync (fd) == 0;
  close (fd);
  const auto took = static_cast<double> (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  return flushed && written > 0 ? written * static_cast<double> (piece) / std::max (took, 0.001)
                                : 0;
}

void
check_speed (Inspection &all, const std::string &path, double wanted)
{
  const double speed = write_speed (all.machine, existing_part (path));
  all.warning (
      speed > 0 && speed < 2 * wanted, "disk-slow",
      text_of (_ ("the disk of %s writes %s a second"), path.c_str (),
               format_bytes (speed).c_str ()),
      text_of (_ ("the cameras store about %s a second; a disk needs twice that to keep up"),
               format_bytes (wanted).c_str ()),
      _ ("a larger store-interval, a smaller picture, or a faster disk"));
}

/* A cheap card bears about 500 times its size. */
void
check_wear (Inspection &all, const std::string &path, const DiskFacts &disk, double wanted)
{
  constexpr double writes = 500, day = 86400, year = 365 * day, enough = 3;
  if (!disk.source.starts_with ("/dev/mmcblk") || wanted <= 0 || disk.total <= 0)
    return;
  const double years = disk.total * writes / wanted / year;
  all.warning (years < enough, "disk-wear",
               text_of (_ ("the card of %s may be worn out in %.1f years"), path.c_str (), years),
               text_of (_ ("the cameras store about %s a day on %s"),
                        format_bytes (wanted * day).c_str (), format_bytes (disk.total).c_str ()),
               _ ("a larger store-interval, an SSD for location in [store], or a card made for "
                  "cameras"));
}

void
check_limits (Inspection &all)
{
  for (const CameraConfig &camera : all.config.cameras ())
    all.warning (camera.store && camera.store_max_bytes == 0 && camera.store_max_age == 0
                     && camera.store_keep_free.bytes == 0 && camera.store_keep_free.share <= 0,
                 "store-unlimited",
                 text_of (_ ("camera %s stores frames without a limit"), camera.id.c_str ()),
                 _ ("the disk fills up, and then nothing is stored any more"),
                 _ ("store-keep-free=10%, store-max-bytes or store-max-age"));
}

} // namespace

void
check_disks (Inspection &all)
{
  const std::string frames = all.config.store ().location, state = state_directory ();
  const double wanted = std::accumulate (
      all.config.cameras ().begin (), all.config.cameras ().end (), 0.0,
      [] (double sum, const CameraConfig &camera) { return sum + estimated_store_rate (camera); });
  check_limits (all);
  const DiskFacts state_disk = ask_disk (all.machine, state);
  check_room (all, state, state_disk);
  if (wanted <= 0)
    return;
  const DiskFacts disk = ask_disk (all.machine, frames);
  if (!frames.starts_with (state + "/"))
    check_room (all, frames, disk);
  all.warning (disk.type == "tmpfs" || disk.type == "ramfs", "store-in-memory",
               text_of (_ ("the frames in %s are kept in memory"), frames.c_str ()),
               _ ("they are gone after a reboot, and take memory from the cameras"),
               _ ("a directory on a disk for location in [store]"));
  check_speed (all, frames, wanted);
  check_wear (all, frames, disk, wanted);
}

} // namespace camwarden
