// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/command.h"

namespace camwarden
{

/* What "camera ID VERB" is to do. */
struct CameraTask
{
  std::string id;
  std::string tier;    /* recover: empty: the mildest */
  std::string output;  /* snapshot: a file, "-": standard output, empty: draw it */
  double interval = 1; /* monitor: seconds */
  unsigned count = 0;  /* monitor: lines; 0: until it is interrupted */

  [[nodiscard]] std::string
  path (const std::string &more = {}) const
  {
    return "/api/cameras/" + id + more;
  }
};

[[nodiscard]] int show_camera (CtlContext &context, const CameraTask &task);
[[nodiscard]] int test_camera (CtlContext &context, const CameraTask &task);
[[nodiscard]] int recover_camera (CtlContext &context, const CameraTask &task);
[[nodiscard]] int monitor_camera (CtlContext &context, const CameraTask &task);
[[nodiscard]] int take_snapshot (CtlContext &context, const CameraTask &task);

} // namespace camwarden
