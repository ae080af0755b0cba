// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "config/config.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>

namespace camwarden
{

/* What a Redis server tells of itself to somebody who asks politely. */
struct RedisFacts
{
  bool asked = false; /* else there is none to ask: the private one does not run */
  bool embedded = false;
  std::string server;  /* host:port, for people */
  bool remote = false; /* on another machine */
  bool tls = false;
  bool has_password = false; /* the configuration names one */

  bool connected = false;
  std::string trouble;                  /* why not, in the server's or the system's words */
  std::string role;                     /* master, slave; empty: it does not tell */
  unsigned major = 0;                   /* of its version; 0: it does not tell */
  std::string info;                     /* INFO, for the bundle */
  std::string publish_error, set_error; /* an answer that refuses them */
  /* CONFIG GET; a setting that it does not tell is missing. */
  std::map<std::string, std::string> settings;

  [[nodiscard]] std::optional<std::string> setting (const std::string &name) const;
};

/* Connects as the workers would, within five seconds. */
[[nodiscard]] RedisFacts ask_redis (const Config &config);

/* Of "normal 0 0 0 slave ... pubsub 33554432 8388608 60": the hard limit of pubsub in bytes, 0:
 * none. Nothing: not understood. */
[[nodiscard]] std::optional<uint64_t> pubsub_hard_limit (const std::string &setting);

} // namespace camwarden
