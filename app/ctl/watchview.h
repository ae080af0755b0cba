// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/framemeter.h"
#include "ctl/terminal.h"

namespace camwarden
{

/* One line of a look, for a terminal with the latest rates behind it. */
[[nodiscard]] std::string format_figures (const FrameFigures &figures,
                                          const std::vector<double> &rates,
                                          const Terminal &terminal);

/* What came in all. */
[[nodiscard]] std::string format_summary (const FrameFigures &figures, const Terminal &terminal);

/* One object on one line; `total`: of everything. */
[[nodiscard]] std::string figures_json (const FrameFigures &figures, bool total);

} // namespace camwarden
