// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/fault.h"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace camwarden
{

/* A fault with all that is known about it. */
struct FaultReport
{
  std::string camera;
  std::string incident; /* the same for the fault and its cures */
  int64_t wall = 0;     /* us UTC */
  Fault fault;
  std::vector<std::string> worker_lines; /* the worker's last words on stderr, oldest first */
  std::vector<std::string> kernel_lines; /* the kernel's, oldest first */
  std::optional<double> temperature;     /* C */
  std::optional<bool> throttled;
  std::string path; /* the folder with the evidence; "": none was kept */
};

/* How its cure goes on. */
struct CureReport
{
  enum class Event {
    Cure,    /* one begins */
    Cured,   /* frames are good again */
    GivenUp, /* nothing more is tried but waiting */
  };

  std::string camera;
  std::string incident;
  int64_t wall = 0; /* us UTC */
  Event event = Event::Cure;
  Tier tier = Tier::Count;
  unsigned attempts = 0; /* of all tiers so far */
  int64_t took = 0;      /* us since the fault */
};

constexpr size_t REPORT_BYTES = 8192;   /* the JSON of a report, at most */
constexpr size_t EVIDENCE_BYTES = 2048; /* its evidence */
constexpr size_t REPORT_LINES = 20;     /* of the worker and of the kernel each: the last ones */

/* One JSON object each, in valid UTF-8 of REPORT_BYTES at most whatever the texts are: what is too
 * long is cut, of lines the oldest first. A cut text ends in "…". */
[[nodiscard]] std::string fault_json (const FaultReport &report);
[[nodiscard]] std::string cure_json (const CureReport &report);

/* Where the evidence of an incident is kept. */
[[nodiscard]] std::string evidence_json (const std::string &camera, const std::string &incident,
                                         int64_t wall, const std::string &path);

/* "cure", "cured", "given-up". */
[[nodiscard]] std::string_view cure_event_name (CureReport::Event event);

} // namespace camwarden
