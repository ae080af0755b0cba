// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/connectionbook.h"
#include "core/pathtemplate.h"
#include "gobject/ref.h"

#include <functional>
#include <json-glib/json-glib.h>
#include <libsoup/soup.h>
#include <memory>
#include <optional>
#include <string>

namespace camwarden
{

class Connections;
class JsonWriter;
struct Route;

/* One request and its answer, as handlers see them. Exactly one reply is given; a reply after the
 * client has gone is thrown away. Main thread only. */
class Exchange : public std::enable_shared_from_this<Exchange>
{
public:
  Exchange (SoupServerMessage *message, Connections &connections, ConnectionBook::Id connection);

  /* libsoup's message; nullptr once it is over. */
  [[nodiscard]] SoupServerMessage *
  message () const
  {
    return message_;
  }

  [[nodiscard]] std::string method () const;
  [[nodiscard]] std::string path () const;
  [[nodiscard]] const std::string &parameter (const char *name) const; /* of the path; "" if none */
  [[nodiscard]] std::optional<std::string> query (const char *name) const;
  [[nodiscard]] std::optional<std::string> header (const char *name) const;
  /* The parsed body of a POST; nullptr: it was empty. */
  [[nodiscard]] JsonNode *
  body () const
  {
    return body_.get ();
  }

  /* Who asks, for the record: an address, or "unix"; and the role of the token, if one came. */
  [[nodiscard]] const std::string &
  who () const
  {
    return who_;
  }

  /* The answer comes later: call it before the handler returns. */
  void wait ();

  void reply (unsigned status, const char *content_type, GBytes *body,
              const char *cache = "no-store");
  void reply_json (JsonWriter &json, unsigned status = 200);
  void reply_not_modified ();
  /* RFC 9457. The title is the status's own phrase, the detail says what to do. */
  void reply_problem (unsigned status, const std::string &detail);
  /* With further members, which `extra` writes. */
  void reply_problem (unsigned status, const std::string &detail,
                      const std::function<void (JsonWriter &)> &extra);
  void add_header (const char *name, const std::string &value);

  /* Starts an endless answer; false: there is no room, and a problem was the reply. */
  [[nodiscard]] bool begin_stream (const char *content_type);
  /* Hands over one piece; wrote_chunk is called when the client's socket has taken it. */
  void write (GBytes *chunk);
  void end_stream ();
  /* Between two pieces there is no deadline, while writing there is. */
  void stream_idle ();

  std::function<void ()> wrote_chunk;
  /* The exchange is over, for whatever reason; called once. */
  std::function<void ()> finished;

private:
  friend class Dispatcher;
  struct NodeFree
  {
    void
    operator() (JsonNode *node) const
    {
      json_node_unref (node);
    }
  };

  void resume ();
  void over ();

  SoupServerMessage *message_; /* it owns us: valid until over() */
  Connections &connections_;
  ConnectionBook::Id connection_;
  const Route *route_ = nullptr;
  PathParameters parameters_;
  std::string who_;
  std::unique_ptr<JsonNode, NodeFree> body_;
  bool waiting_ = false;
  bool refused_ = false; /* answered behind libsoup's back, see Connections::refuse() */
};

/* Does libsoup serve a second request on a connection without harm? Before 3.3 it never lets go of
 * a connection that its client closed between two requests: descriptor and memory leak (measured).
 */
[[nodiscard]] bool can_keep_alive ();

/* Headers that every answer carries. */
void set_common_headers (SoupServerMessage *message);

} // namespace camwarden
