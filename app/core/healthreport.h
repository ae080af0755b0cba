// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/camerahealth.h"
#include "core/thresholds.h"

#include <map>
#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

enum class HealthLevel {
  Off, /* switched off on purpose: counts for nothing */
  Healthy,
  Warning,
  Critical,
};

/* "off", "healthy", "warning", "critical". */
[[nodiscard]] const char *health_level_name (HealthLevel level);

/* One thing that is not as it should be at this moment. The code is for programs, the texts for
 * people. Health and alerts are made of the same list. */
struct HealthIssue
{
  HealthLevel level = HealthLevel::Warning;
  std::string part;          /* redis, camera/ID, system, configuration, daemon */
  std::string code;          /* stall, no-camera, frozen, store-full, cpu, disk, ... */
  std::string text;          /* what, and why as far as it is known */
  std::string what = {};     /* what alone */
  std::string cause = {};    /* why alone; "": it is not known */
  std::string instance = {}; /* a camera's id, a mount point; "": there is only one */
  std::string matter = {};   /* what it is one case of: cases of one matter follow each other */
  bool passing = false;      /* a case between two others, which tell more */
  std::optional<double> value = {}, threshold = {};
  std::string unit = {};                              /* of both: "%", "C", "s", "failures" */
  std::map<std::string, std::string> parameters = {}; /* what a translated text needs */
};

struct CameraFacts
{
  std::string id;
  CameraState state;
  std::string verdict;
  bool test_picture = false;
  std::string store_paused;
  std::string last_error;
};

struct RedisFacts
{
  bool connected = false;
  std::string uri;
  std::string error;
};

struct ThresholdFacts
{
  Quantity what = Quantity::Cpu;
  std::string instance;
  ThresholdLevel level = ThresholdLevel::None;
  double value = 0, warning = 0, critical = 0; /* in the unit of Quantity */
};

struct MachineFacts
{
  std::vector<ThresholdFacts> thresholds;
  bool under_voltage = false, throttled = false; /* now */
  bool emergency = false;
  std::string emergency_cause;
  unsigned degrade_step = 0;
  std::string degrade_text;
  std::string reboot_trouble;      /* why no reboot is possible; "": nothing */
  std::string history_trouble;     /* why nothing is kept on disk, or what was lost; "": nothing */
  std::vector<HealthIssue> others; /* of processes, Redis, file systems: as they are */
};

struct HealthReport
{
  HealthLevel overall = HealthLevel::Healthy;
  std::vector<HealthIssue> issues; /* worst first */

  [[nodiscard]] size_t count (HealthLevel level) const;
};

/* What is wrong with one camera, worst first. */
[[nodiscard]] std::vector<HealthIssue> camera_issues (const CameraFacts &camera);
[[nodiscard]] HealthLevel camera_level (const CameraFacts &camera);

[[nodiscard]] HealthReport report_health (const std::vector<CameraFacts> &cameras,
                                          const RedisFacts &redis,
                                          const std::string &configuration_error,
                                          const MachineFacts &machine = {});

/* As people say them: percent, degrees, seconds, a number. */
[[nodiscard]] double shown_value (Quantity what, double value);
[[nodiscard]] const char *shown_unit (Quantity what);

/* 100 less 10 for each failure in a row, as users of old know it. */
[[nodiscard]] int health_score (unsigned consecutive_failures);

} // namespace camwarden
