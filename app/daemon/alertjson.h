// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/alertbook.h"
#include "core/event.h"

#include <map>
#include <string>

namespace camwarden
{

/* "alert", "alert-over". */
[[nodiscard]] std::string_view alert_event_name (AlertMessage::Kind kind);

/* One JSON object, as docs/alerts.md describes it. wall: us UTC. */
[[nodiscard]] std::string alert_json (const AlertMessage &message, int64_t wall,
                                      const std::string &host);

/* "Camera front is not connected: why; what was done", or "Over after 3 min: Camera ...". */
[[nodiscard]] std::string alert_line (const AlertMessage &message);

/* What a template may name. */
[[nodiscard]] std::map<std::string, std::string>
alert_values (const AlertMessage &message, int64_t wall, const std::string &host);

/* Of an event that has no object of its own. */
[[nodiscard]] std::string event_record_json (const Event &event);

/* "45 s", "3 min", "2 h 5 min", "4 d 1 h". */
[[nodiscard]] std::string duration_text (int64_t us);

/* A message of no consequence. */
[[nodiscard]] AlertMessage test_message (int64_t wall);

} // namespace camwarden
