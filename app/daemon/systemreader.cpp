// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/systemreader.h"

#include "core/memorygroup.h"

#include <cerrno>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <filesystem>
#include <glib.h>
#include <memory>
#include <sstream>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <system_error>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr size_t LARGEST = 1 << 20;  /* no file that is read here has a reason to be larger */
constexpr size_t MOST_THREADS = 256; /* of one process that are looked at one by one */

std::string
without_slash (std::string path)
{
  while (!path.empty () && path.back () == '/')
    path.pop_back ();
  return path;
}

std::string
first_line (const std::string &text)
{
  return text.substr (0, text.find ('\n'));
}

double
ticks_per_second ()
{
  static const long ticks = sysconf (_SC_CLK_TCK);
  return ticks > 0 ? static_cast<double> (ticks) : 100;
}

} // namespace

SystemReader::SystemReader (std::string root) : root_ (without_slash (std::move (root)))
{}

bool
SystemReader::real () const
{
  return root_.empty ();
}

std::string
SystemReader::below (const std::string &path) const
{
  return root_ + path;
}

SystemSample
SystemReader::read (const SystemQuestion &question)
{
  const int64_t begin = g_get_monotonic_time ();
  SystemSample sample;
  sample.time = question.time;
  sample.redis_reachable = question.redis_reachable;
  read_cpu (sample);
  read_memory (sample);
  read_temperature (sample);
  read_power (sample, question);
  read_network (sample);
  read_processes (sample, question);
  if (const auto uptime = text ("/proc/uptime"))
    sample.uptime = parse_uptime (*uptime);
  if (const auto boot = text ("/proc/sys/kernel/random/boot_id"))
    sample.boot_id = parse_boot_id (*boot).value_or ("");
  sample.clock_synchronised = clock_synchronised ();
  read_disks (sample, question);
  reading_.set ("");
  sample.took = g_get_monotonic_time () - begin;
  return sample;
}

/* --- files --- */

