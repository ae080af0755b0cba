// SPDX-License-Identifier: LGPL-2.1-or-later
/* Built without libmosquitto. */
#include "daemon/alertsinks.h"

namespace camwarden
{

std::unique_ptr<AlertSink>
make_mqtt_sink (std::string)
{
  return nullptr;
}

} // namespace camwarden
