// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/model.h"

namespace camwarden
{

class JsonWriter;

/* The members of the machine's object. Shares are in percent there. */
void write_machine (JsonWriter &json, const MachineStatus &machine);

} // namespace camwarden
