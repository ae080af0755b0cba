// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/camerahealth.h"

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

/* One thing that is not as it should be. The code is for programs, the text for people. */
struct HealthIssue
{
  HealthLevel level;
  std::string part; /* redis, camera/ID, configuration */
  std::string code; /* stall, no-camera, frozen, store-full, ... */
  std::string text;
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
                                          const std::string &configuration_error);

/* 100 less 10 for each failure in a row, as users of old know it. */
[[nodiscard]] int health_score (unsigned consecutive_failures);

} // namespace camwarden
