// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/model.h"

namespace camwarden
{

class JsonWriter;

/* The members of one object each. */
void write_alert (JsonWriter &json, const Alert &alert, int64_t now_wall);
void write_event (JsonWriter &json, const Event &event);
void write_log_entry (JsonWriter &json, const LogEntry &entry);

/* An array without a name, or the value of a member that was named before. */
void write_alerts (JsonWriter &json, const std::vector<Alert> &alerts, int64_t now_wall);

/* GET /api/history, whole. Times are seconds since 1970. */
void write_history (JsonWriter &json, const HistoryAnswer &history);

/* "2026-05-04T03:02:01.123456Z warning: text" */
[[nodiscard]] std::string log_text (const LogEntry &entry);

/* As one line, for a stream of events. */
[[nodiscard]] std::string event_text (const Event &event);
[[nodiscard]] std::string alert_text (const Alert &alert, int64_t now_wall);

} // namespace camwarden
