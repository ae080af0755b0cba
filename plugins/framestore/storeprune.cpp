// SPDX-License-Identifier: LGPL-2.1-or-later
#include "framestore/storeprune.h"

#include "framestore/retention.h"
#include "framestore/storefolder.h"
#include "framestore/storescan.h"
#include "framestore/storetime.h"

#include <cerrno>
#include <chrono>
#include <thread>
#include <unistd.h>

namespace camwarden
{

namespace
{

using namespace std::chrono_literals;

constexpr auto rest = 2ms;                               /* between two slices */
constexpr uint64_t enough_to_tell = uint64_t{ 4 } << 20; /* freed bytes that must show */

class Pruner
{
public:
  Pruner (const IdlePrune &order, int64_t wall, const std::function<bool ()> &go_on)
      : order_ (order), wall_ (wall), go_on_ (go_on), folder_ (order.location)
  {}

  uint64_t
  run ()
  {
    StoreTime time (order_.clock_set_us);
    if (const auto newest = newest_stored (order_.location, order_.camera, time.believed (wall_)))
      time.found (*newest);
    present_ = time.present (wall_);
    StoreSpace begin, space;
    const ScanReport report = scan_store (
        order_.location, order_.camera,
        [this] (std::span<const StoredFrame> frames) {
          for (const StoredFrame &frame : frames)
            index_.add (frame);
        },
        go_on_);
    bool helps = report.complete && store_space (order_.location, &begin) == 0;
    while (helps && freed_ < order_.bytes && go_on_ ()) {
      helps = slice () && store_space (order_.location, &space) == 0
              && (freed_ < enough_to_tell || space.available >= begin.available + freed_ / 4);
      std::this_thread::sleep_for (rest);
    }
    return freed_;
  }

private:
  /* False: there is nothing more that may go. */
  bool
  slice ()
  {
    const auto end
        = std::chrono::steady_clock::now () + std::chrono::microseconds (order_.slice_us);
    for (uint64_t files = 0; files < order_.slice_files && freed_ < order_.bytes; files++) {
      const auto frame = index_.take_for_space (present_, order_.protect_us);
      if (!frame || !remove (*frame))
        return false;
      if (std::chrono::steady_clock::now () >= end)
        break;
    }
    return true;
  }

  bool
  remove (const StoredFrame &frame)
  {
    const int64_t minute = minute_of (frame.name.time_us);
    const std::string name = file_name (order_.camera, frame.name);
    int error = folder_.enter (minute, Create::no);
    if (error == 0 && unlinkat (folder_.fd (), name.c_str (), 0) != 0)
      error = errno;
    if (error == 0)
      freed_ += frame.size;
    if (!index_.holds (minute)) {
      folder_.leave ();
      remove_empty_folders (order_.location, minute);
    }
    return error == 0 || error == ENOENT;
  }

  const IdlePrune &order_;
  const int64_t wall_;
  const std::function<bool ()> &go_on_;
  StoreFolder folder_;
  Retention index_;
  int64_t present_ = 0;
  uint64_t freed_ = 0;
};

} // namespace

uint64_t
prune_idle_store (const IdlePrune &order, int64_t wall, const std::function<bool ()> &go_on)
{
  return Pruner (order, wall, go_on).run ();
}

} // namespace camwarden