std::optional<std::string>
SystemReader::text (const std::string &path)
{
  const std::string file = below (path);
  reading_.set (file);
  const int fd = open (file.c_str (), O_RDONLY | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return {};
  std::string content;
  char part[4096];
  ssize_t length;
  while ((length = ::read (fd, part, sizeof part)) > 0 && content.size () < LARGEST)
    content.append (part, static_cast<size_t> (length));
  close (fd);
  if (length < 0) /* a sensor that cannot be read just now, a process that has just ended */
    return {};
  return content;
}

/* Without those that begin with a dot; empty when it cannot be read. */
std::vector<std::string>
SystemReader::names (const std::string &directory)
{
  const std::string path = below (directory);
  reading_.set (path);
  const std::unique_ptr<DIR, int (*) (DIR *)> open (opendir (path.c_str ()), closedir);
  std::vector<std::string> found;
  if (!open)
    return found;
  while (const dirent *entry = readdir (open.get ()))
    if (entry->d_name[0] != '.')
      found.emplace_back (entry->d_name);
  return found;
}

/* --- processor and memory --- */

void
SystemReader::read_cpu (SystemSample &sample)
{
  if (const auto load = text ("/proc/loadavg"))
    sample.load = parse_loadavg (*load);
  const auto stat = text ("/proc/stat");
  auto times = stat ? parse_cpu_times (*stat) : std::nullopt;
  if (times && cpu_before_) {
    sample.cpu = cpu_share (cpu_before_->total, times->total);
    for (const auto &[core, ticks] : times->cores)
      if (const auto before = cpu_before_->cores.find (core); before != cpu_before_->cores.end ())
        if (const auto share = cpu_share (before->second, ticks))
          sample.cores[core] = *share;
  }
  cpu_before_ = std::move (times);
}

void
SystemReader::read_memory (SystemSample &sample)
{
  if (const auto memory = text ("/proc/meminfo"))
    sample.memory = parse_meminfo (*memory);
  if (const auto cgroup = sample.memory ? text ("/proc/self/cgroup") : std::nullopt)
    if (const auto group = memory_group (*cgroup))
      if (const auto limit = text (group->limit))
        sample.memory = scarcer (*sample.memory,
                                 group_memory (*limit, text (group->usage).value_or (""),
                                               text (group->stat).value_or (""), *sample.memory));
  for (const auto &[name, pressure] : { std::pair{ "cpu", &sample.cpu_pressure },
                                        { "memory", &sample.memory_pressure },
                                        { "io", &sample.io_pressure } })
    if (const auto content = text (std::string ("/proc/pressure/") + name))
      *pressure = parse_pressure (*content);
}

/* --- file systems --- */

void
SystemReader::read_disks (SystemSample &sample, const SystemQuestion &question)
{
  const auto table = text ("/proc/self/mountinfo");
  const std::vector<Mount> mounts = table ? parse_mountinfo (*table) : std::vector<Mount>{};
  for (const auto &wanted : question.disks) {
    DiskSample disk;
    disk.name = wanted.name;
    disk.path = disk.mount = wanted.path;
    disk.write_errors = wanted.write_errors;
    if (real ())
      ask_disk (disk);
    else
      ask_disk_file (disk);
    std::error_code unknown;
    const std::string straight
        = real () ? std::filesystem::weakly_canonical (disk.path, unknown).string () : disk.path;
    if (const Mount *mount = mount_of (mounts, straight)) {
      disk.mount = mount->point;
      disk.device = mount->device;
      disk.type = mount->type;
      disk.read_only |= mount->read_only;
    }
    sample.disks.push_back (std::move (disk));
  }
}

/* A folder that is made later lies on the file system of the one above it. */
void
SystemReader::ask_disk (DiskSample &disk)
{
  reading_.set (disk.path);
  std::filesystem::path path = disk.path;
  struct statvfs told;
  int answer;
  while ((answer = statvfs (path.c_str (), &told)) != 0 && errno == ENOENT
         && path.has_relative_path ())
    path = path.parent_path ();
  if (answer != 0)
    return;
  const uint64_t unit = told.f_frsize ? told.f_frsize : told.f_bsize;
  disk.known = true;
  disk.available = told.f_bavail * unit;
  disk.total = (told.f_blocks - told.f_bfree) * unit + disk.available;
  disk.inodes = told.f_files;
  disk.inodes_free = told.f_favail;
  disk.read_only = (told.f_flag & ST_RDONLY) != 0;
}

void
SystemReader::ask_disk_file (DiskSample &disk)
{
  const auto table = text ("/camwarden-statvfs");
  std::istringstream lines (table.value_or (""));
  size_t longest = 0;
  for (std::string line; std::getline (lines, line);) {
    std::istringstream words (line);
    std::string path, flag;
    DiskSample told = disk;
    if (!(words >> path >> told.total >> told.available >> told.inodes >> told.inodes_free))
      continue;
    const std::string folder = without_slash (path) + "/";
    if ((disk.path + "/").starts_with (folder) && folder.size () > longest) {
      longest = folder.size ();
      told.known = true;
      told.read_only = (words >> flag) && flag == "ro";
      disk = std::move (told);
    }
  }
}

/* --- heat and power --- */

void
SystemReader::read_temperature (SystemSample &sample)
{
  const std::string zones = "/sys/class/thermal/";
  for (const auto &zone : names (zones)) {
    if (!zone.starts_with ("thermal_zone"))
      continue;
    const auto content = text (zones + zone + "/temp");
    const auto degrees = content ? parse_millidegrees (*content) : std::nullopt;
    if (!degrees || (sample.temperature && *sample.temperature >= *degrees))
      continue;
    sample.temperature = degrees;
    sample.temperature_zone = first_line (text (zones + zone + "/type").value_or (zone));
  }
}

void
SystemReader::read_power (SystemSample &sample, const SystemQuestion &question)
{
  auto reading = power_file ();
  power_wanted_ = !reading;
  if (!reading)
    reading = question.power;
  power_.update (question.time, reading);
  sample.power_known = power_.known ();
  sample.power_now = power_.now ();
  sample.power_since_boot = power_.since_boot ();
  sample.under_voltage_seen = power_.last_seen (PowerLatch::UnderVoltage);
}

std::optional<PowerReading>
SystemReader::power_file ()
{
  if (const auto flags = text ("/sys/devices/platform/soc/soc:firmware/get_throttled"))
    if (const auto reading = parse_throttled (*flags))
      return reading;
  const std::string sensors = "/sys/class/hwmon/";
  for (const auto &sensor : names (sensors)) {
    if (first_line (text (sensors + sensor + "/name").value_or ("")) != "rpi_volt")
      continue;
    const auto content = text (sensors + sensor + "/in0_lcrit_alarm");
    if (const auto alarm = content ? parse_alarm (*content) : std::nullopt)
      return PowerReading{ .now = { .under_voltage = *alarm }, .since_boot = {} };
  }
  return {};
}

/* --- network --- */

void
SystemReader::read_network (SystemSample &sample)
{
  const auto counters = text ("/proc/net/dev");
  for (auto &link : parse_net_dev (counters.value_or (""))) {
    if (link.name == "lo")
      continue;
    const bool up = link_up (link.name);
    sample.links.push_back ({ std::move (link), up });
  }
  auto route = parse_default_route (text ("/proc/net/route").value_or (""));
  if (!route)
    route = parse_default_route6 (text ("/proc/net/ipv6_route").value_or (""));
  sample.default_route = route.value_or ("");
}

/* A tunnel has no state of its own, but it has a carrier. */
bool
SystemReader::link_up (const std::string &name)
{
  const std::string link = "/sys/class/net/" + name;
  const std::string state = first_line (text (link + "/operstate").value_or (""));
  if (state == "unknown")
    return first_line (text (link + "/carrier").value_or ("")) == "1";
  return state == "up";
}

/* --- processes --- */

void
SystemReader::read_processes (SystemSample &sample, const SystemQuestion &question)
{
  std::map<int, Known> known;
  for (const auto &process : question.processes) {
    Known &here = known[process.pid];
    if (const auto before = known_.find (process.pid); before != known_.end ())
      here = before->second;
    sample.processes.push_back (read_process (process, here, question.time));
  }
  known_ = std::move (known);
}

ProcessSample
SystemReader::read_process (const SystemQuestion::Process &process, Known &known, int64_t now)
{
  ProcessSample sample;
  sample.name = process.name;
  sample.pid = process.pid;
  sample.restarts = process.restarts;
  const std::string folder = "/proc/" + std::to_string (process.pid);
  const auto content = process.pid > 0 ? text (folder + "/stat") : std::nullopt;
  const auto stat = content ? parse_task_stat (*content) : std::nullopt;
  if (!stat) {
    known = {};
    return sample;
  }
  sample.running = true;
  sample.state = stat->state;
  sample.threads = stat->threads;
  if (known.start != stat->start) /* another process with that number */
    known = {};
  else if (now > known.time && stat->ticks >= known.ticks)
    sample.cpu = static_cast<double> (stat->ticks - known.ticks) / ticks_per_second ()
                 / (static_cast<double> (now - known.time) / 1e6);
  known.start = stat->start;
  known.ticks = stat->ticks;
  known.time = now;
  if (const auto status = parse_process_status (text (folder + "/status").value_or (""))) {
    sample.rss = status->rss;
    sample.swap = status->swap;
  }
  if (const auto io = text (folder + "/io"))
    sample.written = parse_process_io (*io);
  sample.descriptors = static_cast<unsigned> (names (folder + "/fd").size ());
  find_blocked (sample, known, now);
  return sample;
}

/* A thread that reads from a slow disk is in state D at many moments; one that hangs there uses no
 * processor time in between. */
void
SystemReader::find_blocked (ProcessSample &process, Known &known, int64_t now)
{
  const std::string tasks = "/proc/" + std::to_string (process.pid) + "/task/";
  std::map<int, Known::Blocked> blocked;
  size_t looked_at = 0;
  for (const auto &name : names (tasks)) {
    if (++looked_at > MOST_THREADS)
      break;
    const auto content = text (tasks + name + "/stat");
    const auto stat = content ? parse_task_stat (*content) : std::nullopt;
    int thread = 0;
    const auto [end, problem] = std::from_chars (name.data (), name.data () + name.size (), thread);
    if (!stat || stat->state != 'D' || problem != std::errc ())
      continue;
    const auto before = known.blocked.find (thread);
    const bool still = before != known.blocked.end () && before->second.ticks == stat->ticks;
    const int64_t since = still ? before->second.since : now;
    blocked[thread] = { since, stat->ticks };
    process.blocked_threads++;
    if (!process.blocked_since || since < process.blocked_since)
      process.blocked_since = since;
  }
  known.blocked = std::move (blocked);
}

/* --- the clock --- */

/* Where the kernel may not be asked, systemd's time service leaves a file. */
std::optional<bool>
SystemReader::clock_synchronised ()
{
  if (!real ()) {
    const auto told = text ("/camwarden-clock");
    return told ? std::optional (first_line (*told) == "synchronised") : std::nullopt;
  }
  timex question{};
  if (adjtimex (&question) >= 0)
    return (question.status & STA_UNSYNC) == 0;
  if (access ("/run/systemd/timesync/synchronized", F_OK) == 0)
    return true;
  return {};
}

} // namespace camwarden
