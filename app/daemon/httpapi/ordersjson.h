// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/exchange.h"
#include "daemon/httpapi/model.h"

#include <functional>

namespace camwarden
{

/* How an order went: success, timestamp, message, and what `extra` writes; when it did not go well,
 * the same in a problem. */
void reply_order (Exchange &exchange, const OrderResult &result,
                  const std::function<void (JsonWriter &)> &extra = nullptr);

} // namespace camwarden
