// SPDX-License-Identifier: LGPL-2.1-or-later
#include "health/framejudge.h"

#include <functional>
#include <glib.h>
#include <vector>

#include "support/asserttext.h"

using namespace camwarden;

namespace
{

constexpr int64_t MS = 1000;
constexpr int64_t S = 1000 * MS;

const PictureNumbers DAY{ 120, 40, true, 45 };
const PictureNumbers NIGHT{ 18, 2, true, std::nullopt };
const PictureNumbers GLARE{ 250, 3, true, std::nullopt };
const PictureNumbers BLURRED{ 120, 20, true, 3 };

/* A camera of a given pace in front of a judge, and a clock that is looked at once a frame. */
struct Camera
{
  FrameJudge judge;
  int64_t now = 5 * S;
  int64_t interval = 33 * MS;
  int changes = 0;

  Camera ()
  {
    judge.start ();
    judge.set_format (interval, true, true);
    judge.resume (now);
  }

  void
  frame (const PictureNumbers &picture, bool identical = false)
  {
    now += interval;
    changes += judge.tick (now);
    changes += judge.frame (now, { identical, identical ? 0.0 : 2.0, picture });
  }

  void
  frames (int64_t duration, const PictureNumbers &picture, bool identical = false)
  {
    for (const int64_t end = now + duration; now < end;)
      frame (picture, identical);
  }

