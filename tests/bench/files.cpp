// SPDX-License-Identifier: LGPL-2.1-or-later
/* What storing a frame costs at least: open, write, rename; the oldest goes when there are enough.
 */
#include "meter.h"

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace camwarden::bench
{

static void
store (const std::string &name, const std::string &frame)
{
  const std::string partial = name + ".part";
  const int fd = open (partial.c_str (), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (fd < 0 || write (fd, frame.data (), frame.size ()) != static_cast<ssize_t> (frame.size ())
      || close (fd) != 0 || rename (partial.c_str (), name.c_str ()) != 0)
    die ("cannot store " + name);
}

int
run_files (const Options &options)
{
  const auto frames = load_frames (options.text ("frames"));
  const int64_t count = options.number ("count"), warm_up = options.number ("warm-up", 10);
  const int64_t keep = options.number ("keep", 500);
  const std::string folder = options.text ("location") + "/";
  Pacer pacer (options.number ("fps"));
  Meter meter (0);
  for (int64_t i = -warm_up; i < count; i++) {
    if (i == 0)
      meter.begin ();
    pacer.wait ();
    store (folder + std::to_string (i + warm_up) + ".jpg",
           frames[static_cast<size_t> (i + warm_up) % frames.size ()]);
    if (i + warm_up >= keep)
      unlink ((folder + std::to_string (i + warm_up - keep) + ".jpg").c_str ());
  }
  meter.end (count);
  meter.print ();
  return 0;
}

} // namespace camwarden::bench
