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

/* What, with its cause behind it. */
static HealthIssue
issue_of (HealthLevel level, std::string part, std::string code, std::string what,
          std::string cause = {})
{
  HealthIssue issue;
  issue.level = level;
  issue.part = std::move (part);
  issue.code = std::move (code);
  issue.text = cause.empty () ? what : what + ": " + cause;
  issue.what = std::move (what);
  issue.cause = std::move (cause);
  return issue;
}

static HealthIssue
camera_issue (const CameraFacts &camera, HealthLevel level, const std::string &code,
              const std::string &what, const std::string &cause = {})
{
  HealthIssue issue
      = issue_of (level, "camera/" + camera.id, code, "Camera " + camera.id + " " + what, cause);
  issue.cause.resize (std::min (cause.find ('\n'), cause.size ())); /* one line */
  issue.instance = camera.id;
  issue.parameters["camera"] = camera.id;
  return issue;
}

/* A camera that is away goes through several states on its way back: one matter. */
static void
add_state_issue (const CameraFacts &camera, std::vector<HealthIssue> &issues)
{
  for (const auto &row : state_issues)
    if (row.state == camera.state) {
      issues.push_back (camera_issue (camera, row.level, row.code, row.text, camera.last_error));
      issues.back ().matter = "frames";
      issues.back ().passing
          = row.state == CameraState::Starting || row.state == CameraState::Respawning;
    }
}

/* A verdict speaks about frames that come: it says nothing new about a camera that is away. */
static void
add_verdict_issue (const CameraFacts &camera, std::vector<HealthIssue> &issues)
{
  if (camera.state != CameraState::Streaming)
    return;
  for (const auto &row : verdict_issues)
    if (row.verdict == camera.verdict) {
      issues.push_back (camera_issue (camera, row.level, row.verdict, row.text));
      issues.back ().matter = camera.verdict == "stall" ? "frames" : "picture";
    }
}

std::vector<HealthIssue>
camera_issues (const CameraFacts &camera)
{
  std::vector<HealthIssue> issues;
  if (camera.state == CameraState::Stopped)
    return issues;
  add_state_issue (camera, issues);
  add_verdict_issue (camera, issues);
  if (!camera.store_paused.empty ()) {
    issues.push_back (camera_issue (camera, HealthLevel::Warning, "store-" + camera.store_paused,
                                    "is not being stored (" + camera.store_paused + ")"));
    issues.back ().part = "store/" + camera.id;
    issues.back ().matter = "store";
  }
  if (camera.test_picture)
    issues.push_back (camera_issue (camera, HealthLevel::Warning, "test-picture",
                                    "shows the test picture: no camera was found"));
  return issues;
}

double
shown_value (Quantity what, double value)
{
  switch (what) {
  case Quantity::Cpu:
  case Quantity::Memory:
  case Quantity::Disk:
    return value * 100;
  case Quantity::RedisAway:
    return value / 1e6;
  case Quantity::Temperature:
  case Quantity::CameraFailures:
    break;
  }
  return value;
}

const char *
shown_unit (Quantity what)
{
  switch (what) {
  case Quantity::Cpu:
  case Quantity::Memory:
  case Quantity::Disk:
    return "%";
  case Quantity::Temperature:
    return "C";
  case Quantity::CameraFailures:
    return "failures";
  case Quantity::RedisAway:
    break;
  }
  return "s";
}

static std::string
threshold_text (const ThresholdFacts &facts)
{
  switch (facts.what) {
  case Quantity::Cpu:
    return "The processors are busy";
  case Quantity::Memory:
    return "Memory runs out";
  case Quantity::Disk:
    return "The file system at " + facts.instance + " fills up";
  case Quantity::Temperature:
    return "The processor is hot";
  case Quantity::CameraFailures:
    return "Camera " + facts.instance + " fails again and again";
  case Quantity::RedisAway:
    break;
  }
  return "Redis is away";
}

static void
add_measure (HealthIssue &issue, const ThresholdFacts &facts)
{
  const bool critical = facts.level == ThresholdLevel::Critical;
  issue.value = shown_value (facts.what, facts.value);
  issue.threshold = shown_value (facts.what, critical ? facts.critical : facts.warning);
  issue.unit = shown_unit (facts.what);
}

static HealthIssue
threshold_issue (const ThresholdFacts &facts)
{
  const bool critical = facts.level == ThresholdLevel::Critical;
  const bool camera = facts.what == Quantity::CameraFailures;
  HealthIssue issue = issue_of (critical ? HealthLevel::Critical : HealthLevel::Warning,
                                camera ? "camera/" + facts.instance : "system",
                                std::string (quantity_name (facts.what)), threshold_text (facts));
  issue.instance = facts.instance;
  if (camera)
    issue.parameters["camera"] = facts.instance;
  else if (!facts.instance.empty ())
    issue.parameters["mount"] = facts.instance;
  add_measure (issue, facts);
  return issue;
}

static void
add_machine_issues (const MachineFacts &machine, std::vector<HealthIssue> &issues)
{
  const auto warn
      = [&issues] (const char *part, const char *code, const char *what, const std::string &cause) {
          issues.push_back (issue_of (HealthLevel::Warning, part, code, what, cause));
        };
  issues.insert (issues.end (), machine.others.begin (), machine.others.end ());
  /* Redis has an issue of its own, which knows more. */
  for (const auto &facts : machine.thresholds)
    if (facts.level != ThresholdLevel::None && facts.what != Quantity::RedisAway)
      issues.push_back (threshold_issue (facts));
  if (machine.under_voltage)
    warn ("system", "under-voltage", "The power supply is too weak",
          "under-voltage; use a stronger supply or a shorter cable");
  if (machine.throttled)
    warn ("system", "throttled", "The processor is slowed down", "heat or weak power");
  if (machine.emergency)
    issues.push_back (issue_of (HealthLevel::Critical, "system", "emergency",
                                "The machine protects itself", machine.emergency_cause));
  if (machine.degrade_step > 0)
    warn ("system", "degraded", "The machine does less, to protect itself", machine.degrade_text);
  if (!machine.reboot_trouble.empty ())
    warn ("system", "reboot-guard", "The machine cannot be rebooted when that is needed",
          machine.reboot_trouble);
  if (!machine.history_trouble.empty ())
    warn ("daemon", "history", "The history has a problem", machine.history_trouble);
}

static HealthIssue
redis_issue (const RedisFacts &redis, const MachineFacts &machine)
{
  HealthIssue issue = issue_of (HealthLevel::Critical, "redis", "disconnected",
                                "Redis at " + redis.uri + " is not connected", redis.error);
  issue.parameters["uri"] = redis.uri;
  for (const auto &facts : machine.thresholds)
    if (facts.what == Quantity::RedisAway && facts.level != ThresholdLevel::None)
      add_measure (issue, facts);
  return issue;
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
               const std::string &configuration_error, const MachineFacts &machine)
{
  HealthReport report;
  if (!redis.connected)
    report.issues.push_back (redis_issue (redis, machine));
  if (!configuration_error.empty ()) {
    HealthIssue issue
        = issue_of (HealthLevel::Warning, "configuration", "refused",
                    "The changed configuration was not taken over", configuration_error);
    issue.text = configuration_error;
    report.issues.push_back (std::move (issue));
  }
  if (cameras.empty ())
    report.issues.push_back (
        issue_of (HealthLevel::Warning, "configuration", "no-cameras", "No camera is configured"));
  add_machine_issues (machine, report.issues);
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
