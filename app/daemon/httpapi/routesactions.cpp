// SPDX-License-Identifier: LGPL-2.1-or-later
/* What is done to the machine, and tickets. */
#include "core/pathtemplate.h"
#include "daemon/httpapi/bodyreader.h"
#include "daemon/httpapi/jsonwriter.h"
#include "daemon/httpapi/ordersjson.h"
#include "daemon/httpapi/routes.h"
#include "daemon/httpapi/ticket.h"

#include <algorithm>
#include <map>

namespace camwarden
{

namespace
{

/* What a reboot has to be confirmed with: made by one request, spent by the next. */
class Nonces
{
public:
  static constexpr int64_t life = 60'000'000; /* us */
  static constexpr size_t most = 16;

  std::string
  make (int64_t now)
  {
    std::erase_if (open_, [now] (const auto &one) { return one.second <= now; });
    if (open_.size () >= most)
      open_.erase (
          std::min_element (open_.begin (), open_.end (), [] (const auto &left, const auto &right) {
            return left.second < right.second;
          }));
    const std::string nonce = random_text (16);
    open_[nonce] = now + life;
    return nonce;
  }

  bool
  spend (const std::string &nonce, int64_t now)
  {
    const auto found = open_.find (nonce);
    if (found == open_.end ())
      return false;
    const bool good = now < found->second;
    open_.erase (found);
    return good;
  }

private:
  std::map<std::string, int64_t> open_; /* until, monotonic us */
};

void
ask_for_confirmation (ApiModel &model, Exchange &exchange, Nonces &nonces)
{
  const std::string nonce = nonces.make (g_get_monotonic_time ());
  exchange.reply_problem (
      428,
      "This reboots the machine. To confirm it, send {\"nonce\": ..., \"host\": ...} with both as "
      "they stand here, within a minute.",
      [&] (JsonWriter &json) {
        json.add ("success", false)
            .add ("nonce", nonce)
            .add ("host", model.status ().hostname)
            .add_time ("expires", g_get_real_time () + Nonces::life);
      });
}

void
reboot (ApiModel &model, const Shared &exchange, Nonces &nonces)
{
  BodyReader body (*exchange);
  const std::string nonce = body.text ("nonce"), host = body.text ("host");
  if (!body.good ())
    return;
  if (const OrderResult allowed = model.may_reboot (); !allowed.ok)
    return reply_order (*exchange, allowed);
  if (nonce.empty ())
    return ask_for_confirmation (model, *exchange, nonces);
  /* A wrong name spends it, too: whoever means it asks again. */
  if (!nonces.spend (nonce, g_get_monotonic_time ()))
    return exchange->reply_problem (409, "This nonce is not known, spent, or older than a minute. "
                                         "Ask for a new one without a nonce.");
  if (host != model.status ().hostname)
    return exchange->reply_problem (409, "host is not the name of this machine. Ask for a new "
                                         "nonce, and see where you are.");
  exchange->wait ();
  model.reboot (exchange->who (),
                [exchange] (const OrderResult &result) { reply_order (*exchange, result); });
}

void
restart_services (ApiModel &model, const Shared &exchange)
{
  exchange->wait ();
  model.restart_services (exchange->who (), [exchange] (const OrderResult &result) {
    reply_order (*exchange, result);
  });
}

void
clear_reboots (ApiModel &model, const Shared &exchange)
{
  exchange->wait ();
  model.clear_reboots (exchange->who (),
                       [exchange] (const OrderResult &result) { reply_order (*exchange, result); });
}

void
give_ticket (const Shared &exchange, const std::vector<std::string> &templates)
{
  BodyReader body (*exchange);
  const std::string path = body.text ("path");
  if (!body.good ())
    return;
  const bool fits
      = std::any_of (templates.begin (), templates.end (), [&path] (const std::string &one) {
          return match_path (one, path).has_value ();
        });
  if (!fits)
    return exchange->reply_problem (400, "path is that of a picture, a stream or of /api/events, "
                                         "without what follows a `?`.");
  const int64_t until = g_get_real_time () + ticket_life;
  const std::string ticket = make_ticket (path, until);
  JsonWriter json;
  json.begin_object ()
      .add ("ticket", ticket)
      .add ("url", path + "?ticket=" + ticket)
      .add_time ("expires", until)
      .end_object ();
  exchange->reply_json (json);
}

} // namespace

Route
ticket_route (const std::vector<Route> &others)
{
  std::vector<std::string> templates;
  for (const Route &route : others)
    if (route.ticket)
      templates.push_back (route.path_template);
  return { .method = "POST",
           .path_template = "/api/ticket",
           .role = Role::Read,
           .handle = [templates] (const Shared &exchange) { give_ticket (exchange, templates); },
           .doc = "A ticket for one path, good for 60 s, where no token can be sent, as by <img>",
           .name = "makeTicket",
           .example = { .body = R"({"path": "/api/cameras/front/snapshot.jpg"})" } };
}

std::vector<Route>
action_routes (ApiModel &model)
{
  const auto nonces = std::make_shared<Nonces> ();
  return {
    { .method = "POST",
      .path_template = "/api/system/restart-services",
      .role = Role::Control,
      .handle = with_model (model, restart_services),
      .doc = "Starts the daemon again, with its workers and its private Redis, through systemd",
      .name = "restartServices" },
    { .method = "POST",
      .path_template = "/api/system/reboot",
      .role = Role::Admin,
      .handle = [&model, nonces] (const Shared &exchange) { reboot (model, exchange, *nonces); },
      .doc = "Reboots the machine. The first request is answered with 428 and a nonce; the second "
             "one sends it back with the machine's name",
      .name = "reboot",
      .example = { .type = "application/problem+json", .status = 428 } },
    { .method = "POST",
      .path_template = "/api/system/reboot/clear",
      .role = Role::Admin,
      .handle = with_model (model, clear_reboots),
      .doc = "Says that somebody looked after the machine: reboots that did not help are forgotten",
      .name = "clearReboots" },
  };
}

} // namespace camwarden
