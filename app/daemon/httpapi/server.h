// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "core/connectionbook.h"
#include "daemon/httpapi/model.h"
#include "daemon/httpapi/route.h"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace camwarden
{

struct ApiServerOptions
{
  /* ADDRESS:PORT, [ADDRESS]:PORT, or PORT alone for 127.0.0.1; port 0: any free one. */
  std::vector<std::string> listen{ "127.0.0.1:5000" };
  /* The administrator wrote `listen`: a busy port is then an error, else the next of ten is taken.
   */
  bool listen_configured = false;
  std::string socket;             /* path of the Unix socket, 0660; empty: none */
  std::string token_file;         /* `ROLE TOKEN` lines, 0600; empty: no tokens */
  bool trust_loopback = true;     /* read and control without a token on loopback */
  std::vector<std::string> hosts; /* further Host names to answer to */
  double rate = 10;               /* requests a second of one other host; 0: no limit */
  double burst = 20;              /* and how many at once */
  ConnectionLimits limits;
  int64_t self_test_interval = 5'000'000; /* us */
  /* An address that is taken is no error: it is tried again at each self-test. */
  bool keep_trying = false;
  /* trouble() has changed. Not called within start(); the server must outlive the call. */
  std::function<void ()> changed;
  /* What a remote address counts as; empty: the obvious. Tests play other hosts with it. */
  std::function<Peer (const std::string &address)> classify;
  std::vector<Route> routes; /* beside the built-in ones; tests and later parts add theirs */
};

/* The HTTP interface: listens, admits, checks, routes, answers. Lives on the default main context;
 * the model must outlive it. */
class ApiServer
{
public:
  ApiServer (ApiModel &model, ApiServerOptions options);
  ~ApiServer ();
  ApiServer (const ApiServer &) = delete;
  ApiServer &operator= (const ApiServer &) = delete;

  /* FALSE with an error that says what to do; nothing is left open then.
   * before: the server whose place it takes, its listeners too where the address stays. It is to be
   * destroyed after that; when this one cannot start, it goes on as it was. */
  [[nodiscard]] bool start (GError **error, ApiServer *before = nullptr);

  /* Closes listeners, streams and connections. Also done by the destructor. */
  void stop ();

  /* Reads the token file again (SIGHUP). On an error the old tokens stay. */
  [[nodiscard]] bool reload_tokens (GError **error);

  /* What start() got: "http://127.0.0.1:5001/", in the order of `listen`. */
  [[nodiscard]] std::vector<std::string> urls () const;

  /* Why it does not listen somewhere, and what to do; "" while all is well. */
  [[nodiscard]] std::string trouble () const;

  struct Impl;

private:
  std::unique_ptr<Impl> impl_;
};

} // namespace camwarden
