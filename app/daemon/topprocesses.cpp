// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/topprocesses.h"

#include "daemon/diskusers.h"

#include <algorithm>
#include <charconv>
#include <dirent.h>
#include <fcntl.h>
#include <glib.h>
#include <map>
#include <memory>
#include <sstream>
#include <unistd.h>

namespace camwarden
{

namespace
{

struct Figures
{
  std::string name;
  uint64_t ticks = 0;
  uint64_t rss = 0; /* bytes */
};

/* PID (NAME) STATE ...; a name may hold blanks and brackets. */
bool
parse (const std::string &text, Figures &figures)
{
  const size_t begin = text.find ('('), end = text.rfind (')');
  if (begin == std::string::npos || end == std::string::npos || end < begin)
    return false;
  figures.name = text.substr (begin + 1, end - begin - 1);
  std::istringstream fields (text.substr (end + 1));
  std::string skipped;
  for (int field = 3; field < 14; field++) /* as proc (5) counts them */
    fields >> skipped;
  uint64_t user = 0, system = 0;
  int64_t pages = 0;
  fields >> user >> system;
  for (int field = 16; field < 24; field++)
    fields >> skipped;
  if (!(fields >> pages))
    return false;
  figures.ticks = user + system;
  figures.rss = static_cast<uint64_t> (std::max<int64_t> (pages, 0))
                * static_cast<uint64_t> (sysconf (_SC_PAGESIZE));
  return true;
}

std::map<int, Figures>
look (const std::string &root)
{
  const std::string folder = (root == "/" ? "" : root) + "/proc";
  const std::unique_ptr<DIR, int (*) (DIR *)> open_folder (opendir (folder.c_str ()), closedir);
  std::map<int, Figures> found;
  while (const dirent *entry = open_folder ? readdir (open_folder.get ()) : nullptr) {
    int pid = 0;
    const std::string name = entry->d_name;
    const auto [end, problem] = std::from_chars (name.data (), name.data () + name.size (), pid);
    if (problem != std::errc () || *end != 0)
      continue;
    char text[1024];
    const std::string file = folder + "/" + name + "/stat";
    const int fd = open (file.c_str (), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    const ssize_t length = fd >= 0 ? read (fd, text, sizeof text) : -1;
    if (fd >= 0)
      close (fd);
    Figures figures;
    if (length > 0 && parse ({ text, static_cast<size_t> (length) }, figures))
      found[pid] = std::move (figures);
  }
  return found;
}

template <typename Less>
std::vector<TopProcess>
most_of (std::vector<TopProcess> all, size_t most, const Less &more)
{
  std::sort (all.begin (), all.end (), more);
  all.resize (std::min (most, all.size ()));
  return all;
}

std::string
title (const TopProcess &process)
{
  return process.name + " (" + std::to_string (process.pid) + ") ";
}

} // namespace

TopProcesses
find_top_processes (const std::string &root, int64_t span, size_t most)
{
  const auto before = look (root);
  const int64_t begin = g_get_monotonic_time ();
  g_usleep (static_cast<gulong> (span));
  const auto now = look (root);
  const double seconds = static_cast<double> (g_get_monotonic_time () - begin) / G_USEC_PER_SEC;
  const auto ticks = static_cast<double> (sysconf (_SC_CLK_TCK));
  std::vector<TopProcess> all;
  for (const auto &[pid, figures] : now) {
    TopProcess process{ figures.name, pid, figures.rss, 0 };
    const auto was = before.find (pid);
    if (was != before.end () && figures.ticks >= was->second.ticks)
      process.cpu = static_cast<double> (figures.ticks - was->second.ticks) / ticks / seconds;
    all.push_back (std::move (process));
  }
  return { most_of (all, most, [] (const auto &a, const auto &b) { return a.cpu > b.cpu; }),
           most_of (all, most, [] (const auto &a, const auto &b) { return a.rss > b.rss; }) };
}

std::string
TopProcesses::memory_text () const
{
  std::string text;
  for (const auto &process : by_memory)
    text
        += (text.empty () ? "most memory: " : ", ") + title (process) + size_in_words (process.rss);
  return text;
}

std::string
TopProcesses::cpu_text () const
{
  std::string text;
  for (const auto &process : by_cpu) {
    char number[G_ASCII_DTOSTR_BUF_SIZE];
    g_ascii_formatd (number, sizeof number, "%.0f", process.cpu * 100);
    text += (text.empty () ? "most processor time: " : ", ") + title (process) + number + " %";
  }
  return text;
}

} // namespace camwarden
