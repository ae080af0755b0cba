// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/fetch.h"
#include "ctl/jsonvalue.h"
#include "ctl/options.h"
#include "gobject/ref.h"

#include <libsoup/soup.h>
#include <optional>
#include <string>

namespace camwarden
{

/* A failed call: what to tell the user, and what to exit with. */
struct ClientError
{
  int status = 0;
  std::string text;
};

struct Request
{
  std::string path; /* such as "/api/status" */
  const char *method = "GET";
  std::string body = {};  /* JSON; empty: none */
  unsigned deadline = 10; /* seconds */
  size_t largest = max_json_size;
};

/* Whatever the daemon says, errors too. */
struct Reply
{
  unsigned status = 0; /* of HTTP */
  std::string body;

  [[nodiscard]] bool
  good () const
  {
    return status >= 200 && status < 300;
  }
};

/* The daemon's REST interface, over its Unix socket or a URL. One request at a time, each answered
 * or given up within its deadline. */
class Client
{
public:
  explicit Client (const Options &options);

  /* The object at a path such as "/api/status"; nothing, and why, if there is none. */
  [[nodiscard]] JsonNodePtr get (const std::string &path, ClientError &error);

  /* The same for an array. */
  [[nodiscard]] JsonNodePtr get_array (const std::string &path, ClientError &error);

  /* An order. Nothing, and why, if it was not carried out. */
  [[nodiscard]] JsonNodePtr post (const std::string &path, const std::string &body,
                                  unsigned deadline, ClientError &error);

  /* The answer whatever its status is; nothing: there is no answer. */
  [[nodiscard]] std::optional<Reply> send (const Request &request, ClientError &error);

  /* What an answer that is not good means. */
  [[nodiscard]] ClientError explain (const Reply &reply) const;

  /* What ends requests before their time, with an error without text and status 0; it outlives
   * the client. */
  void
  set_cancellable (GCancellable *cancellable)
  {
    cancellable_ = cancellable;
  }

  /* The lines of a stream of server-sent events until the server or set_cancellable() ends it.
   * `last_event`: of the id to go on behind; empty: from now on. false, and why: it did not begin,
   * or it broke. */
  [[nodiscard]] bool follow_events (const std::string &path, const std::string &last_event,
                                    const std::function<void (std::string_view)> &line,
                                    ClientError &error);

  /* The socket's path or the URL, for people; not before the first request. */
  [[nodiscard]] const std::string &
  place () const
  {
    return place_;
  }

private:
  [[nodiscard]] bool prepare (ClientError &error);
  [[nodiscard]] bool use_url (ClientError &error);
  [[nodiscard]] bool use_socket (ClientError &error);
  [[nodiscard]] Ref<SoupMessage> message_for (const Request &request, ClientError &error);
  [[nodiscard]] JsonNodePtr parse (const Request &request, JsonNodeType type, ClientError &error);
  [[nodiscard]] ClientError explain (const GError *error) const;

  const Options options_;
  std::string base_; /* http://localhost, or the URL without a slash at its end */
  std::string place_;
  std::string token_;
  Ref<SoupSession> session_;
  GCancellable *cancellable_ = nullptr;
};

} // namespace camwarden
