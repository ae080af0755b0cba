// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is told about a picture or a rate that is wrong, and when the source is restarted for it. */
#include "core/qualitywatch.h"

#include "support/asserttext.h"

#include <algorithm>
#include <array>
#include <glib.h>
#include <map>
#include <random>
#include <string>
#include <utility>

using namespace camwarden;

namespace
{

constexpr int64_t second = 1'000'000;
constexpr int64_t hour = 3600 * second;

/* A camera that is told of once a second, and what came of it: "12 count frozen". */
struct Camera
{
  QualityWatch watch;
  int64_t now = 0;
  double wanted = 30;
  std::string told;

  explicit Camera (const QualityWatch::Settings &settings = {}) : watch (settings) {}

  void
  once (const char *verdict, double fps)
  {
    for (const auto &fault : watch.update (now, verdict, fps, wanted)) {
      g_assert_true (fault.fault_class == FaultClass::Quality);
      g_assert_true (fault.first <= tier_cap (fault.fault_class));
      ASSERT_TEXT (fault.part, "source");
      g_assert_false (fault.evidence.empty ());
      told += std::to_string (now / second) + " " + std::string (tier_name (fault.first)) + " "
              + fault.code + "\n";
    }
    now += second;
  }
  void
  run (int64_t seconds, const char *verdict, double fps = 30)
  {
    for (int64_t i = 0; i < seconds; i++)
      once (verdict, fps);
  }
  std::string
  take ()
  {
    return std::exchange (told, {});
  }
};

void
test_frozen ()
{
  Camera camera;
  camera.run (5, "ok");
  camera.run (10, "frozen");
  ASSERT_TEXT (camera.take (), "5 count frozen\n");
  camera.run (2, "frozen");
  ASSERT_TEXT (camera.take (), "15 source frozen\n"); /* 10 s after the first word of it */
  camera.watch.restarted ();
  camera.run (3, "stall", 0);
  camera.run (3, "unknown");
  camera.run (3592, "frozen");
  ASSERT_TEXT (camera.take (), ""); /* told already, and its restart is used up */
  camera.run (2, "frozen");
  ASSERT_TEXT (camera.take (), "3615 source frozen\n"); /* an hour after the first */
}

void
test_frozen_again ()
{
  Camera camera;
  camera.run (1, "frozen");
  camera.run (10, "ok"); /* right from 1 s to 10 s: 9 s */
  camera.run (1, "frozen");
  ASSERT_TEXT (camera.take (), "0 count frozen\n");
  camera.run (11, "ok"); /* 10 s */
  camera.run (1, "frozen");
  ASSERT_TEXT (camera.take (), "23 count frozen\n");
}

void
test_dark_and_bright ()
{
  for (const char *verdict : { "dark", "bright" }) {
    Camera camera;
    camera.run (10, verdict);
    camera.run (1, "ok");
    ASSERT_TEXT (camera.take (), "");
    camera.run (11, verdict);
    ASSERT_TEXT (camera.take (), std::string ("21 count ") + verdict + "\n");
    camera.run (7200, verdict);
    ASSERT_TEXT (camera.take (), ""); /* a night is told once */
  }
}

void
test_dark_restart ()
{
  QualityWatch::Settings settings;
  settings.dark_restart = true;
  Camera camera (settings);
  camera.run (11, "dark");
  ASSERT_TEXT (camera.take (), "10 count dark\n10 source dark\n");
  camera.run (3599, "dark");
  ASSERT_TEXT (camera.take (), "");
  camera.run (1, "dark");
  ASSERT_TEXT (camera.take (), "3610 source dark\n");
  camera.run (20, "bright"); /* the limit is one for both */
  ASSERT_TEXT (camera.take (), "3621 count bright\n");
}

/* A frozen picture may be dark as well: that is not a new night. */
void
test_dark_behind_frozen ()
{
  Camera camera;
  camera.run (11, "dark");
  camera.run (9, "frozen");
  camera.run (20, "dark");
  ASSERT_TEXT (camera.take (), "10 count dark\n11 count frozen\n");
  camera.run (20, "frozen");
  camera.run (20, "dark");
  ASSERT_TEXT (camera.take (), "40 count frozen\n50 source frozen\n");
}

void
test_rate_borders ()
{
  struct Row
  {
    double fps;
    const char *told;
  };
  for (const Row &row : {
           Row{ 30, "" },
           Row{ 24, "" }, /* exactly 80 % */
           Row{ 23.9999, "10 count rate-low\n" },
           Row{ 45, "" }, /* exactly 150 % */
           Row{ 45.0001, "10 count rate-high\n" },
           Row{ 15, "10 count rate-low\n" }, /* exactly 50 %: no restart */
           Row{ 14.9999, "10 count rate-low\n10 source rate-low\n" },
       }) {
    Camera camera;
    camera.run (10, "ok", row.fps);
    ASSERT_TEXT (camera.take (), "");
    camera.run (300, "blur", row.fps);
    ASSERT_TEXT (camera.take (), row.told);
  }
}

void
test_rate_restart_once ()
{
  Camera camera;
  camera.run (11, "ok", 10);
  ASSERT_TEXT (camera.take (), "10 count rate-low\n10 source rate-low\n");
  camera.watch.restarted ();
  camera.run (100, "ok", 10);
  ASSERT_TEXT (camera.take (), "");
  camera.run (100, "ok", 20); /* better, but not right */
  camera.run (20, "ok", 10);
  ASSERT_TEXT (camera.take (), "");
  camera.run (60, "ok", 30); /* from the first of them to the last: 59 s */
  camera.run (20, "ok", 10);
  ASSERT_TEXT (camera.take (), "301 count rate-low\n");
  camera.run (61, "ok", 30);
  camera.run (11, "ok", 10);
  ASSERT_TEXT (camera.take (), "382 count rate-low\n382 source rate-low\n");
}

/* The evidence says both rates. */
void
test_evidence ()
{
  QualityWatch watch;
  (void)watch.update (0, "ok", 12.04, 30);
  const auto faults = watch.update (10 * second, "ok", 12.04, 30);
  g_assert_cmpuint (faults.size (), ==, 2);
  ASSERT_TEXT (faults[0].evidence, "12.0 frames per second instead of 30.0");
}

void
test_nothing_to_judge ()
{
  Camera camera;
  camera.wanted = 0;
  camera.run (100, "ok", 3);
  camera.wanted = 30;
  camera.run (100, "unknown", 0); /* no frame yet */
  camera.run (100, "stall", 3);
  for (int i = 0; i < 20; i++) { /* no time of wrong rates adds up over stalls */
    camera.run (9, "dark", 3);
    camera.run (1, "stall", 3);
  }
  ASSERT_TEXT (camera.take (), "");
  camera.run (9, "dark", 3);
  camera.watch.restarted ();
  camera.run (10, "dark", 3);
  ASSERT_TEXT (camera.take (), "");
  camera.run (1, "dark", 3);
  g_assert_cmpuint (camera.take ().size (), >, 0);
}

/* What every walk must hold, computed from the inputs alone. */
struct Laws
{
  std::map<std::string, int64_t> last;        /* tier and code -> when it was told */
  std::map<std::string, int64_t> wrong_since; /* without a gap; -1: it is not wrong */
  int64_t right_since = -1;                   /* the rate */
  int64_t longest_right = 0;                  /* since the last restart for the rate */

