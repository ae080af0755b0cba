// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/camerahealth.h"
#include "gobject/ref.h"

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

namespace camwarden
{

/* Where the names of a camera begin, "cam:front:"; from its channel, so that a Redis Cluster's hash
 * tag ("cam:{front}:frame") is kept. */
[[nodiscard]] std::string camera_prefix (const std::string &id, const std::string &channel);

/* The value of cam:ID:status, one JSON object. wall: us UTC. */
[[nodiscard]] std::string status_json (const CameraHealth &health, const std::string &channel,
                                       int64_t wall);
/* A message on cam:ID:event: what changed, from what, to what. */
[[nodiscard]] std::string event_json (const std::string &id, const char *what,
                                      const std::string &from, const std::string &to,
                                      const std::string &detail, int64_t wall);

/* Keeps `cam:ID:status` alive (TTL 10 s: when it expires, the camera is offline) and tells of
 * changes on `cam:ID:event`. Main thread. */
class StatusPublisher
{
public:
  using Send = std::function<void (const std::vector<std::string> &words)>;
  static constexpr unsigned TTL = 10; /* seconds */

  explicit StatusPublisher (Send send) : send_ (std::move (send)) {}

  /* State or figures of a camera; to be called about once a second. What is published is decided
   * here. now: monotonic us. */
  void update (const CameraHealth &health, const std::string &channel, int64_t now);
  /* The server is back, and may have forgotten everything. */
  void refresh ();
  /* The camera is gone on purpose: told at once instead of by expiry. */
  void offline (const std::string &id);

private:
  struct Known
  {
    std::string channel;
    CameraHealth health;
    int64_t sent = 0; /* 0: not yet */
  };

  void event (const Known &known, const char *what, const std::string &from, const std::string &to,
              const std::string &detail) const;
  void set (const Known &known) const;

  Send send_;
  std::map<std::string, Known> known_;
};

} // namespace camwarden
