// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/maincall.h"

#include <functional>
#include <memory>
#include <string>

namespace camwarden
{

struct MqttSettings
{
  std::string host;
  int port = 1883;
  bool tls = false;
  std::string user, password_file;
  std::string client_id;
  std::string availability; /* topic: "online" while connected, else "offline" */
};

/* One connection to an MQTT broker that heals itself, with a thread of its own: finding a host and
 * connecting to it may take minutes. Main thread. */
class MqttLink
{
public:
  /* changed: connected, or why not; on the main loop. */
  MqttLink (MqttSettings settings,
            std::function<void (bool connected, const std::string &)> changed);
  ~MqttLink (); /* says "offline" if that takes no longer than STOP_PATIENCE */
  MqttLink (const MqttLink &) = delete;
  MqttLink &operator= (const MqttLink &) = delete;

  static constexpr int64_t STOP_PATIENCE = 500'000; /* us */
  static constexpr size_t MOST_WAITING = 100;       /* messages */

  /* The broker keeps it for those who come later, and gets it again with each connection. "" takes
   * it away. */
  void retain (const std::string &topic, const std::string &payload);
  /* Sent once; while there is no connection it waits. */
  void send (const std::string &topic, const std::string &payload);
  /* done: whether the broker said that it has it. Only while there is a connection. */
  void ask (const std::string &topic, const std::string &payload, std::function<void ()> done);
  [[nodiscard]] bool connected () const;

private:
  struct Shared;

  MainCall main_;
  std::shared_ptr<Shared> shared_; /* with a thread that may hang for a while */
};

} // namespace camwarden
