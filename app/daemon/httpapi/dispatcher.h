// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/accessrules.h"
#include "core/hosttable.h"
#include "daemon/httpapi/connections.h"
#include "daemon/httpapi/route.h"

#include <libsoup/soup.h>
#include <memory>
#include <vector>

namespace camwarden
{

class Exchange;

/* From libsoup's signals to a handler of the route table, by way of every check: length, host,
 * rate, route, origin, role, body. */
class Dispatcher
{
public:
  Dispatcher (SoupServer *server, Connections &connections, HostTable hosts, AccessRules &access,
              AddressBuckets rates, std::vector<Route> routes);
  ~Dispatcher ();
  Dispatcher (const Dispatcher &) = delete;
  Dispatcher &operator= (const Dispatcher &) = delete;

private:
  using Shared = std::shared_ptr<Exchange>;

  void start (SoupServerMessage *message);
  void check_head (Exchange &exchange, const Client &client);
  [[nodiscard]] bool check_host (Exchange &exchange, const Client &client);
  [[nodiscard]] bool check_rate (Exchange &exchange, const Client &client);
  [[nodiscard]] bool find_route (Exchange &exchange);
  [[nodiscard]] bool check_origin (Exchange &exchange);
  [[nodiscard]] bool check_access (Exchange &exchange, const Client &client);
  [[nodiscard]] bool check_body_head (Exchange &exchange);
  [[nodiscard]] bool read_body (Exchange &exchange);
  void refuse_body (Exchange &exchange);
  void handle (const Shared &exchange);

  static void on_started (SoupServer *, SoupServerMessage *message, gpointer self);
  static void on_head (SoupServer *, SoupServerMessage *message, const char *, GHashTable *,
                       gpointer self);
  static void on_request (SoupServer *, SoupServerMessage *message, const char *, GHashTable *,
                          gpointer self);
  static void on_chunk (SoupServerMessage *message, GBytes *chunk, gpointer self);
  static void on_progress (SoupServerMessage *message, guint size, gpointer self);
  static void on_wrote_chunk (SoupServerMessage *message, gpointer self);
  static void on_finished (SoupServerMessage *message, gpointer self);

  Ref<SoupServer> server_;
  Connections &connections_;
  HostTable hosts_;
  AccessRules &access_;
  AddressBuckets rates_;
  std::vector<Route> routes_;
  SignalHandler started_;
};

} // namespace camwarden
