// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "ctl/jsonvalue.h"
#include "ctl/options.h"
#include "gobject/ref.h"

#include <libsoup/soup.h>
#include <string>

namespace camwarden
{

/* A failed call: what to tell the user, and what to exit with. */
struct ClientError
{
  int status = 0;
  std::string text;
};

/* The daemon's REST interface, over its Unix socket or a URL. One request at a time, each answered
 * or given up within ten seconds. */
class Client
{
public:
  explicit Client (const Options &options);

  /* The object at a path such as "/api/status"; nothing, and why, if there is none. */
  [[nodiscard]] JsonNodePtr get (const std::string &path, ClientError &error);

private:
  [[nodiscard]] bool prepare (ClientError &error);
  [[nodiscard]] bool use_url (ClientError &error);
  [[nodiscard]] bool use_socket (ClientError &error);
  [[nodiscard]] ClientError explain (const GError *error) const;
  [[nodiscard]] ClientError explain_status (unsigned status, const std::string &body) const;

  const Options options_;
  std::string base_;  /* http://localhost, or the URL without a slash at its end */
  std::string place_; /* the socket's path or the URL, for people */
  std::string token_;
  Ref<SoupSession> session_;
};

} // namespace camwarden
