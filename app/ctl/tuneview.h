// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/terminal.h"
#include "ctl/tunemodel.h"

#include <string>
#include <vector>

namespace camwarden
{

struct TuneResult
{
  std::string processor; /* as /proc/cpuinfo names it */
  std::string source;    /* empty: a test picture */
  TuneLimits limits;
  std::vector<TuneSample> samples;
  std::vector<TuneRow> rows;
  std::optional<TuneRow> best;
};

[[nodiscard]] std::string format_tune (const TuneResult &result, const Terminal &terminal);
[[nodiscard]] std::string tune_json (const TuneResult &result);
/* One page that needs nothing else: no scripts, no addresses. */
[[nodiscard]] std::string tune_html (const TuneResult &result);

} // namespace camwarden
