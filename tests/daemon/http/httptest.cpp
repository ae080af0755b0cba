// SPDX-License-Identifier: LGPL-2.1-or-later
#include "daemon/http/httptest.h"

#include "daemon/httpapi/exchange.h"
#include "daemon/httpapi/jsonwriter.h"

#include <arpa/inet.h>
#include <atomic>
#include <cstring>
#include <fcntl.h>
#include <filesystem>
#include <glib/gstdio.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <thread>
#include <unistd.h>

namespace camwarden
{

static constexpr time_t patience_s = 20;

const std::string &
HttpResponse::header (const std::string &name) const
{
  static const std::string none;
  const auto found = headers.find (name);
  return found == headers.end () ? none : found->second;
}

static void
set_deadline (int fd)
{
  const timeval patience{ patience_s, 0 };
  setsockopt (fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  setsockopt (fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
}

HttpClient::HttpClient (int port, const char *from) : fd_ (socket (AF_INET, SOCK_STREAM, 0))
{
  g_assert_cmpint (fd_, >=, 0);
  set_deadline (fd_);
  sockaddr_in here{}, there{};
  here.sin_family = there.sin_family = AF_INET;
  inet_pton (AF_INET, from, &here.sin_addr);
  inet_pton (AF_INET, "127.0.0.1", &there.sin_addr);
  there.sin_port = htons (static_cast<uint16_t> (port));
  g_assert_cmpint (bind (fd_, reinterpret_cast<sockaddr *> (&here), sizeof here), ==, 0);
  g_assert_cmpint (connect (fd_, reinterpret_cast<sockaddr *> (&there), sizeof there), ==, 0);
}

HttpClient::HttpClient (const std::string &socket_path) : fd_ (socket (AF_UNIX, SOCK_STREAM, 0))
{
  set_deadline (fd_);
  sockaddr_un there{};
  there.sun_family = AF_UNIX;
  g_strlcpy (there.sun_path, socket_path.c_str (), sizeof there.sun_path);
  g_assert_cmpint (connect (fd_, reinterpret_cast<sockaddr *> (&there), sizeof there), ==, 0);
}

HttpClient::~HttpClient ()
{
  close (fd_);
}

bool
HttpClient::send (const std::string &text)
{
  size_t done = 0;
  while (done < text.size ()) {
    const ssize_t count = ::send (fd_, text.data () + done, text.size () - done, MSG_NOSIGNAL);
    if (count <= 0)
      return false;
    done += static_cast<size_t> (count);
  }
  return true;
}

std::string
HttpClient::read_some (size_t most)
{
  std::string text (most, '\0');
  const ssize_t count = recv (fd_, text.data (), most, 0);
  if (count < 0 && errno == EAGAIN)
    g_error ("The server neither answered nor closed within %d s", static_cast<int> (patience_s));
  text.resize (count > 0 ? static_cast<size_t> (count) : 0);
  return text;
}

static void
parse_head (const std::string &head, HttpResponse &response)
{
  g_auto (GStrv) lines = g_strsplit (head.c_str (), "\r\n", -1);
  g_assert_true (g_str_has_prefix (lines[0], "HTTP/1."));
  response.status = atoi (lines[0] + 9);
  for (char **line = lines + 1; *line; line++) {
    char *colon = strchr (*line, ':');
    g_assert_nonnull (colon);
    *colon = '\0';
    g_autofree char *name = g_ascii_strdown (*line, -1);
    response.headers[name] = g_strstrip (colon + 1);
  }
}

HttpResponse
HttpClient::receive (bool head)
{
  HttpResponse response;
  size_t end;
  while ((end = buffer_.find ("\r\n\r\n")) == std::string::npos) {
    const std::string more = read_some ();
    if (more.empty ())
      return response;
    buffer_ += more;
  }
  parse_head (buffer_.substr (0, end), response);
  buffer_.erase (0, end + 4);
  if (head || response.status == 304)
    return response;
  const std::string length = response.header ("content-length");
  const size_t wanted = length.empty () ? SIZE_MAX : strtoul (length.c_str (), nullptr, 10);
  while (buffer_.size () < wanted) {
    const std::string more = read_some ();
    if (more.empty ())
      break;
    buffer_ += more;
  }
  response.body = buffer_.substr (0, wanted);
  buffer_.erase (0, response.body.size ());
  return response;
}

bool
HttpClient::closed_within (double seconds)
{
  const int64_t until = g_get_monotonic_time () + static_cast<int64_t> (seconds * 1e6);
  for (;;) {
    const int64_t left = (until - g_get_monotonic_time ()) / 1000;
    pollfd descriptor{ fd_, POLLIN, 0 };
    if (left <= 0 || poll (&descriptor, 1, static_cast<int> (left)) <= 0)
      return false;
    char rest[65536];
    if (recv (fd_, rest, sizeof rest, MSG_DONTWAIT) <= 0)
      return true;
  }
}

HttpFixture::HttpFixture (ApiServerOptions options)
{
  options.listen = { "127.0.0.1:0" };
  server = std::make_unique<ApiServer> (model, std::move (options));
  g_autoptr (GError) error = nullptr;
  const bool started = server->start (&error);
  g_assert_no_error (error);
  g_assert_true (started);
  const std::string url = server->urls ().front ();
  port = atoi (url.c_str () + url.rfind (':') + 1);
}

HttpFixture::~HttpFixture ()
{
  server.reset ();
  /* What libsoup has put off until the loop is idle. */
  while (g_main_context_iteration (nullptr, FALSE)) {
  }
  g_assert_cmpuint (model.watchers (), ==, 0);
}

void
HttpFixture::run (const std::function<void ()> &client)
{
  std::atomic<bool> done = false;
  std::thread thread ([&] {
    client ();
    done = true;
    g_main_context_wakeup (nullptr);
  });
  while (!done)
    g_main_context_iteration (nullptr, TRUE);
  thread.join ();
}

void
HttpFixture::spin (double seconds)
{
  bool done = false;
  const auto finish = [] (gpointer data) -> gboolean {
    *static_cast<bool *> (data) = true;
    return G_SOURCE_REMOVE;
  };
  g_timeout_add (static_cast<guint> (seconds * 1000), finish, &done);
  while (!done)
    g_main_context_iteration (nullptr, TRUE);
}

std::string
request_text (const std::string &method, const std::string &path, const std::string &lines,
              const std::string &body)
{
  const bool has_host = lines.find ("Host:") != std::string::npos;
  return method + " " + path + " HTTP/1.1\r\n" + (has_host ? "" : "Host: localhost\r\n")
         + (body.empty () ? "" : "Content-Length: " + std::to_string (body.size ()) + "\r\n")
         + lines + "\r\n" + body;
}

HttpResponse
HttpFixture::request (const std::string &method, const std::string &path, const std::string &lines,
                      const std::string &body, const char *from)
{
  HttpResponse response;
  run ([&] {
    HttpClient client (port, from);
    client.send (request_text (method, path, lines, body));
    response = client.receive (method == "HEAD");
  });
  return response;
}

HttpResponse
HttpFixture::get (const std::string &path, const std::string &lines)
{
  return request ("GET", path, lines);
}

long
resident_kib ()
{
  g_autofree char *text = nullptr;
  g_assert_true (g_file_get_contents ("/proc/self/status", &text, nullptr, nullptr));
  const char *line = strstr (text, "VmRSS:");
  g_assert_nonnull (line);
  return strtol (line + 6, nullptr, 10);
}

namespace
{

/* The folders of write_file(), gone with the program. */
class Folders
{
public:
  ~Folders ()
  {
    for (const auto &path : paths_)
      std::filesystem::remove_all (path);
  }

  void
  add (const char *path)
  {
    paths_.emplace_back (path);
  }

private:
  std::vector<std::string> paths_;
};

} // namespace

std::string
write_file (const std::string &content, int mode)
{
  static int number = 0;
  static Folders folders;
  g_autofree char *folder = g_dir_make_tmp ("camwarden-http-XXXXXX", nullptr);
  folders.add (folder);
  const std::string path = std::string (folder) + "/file" + std::to_string (number++);
  g_assert_true (g_file_set_contents (path.c_str (), content.c_str (), -1, nullptr));
  g_assert_cmpint (g_chmod (path.c_str (), static_cast<mode_t> (mode)), ==, 0);
  return path;
}

const std::string read_token = "read-0123456789abcdef";
const std::string control_token = "ctrl-0123456789abcdef";
const std::string admin_token = "admin-0123456789abcdef";

std::string
token_file ()
{
  return write_file (
      "read " + read_token + "\ncontrol " + control_token + "\nadmin " + admin_token + "\n", 0600);
}

std::string
bearer (const std::string &token)
{
  return token.empty () ? "" : "Authorization: Bearer " + token + "\r\n";
}

JsonObject *
parse (JsonParser *parser, const HttpResponse &response)
{
  g_autoptr (GError) error = nullptr;
  json_parser_load_from_data (parser, response.body.c_str (), -1, &error);
  g_assert_no_error (error);
  return json_node_get_object (json_parser_get_root (parser));
}

JsonArray *
parse_array (JsonParser *parser, const HttpResponse &response)
{
  g_autoptr (GError) error = nullptr;
  json_parser_load_from_data (parser, response.body.c_str (), -1, &error);
  g_assert_no_error (error);
  return json_node_get_array (json_parser_get_root (parser));
}

void
check_problem (const HttpResponse &response, int status)
{
  g_assert_cmpint (response.status, ==, status);
  g_assert_cmpstr (response.header ("content-type").c_str (), ==, "application/problem+json");
  g_autoptr (JsonParser) parser = json_parser_new ();
  JsonObject *problem = parse (parser, response);
  g_assert_cmpint (json_object_get_int_member (problem, "status"), ==, status);
  for (const char *member : { "type", "title", "detail" })
    g_assert_cmpstr (json_object_get_string_member (problem, member), !=, "");
}

void
check_headers (const HttpResponse &response)
{
  g_assert_true (response.header ("content-security-policy").starts_with ("default-src 'self'"));
  g_assert_nonnull (
      strstr (response.header ("content-security-policy").c_str (), "frame-ancestors 'none'"));
  g_assert_cmpstr (response.header ("x-content-type-options").c_str (), ==, "nosniff");
  g_assert_cmpstr (response.header ("referrer-policy").c_str (), ==, "no-referrer");
  g_assert_cmpstr (response.header ("access-control-allow-origin").c_str (), ==, "");
  g_assert_cmpstr (response.header ("server").c_str (), ==, "");
}

std::vector<Route>
test_routes ()
{
  const auto echo = [] (const std::shared_ptr<Exchange> &exchange) {
    JsonWriter json;
    json.begin_object ().add ("body", exchange->body () != nullptr).end_object ();
    exchange->reply_json (json);
  };
  return { { "POST", "/test/control", Role::Control, echo, "for controllers" },
           { "POST", "/test/admin", Role::Admin, echo, "for admins" },
           { "GET", "/test/admin", Role::Admin, echo, "for admins" } };
}

GBytes *
picture ()
{
  static const char bytes[] = "\xFF\xD8 a picture \xFF\xD9";
  return g_bytes_new_static (bytes, sizeof bytes - 1);
}

} // namespace camwarden
