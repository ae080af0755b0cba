// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/event.h"

#include <optional>
#include <string>

namespace camwarden
{

/* Something that is not as it should be, for as long as it is in the list that tells it. What it
 * becomes in the history is an Alert. */
struct Condition
{
  Severity severity = Severity::Warning;
  std::string code;     /* emergency, degraded, memory-growth, process-hung, redis-memory, ... */
  std::string instance; /* which one: a process, a file system; "" where there is only one */
  std::string part;     /* system, redis, camera/ID, daemon */
  std::string text;     /* one line for people, in English */
  std::string cause;    /* why, as far as it is known; "": it is not */
  std::optional<double> value;
  std::optional<double> threshold;
  std::string unit; /* of both: "%", "bytes", "s"; "": none */

  bool operator== (const Condition &) const = default;
};

} // namespace camwarden
