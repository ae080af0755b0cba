// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/event.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace camwarden
{

/* A state that somebody should know of, from its beginning to its end. It travels as a code with
 * parameters; the texts beside them are English, and whoever shows it may say it in another
 * language. */
struct Alert
{
  int64_t id = 0;       /* rises with each alert; the same for as long as it lasts */
  std::string code;     /* cpu, memory, disk, temperature, stall, no-camera, store-full, ... */
  std::string instance; /* which one: a camera's id, a mount point, a process; "" where only one */
  std::string part;     /* camera/ID, redis, system, store/ID, configuration, daemon */
  Severity severity = Severity::Warning;         /* the worst it has been while it was open */
  int64_t since = 0;                             /* us UTC */
  int64_t until = 0;                             /* us UTC; 0: it is open */
  std::optional<double> value;                   /* of the quantity; the worst one */
  std::optional<double> threshold;               /* in the same unit */
  std::string unit;                              /* "%", "C", "s", "failures", "bytes"; "": none */
  std::string text;                              /* what, one line */
  std::string cause;                             /* why, as far as it is known; "": it is not */
  std::string done;                              /* what was done about it so far; "": nothing */
  std::map<std::string, std::string> parameters; /* what a translated text needs */
  int64_t acknowledged = 0;                      /* us UTC; 0: nobody did */
  std::string acknowledged_by;
};

struct AlertQuery
{
  bool open = true, over = true;
  std::string part; /* "": any */
  size_t limit = 100;
};

} // namespace camwarden
