// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/model.h"

#include <memory>
#include <optional>

namespace camwarden
{

class Exchange;

struct EventStreamOptions
{
  std::optional<int64_t> after; /* begin with what came after this event; none: with the next one */
  unsigned keepalive_ms = 15'000;
};

/* Answers with server-sent events (text/event-stream): each event as it happens, with its id, and
 * each alert that begins, changes or ends. A client that comes back with the id of the last event
 * it saw (Last-Event-ID) gets what it missed. One that does not read is held in no more than 1 MiB,
 * then its stream ends: it can come back the same way. */
void stream_events (ApiModel &model, const std::shared_ptr<Exchange> &exchange,
                    EventStreamOptions options);

} // namespace camwarden
