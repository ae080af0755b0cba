// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace camwarden
{

/* The names of what is kept. Shares are percent, times are in the unit their name ends in:
 *
 *   cpu iowait memory swap disk       percent in use; disk: of the fullest one
 *   load1                             processes
 *   memory_available disk_free        bytes
 *   temperature                       degrees Celsius
 *   rx tx                             bytes per second, over all links
 *   redis_up redis_rtt_ms             1 or 0; milliseconds
 *   service_up                        1: the daemon ran; nothing is kept while it did not
 *   camera.ID.up                      share of the sample's time with frames, 0 to 1
 *   camera.ID.fps
 *   camera.ID.age_ms                  age of the last frame at the moment of the sample
 *   camera.ID.published .dropped .stored   frames since the sample before
 */
struct HistoryQuery
{
  int64_t from = 0, to = 0;        /* us UTC; to 0: now */
  int64_t step = 0;                /* us; 0: chosen so that points come near `points` */
  size_t points = 300;             /* at most 2000 */
  std::vector<std::string> series; /* empty: all that there are; a trailing * matches the rest */
};

/* Not a number where nothing is known. */
struct HistorySeries
{
  std::string name;
  std::vector<double> average, least, most; /* one for each time */
};

struct HistoryAnswer
{
  int64_t from = 0, to = 0, step = 0; /* us UTC, us */
  std::vector<int64_t> times;         /* the beginning of each step that has something */
  std::vector<HistorySeries> series;
  std::string error; /* why there is nothing; "": there is */
};

} // namespace camwarden
