// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/jsonvalue.h"
#include "ctl/statusview.h"

namespace camwarden
{

/* One camera with its figures, as /api/cameras/ID tells them. */
[[nodiscard]] std::string format_camera (JsonObject *camera, const Terminal &terminal);

/* How a test went, as POST /api/cameras/ID/test answers. */
[[nodiscard]] std::string format_camera_test (JsonObject *answer, const Terminal &terminal);

/* The latest rates of a camera as one line that is written over and over. */
class MonitorLine
{
public:
  explicit MonitorLine (const Terminal &terminal) : terminal_ (terminal) {}

  [[nodiscard]] std::string next (const CameraLine &camera);
  /* A moment without an answer. */
  [[nodiscard]] std::string missed (const std::string &why);

private:
  void keep (double fps);

  const Terminal terminal_;
  std::vector<double> rates_;
};

} // namespace camwarden