  /* Time passes in small steps; how long until the verdict, -1: not within the limit. */
  int64_t
  wait_for (Verdict verdict, int64_t limit)
  {
    const int64_t begin = now;
    while (now - begin < limit) {
      now += MS;
      changes += judge.tick (now);
      if (judge.verdict () == verdict)
        return now - begin;
    }
    return -1;
  }
};

#define ASSERT_VERDICT(camera, expected)                                                           \
  ASSERT_TEXT (verdict_name ((camera).judge.verdict ()), verdict_name (expected))

void
test_first_verdict ()
{
  Camera camera;
  ASSERT_VERDICT (camera, Verdict::unknown);
  camera.frame (DAY);
  ASSERT_VERDICT (camera, Verdict::ok);
  g_assert_cmpint (camera.changes, ==, 1);
}

void
test_unknown_without_a_look ()
{
  Camera camera;
  camera.judge.set_format (camera.interval, false, true);
  for (int i = 0; i < 1000; i++) {
    camera.now += camera.interval;
    g_assert_false (camera.judge.frame (camera.now, {}));
  }
  ASSERT_VERDICT (camera, Verdict::unknown);
  g_assert_cmpint (camera.wait_for (Verdict::stall, 2 * S), ==, 1 * S);
}

void
test_stall_after_a_second ()
{
  Camera camera;
  camera.frames (3 * S, DAY);
  g_assert_cmpint (camera.wait_for (Verdict::stall, 20 * S), ==, 1 * S);
  g_assert_cmpfloat (camera.judge.report (camera.now, true).rate.fps, ==, 0);
  camera.frame (DAY);
  ASSERT_VERDICT (camera, Verdict::ok);
  g_assert_cmpint (camera.wait_for (Verdict::stall, 20 * S), ==, 1 * S);
}

void
test_stall_of_a_slow_camera ()
{
  Camera camera;
  camera.interval = 500 * MS;
  camera.judge.set_format (camera.interval, true, false);
  camera.frames (10 * S, DAY);
  g_assert_cmpint (camera.wait_for (Verdict::stall, 20 * S), ==, 5 * S);
}

/* Caps say 30 frames per second, the night's exposure makes four of them. */
void
test_stall_of_a_camera_slower_than_its_caps ()
{
  Camera camera;
  camera.interval = 250 * MS;
  camera.frames (10 * S, DAY);
  const int64_t waited = camera.wait_for (Verdict::stall, 20 * S);
  g_assert_cmpint (waited, >, 2400 * MS);
  g_assert_cmpint (waited, <=, 2500 * MS);
}

void
test_stall_timeout_set ()
{
  Camera camera;
  camera.judge.settings.stall_timeout = 300 * MS;
  camera.frames (S, DAY);
  g_assert_cmpint (camera.wait_for (Verdict::stall, 20 * S), ==, 300 * MS);
  camera.judge.settings.stall_timeout = 60 * S; /* no cure: only a frame is */
  g_assert_cmpint (camera.wait_for (Verdict::ok, 5 * S), ==, -1);
}

void
test_startup ()
{
  Camera camera;
  g_assert_cmpint (camera.wait_for (Verdict::stall, 20 * S), ==, 10 * S);
  g_assert_cmpint (camera.judge.report (camera.now, true).age, ==, -1);
  camera.frame (DAY);
  ASSERT_VERDICT (camera, Verdict::ok);
}

void
test_no_stall_while_suspended ()
{
  Camera camera;
  camera.frames (S, DAY);
  camera.judge.suspend ();
  g_assert_cmpint (camera.wait_for (Verdict::stall, 60 * S), ==, -1);
  g_assert_false (camera.judge.next_deadline ().has_value ());
  g_assert_false (camera.judge.take_report_due (camera.now));
  camera.judge.resume (camera.now); /* the start-up time is allowed again */
  g_assert_cmpint (camera.wait_for (Verdict::stall, 20 * S), ==, 10 * S);
}

void
test_no_stall_after_the_end ()
{
  Camera camera;
  camera.frames (S, DAY);
  camera.judge.end ();
  g_assert_cmpint (camera.wait_for (Verdict::stall, 60 * S), ==, -1);
  g_assert_false (camera.judge.next_deadline ().has_value ());
  camera.frame (DAY);
  g_assert_cmpint (camera.wait_for (Verdict::stall, 60 * S), ==, 1 * S);
}

/* The deadline is never later than what has to be told. */
void
test_deadline ()
{
  Camera camera;
  camera.judge.settings.interval = 0;
  g_assert_cmpint (*camera.judge.next_deadline (), ==, camera.now + 10 * S);
  camera.frame (DAY);
  g_assert_cmpint (*camera.judge.next_deadline (), ==, camera.now + 1 * S);
  camera.now = *camera.judge.next_deadline ();
  g_assert_true (camera.judge.tick (camera.now));
  g_assert_false (camera.judge.next_deadline ().has_value ());
  camera.judge.settings.interval = 250 * MS;
  g_assert_true (camera.judge.next_deadline ().has_value ());
}

void
test_reports_are_regular ()
{
  Camera camera;
  int reports = 0;
  for (int64_t i = 0; i < 60 * S; i += 10 * MS) {
    camera.now += 10 * MS;
    reports += camera.judge.take_report_due (camera.now);
  }
  g_assert_cmpint (reports, ==, 60);
  camera.now += 3600 * S; /* the machine slept: one report, not 3600 */
  g_assert_true (camera.judge.take_report_due (camera.now));
  g_assert_false (camera.judge.take_report_due (camera.now));
}

void
test_frozen_after_three_seconds ()
{
  Camera camera;
  camera.frames (5 * S, DAY);
  camera.frame (DAY, true);
  const int64_t begin = camera.now;
  while (camera.judge.verdict () != Verdict::frozen && camera.now - begin < 20 * S)
    camera.frame (DAY, true);
  g_assert_cmpint (camera.now - begin, >=, 3 * S);
  g_assert_cmpint (camera.now - begin, <=, 3 * S + 2 * camera.interval);
}

void
test_frozen_needs_thirty_frames ()
{
  Camera camera;
  camera.interval = 500 * MS;
  camera.frames (5 * S, DAY);
  for (int i = 0; i < 29; i++)
    camera.frame (DAY, true);
  ASSERT_VERDICT (camera, Verdict::ok);
  camera.frame (DAY, true);
  ASSERT_VERDICT (camera, Verdict::frozen);
}

/* A frame that differs now and then is no recovery; a second of them is. */
void
test_frozen_hysteresis ()
{
  Camera camera;
  camera.frames (5 * S, DAY, true);
  ASSERT_VERDICT (camera, Verdict::frozen);
  for (int i = 0; i < 50; i++) {
    camera.frame (DAY, false);
    camera.frames (200 * MS, DAY, true);
    ASSERT_VERDICT (camera, Verdict::frozen);
  }
  camera.frames (900 * MS, DAY);
  ASSERT_VERDICT (camera, Verdict::frozen);
  camera.frames (200 * MS, DAY);
  ASSERT_VERDICT (camera, Verdict::ok);
}

void
test_frozen_switched_off ()
{
  Camera camera;
  camera.judge.settings.frozen_after = 0;
  camera.frames (60 * S, DAY, true);
  ASSERT_VERDICT (camera, Verdict::ok);
}

void
test_one_changed_frame_starts_the_count_again ()
{
  Camera camera;
  for (int i = 0; i < 20; i++) {
    camera.frames (2900 * MS, DAY, true);
    camera.frame (DAY, false);
  }
  ASSERT_VERDICT (camera, Verdict::ok);
}

/* Black from edge to edge and clipped to the last bit: dark, there is nothing that could freeze.
 * A dim picture with something in it can. */
void
test_night_is_not_frozen ()
{
  Camera camera;
  camera.frames (9 * S, NIGHT, true);
  ASSERT_VERDICT (camera, Verdict::ok);
  camera.frames (2 * S, NIGHT, true);
  ASSERT_VERDICT (camera, Verdict::dark);
  camera.frames (600 * S, NIGHT, true);
  ASSERT_VERDICT (camera, Verdict::dark);
  g_assert_cmpint (camera.changes, ==, 2);

  Camera dim;
  dim.frames (4 * S, PictureNumbers{ 25, 20, true, std::nullopt }, true);
  ASSERT_VERDICT (dim, Verdict::frozen);
}

void
test_exposure ()
{
  for (const auto &[picture, verdict] :
       { std::pair (NIGHT, Verdict::dark), std::pair (GLARE, Verdict::bright) }) {
    Camera camera;
    camera.frames (5 * S, DAY);
    camera.frames (9900 * MS, picture);
    ASSERT_VERDICT (camera, Verdict::ok);
    camera.frames (200 * MS, picture);
    ASSERT_VERDICT (camera, verdict);
    camera.frames (900 * MS, DAY);
    ASSERT_VERDICT (camera, verdict);
    camera.frames (200 * MS, DAY);
    ASSERT_VERDICT (camera, Verdict::ok);
  }
}

/* A lamp far away: dark on average, but there is a picture. */
void
test_contrast_is_not_dark ()
{
  Camera camera;
  camera.frames (60 * S, PictureNumbers{ 20, 25, true, std::nullopt });
  ASSERT_VERDICT (camera, Verdict::ok);
}

void
test_flash_starts_the_waiting_again ()
{
  Camera camera;
  for (int i = 0; i < 10; i++) {
    camera.frames (9 * S, NIGHT);
    camera.frame (DAY);
  }
  ASSERT_VERDICT (camera, Verdict::ok);
}

/* Dawn: the mean wanders around the threshold, the verdict changes once each way. */
void
test_exposure_hysteresis ()
{
  Camera camera;
  camera.frames (11 * S, PictureNumbers{ 31, 2, true, std::nullopt });
  ASSERT_VERDICT (camera, Verdict::dark);
  for (int i = 0; i < 60; i++) {
    camera.frames (2 * S, PictureNumbers{ 39, 2, true, std::nullopt });
    ASSERT_VERDICT (camera, Verdict::dark);
    camera.frames (2 * S, PictureNumbers{ 31, 2, true, std::nullopt });
  }
  camera.frames (2 * S, PictureNumbers{ 41, 2, true, std::nullopt });
  ASSERT_VERDICT (camera, Verdict::ok);
}

void
test_blur ()
{
  Camera camera;
  camera.frames (9900 * MS, BLURRED);
  ASSERT_VERDICT (camera, Verdict::ok);
  camera.frames (300 * MS, BLURRED);
  ASSERT_VERDICT (camera, Verdict::blur);
  /* Fog, or nobody there: it cannot be told, so nothing changes. */
  camera.frames (60 * S, PictureNumbers{ 120, 15, true, std::nullopt });
  ASSERT_VERDICT (camera, Verdict::blur);
  camera.frames (60 * S, PictureNumbers{ 120, 20, true, 9 }); /* within the margin */
  ASSERT_VERDICT (camera, Verdict::blur);
  camera.frames (2 * S, DAY);
  ASSERT_VERDICT (camera, Verdict::ok);
}

void
test_no_edges_is_not_blur ()
{
  Camera camera;
  camera.frame (BLURRED);
  camera.frames (60 * S, PictureNumbers{ 120, 15, true, std::nullopt });
  camera.frame (BLURRED);
  ASSERT_VERDICT (camera, Verdict::ok);
}

/* Sharpness is measured twice a second, the other numbers with each frame. */
void
test_sharpness_now_and_then ()
{
  Camera camera;
  for (int i = 0; i < 400; i++) {
    PictureNumbers picture = BLURRED;
    picture.sharpness_measured = i % 15 == 0;
    if (!picture.sharpness_measured)
      picture.sharpness.reset ();
    camera.frame (picture);
  }
  ASSERT_VERDICT (camera, Verdict::blur);
  g_assert_cmpfloat (camera.judge.report (camera.now, false).sharpness, ==, 3);
}

void
test_precedence ()
{
  Camera camera;
  camera.frames (20 * S, BLURRED, true);
  ASSERT_VERDICT (camera, Verdict::frozen);
  g_assert_cmpint (camera.wait_for (Verdict::stall, 5 * S), ==, 1 * S);
  ASSERT_TEXT (verdict_name (camera.judge.picture_verdict ()), "frozen");
  camera.frame (BLURRED, true);
  ASSERT_VERDICT (camera, Verdict::frozen);
  camera.frames (2 * S, BLURRED, false);
  ASSERT_VERDICT (camera, Verdict::blur);
}

/* JPEG: frames come, but the last look is too old to stand for them. */
void
test_look_grows_old ()
{
  Camera camera;
  camera.judge.set_look_lifetime (15 * S);
  camera.frame (DAY);
  ASSERT_VERDICT (camera, Verdict::ok);
  int64_t unknown_after = -1;
  for (const int64_t begin = camera.now; camera.now - begin < 30 * S;) {
    camera.now += camera.interval;
    if (camera.judge.frame (camera.now, { false, 2, {} }) && unknown_after < 0)
      unknown_after = camera.now - begin;
  }
  ASSERT_VERDICT (camera, Verdict::unknown);
  g_assert_cmpint (unknown_after, >=, 15 * S);
  g_assert_cmpint (unknown_after, <, 16 * S);
}

void
test_other_format_forgets ()
{
  Camera camera;
  camera.frames (11 * S, NIGHT);
  ASSERT_VERDICT (camera, Verdict::dark);
  camera.judge.set_format (camera.interval, true, false); /* another size: night goes on */
  camera.frame (NIGHT);
  ASSERT_VERDICT (camera, Verdict::dark);
  camera.judge.set_format (camera.interval, true, true);
  g_assert_true (camera.judge.frame (camera.now + 1, {}));
  ASSERT_VERDICT (camera, Verdict::unknown);
}

void
test_rate ()
{
  Camera camera;
  camera.interval = 40 * MS;
  camera.frames (S, DAY);
  HealthReport report = camera.judge.report (camera.now, false);
  g_assert_cmpfloat_with_epsilon (report.rate.fps, 25, 0.01);
  g_assert_cmpint (report.rate.jitter, ==, 0);
  g_assert_cmpint (report.rate.gap, ==, 40 * MS);
  g_assert_cmpuint (report.frames, ==, 25);

  camera.judge.close_window ();
  for (int i = 0; i < 20; i++) {
    camera.interval = i % 2 ? 60 * MS : 20 * MS;
    camera.frame (DAY);
  }
  report = camera.judge.report (camera.now, false);
  g_assert_cmpfloat_with_epsilon (report.rate.fps, 25, 0.01);
  g_assert_cmpint (report.rate.jitter, ==, 20 * MS);
  g_assert_cmpint (report.rate.gap, ==, 60 * MS);

  camera.now += 900 * MS; /* no stall yet, but the rate has dropped */
  report = camera.judge.report (camera.now, false);
  g_assert_cmpfloat (report.rate.fps, <, 13);
  g_assert_cmpint (report.rate.gap, ==, 900 * MS);
  g_assert_cmpint (report.age, ==, 900 * MS);
}

/* Random events, whatever their order: every change goes to another verdict and is announced,
 * and the deadline is kept by stall and report alike. */
void
test_random_scripts ()
{
  const std::vector<PictureNumbers> pictures{ DAY, NIGHT, GLARE, BLURRED };
  for (int script = 0; script < 200; script++) {
    Camera camera;
    Verdict before = camera.judge.verdict ();
    size_t picture = 0;
    bool identical = false;
    for (int step = 0; step < 500; step++) {
      const int dice = g_test_rand_int_range (0, 100);
      if (dice == 0)
        picture = static_cast<size_t> (g_test_rand_int_range (0, 4));
      if (dice == 1)
        identical = !identical;
      if (dice == 2)
        camera.judge.suspend ();
      if (dice == 3)
        camera.judge.resume (camera.now);
      if (dice == 4)
        camera.now += g_test_rand_int_range (0, 15 * S);
      const bool changed = dice % 2 ? camera.judge.tick (++camera.now)
                                    : camera.judge.frame (++camera.now, { identical, 2, {} });
      g_assert_cmpint (changed, ==, camera.judge.verdict () != before);
      before = camera.judge.verdict ();
      camera.frame (pictures[picture], identical);
      before = camera.judge.verdict ();
      if (const auto next = camera.judge.next_deadline ())
        g_assert_cmpint (*next, <=, camera.now + 10 * S);
    }
  }
}

void
test_names ()
{
  ASSERT_TEXT (verdict_name (Verdict::unknown), "unknown");
  ASSERT_TEXT (verdict_name (Verdict::ok), "ok");
  ASSERT_TEXT (verdict_name (Verdict::bright), "bright");
  ASSERT_TEXT (verdict_name (Verdict::stall), "stall");
}

} // namespace

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  const std::pair<const char *, void (*) ()> tests[] = {
    { "/framejudge/names", test_names },
    { "/framejudge/first-verdict", test_first_verdict },
    { "/framejudge/unknown-without-a-look", test_unknown_without_a_look },
    { "/framejudge/stall/after-a-second", test_stall_after_a_second },
    { "/framejudge/stall/slow-camera", test_stall_of_a_slow_camera },
    { "/framejudge/stall/slower-than-caps", test_stall_of_a_camera_slower_than_its_caps },
    { "/framejudge/stall/timeout-set", test_stall_timeout_set },
    { "/framejudge/stall/startup", test_startup },
    { "/framejudge/stall/suspended", test_no_stall_while_suspended },
    { "/framejudge/stall/ended", test_no_stall_after_the_end },
    { "/framejudge/deadline", test_deadline },
    { "/framejudge/regular-reports", test_reports_are_regular },
    { "/framejudge/frozen/after-three-seconds", test_frozen_after_three_seconds },
    { "/framejudge/frozen/thirty-frames", test_frozen_needs_thirty_frames },
    { "/framejudge/frozen/hysteresis", test_frozen_hysteresis },
    { "/framejudge/frozen/off", test_frozen_switched_off },
    { "/framejudge/frozen/one-changed-frame", test_one_changed_frame_starts_the_count_again },
    { "/framejudge/frozen/night", test_night_is_not_frozen },
    { "/framejudge/exposure/told", test_exposure },
    { "/framejudge/exposure/contrast", test_contrast_is_not_dark },
    { "/framejudge/exposure/flash", test_flash_starts_the_waiting_again },
    { "/framejudge/exposure/hysteresis", test_exposure_hysteresis },
    { "/framejudge/blur/told", test_blur },
    { "/framejudge/blur/no-edges", test_no_edges_is_not_blur },
    { "/framejudge/blur/now-and-then", test_sharpness_now_and_then },
    { "/framejudge/precedence", test_precedence },
    { "/framejudge/look-grows-old", test_look_grows_old },
    { "/framejudge/other-format", test_other_format_forgets },
    { "/framejudge/rate", test_rate },
    { "/framejudge/random-scripts", test_random_scripts },
  };
  for (const auto &[path, function] : tests)
    g_test_add_func (path, function);
  return g_test_run ();
}
