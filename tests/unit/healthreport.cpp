// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/healthreport.h"

#include <glib.h>

using namespace camwarden;

static CameraFacts
good (const char *id)
{
  return { id, CameraState::Streaming, "ok", false, "", "" };
}

static void
test_levels ()
{
  static const struct
  {
    CameraState state;
    const char *verdict;
    const char *level;
    const char *code; /* of the first issue; "": none */
  } rows[] = {
    { CameraState::Streaming, "ok", "healthy", "" },
    { CameraState::Streaming, "unknown", "healthy", "" },
    { CameraState::Streaming, "dark", "warning", "dark" },
    { CameraState::Streaming, "bright", "warning", "bright" },
    { CameraState::Streaming, "blur", "warning", "blur" },
    { CameraState::Streaming, "frozen", "critical", "frozen" },
    { CameraState::Streaming, "stall", "critical", "stall" },
    { CameraState::Starting, "unknown", "warning", "starting" },
    { CameraState::Stalled, "stall", "critical", "stall" },
    { CameraState::NoCamera, "ok", "critical", "no-camera" },
    { CameraState::Respawning, "dark", "critical", "respawning" },
    { CameraState::Failed, "ok", "critical", "failed" },
    { CameraState::Stopped, "stall", "off", "" },
  };
  for (const auto &row : rows) {
    const CameraFacts camera{ "front", row.state, row.verdict, false, "", "why" };
    g_assert_cmpstr (health_level_name (camera_level (camera)), ==, row.level);
    const auto issues = camera_issues (camera);
    g_assert_cmpstr (issues.empty () ? "" : issues[0].code.c_str (), ==, row.code);
    g_assert_cmpuint (issues.size (), <=, 1);
  }
}

static void
test_report ()
{
  const RedisFacts up{ true, "redis://h:1", "" }, down{ false, "redis://h:1", "refused" };
  auto report = report_health ({ good ("a"), good ("b") }, up, "");
  g_assert_cmpstr (health_level_name (report.overall), ==, "healthy");
  g_assert_true (report.issues.empty ());

  auto paused = good ("b");
  paused.store_paused = "full";
  report = report_health ({ good ("a"), paused }, down, "line 3: no such key");
  g_assert_cmpstr (health_level_name (report.overall), ==, "critical");
  g_assert_cmpuint (report.issues.size (), ==, 3);
  g_assert_cmpuint (report.count (HealthLevel::Critical), ==, 1);
  g_assert_cmpuint (report.count (HealthLevel::Warning), ==, 2);
  g_assert_cmpstr (report.issues[0].part.c_str (), ==, "redis");
  g_assert_cmpstr (report.issues[2].code.c_str (), ==, "store-full");

  auto off = good ("a");
  off.state = CameraState::Stopped;
  g_assert_cmpstr (health_level_name (report_health ({ off }, up, "").overall), ==, "healthy");
  auto test_picture = good ("a");
  test_picture.test_picture = true;
  g_assert_cmpstr (health_level_name (report_health ({ test_picture }, up, "").overall), ==,
                   "warning");
  g_assert_cmpstr (health_level_name (report_health ({}, up, "").overall), ==, "warning");
}

static void
test_machine ()
{
  const RedisFacts up{ true, "redis://h:1", "" }, down{ false, "redis://h:1", "refused" };
  MachineFacts machine;
  machine.thresholds = {
    { Quantity::Disk, "/data", ThresholdLevel::Critical, 0.97, 0.9, 0.95 },
    { Quantity::Cpu, "", ThresholdLevel::None, 0.3, 0.85, 0.95 },
    { Quantity::CameraFailures, "a", ThresholdLevel::Warning, 6, 5, 10 },
    { Quantity::RedisAway, "", ThresholdLevel::Warning, 12e6, 10e6, 60e6 },
  };
  auto report = report_health ({ good ("a") }, up, "", machine);
  g_assert_cmpuint (report.issues.size (), ==, 2);
  const HealthIssue &disk = report.issues[0], &failures = report.issues[1];
  g_assert_cmpstr (disk.code.c_str (), ==, "disk");
  g_assert_cmpstr (disk.instance.c_str (), ==, "/data");
  g_assert_cmpfloat_with_epsilon (*disk.value, 97, 1e-9);
  g_assert_cmpfloat_with_epsilon (*disk.threshold, 95, 1e-9);
  g_assert_cmpstr (disk.unit.c_str (), ==, "%");
  g_assert_cmpstr (failures.part.c_str (), ==, "camera/a");
  g_assert_cmpfloat_with_epsilon (*failures.threshold, 5, 1e-9);

  machine.thresholds.erase (machine.thresholds.begin (), machine.thresholds.begin () + 3);
  report = report_health ({ good ("a") }, down, "", machine);
  g_assert_cmpuint (report.issues.size (), ==, 1); /* one thing is told once */
  g_assert_cmpfloat_with_epsilon (*report.issues[0].value, 12, 1e-9);
  g_assert_cmpstr (report.issues[0].unit.c_str (), ==, "s");

  MachineFacts weak;
  weak.under_voltage = weak.throttled = weak.emergency = true;
  weak.degrade_step = 2;
  weak.reboot_trouble = weak.history_trouble = "why";
  report = report_health ({ good ("a") }, up, "", weak);
  g_assert_cmpuint (report.issues.size (), ==, 6);
  g_assert_cmpstr (report.issues[0].code.c_str (), ==, "emergency");
  g_assert_cmpstr (report.issues[5].text.c_str (), ==, "The history has a problem: why");
}

static void
test_score ()
{
  g_assert_cmpint (health_score (0), ==, 100);
  g_assert_cmpint (health_score (3), ==, 70);
  g_assert_cmpint (health_score (10), ==, 0);
  g_assert_cmpint (health_score (4'000'000'000u), ==, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, nullptr);
  g_test_add_func ("/healthreport/levels", test_levels);
  g_test_add_func ("/healthreport/report", test_report);
  g_test_add_func ("/healthreport/machine", test_machine);
  g_test_add_func ("/healthreport/score", test_score);
  return g_test_run ();
}
