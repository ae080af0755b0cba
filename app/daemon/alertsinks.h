// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/alertbook.h"
#include "daemon/httpapi/model.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace camwarden
{

struct AlertsConfig; /* config/settings.h */

/* Somebody who is told of alerts, beside the log and Redis. Main thread. */
class AlertSink
{
public:
  using Tested = std::function<void (const SinkResult &)>;

  virtual ~AlertSink () = default;
  /* From now on. */
  virtual void configure (const AlertsConfig &config) = 0;
  virtual void send (const AlertMessage &message, int64_t wall) = 0;
  /* What is open at this moment, and which cameras there are; when that changed. */
  virtual void
  show (const std::vector<Alert> & /* open */, const std::vector<std::string> & /* cameras */)
  {}
  /* Nobody is configured: there is nothing to test. */
  [[nodiscard]] virtual bool is_used () const = 0;
  /* done: once, within 15 s. */
  virtual void test (const AlertMessage &message, int64_t wall, Tested done) = 0;
};

struct WebhookTimes
{
  int64_t deadline = 10'000'000; /* us, of one attempt */
  int64_t first_wait = 5'000'000, longest_wait = 900'000'000;
  int64_t longest_life = 86400'000'000; /* of a message that nobody takes */
};

/* Posts to an address. What cannot be delivered waits in `queue_file`, over restarts too. */
[[nodiscard]] std::unique_ptr<AlertSink>
make_webhook_sink (std::string queue_file, std::string host, WebhookTimes times = {});

/* nullptr: built without MQTT. */
[[nodiscard]] std::unique_ptr<AlertSink> make_mqtt_sink (std::string host);

} // namespace camwarden
