// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/statusview.h"

#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

/* What is wrong, why, and what helps; empty: nothing is known. */
struct Trouble
{
  std::string level, text, cause, done;
  std::string fix; /* translated */
};

struct Limit
{
  std::string level; /* none, warning, critical */
  double warning = 0, critical = 0;
};

struct MachineFacts
{
  std::optional<double> cpu, memory, disk; /* percent */
  std::optional<double> disk_free;         /* GiB */
  std::optional<double> temperature;       /* degrees Celsius */
  Limit cpu_limit, memory_limit, disk_limit, temperature_limit;
  bool weak_power = false;
  std::string held_back; /* what the machine does less of, to protect itself */
};

struct HealthFacts
{
  StatusFacts status;
  MachineFacts machine;
  std::vector<std::string> processes, missing_processes;
  std::vector<Trouble> troubles; /* worst first */
};

/* What can be done about an issue or an alert; empty: nothing in general. Translated. */
[[nodiscard]] std::string advice_for (const std::string &code);

[[nodiscard]] std::string format_health (const HealthFacts &facts, const Terminal &terminal);

/* The one line of a Nagios plugin, with performance data. */
[[nodiscard]] std::string format_nagios (const HealthFacts &facts);

} // namespace camwarden
