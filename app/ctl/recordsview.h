// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/jsonvalue.h"
#include "ctl/terminal.h"

#include <string_view>

namespace camwarden
{

/* "2026-01-31 12:00:00" in the zone of whoever reads; a time that is none stays as it is. */
[[nodiscard]] std::string local_time (const std::string &iso);

/* One alert, as /api/alerts tells it, in a line and what is known of its cause below. */
[[nodiscard]] std::string format_alert (JsonObject *alert, const Terminal &terminal);

/* One event, as /api/events tells it, in one line or more. */
[[nodiscard]] std::string format_event (JsonObject *event, const Terminal &terminal);

/* Puts the lines of server-sent events together. */
class EventLines
{
public:
  struct Message
  {
    std::string id, data;
  };

  /* The message that ends with this line; nothing: none does. */
  [[nodiscard]] std::optional<Message> line (std::string_view line);

private:
  Message message_;
};

} // namespace camwarden
