// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/accessrules.h"
#include "daemon/httpapi/connections.h"
#include "daemon/httpapi/model.h"
#include "daemon/httpapi/route.h"
#include "gobject/ref.h"

#include <libsoup/soup.h>
#include <memory>
#include <string>
#include <vector>

namespace camwarden
{

class PageSession;

inline constexpr const char *websocket_path = "/api/ws";

/* The pages that look on through /api/ws: tells all of them the state once a second, and at once
 * when something that matters has changed. docs/websocket.md is the protocol. Main thread. */
class Websockets
{
public:
  /* silence_allowed: us that a page may answer neither a ping nor a picture. */
  Websockets (SoupServer *server, ApiModel &model, AccessRules &access, Connections &connections,
              int64_t silence_allowed);
  ~Websockets ();
  Websockets (const Websockets &) = delete;
  Websockets &operator= (const Websockets &) = delete;

  /* Refuses what is no upgrade, and counts what is one among the streams. */
  [[nodiscard]] Route route ();

  /* Other tokens than before: who came by one that is gone has to leave. */
  void check_tokens ();

  [[nodiscard]] size_t
  size () const
  {
    return sessions_.size ();
  }

private:
  friend class PageSession;

  void upgrade (const std::shared_ptr<Exchange> &exchange);
  void open (SoupWebsocketConnection *connection, const Client &client);
  [[nodiscard]] const std::string &state ();
  void send_state ();
  void tick ();
  void start ();
  void tell (const char *kind, const std::string &object);

  static void on_open (SoupServer *, SoupServerMessage *message, const char *,
                       SoupWebsocketConnection *connection, gpointer self);

  Ref<SoupServer> server_;
  ApiModel &model_;
  AccessRules &access_;
  Connections &connections_;
  int64_t silence_allowed_;
  std::vector<std::shared_ptr<PageSession>> sessions_;
  std::string state_; /* as it was last told */
  int64_t state_at_ = 0;
  std::string outline_; /* what was worth telling at once */
  uint64_t watch_ = 0;
  SourceId tick_;
};

} // namespace camwarden
