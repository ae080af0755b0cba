// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/client.h"

#include "config/config.h"
#include "config/directories.h"
#include "config/i18n.h"
#include "config/problems.h"
#include "ctl/daemonwords.h"
#include "ctl/exitstatus.h"
#include "ctl/terminal.h"

#include <gio/gunixsocketaddress.h>
#include <unistd.h>
#include <vector>

namespace camwarden
{

static constexpr const char *service_socket = "/run/camwarden/http.sock";

Client::Client (const Options &options) : options_ (options)
{}

/* The last word of the first line that is not a comment: a file with the token alone will do, and
 * so will a copy of the daemon's "ROLE TOKEN" lines. */
static std::string
first_token (const std::string &text)
{
  for (const auto &line : split_words (text, "\n")) {
    if (line.starts_with ("#"))
      continue;
    const auto words = split_words (line, " \t");
    return words.empty () ? "" : words.back ();
  }
  return {};
}

static bool
read_token (const std::string &path, std::string &token, ClientError &error)
{
  g_autofree char *text = nullptr;
  g_autoptr (GError) problem = nullptr;
  if (!g_file_get_contents (path.c_str (), &text, nullptr, &problem)) {
    error = { EXIT_USAGE, problem->message };
    return false;
  }
  token = first_token (text);
  const bool good
      = !token.empty () && token.size () < 1024
        && token.find_first_not_of ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
                                    "0123456789-._~+/=")
               == std::string::npos;
  if (!good)
    error = { EXIT_USAGE,
              take_string (g_strdup_printf (_ ("there is no token in %s"), path.c_str ())) };
  return good;
}

bool
Client::use_url (ClientError &error)
{
  g_autoptr (GUri) uri = g_uri_parse (options_.url.c_str (), G_URI_FLAGS_HAS_PASSWORD, nullptr);
  const char *scheme = uri ? g_uri_get_scheme (uri) : "";
  const bool http = g_str_equal (scheme, "http") || g_str_equal (scheme, "https");
  if (!http || !g_uri_get_host (uri) || !*g_uri_get_host (uri)) {
    error = { EXIT_USAGE, _ ("--url wants an address such as http://press-3:5000") };
    return false;
  }
  if (g_uri_get_userinfo (uri)) {
    error = { EXIT_USAGE, _ ("no user or password in --url; the token comes from --token-file") };
    return false;
  }
  base_ = options_.url.substr (0, options_.url.find_first_of ("?#"));
  while (base_.ends_with ('/'))
    base_.pop_back ();
  place_ = base_;
  session_ = Ref<SoupSession>::adopt (soup_session_new ());
  return true;
}

/* Where the daemon listens: as the configuration says, else in our own runtime directory, else
 * where the system's service has it. */
static std::string
find_socket (const Options &options)
{
  if (!options.socket.empty ())
    return options.socket;
  const char *file = options.config_file.empty () ? nullptr : options.config_file.c_str ();
  std::vector<Finding> findings;
  const auto config = Config::load (ConfigSources::from_environment (file), findings);
  std::string own = config ? config->http ().socket : control_socket_path ();
  if (access (own.c_str (), F_OK) != 0 && access (service_socket, F_OK) == 0)
    return service_socket;
  return own;
}

bool
Client::use_socket (ClientError &error)
{
  base_ = "http://localhost";
  place_ = find_socket (options_);
  if (place_.size () >= 108) {
    error
        = { EXIT_USAGE, _ ("the socket's path is longer than the 107 bytes a socket's may have") };
    return false;
  }
  g_autoptr (GSocketAddress) address = g_unix_socket_address_new (place_.c_str ());
  session_ = Ref<SoupSession>::adopt (soup_session_new_with_options (
      "remote-connectable", address, "proxy-resolver", nullptr, nullptr));
  return true;
}

bool
Client::prepare (ClientError &error)
{
  if (session_)
    return true;
  if (!options_.token_file.empty () && !read_token (options_.token_file, token_, error))
    return false;
  if (!(options_.url.empty () ? use_socket (error) : use_url (error)))
    return false;
  soup_session_set_user_agent (session_.get (), "camwardenctl/" CAMWARDEN_VERSION);
  return true;
}

ClientError
Client::explain (const GError *error) const
{
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return { EXIT_HEALTHY, {} };
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    return { EXIT_REFUSED, take_string (g_strdup_printf (
                               _ ("no permission for %s; be a member of the group camwarden, or "
                                  "root"),
                               place_.c_str ())) };
  std::string text = take_string (g_strdup_printf (_ ("camwardend does not answer at %s: %s"),
                                                   place_.c_str (), error->message));
  text += "\n";
  text += options_.url.empty ()
              ? _ ("Start it with \"systemctl start camwarden\", or with \"camwardend\" in a "
                   "terminal.")
              : _ ("Look whether it runs there and whether [http] listen names that address.");
  return { EXIT_UNREACHABLE, text };
}

