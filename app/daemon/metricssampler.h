// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/metrics.h"
#include "daemon/httpapi/model.h"

#include <map>
#include <string>
#include <vector>

namespace camwarden
{

/* Makes one row for the history of what is known at a moment. Main thread. */
class MetricsSampler
{
public:
  /* Whenever a camera's state is known; now: monotonic us. The daemon's own start is no outage:
   * nothing is known before the first other state than Starting. */
  void camera (const std::string &id, CameraState state, int64_t now);
  void camera_removed (const std::string &id);

  [[nodiscard]] MetricsRow take (const SystemSample &sample, const RedisStatus &redis,
                                 const std::vector<CameraStatus> &cameras, int64_t now,
                                 int64_t wall);

private:
  struct Camera
  {
    bool started = false;
    UpShare up;
    CounterStep published, dropped, stored;
  };

  void add_machine (const SystemSample &sample, int64_t now);
  void add_network (const SystemSample &sample, int64_t now);
  void add_camera (const CameraStatus &status, int64_t now);
  [[nodiscard]] std::optional<double> redis_up (bool connected, int64_t now);

  MetricsShape shape_;
  std::map<std::string, Camera> cameras_;
  CounterStep rx_, tx_;
  int64_t last_ = -1;
  int64_t begin_ = -1; /* of this daemon */
  bool redis_started_ = false;
};

} // namespace camwarden
