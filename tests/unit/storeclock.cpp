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
constexpr int64_t hour = 60 * minute;
constexpr int64_t now_2026 = int64_t{ 1'790'000'000 } * second;
constexpr int64_t built = now_2026 - year;

struct Listener : StoreListener
{
  void
  frame_stored (const StoredReport &report) override
  {
    const std::lock_guard lock (mutex);
    g_assert_true (paths.insert (report.path).second); /* none twice */
    in_order.push_back (report.path);
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
  std::vector<std::string> in_order;
};

/* A store whose time is what the test says. */
class Store
{
public:
  Store () { start (); }
  ~Store () { writer_->stop (); }

  /* As after the worker, or the machine, was started again: of all before only the files are left.
   * Each run's number is less than that of the run before, so that it puts nothing in order. */
  void
  restart ()
  {
    writer_->stop ();
    stored_before_ += writer_->stats ().stored;
    run_--;
    mono_ = 5 * second;
    start ();
  }

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
      pushed_++;
      while (names ().size () < pushed_) /* counted a moment before it is told */
        g_usleep (100);
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
    while (writer_->stats ().scanning)
      g_usleep (1000);
    const StoreStats stats = writer_->stats ();
    g_assert_cmpuint (stored_before_ + stats.stored, ==, pushed_);
    g_assert_cmpuint (stats.pruned, ==, 0);
    g_assert_cmpuint (stats.files, ==, pushed_);
    unsigned files = 0;
    for (const auto &entry : std::filesystem::recursive_directory_iterator (folder_.path ()))
      files += entry.is_regular_file ();
    g_assert_cmpuint (files, ==, pushed_);
    g_assert_cmpuint (names ().size (), ==, pushed_);
  }
  /* Names in the order of capture, the folder included. */
  [[nodiscard]] std::vector<std::string>
  names ()
  {
    const std::lock_guard lock (listener_.mutex);
    return listener_.in_order;
  }
  void
  check_order ()
  {
    const auto all = names ();
    for (size_t i = 1; i < all.size (); i++)
      g_assert_cmpstr (all[i - 1].c_str (), <, all[i].c_str ());
  }
  /* How far the last name is ahead of the wall clock. */
  [[nodiscard]] int64_t
  ahead ()
  {
    const std::string last = names ().back ();
    const auto name = parse_file_name (last.substr (last.rfind ('/') + 1), "front");
    g_assert_true (name.has_value ());
    g_assert_cmpint (static_cast<int64_t> (writer_->stats ().names_ahead_us), ==,
                     name->time_us - wall_);
    return name->time_us - wall_;
  }
  [[nodiscard]] uint64_t
  prune_all ()
  {
    return writer_->prune (UINT64_MAX);
  }
  void
  limit (uint64_t max_bytes)
  {
    limits_.max_bytes = max_bytes;
    writer_->set_limits (limits_);
  }
  [[nodiscard]] StoreStats
  stats () const
  {
    return writer_->stats ();
  }

private:
  void
  start ()
  {
    StoreSettings settings;
    settings.location = folder_.path ();
    settings.camera = "front";
    settings.run = run_;
    settings.max_queued_frames = 1000;
    settings.clock_set_us = built;
    writer_ = std::make_unique<StoreWriter> (
        settings, limits_, listener_,
        StoreClock{ [this] { return wall_.load (); }, [this] { return mono_.load (); } });
    writer_->start ();
  }

  TempDir folder_;
  Listener listener_;
  StoreLimits limits_{ .max_bytes = 100'000'000,
                       .max_age_us = 7 * 24 * hour,
                       .sync_interval_us = hour };
  std::atomic<int64_t> wall_ = now_2026, mono_ = 5 * second;
  uint32_t run_ = 0xabc;
  unsigned pushed_ = 0;
  uint64_t stored_before_ = 0;
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
  store.pass (2 * hour); /* max-age rests for one hour after a jump, and then no more */
  store.frames (20);
  store.check_nothing_is_lost ();
  store.check_order ();
}

/* The same with frames of the days before: new ones come after them all the same. */
void
test_late_synchronisation_after_a_boot ()
{
  for (const int64_t clock : { 100 * second, built - minute, now_2026 - 3 * hour }) {
    Store store;
    store.frames (20);
    store.set (clock);
    store.restart ();
    store.frames (20);
    store.set (now_2026 + hour);
    store.frames (20);
    g_assert_cmpint (store.ahead (), ==, 0);
    store.check_nothing_is_lost ();
    store.check_order ();
  }
}

/* Quota and space know what is old while the clock says 1970. */
void
test_limits_without_a_clock ()
{
  Store store;
  store.frames (20);
  store.set (100 * second);
  store.restart ();
  store.limit (1000);
  store.frames (20);
  g_assert_cmpuint (store.stats ().files, ==, 10);
  g_assert_cmpuint (store.stats ().pruned, ==, 30);
  store.check_order ();
  /* The ten that are left came within half a minute. */
  g_assert_cmpuint (store.prune_all (), ==, 0);
}

void
test_set_back ()
{
  for (const int64_t back : { 2 * second, hour, 23 * hour }) {
    Store store;
    store.frames (10);
    store.set (now_2026 + 10 * second - back);
    store.frames (30);
    store.check_nothing_is_lost ();
    store.check_order ();
    /* They go at half the pace, until the clock has caught up. */
    const int64_t ahead = store.ahead ();
    g_assert_cmpint (ahead, <=, std::max<int64_t> (back - 14 * second, 0));
    store.restart ();
    store.frames (30);
    g_assert_cmpint (store.ahead (), <=, ahead);
    store.pass (back);
    store.frames (30);
    g_assert_cmpint (store.ahead (), ==, 0);
    store.check_nothing_is_lost ();
    store.check_order ();
  }
}

/* Nothing of the newest minute, as it was captured, goes for the sake of space. */
void
test_prune_after_a_jump ()
{
  Store store;
  store.frames (200);
  store.set (now_2026 - hour);
  store.frames (100);
  g_assert_cmpuint (store.prune_all (), >, 0);
  const auto all = store.names ();
  for (size_t i = all.size () - 60; i < all.size (); i++)
    g_assert_true (std::filesystem::exists (all[i]));
  g_assert_false (std::filesystem::exists (all[100]));
}

/* A clock that was wrong by a year is not followed for a year. */
void
test_a_year_ahead ()
{
  Store store;
  store.frames (10);
  store.set (now_2026 + year);
  store.frames (10);
  store.restart ();
  store.set (now_2026 + minute);
  store.frames (10);
  g_assert_cmpint (store.ahead (), ==, 0);
  /* What was named right, before and since, is in order; also after the next jump. */
  store.set (now_2026 + 30 * second);
  store.restart ();
  store.frames (10);
  store.check_nothing_is_lost ();
  auto all = store.names ();
  g_assert_true (std::is_sorted (all.begin (), all.begin () + 20));
  all.erase (all.begin () + 10, all.begin () + 20);
  g_assert_true (std::is_sorted (all.begin (), all.end ()));
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

/* The same second again and again. */
void
test_a_clock_that_stands_still ()
{
  Store store;
  for (int i = 0; i < 30; i++) {
    store.set (now_2026);
    store.frames (1);
  }
  store.check_nothing_is_lost ();
  store.check_order ();
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/storeclock/late", test_late_synchronisation);
  g_test_add_func ("/storeclock/late-after-boot", test_late_synchronisation_after_a_boot);
  g_test_add_func ("/storeclock/limits-without-a-clock", test_limits_without_a_clock);
  g_test_add_func ("/storeclock/set-back", test_set_back);
  g_test_add_func ("/storeclock/prune", test_prune_after_a_jump);
  g_test_add_func ("/storeclock/a-year-ahead", test_a_year_ahead);
  g_test_add_func ("/storeclock/jumps", test_jumps);
  g_test_add_func ("/storeclock/still", test_a_clock_that_stands_still);
  return g_test_run ();
}