static ClientError
unexpected (const std::string &place, const std::string &path)
{
  return { EXIT_UNKNOWN,
           take_string (g_strdup_printf (_ ("what %s answers to %s is not the JSON of camwardend"),
                                         place.c_str (), path.c_str ())) };
}

ClientError
Client::explain (const Reply &reply) const
{
  const JsonNodePtr problem = parse_json_object (reply.body);
  const std::string detail = clip (
      problem ? translated (json_text (json_node_get_object (problem.get ()), "detail")) : "", 500);
  const char *more = detail.empty () ? "" : ": ";
  switch (reply.status) {
  case 401:
  case 403:
    return { EXIT_REFUSED, take_string (g_strdup_printf (
                               _ ("%s refuses this (%u%s%s); give a token with --token-file"),
                               place_.c_str (), reply.status, more, detail.c_str ())) };
  case 404:
    return { EXIT_MISSING, detail.empty () ? std::string (_ ("the daemon does not know that; it "
                                                             "may be older than camwardenctl"))
                                           : detail };
  case 409:
  case 429:
  case 503:
  case 504:
    if (!detail.empty ())
      return { EXIT_NOT_DONE, detail };
    break;
  default:
    break;
  }
  return { EXIT_UNKNOWN,
           take_string (g_strdup_printf (_ ("%s answers with error %u%s%s"), place_.c_str (),
                                         reply.status, more, detail.c_str ())) };
}

Ref<SoupMessage>
Client::message_for (const Request &request, ClientError &error)
{
  if (!prepare (error))
    return {};
  auto message = Ref<SoupMessage>::adopt (
      soup_message_new (request.method, (base_ + request.path).c_str ()));
  if (!message) {
    error = { EXIT_USAGE, _ ("--url wants an address such as http://press-3:5000") };
    return {};
  }
  soup_message_add_flags (message.get (), SOUP_MESSAGE_NO_REDIRECT); /* the token is for this one */
  if (!token_.empty ())
    soup_message_headers_replace (soup_message_get_request_headers (message.get ()),
                                  "Authorization", ("Bearer " + token_).c_str ());
  if (!request.body.empty ()) {
    g_autoptr (GBytes) body = g_bytes_new (request.body.data (), request.body.size ());
    soup_message_set_request_body_from_bytes (message.get (), "application/json", body);
  }
  return message;
}

std::optional<Reply>
Client::send (const Request &request, ClientError &error)
{
  const auto message = message_for (request, error);
  if (!message)
    return std::nullopt;
  Reply reply;
  g_autoptr (GError) problem = nullptr;
  if (!fetch (session_.get (), message.get (), request.deadline, request.largest + 1, cancellable_,
              reply.body, &problem)) {
    error = explain (problem);
    return std::nullopt;
  }
  reply.status = soup_message_get_status (message.get ());
  return reply;
}

JsonNodePtr
Client::parse (const Request &request, JsonNodeType type, ClientError &error)
{
  const auto reply = send (request, error);
  if (!reply)
    return {};
  if (!reply->good ()) {
    error = explain (*reply);
    return {};
  }
  JsonNodePtr root = parse_json (reply->body);
  if (root && JSON_NODE_TYPE (root.get ()) == type)
    return root;
  error = unexpected (place_, request.path);
  return {};
}

JsonNodePtr
Client::get (const std::string &path, ClientError &error)
{
  return parse ({ .path = path }, JSON_NODE_OBJECT, error);
}

JsonNodePtr
Client::get_array (const std::string &path, ClientError &error)
{
  return parse ({ .path = path }, JSON_NODE_ARRAY, error);
}

JsonNodePtr
Client::post (const std::string &path, const std::string &body, unsigned deadline,
              ClientError &error)
{
  return parse ({ .path = path, .method = "POST", .body = body, .deadline = deadline },
                JSON_NODE_OBJECT, error);
}

bool
Client::follow_events (const std::string &path, const std::string &last_event,
                       const std::function<void (std::string_view)> &line, ClientError &error)
{
  const auto message = message_for ({ .path = path }, error);
  if (!message)
    return false;
  SoupMessageHeaders *headers = soup_message_get_request_headers (message.get ());
  soup_message_headers_replace (headers, "Accept", "text/event-stream");
  if (!last_event.empty ())
    soup_message_headers_replace (headers, "Last-Event-ID", last_event.c_str ());
  const auto started = [&] {
    const char *type = soup_message_headers_get_content_type (
        soup_message_get_response_headers (message.get ()), nullptr);
    const unsigned status = soup_message_get_status (message.get ());
    if (status == 200 && type && g_str_equal (type, "text/event-stream"))
      return true;
    error = status == 200 ? unexpected (place_, path) : explain (Reply{ status, {} });
    return false;
  };
  error = {};
  g_autoptr (GError) problem = nullptr;
  if (follow (session_.get (), message.get (), 10, { started, line }, cancellable_, &problem))
    return error.text.empty ();
  error = explain (problem);
  return false;
}

} // namespace camwarden