  void
  input (int64_t now, std::string_view verdict, double fps)
  {
    const bool silent = verdict == "stall" || fps <= 0;
    const auto mark = [&] (const char *code, bool wrong) {
      auto &since = wrong_since.try_emplace (code, -1).first->second;
      since = silent || !wrong ? -1 : since < 0 ? now : since;
    };
    for (const char *code : { "frozen", "dark", "bright" })
      mark (code, verdict == code);
    mark ("rate-low", fps < 24);
    mark ("rate-high", fps > 45);
    mark ("very-low", fps < 15);
    const bool right = !silent && fps >= 24 && fps <= 45;
    right_since = !right ? -1 : right_since < 0 ? now : right_since;
    if (right)
      longest_right = std::max (longest_right, now - right_since);
  }
  void
  output (int64_t now, const Fault &fault)
  {
    const bool restart = fault.first == Tier::Source;
    const bool rate = fault.code.starts_with ("rate");
    const std::string key = std::string (tier_name (fault.first)) + fault.code;
    const int64_t since = wrong_since[restart && rate ? "very-low" : fault.code];
    g_assert_cmpint (since, >=, 0);
    if (restart || fault.code != "frozen")
      g_assert_cmpint (now - since, >=, 10 * second);
    const auto found = last.find (key);
    if (found != last.end ()) {
      g_assert_cmpint (now - found->second, >, 10 * second);
      if (restart && rate)
        g_assert_cmpint (longest_right, >=, 60 * second);
      else if (restart)
        g_assert_cmpint (now - found->second, >=, hour);
    }
    if (restart && rate)
      longest_right = 0;
    last[key] = now;
  }
  /* What lasts is not missed. */
  void
  check_told (int64_t now) const
  {
    for (const auto &[code, since] : wrong_since)
      if (code != "very-low" && since >= 0 && now - since >= 10 * second)
        g_assert_true (last.contains ("count" + code));
  }
};

void
walk (unsigned seed, size_t &told)
{
  std::mt19937 random (seed);
  const auto below = [&random] (unsigned n) { return static_cast<int> (random () % n); };
  static constexpr std::array verdicts{ "ok",   "ok",     "blur",   "unknown",
                                        "dark", "bright", "frozen", "stall" };
  QualityWatch::Settings settings;
  settings.dark_restart = true;
  QualityWatch watch (settings);
  Laws laws;
  double fps = 10 + below (40);
  const char *verdict = "ok";
  const unsigned steadiness = 2 + static_cast<unsigned> (below (40));
  for (int i = 0; i < 600; i++) {
    const int64_t now = i * second;
    if (below (steadiness) == 0)
      verdict = verdicts[static_cast<size_t> (below (verdicts.size ()))];
    fps = std::max (0.0, std::min (60.0, fps + (below (2001) - 1000) / 500.0));
    laws.input (now, verdict, fps);
    for (const auto &fault : watch.update (now, verdict, fps, 30)) {
      laws.output (now, fault);
      told++;
    }
    laws.check_told (now);
  }
}

void
test_walks ()
{
  size_t told = 0;
  for (unsigned seed = 1; seed <= 10'000; seed++)
    walk (seed, told);
  g_test_message ("%zu faults in 10000 walks", told);
  g_assert_cmpuint (told, >, 10'000);
}

/* A rate that trembles around the border is an alert in ten seconds at most. */
void
test_trembling ()
{
  Camera camera;
  for (int i = 0; i < 1000; i++)
    camera.once ("ok", i % 2 ? 23.9 : 24.1);
  ASSERT_TEXT (camera.take (), "");
  camera.run (11, "ok", 23.9);
  for (int i = 0; i < 1000; i++)
    camera.run (i % 12 == 1 ? 9 : 1, "ok", i % 2 ? 24.1 : 23.9);
  ASSERT_TEXT (camera.take (), "1009 count rate-low\n");
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/quality/frozen", test_frozen);
  g_test_add_func ("/quality/frozen-again", test_frozen_again);
  g_test_add_func ("/quality/dark-and-bright", test_dark_and_bright);
  g_test_add_func ("/quality/dark-restart", test_dark_restart);
  g_test_add_func ("/quality/dark-behind-frozen", test_dark_behind_frozen);
  g_test_add_func ("/quality/rate-borders", test_rate_borders);
  g_test_add_func ("/quality/rate-restart-once", test_rate_restart_once);
  g_test_add_func ("/quality/evidence", test_evidence);
  g_test_add_func ("/quality/nothing-to-judge", test_nothing_to_judge);
  g_test_add_func ("/quality/walks", test_walks);
  g_test_add_func ("/quality/trembling", test_trembling);
  return g_test_run ();
}
