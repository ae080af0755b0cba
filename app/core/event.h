// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace camwarden
{

enum class Severity {
  Info,
  Warning,
  Critical,
};

/* "info", "warning", "critical". */
[[nodiscard]] std::string_view severity_name (Severity severity);

/* Something that happened, once; what lasts is an Alert. */
struct Event
{
  int64_t id = 0;   /* rises with each event and is never used again; 0: not kept yet */
  int64_t time = 0; /* us UTC */
  /* What sort of thing: start, stop, fault, cure, cured, given-up, evidence, alert, alert-over,
   * emergency, emergency-over, degrade, prune, order (somebody asked for it), reboot,
   * configuration, clock, history. */
  std::string kind;
  Severity severity = Severity::Info;
  std::string camera; /* its id; "": it is about no single one */
  std::string code;   /* for programs: stall, resource-not-found, cpu, ... */
  std::string text;   /* one line for people, in English */
  std::string json;   /* all that is known, one JSON object; "": nothing more */
};

struct EventQuery
{
  int64_t after = 0;        /* only ids above it */
  int64_t before = 0;       /* only ids below it; 0: no limit */
  int64_t from = 0, to = 0; /* us UTC; 0: no limit */
  std::string camera, kind; /* "": any */
  Severity least = Severity::Info;
  size_t limit = 100; /* the newest so many, told newest first; with `after` the oldest */
};

} // namespace camwarden
