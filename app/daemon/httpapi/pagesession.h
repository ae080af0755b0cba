// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/accessrules.h"
#include "core/tokenbucket.h"
#include "daemon/httpapi/connections.h"
#include "daemon/httpapi/model.h"
#include "gobject/ref.h"

#include <json-glib/json-glib.h>
#include <libsoup/soup.h>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace camwarden
{

class Websockets;

/* One page at its WebSocket: who it is, which pictures it wants, what it has answered. Of each
 * camera one picture is under way at most; the newest one that came meanwhile follows its
 * acknowledgement, so that a slow page gets fewer pictures and never older ones. */
class PageSession : public std::enable_shared_from_this<PageSession>
{
public:
  PageSession (Websockets &hub, SoupWebsocketConnection *connection, const Client &client);
  ~PageSession ();
  PageSession (const PageSession &) = delete;
  PageSession &operator= (const PageSession &) = delete;

  void begin ();
  /* To a page that may see it; not to one that has stopped reading. */
  void send_text (const std::string &text);
  /* Four times a second: deadlines. */
  void check (int64_t now);
  void check_token ();
  /* The connection ends now, whatever the other end does. */
  void cut ();

  [[nodiscard]] bool
  over () const
  {
    return over_;
  }

private:
  struct View
  {
    uint64_t watch = 0;
    uint32_t unanswered = 0; /* number of the picture that is under way; 0: none */
    int64_t sent = 0;
    GBytes *next = nullptr;
    ~View () { g_clear_pointer (&next, g_bytes_unref); }
  };
  using Views = std::map<std::string, View>;

  void account_for (gsize size);
  void message (SoupWebsocketDataType type, GBytes *data);
  void obey (JsonObject *object);
  void authenticate (const std::string &token);
  [[nodiscard]] Role role_by (std::optional<std::string_view> token, Access *answer) const;
  void hello ();
  void send (SoupWebsocketDataType type, GBytes *data);
  void set_views (JsonArray *wanted);
  void open_views ();
  void arrived (const std::string &camera, GBytes *jpeg);
  void wake ();
  void send_pictures ();
  [[nodiscard]] bool writable () const;
  void send_picture (const std::string &camera, View &view, GBytes *jpeg);
  void acknowledge (int64_t number);
  void leave (unsigned short code, const char *why);
  void ended ();

  Websockets &hub_;
  Ref<SoupWebsocketConnection> connection_;
  ConnectionBook::Id id_;
  Peer peer_;
  std::string address_;
  Ref<GSocket> socket_;
  Ref<GIOStream> stream_;
  Role role_ = Role::None;
  std::string token_; /* by which it came; empty: it needed none */
  int64_t opened_;
  int64_t heard_;       /* the last pong */
  int64_t credited_;    /* up to when it was allowed bytes for the mere time */
  int64_t blocked_ = 0; /* since when its socket takes nothing; 0: it does */
  int64_t leaving_ = 0; /* since when it has been asked to go */
  bool over_ = false;
  uint32_t last_number_ = 0;
  TokenBucket rate_;
  std::vector<std::string> wanted_;
  Views views_; /* of those, which there are */
  SourceId sending_;
  SignalHandler on_message_, on_pong_, on_closed_;
};

} // namespace camwarden
