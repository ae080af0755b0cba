// SPDX-License-Identifier: LGPL-2.1-or-later
#pragma once

#include "daemon/httpapi/server.h"
#include "fakes/fakemodel.h"

#include <functional>
#include <json-glib/json-glib.h>
#include <map>
#include <string>

namespace camwarden
{

struct HttpResponse
{
  int status = 0;                             /* 0: the connection ended without an answer */
  std::map<std::string, std::string> headers; /* names in lower case */
  std::string body;

  /* "" when there is none. */
  [[nodiscard]] const std::string &header (const std::string &name) const;
};

/* A plain blocking socket with a deadline of 20 s: what a client does, byte by byte. */
class HttpClient
{
public:
  /* from: the loopback address to call from, such as 127.0.0.9. */
  explicit HttpClient (int port, const char *from = "127.0.0.1");
  explicit HttpClient (const std::string &socket_path);
  ~HttpClient ();
  HttpClient (const HttpClient &) = delete;
  HttpClient &operator= (const HttpClient &) = delete;

  /* False: the other end has closed. */
  bool send (const std::string &text);
  /* Reads until the answer is whole, or the end. */
  HttpResponse receive (bool head = false);
  /* Up to `most` bytes, as they come; empty: the end. */
  std::string read_some (size_t most = 65536);
  /* Waits for the other end to close; false: it does not within the time. */
  [[nodiscard]] bool closed_within (double seconds);
  [[nodiscard]] int
  fd () const
  {
    return fd_;
  }

private:
  int fd_;
  std::string buffer_;
};

/* The server over a fake daemon, on a free port, with its main loop run while client code runs in a
 * thread of its own. */
class HttpFixture
{
public:
  explicit HttpFixture (ApiServerOptions options = {});
  ~HttpFixture ();
  HttpFixture (const HttpFixture &) = delete;
  HttpFixture &operator= (const HttpFixture &) = delete;

  /* Client code: may block, must not touch the model. */
  void run (const std::function<void ()> &client);
  /* Runs the main loop for so long. */
  void spin (double seconds);

  /* One request on a connection of its own. lines: further header lines, each with \r\n. */
  HttpResponse get (const std::string &path, const std::string &lines = "");
  HttpResponse request (const std::string &method, const std::string &path,
                        const std::string &lines = "", const std::string &body = "",
                        const char *from = "127.0.0.1");

  FakeModel model;
  std::unique_ptr<ApiServer> server;
  int port = 0;
};

[[nodiscard]] std::string request_text (const std::string &method, const std::string &path,
                                        const std::string &lines = "",
                                        const std::string &body = "");
/* Three tokens of one role each, in a new token file; its path. */
extern const std::string read_token, control_token, admin_token;
[[nodiscard]] std::string token_file ();
/* The header line that sends a token; "" for none. */
[[nodiscard]] std::string bearer (const std::string &token);
/* The answer as a JSON object, or array; the parser's. */
[[nodiscard]] JsonObject *parse (JsonParser *parser, const HttpResponse &response);
[[nodiscard]] JsonArray *parse_array (JsonParser *parser, const HttpResponse &response);
/* It is a problem of this status, whole. */
void check_problem (const HttpResponse &response, int status);
/* It carries the headers that every answer has. */
void check_headers (const HttpResponse &response);
[[nodiscard]] GBytes *picture ();
/* Routes that tell whether a body came: a POST for controllers, a POST and a GET for admins. */
[[nodiscard]] std::vector<Route> test_routes ();
/* Resident memory of this process in KiB. */
[[nodiscard]] long resident_kib ();
/* A file in a folder of its own, in the given mode. */
[[nodiscard]] std::string write_file (const std::string &content, int mode);

} // namespace camwarden
