// SPDX-License-Identifier: LGPL-2.1-or-later
#include "core/healthreport.h"

#include <algorithm>
#include <array>

namespace camwarden
{

const char *
health_level_name (HealthLevel level)
{
  static constexpr std::array names{ "off", "healthy", "warning", "critical" };
  return names[static_cast<size_t> (level)];
}

size_t
HealthReport::count (HealthLevel level) const
{
  return static_cast<size_t> (
      std::count_if (issues.begin (), issues.end (),
                     [level] (const auto &issue) { return issue.level == level; }));
}

namespace
{

struct StateIssue
{
  CameraState state;
  HealthLevel level;
  const char *code;
  const char *text;
};

constexpr StateIssue state_issues[]{
  { CameraState::Starting, HealthLevel::Warning, "starting", "starts, no frame yet" },
  { CameraState::Stalled, HealthLevel::Critical, "stall", "stopped delivering frames" },
  { CameraState::NoCamera, HealthLevel::Critical, "no-camera", "is not connected" },
  { CameraState::Respawning, HealthLevel::Critical, "respawning",
    "has lost its worker, the next one is about to start" },
  { CameraState::Failed, HealthLevel::Critical, "failed",
    "cannot run with this configuration or installation" },
};

struct VerdictIssue
{
  const char *verdict;
  HealthLevel level;
  const char *text;
};

constexpr VerdictIssue verdict_issues[]{
  { "stall", HealthLevel::Critical, "stopped delivering frames" },
  { "frozen", HealthLevel::Critical, "delivers the same picture again and again" },
  { "dark", HealthLevel::Warning, "delivers a dark picture" },
  { "bright", HealthLevel::Warning, "delivers an overexposed picture" },
  { "blur", HealthLevel::Warning, "delivers a blurred picture" },
};

} // namespace

static void
add_state_issue (const CameraFacts &camera, std::vector<HealthIssue> &issues)
{
  for (const auto &row : state_issues)
    if (row.state == camera.state)
      issues.push_back ({ row.level, "camera/" + camera.id, row.code,
                          "Camera " + camera.id + " " + row.text
                              + (camera.last_error.empty () ? "" : ": " + camera.last_error) });
}

/* A verdict speaks about frames that come: it says nothing new about a camera that is away. */
static void
add_verdict_issue (const CameraFacts &camera, std::vector<HealthIssue> &issues)
{
  if (camera.state != CameraState::Streaming)
    return;
  for (const auto &row : verdict_issues)
    if (row.verdict == camera.verdict)
      issues.push_back ({ row.level, "camera/" + camera.id, row.verdict,
                          "Camera " + camera.id + " " + row.text });
}

std::vector<HealthIssue>
camera_issues (const CameraFacts &camera)
{
  std::vector<HealthIssue> issues;
  if (camera.state == CameraState::Stopped)
    return issues;
  add_state_issue (camera, issues);
  add_verdict_issue (camera, issues);
  const std::string part = "camera/" + camera.id;
  if (!camera.store_paused.empty ())
    issues.push_back (
        { HealthLevel::Warning, part, "store-" + camera.store_paused,
          "Camera " + camera.id + " is not being stored (" + camera.store_paused + ")" });
  if (camera.test_picture)
    issues.push_back ({ HealthLevel::Warning, part, "test-picture",
                        "Camera " + camera.id + " shows the test picture: no camera was found" });
  return issues;
}

static HealthLevel
worst (const std::vector<HealthIssue> &issues)
{
  HealthLevel level = HealthLevel::Healthy;
  for (const auto &issue : issues)
    level = std::max (level, issue.level);
  return level;
}

HealthLevel
camera_level (const CameraFacts &camera)
{
  return camera.state == CameraState::Stopped ? HealthLevel::Off : worst (camera_issues (camera));
}

HealthReport
report_health (const std::vector<CameraFacts> &cameras, const RedisFacts &redis,
               const std::string &configuration_error)
{
  HealthReport report;
  if (!redis.connected)
    report.issues.push_back ({ HealthLevel::Critical, "redis", "disconnected",
                               "Redis at " + redis.uri + " is not connected"
                                   + (redis.error.empty () ? "" : ": " + redis.error) });
  if (!configuration_error.empty ())
    report.issues.push_back (
        { HealthLevel::Warning, "configuration", "refused", configuration_error });
  if (cameras.empty ())
    report.issues.push_back (
        { HealthLevel::Warning, "configuration", "no-cameras", "No camera is configured" });
  for (const auto &camera : cameras)
    for (auto &issue : camera_issues (camera))
      report.issues.push_back (std::move (issue));
  std::stable_sort (report.issues.begin (), report.issues.end (),
                    [] (const auto &a, const auto &b) { return a.level > b.level; });
  report.overall = worst (report.issues);
  return report;
}

int
health_score (unsigned consecutive_failures)
{
  return 100 - 10 * static_cast<int> (std::min (consecutive_failures, 10u));
}

} // namespace camwarden
