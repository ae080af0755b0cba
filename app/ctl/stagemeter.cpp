// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/stagemeter.h"

#include "config/i18n.h"
#include "config/values.h"
#include "ctl/backuprestore.h"
#include "ctl/childprocess.h"
#include "ctl/stopsignals.h"
#include "ctl/textformat.h"

#include <algorithm>
#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

constexpr unsigned few = 5, fewest = 15, most = 3000; /* frames of a run */

double
seconds_of (const timeval &time)
{
  return static_cast<double> (time.tv_sec) + static_cast<double> (time.tv_usec) / 1e6;
}

} // namespace

StageMeter::StageMeter (std::string folder, std::string socket)
    : folder_ (std::move (folder)), socket_ (std::move (socket)),
      program_ (take_string (g_find_program_in_path ("gst-launch-1.0")))
{}

std::vector<std::string>
StageMeter::pipeline (const PictureSize &size, unsigned frames,
                      const std::vector<std::string> &stages) const
{
  const std::string caps = text_of ("video/x-raw,width=%u,height=%u", size.width, size.height);
  std::vector<std::string> words{ program_, "-q" };
  if (source.empty ())
    words.insert (words.end (), { "videotestsrc", "pattern=smpte", "!",
                                  caps
                                      + ",format=I420,"
                                        "framerate=30/1" });
  else {
    for (const auto &word : split_words (source, " \t"))
      words.push_back (word);
    words.insert (words.end (), { "!", "videoconvert", "!", "videoscale", "!", caps });
  }
  words.insert (words.end (), { "!", "identity", text_of ("eos-after=%u", frames + 1) });
  for (const std::string &word : stages)
    words.push_back (word);
  return words;
}

/* wait4() tells what this one child used. */
bool
StageMeter::launch (const std::vector<std::string> &words, Run &run)
{
  std::vector<char *> argv;
  for (const std::string &word : words)
    argv.push_back (const_cast<char *> (word.c_str ()));
  argv.push_back (nullptr);
  const std::string log = folder_ + "/launch.log";
  const int64_t start = g_get_monotonic_time ();
  const pid_t pid = fork ();
  if (pid == 0) {
    prctl (PR_SET_PDEATHSIG, SIGKILL);
    const int fd = open (log.c_str (), O_WRONLY | O_CREAT | O_TRUNC, 0600);
    dup2 (fd, STDOUT_FILENO);
    dup2 (fd, STDERR_FILENO);
    execv (argv[0], argv.data ());
    _exit (127);
  }
  int status = -1;
  struct rusage usage
  {};
  while (pid > 0 && wait4 (pid, &status, 0, &usage) < 0 && errno == EINTR)
    if (interrupted ())
      kill (pid, SIGKILL);
  run.cpu = seconds_of (usage.ru_utime) + seconds_of (usage.ru_stime);
  run.wall = static_cast<double> (g_get_monotonic_time () - start) / G_USEC_PER_SEC;
  if (pid > 0 && status == 0 && !interrupted ())
    return true;
  error_ = interrupted () ? std::string (_ ("interrupted"))
                          : text_of (_ ("the pipeline \"%s\" fails: %s"),
                                     words.size () > 2 ? words.back ().c_str () : "",
                                     last_lines (log, 3).c_str ());
  return false;
}

/* Starting costs the same however many frames follow. */
bool
StageMeter::cost (const PictureSize &size, unsigned frames, const std::vector<std::string> &stages,
                  double &seconds)
{
  Run start, whole;
  if (!launch (pipeline (size, few, stages), start)
      || !launch (pipeline (size, few + frames, stages), whole))
    return false;
  seconds = std::max (whole.cpu - start.cpu, 0.0) / frames;
  return true;
}

double
StageMeter::stored_bytes () const
{
  double bytes = 0;
  unsigned files = 0;
  std::error_code error;
  for (auto entry = std::filesystem::recursive_directory_iterator (folder_ + "/frames", error);
       !error && entry != std::filesystem::recursive_directory_iterator (); entry.increment (error))
    if (entry->path ().extension () == ".jpg") {
      bytes += static_cast<double> (entry->file_size (error));
      files++;
    }
  return files ? bytes / files : 0;
}

bool
StageMeter::measure (const PictureSize &size, unsigned quality, double seconds, TuneSample &sample)
{
  if (program_.empty ()) {
    error_ = _ ("gst-launch-1.0 is not installed: apt-get install gstreamer1.0-tools");
    return false;
  }
  const std::string encoder = text_of ("quality=%u", quality);
  const std::vector<std::string> plain{ "!", "fakesink" };
  const std::vector<std::string> probed{ "!", "healthprobe", "!", "fakesink" };
  const std::vector<std::string> encoded{ "!",     "healthprobe", "!",       "jpegenc",
                                          encoder, "!",           "fakesink" };
  std::vector<std::string> published (encoded.begin (), encoded.end () - 1);
  std::vector<std::string> stored = published;
  published.insert (published.end (), { "redissink", "sync=false", "async=false",
                                        "location=redis+unix://" + socket_ + "?channel=tune" });
  stored.insert (stored.end (), { "framestoresink", "camera=tune", "interval=0",
                                  "location=" + folder_ + "/frames" });
  /* Ten runs, the time of a frame as a first one tells it. */
  Run first;
  if (!launch (pipeline (size, fewest, encoded), first))
    return false;
  const double frame = std::max (first.wall / fewest, 1e-4);
  const auto frames
      = static_cast<unsigned> (std::clamp (seconds / 5 / frame, double{ fewest }, double{ most }));
  double costs[5] = {};
  const std::vector<std::string> *chains[] = { &plain, &probed, &encoded, &published, &stored };
  (void)remove_folder (folder_ + "/frames");
  for (size_t i = 0; i < 5; i++)
    if (!cost (size, frames, *chains[i], costs[i]))
      return false;
  const auto more = [] (double with, double without) { return std::max (with - without, 0.0); };
  sample = { .size = size,
             .quality = quality,
             .probe = more (costs[1], costs[0]),
             .encode = more (costs[2], costs[1]),
             .publish = more (costs[3], costs[2]),
             .store = more (costs[4], costs[2]),
             .bytes = stored_bytes () };
  return true;
}

} // namespace camwarden
