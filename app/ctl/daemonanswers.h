// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/client.h"
#include "ctl/statusview.h"

namespace camwarden
{

/* What the daemon answers to the questions that "status" and "health" ask. */
struct DaemonAnswers
{
  JsonNodePtr status, cameras, summary;
  JsonNodePtr health; /* /api/health; nothing: not asked for */

  [[nodiscard]] StatusFacts facts () const;
  [[nodiscard]] std::string overall () const;
  /* All in one object, as they came. */
  [[nodiscard]] std::string json () const;
};

/* false, and why: one of them was not answered. */
[[nodiscard]] bool ask_daemon (Client &client, bool with_health, DaemonAnswers &answers,
                               ClientError &error);

[[nodiscard]] CameraLine camera_line_of (JsonObject *camera);

/* EXIT_HEALTHY, EXIT_WARNING, EXIT_CRITICAL, else EXIT_UNKNOWN; "off" is healthy. */
[[nodiscard]] int exit_status_of (const std::string &level);

} // namespace camwarden
