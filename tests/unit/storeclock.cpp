// SPDX-License-Identifier: LGPL-2.1-or-later
/* The store under a wall clock that jumps: no frame is lost, overwritten or put out of order. */
#include "framestore/storewriter.h"

#include "support/tempdir.h"

#include <filesystem>
#include <glib.h>
#include <mutex>
#include <set>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
constexpr int64_t minute = 60 * second;
constexpr int64_t year = int64_t{ 365 } * 24 * 60 * minute;
constexpr int64_t now_2026 = int64_t{ 1'790'000'000 } * second;

struct Listener : StoreListener
{
  void
  frame_stored (const StoredReport &report) override
  {
    const std::lock_guard lock (mutex);
    g_assert_true (paths.insert (report.path).second); /* none twice */
    count++;
  }
  void
  store_paused (OutageReason, int, const std::string &, bool) override
  {
    g_assert_not_reached ();
  }
  void
  store_resumed (uint64_t) override
  {}

  std::mutex mutex;
  std::set<std::string> paths;
  unsigned count = 0;
};

/* A store whose time is what the test says. */
class Store
{
public:
  Store ()
  {
    StoreSettings settings;
    settings.location = folder_.path ();
    settings.camera = "front";
    settings.run = 0xabc;
    settings.max_queued_frames = 1000;
    StoreLimits limits;
    limits.max_bytes = 100'000'000;
    limits.max_age_us = 7 * 24 * 60 * minute;
    writer_ = std::make_unique<StoreWriter> (
        settings, limits, listener_,
        StoreClock{ [this] { return wall_.load (); }, [this] { return mono_.load (); } });
    writer_->start ();
  }
  ~Store () { writer_->stop (); }

  void
  set (int64_t wall)
  {
    wall_ = wall;
  }
  /* Frames, one a second, each stored before the next one comes. */
  void
  frames (unsigned count)
  {
    static const std::array<uint8_t, 100> picture{};
    for (unsigned i = 0; i < count; i++) {
      wall_ += second;
      mono_ += second;
      const auto ticket = writer_->admit (picture.size ());
      g_assert_true (ticket.has_value ());
      writer_->push (*ticket, wall_, 0, FramePayload (picture, nullptr, [] (void *) {}));
      g_assert_true (writer_->drain (std::chrono::seconds (10)));
      pushed_++;
    }
  }
  /* As after hours: the limits are looked after meanwhile. */
  void
  pass (int64_t time)
  {
    wall_ += time;
    mono_ += time;
  }
  void
  check_nothing_is_lost ()
  {
    const StoreStats stats = writer_->stats ();
    g_assert_cmpuint (stats.stored, ==, pushed_);
    g_assert_cmpuint (stats.pruned, ==, 0);
    g_assert_cmpuint (stats.files, ==, pushed_);
    unsigned files = 0;
    for (const auto &entry : std::filesystem::recursive_directory_iterator (folder_.path ()))
      files += entry.is_regular_file ();
    g_assert_cmpuint (files, ==, pushed_);
    g_assert_cmpuint (listener_.count, ==, pushed_);
  }
  /* Sequence numbers in the order of the names. */
  [[nodiscard]] std::vector<uint32_t>
  by_name ()
  {
    std::vector<uint32_t> order;
    const std::lock_guard lock (listener_.mutex);
    for (const auto &path : listener_.paths) {
      const auto name = parse_file_name (path.substr (path.rfind ('/') + 1), "front");
      g_assert_true (name.has_value ());
      order.push_back (name->seq);
    }
    return order;
  }

private:
  TempDir folder_;
  Listener listener_;
  std::atomic<int64_t> wall_ = now_2026, mono_ = 5 * second;
  unsigned pushed_ = 0;
  std::unique_ptr<StoreWriter> writer_;
};

/* No battery: 1970 until the time service answers. */
void
test_late_synchronisation ()
{
  Store store;
  store.set (100 * second);
  store.frames (20);
  store.set (now_2026);
  store.frames (20);
  store.pass (2 * 60 * minute); /* max-age rests for one hour after a jump, and then no more */
  store.frames (20);
  store.check_nothing_is_lost ();
  const auto order = store.by_name ();
  g_assert_true (std::is_sorted (order.begin (), order.end ()));
}

void
test_jumps ()
{
  Store store;
  store.frames (10);
  for (const int64_t jump :
       { 3600 * second, -3600 * second, -5 * second, 5 * second, year, -year }) {
    store.pass (10 * second);
    store.set (now_2026 + jump);
    store.frames (10);
    store.set (now_2026 + minute);
  }
  store.check_nothing_is_lost ();
}

/* The same second again and again: names differ by their numbers. */
void
test_a_clock_that_stands_still ()
{
  Store store;
  for (int i = 0; i < 30; i++) {
    store.set (now_2026);
    store.frames (1);
  }
  store.check_nothing_is_lost ();
  const auto order = store.by_name ();
  g_assert_true (std::is_sorted (order.begin (), order.end ()));
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/storeclock/late", test_late_synchronisation);
  g_test_add_func ("/storeclock/jumps", test_jumps);
  g_test_add_func ("/storeclock/still", test_a_clock_that_stands_still);
  return g_test_run ();
}
