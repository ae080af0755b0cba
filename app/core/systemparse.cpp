// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/systemparse.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

namespace camwarden
{

namespace
{

/* Takes the text up to the mark off `rest`; all of it when there is none. */
std::string_view
take (std::string_view &rest, char mark)
{
  const size_t end = rest.find (mark);
  const std::string_view part = rest.substr (0, end);
  rest.remove_prefix (end == rest.npos ? rest.size () : end + 1);
  return part;
}

bool
blank (char c)
{
  return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

std::string_view
trim (std::string_view text)
{
  while (!text.empty () && blank (text.front ()))
    text.remove_prefix (1);
  while (!text.empty () && blank (text.back ()))
    text.remove_suffix (1);
  return text;
}

/* The next word; empty at the end. */
std::string_view
word (std::string_view &rest)
{
  while (!rest.empty () && blank (rest.front ()))
    rest.remove_prefix (1);
  size_t length = 0;
  while (length < rest.size () && !blank (rest[length]))
    length++;
  const std::string_view found = rest.substr (0, length);
  rest.remove_prefix (length);
  return found;
}

/* The whole text is one number. */
template <typename T>
std::optional<T>
number (std::string_view text, int base = 10)
{
  T value{};
  const char *end = text.data () + text.size ();
  const auto [stopped, problem] = std::from_chars (text.data (), end, value, base);
  if (problem != std::errc () || stopped != end || text.empty ())
    return {};
  return value;
}

std::optional<double>
decimal (std::string_view text)
{
  double value = 0;
  const char *end = text.data () + text.size ();
  const auto [stopped, problem] = std::from_chars (text.data (), end, value);
  if (problem != std::errc () || stopped != end || text.empty () || !std::isfinite (value))
    return {};
  return value;
}

/* "1234 kB" */
std::optional<uint64_t>
kilobytes (std::string_view text)
{
  const auto value = number<uint64_t> (word (text));
  if (word (text) != "kB" || !value || *value > std::numeric_limits<uint64_t>::max () / 1024)
    return {};
  return *value * 1024;
}

/* "name:   rest" */
std::pair<std::string_view, std::string_view>
field (std::string_view line)
{
  const std::string_view name = take (line, ':');
  return { name, trim (line) };
}

uint64_t
grown (uint64_t before, uint64_t after)
{
  return after > before ? after - before : 0; /* iowait may go back */
}

std::optional<CpuTicks>
cpu_ticks (std::string_view words)
{
  CpuTicks ticks;
  uint64_t *const values[] = { &ticks.user,   &ticks.nice, &ticks.system,  &ticks.idle,
                               &ticks.iowait, &ticks.irq,  &ticks.softirq, &ticks.steal };
  size_t count = 0;
  for (uint64_t *value : values) {
    const auto read = number<uint64_t> (word (words));
    if (!read)
      break;
    *value = *read;
    count++;
  }
  if (count < 4) /* up to idle: the rest came with later kernels */
    return {};
  return ticks;
}

} // namespace

std::optional<CpuTimes>
parse_cpu_times (std::string_view text)
{
  CpuTimes times;
  bool found = false;
  while (!text.empty ()) {
    std::string_view line = take (text, '\n');
    std::string_view name = word (line);
    if (!name.starts_with ("cpu"))
      continue;
    name.remove_prefix (3);
    const auto ticks = cpu_ticks (line);
    if (!ticks)
      continue;
    if (name.empty ()) {
      times.total = *ticks;
      found = true;
    } else if (const auto core = number<unsigned> (name)) {
      times.cores[*core] = *ticks;
    }
  }
  if (!found)
    return {};
  return times;
}

std::optional<CpuShare>
cpu_share (const CpuTicks &before, const CpuTicks &after)
{
  const double iowait = static_cast<double> (grown (before.iowait, after.iowait));
  const double idle = static_cast<double> (grown (before.idle, after.idle)) + iowait;
  double busy = 0;
  for (const auto part : { &CpuTicks::user, &CpuTicks::nice, &CpuTicks::system, &CpuTicks::irq,
                           &CpuTicks::softirq, &CpuTicks::steal })
    busy += static_cast<double> (grown (before.*part, after.*part));
  const double total = busy + idle;
  if (total <= 0)
    return {};
  return CpuShare{ busy / total, iowait / total };
}

std::optional<LoadAverage>
parse_loadavg (std::string_view text)
{
  const auto one = decimal (word (text));
  const auto five = decimal (word (text));
  const auto fifteen = decimal (word (text));
  if (!one || !five || !fifteen)
    return {};
  return LoadAverage{ *one, *five, *fifteen };
}

std::optional<int64_t>
parse_uptime (std::string_view text)
{
  const auto seconds = decimal (word (text));
  if (!seconds || *seconds < 0 || *seconds > 1e12)
    return {};
  return static_cast<int64_t> (*seconds * 1e6);
}

std::optional<std::string>
parse_boot_id (std::string_view text)
{
  text = trim (text);
  const bool good = text.size () == 36 && std::all_of (text.begin (), text.end (), [] (char c) {
                      return c == '-' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
                    });
  if (!good)
    return {};
  return std::string (text);
}

double
MemoryInfo::used () const
{
  return total ? 1 - static_cast<double> (available) / static_cast<double> (total) : 0;
}

std::optional<MemoryInfo>
parse_meminfo (std::string_view text)
{
  MemoryInfo memory;
  std::optional<uint64_t> available;
  while (!text.empty ()) {
    const auto [name, value] = field (take (text, '\n'));
    const auto bytes = kilobytes (value);
    if (!bytes)
      continue;
    if (name == "MemTotal")
      memory.total = *bytes;
    else if (name == "MemAvailable")
      available = bytes;
    else if (name == "SwapTotal")
      memory.swap_total = *bytes;
    else if (name == "SwapFree")
      memory.swap_free = *bytes;
  }
  if (!memory.total || !available)
    return {};
  memory.available = std::min (*available, memory.total);
  memory.swap_free = std::min (memory.swap_free, memory.swap_total);
  return memory;
}

/* "avg10=0.12 avg60=... avg300=... total=..." */
static std::optional<PressureLine>
pressure_line (std::string_view words)
{
  PressureLine line;
  int found = 0;
  while (!trim (words).empty ()) {
    std::string_view value = word (words);
    const std::string_view name = take (value, '=');
    const auto percent = decimal (value);
    const auto total = number<uint64_t> (value);
    if (name == "total" && total)
      line.total = *total;
    else if (name == "avg10" && percent)
      line.avg10 = *percent / 100;
    else if (name == "avg60" && percent)
      line.avg60 = *percent / 100;
    else if (name == "avg300" && percent)
      line.avg300 = *percent / 100;
    else
      continue;
    found++;
  }
  if (found != 4)
    return {};
  return line;
}

std::optional<Pressure>
parse_pressure (std::string_view text)
{
  std::optional<PressureLine> some, full;
  while (!text.empty ()) {
    std::string_view line = take (text, '\n');
    const std::string_view name = word (line);
    if (name == "some")
      some = pressure_line (line);
    else if (name == "full")
      full = pressure_line (line);
  }
  if (!some)
    return {};
  return Pressure{ *some, full };
}

/* The kernel writes blanks and backslashes as three octal digits. */
static std::string
unescape (std::string_view text)
{
  std::string plain;
  while (!text.empty ()) {
    const auto code = text.size () >= 4 && text[0] == '\\'
                          ? number<unsigned> (text.substr (1, 3), 8)
                          : std::nullopt;
    plain += code && *code < 256 ? static_cast<char> (*code) : text[0];
    text.remove_prefix (code && *code < 256 ? 4 : 1);
  }
  return plain;
}

static bool
has_option (std::string_view options, std::string_view wanted)
{
  while (!options.empty ())
    if (take (options, ',') == wanted)
      return true;
  return false;
}

/* id parent major:minor root point options optional... - type source options */
static std::optional<Mount>
mount_line (std::string_view line)
{
  Mount mount;
  word (line);
  word (line);
  mount.device = word (line);
  word (line);
  mount.point = unescape (word (line));
  mount.read_only = has_option (word (line), "ro");
  std::string_view optional = word (line);
  while (!optional.empty () && optional != "-")
    optional = word (line);
  mount.type = word (line);
  mount.source = unescape (word (line));
  mount.read_only |= has_option (word (line), "ro");
  if (optional.empty () || mount.type.empty () || !mount.point.starts_with ('/'))
    return {};
  return mount;
}

std::vector<Mount>
parse_mountinfo (std::string_view text)
{
  std::vector<Mount> mounts;
  while (!text.empty ())
    if (auto mount = mount_line (take (text, '\n')))
      mounts.push_back (std::move (*mount));
  return mounts;
}

static bool
lies_below (std::string_view path, std::string_view point)
{
  if (point == "/")
    return path.starts_with ('/');
  return path.starts_with (point) && (path.size () == point.size () || path[point.size ()] == '/');
}

const Mount *
mount_of (const std::vector<Mount> &mounts, std::string_view path)
{
  const Mount *best = nullptr;
  for (const Mount &mount : mounts) /* a later one covers an earlier one */
    if (lies_below (path, mount.point) && (!best || mount.point.size () >= best->point.size ()))
      best = &mount;
  return best;
}

std::vector<LinkCounters>
parse_net_dev (std::string_view text)
{
  std::vector<LinkCounters> links;
  while (!text.empty ()) {
    std::string_view line = take (text, '\n');
    if (line.find (':') == line.npos)
      continue;
    const std::string_view name = trim (take (line, ':'));
    std::vector<uint64_t> values;
    while (const auto value = number<uint64_t> (word (line)))
      values.push_back (*value);
    if (values.size () >= 11 && !name.empty ())
      links.push_back ({ std::string (name), values[0], values[2], values[8], values[10] });
  }
  return links;
}

/* Iface Destination Gateway Flags RefCnt Use Metric Mask ... */
std::optional<std::string>
parse_default_route (std::string_view route)
{
  std::optional<std::string> best;
  unsigned best_metric = 0;
  while (!route.empty ()) {
    std::string_view line = take (route, '\n');
    std::vector<std::string_view> words;
    while (words.size () < 8)
      words.push_back (word (line));
    const auto flags = number<unsigned> (words[3], 16);
    const auto metric = number<unsigned> (words[6]);
    constexpr unsigned up = 1, reject = 0x200;
    if (words[1] != "00000000" || words[7] != "00000000" || !flags || !metric
        || (*flags & (up | reject)) != up)
      continue;
    if (!best || *metric < best_metric) {
      best = std::string (words[0]);
      best_metric = *metric;
    }
  }
  return best;
}

/* destination length source length next-hop metric references use flags interface */
std::optional<std::string>
parse_default_route6 (std::string_view ipv6_route)
{
  const std::string any (32, '0');
  std::optional<std::string> best;
  unsigned best_metric = 0;
  while (!ipv6_route.empty ()) {
    std::string_view line = take (ipv6_route, '\n');
    std::vector<std::string_view> words;
    while (words.size () < 10)
      words.push_back (word (line));
    const auto metric = number<unsigned> (words[5], 16);
    const auto flags = number<unsigned> (words[8], 16);
    constexpr unsigned up = 1, reject = 0x200;
    if (words[0] != any || words[1] != "00" || !metric || !flags || (*flags & (up | reject)) != up
        || words[9].empty () || words[9] == "lo")
      continue;
    if (!best || *metric < best_metric) {
      best = std::string (words[9]);
      best_metric = *metric;
    }
  }
  return best;
}

/* The name may hold blanks and brackets: the last one ends it. */
std::optional<TaskStat>
parse_task_stat (std::string_view text)
{
  const size_t open = text.find ('('), close = text.rfind (')');
  if (open == text.npos || close == text.npos || close < open)
    return {};
  TaskStat stat;
  stat.name = text.substr (open + 1, close - open - 1);
  std::string_view rest = text.substr (close + 1);
  const std::string_view state = word (rest);
  std::vector<std::string_view> words; /* from the parent's number, the 4th field, on */
  while (words.size () < 19)
    words.push_back (word (rest));
  const auto user = number<uint64_t> (words[10]), system = number<uint64_t> (words[11]);
  const auto threads = number<unsigned> (words[16]);
  const auto start = number<uint64_t> (words[18]);
  if (state.size () != 1 || !user || !system || !threads || !start)
    return {};
  stat.state = state[0];
  stat.ticks = *user + *system;
  stat.threads = *threads;
  stat.start = *start;
  return stat;
}

std::optional<ProcessStatus>
parse_process_status (std::string_view text)
{
  ProcessStatus status;
  while (!text.empty ()) {
    const auto [name, value] = field (take (text, '\n'));
    if (name == "State" && !value.empty ())
      status.state = value[0];
    else if (name == "VmRSS")
      status.rss = kilobytes (value).value_or (0);
    else if (name == "VmSwap")
      status.swap = kilobytes (value).value_or (0);
    else if (name == "Threads")
      status.threads = number<unsigned> (value).value_or (0);
  }
  if (status.state == '?')
    return {};
  return status;
}

std::optional<uint64_t>
parse_process_io (std::string_view text)
{
  while (!text.empty ()) {
    const auto [name, value] = field (take (text, '\n'));
    if (name == "write_bytes")
      return number<uint64_t> (value);
  }
  return {};
}

std::optional<double>
parse_millidegrees (std::string_view text)
{
  const auto value = number<int64_t> (trim (text));
  if (!value || *value < -40'000 || *value > 200'000)
    return {};
  return static_cast<double> (*value) / 1000;
}

static PowerFlags
power_flags (uint32_t bits)
{
  return { .under_voltage = (bits & 1) != 0,
           .frequency_capped = (bits & 2) != 0,
           .throttled = (bits & 4) != 0,
           .soft_temperature_limit = (bits & 8) != 0 };
}

std::optional<PowerReading>
parse_throttled (std::string_view text)
{
  text = trim (text);
  if (text.starts_with ("throttled="))
    text.remove_prefix (10);
  if (text.starts_with ("0x"))
    text.remove_prefix (2);
  const auto bits = number<uint32_t> (text, 16);
  if (!bits)
    return {};
  return PowerReading{ power_flags (*bits), power_flags (*bits >> 16) };
}

std::optional<bool>
parse_alarm (std::string_view text)
{
  text = trim (text);
  if (text != "0" && text != "1")
    return {};
  return text == "1";
}

} // namespace camwarden
