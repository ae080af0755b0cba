// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/httpapi/ordersjson.h"

#include "daemon/httpapi/jsonwriter.h"

namespace camwarden
{

void
reply_order (Exchange &exchange, const OrderResult &result,
             const std::function<void (JsonWriter &)> &extra)
{
  const auto members = [&] (JsonWriter &json) {
    json.add ("success", result.ok)
        .add ("timestamp", iso_time (g_get_real_time ()))
        .add ("message", result.message);
    if (extra)
      extra (json);
  };
  if (!result.ok) {
    if (result.status == 503 || result.status == 429)
      exchange.add_header ("Retry-After", "10");
    exchange.reply_problem (result.status, result.message, members);
    return;
  }
  JsonWriter json;
  json.begin_object ();
  members (json);
  json.end_object ();
  exchange.reply_json (json);
}

} // namespace camwarden
