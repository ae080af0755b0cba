// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/kernellog.h"

#include "core/kernelwords.h"
#include "daemon/background.h"
#include "daemon/rootpath.h"

#include <array>
#include <cerrno>
#include <fcntl.h>
#include <unistd.h>

namespace camwarden
{

namespace
{

/* The kernel's ring is smaller; a record never is larger than a read. */
constexpr size_t MOST_BYTES = 16 << 20;

/* Each read of /dev/kmsg gives one record. EPIPE: some were overwritten meanwhile, the next read
 * goes on behind them. EAGAIN: that was the last one. */
std::string
read_records (const std::string &path)
{
  std::string records;
  const int fd = open (path.c_str (), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0)
    return records;
  std::array<char, 16384> buffer;
  while (records.size () < MOST_BYTES) {
    const ssize_t got = read (fd, buffer.data (), buffer.size ());
    if (got > 0)
      records.append (buffer.data (), static_cast<size_t> (got));
    else if (got == 0 || (errno != EPIPE && errno != EINTR))
      break;
  }
  close (fd);
  return records;
}

} // namespace

void
recent_kernel_lines (const std::string &root, int seconds,
                     std::function<void (std::vector<std::string>)> done)
{
  const int64_t oldest = g_get_monotonic_time () - int64_t{ seconds } * G_USEC_PER_SEC;
  in_background<std::vector<std::string>> (
      [path = below_root (root, "/dev/kmsg"), oldest] {
        return camera_messages (read_records (path), oldest, KERNEL_LINES);
      },
      std::move (done));
}

} // namespace camwarden
