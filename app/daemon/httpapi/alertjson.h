// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/alert.h"

namespace camwarden
{

class JsonWriter;

/* The members of one alert's, one event's object. */
void write_alert (JsonWriter &json, const Alert &alert);
void write_event (JsonWriter &json, const Event &event);

} // namespace camwarden
