// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/model.h"

namespace camwarden
{

class JsonWriter;

/* To so many parts of one: digits is 10, 100, ... */
[[nodiscard]] double rounded (double number, double digits);
/* Of a share of 1, to a tenth. */
[[nodiscard]] double percent (double share);

/* The members of the machine's object. Shares are in percent there. */
void write_machine (JsonWriter &json, const MachineStatus &machine);
/* The array of that name, in percent, degrees, failures and seconds. */
void write_thresholds (JsonWriter &json, const std::vector<ThresholdStatus> &thresholds);

} // namespace camwarden
