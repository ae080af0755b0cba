// SPDX-License-Identifier: LGPL-2.1-or-later
#include "ctl/client.h"

#include "config/config.h"
#include "config/directories.h"
#include "config/i18n.h"
#include "config/problems.h"
#include "ctl/exitstatus.h"

#include <gio/gunixsocketaddress.h>
#include <unistd.h>
#include <vector>

namespace camwarden
{

static constexpr guint deadline_seconds = 10;
static constexpr const char *service_socket = "/run/camwarden/http.sock";

/* One GET, on the main loop so that there is one deadline for all of it: connecting,
 * waiting and a server that sends a byte now and then. */
class Fetch
{
public:
  Fetch (SoupSession *session, SoupMessage *message)
      : session_ (session), message_ (message), body_ (max_json_size + 1, '\0')
  {}

  [[nodiscard]] bool
  run (std::string &body, GError **error)
  {
    loop_ = g_main_loop_new (nullptr, FALSE);
    cancellable_ = Ref<GCancellable>::adopt (g_cancellable_new ());
    const SourceId deadline (g_timeout_add_seconds (deadline_seconds, on_deadline, this));
    soup_session_send_async (session_, message_, G_PRIORITY_DEFAULT, cancellable_.get (), on_sent,
                             this);
    g_main_loop_run (loop_);
    g_main_loop_unref (loop_);
    if (error_)
      g_propagate_error (error, error_);
    else
      body = body_.substr (0, length_);
    return error_ == nullptr;
  }

private:
  static gboolean
  on_deadline (gpointer data)
  {
    auto *self = static_cast<Fetch *> (data);
    self->late_ = true;
    g_cancellable_cancel (self->cancellable_.get ());
    return G_SOURCE_CONTINUE; /* removed with its owner */
  }

  static void
  on_sent (GObject *, GAsyncResult *result, gpointer data)
  {
    auto *self = static_cast<Fetch *> (data);
    self->stream_ = Ref<GInputStream>::adopt (
        soup_session_send_finish (self->session_, result, &self->error_));
    if (!self->stream_)
      return self->finish ();
    g_input_stream_read_all_async (self->stream_.get (), self->body_.data (), self->body_.size (),
                                   G_PRIORITY_DEFAULT, self->cancellable_.get (), on_read, self);
  }

  static void
  on_read (GObject *, GAsyncResult *result, gpointer data)
  {
    auto *self = static_cast<Fetch *> (data);
    g_input_stream_read_all_finish (self->stream_.get (), result, &self->length_, &self->error_);
    self->finish ();
  }

  void
  finish ()
  {
    if (error_ && late_) {
      g_clear_error (&error_);
      g_set_error_literal (&error_, G_IO_ERROR, G_IO_ERROR_TIMED_OUT,
                           _ ("it did not answer in time"));
    }
    g_main_loop_quit (loop_);
  }

  SoupSession *session_;
  SoupMessage *message_;
  GMainLoop *loop_ = nullptr;
  Ref<GCancellable> cancellable_;
  Ref<GInputStream> stream_;
  std::string body_;
  gsize length_ = 0;
  GError *error_ = nullptr;
  bool late_ = false;
};

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

ClientError
Client::explain_status (unsigned status, const std::string &body) const
{
  const JsonNodePtr problem = parse_json_object (body);
  const std::string detail = printable (
      problem ? json_text (json_node_get_object (problem.get ()), "detail") : std::string ());
  const char *more = detail.empty () ? "" : ": ";
  if (status == 401 || status == 403)
    return { EXIT_REFUSED, take_string (g_strdup_printf (
                               _ ("%s refuses this (%u%s%s); give a token with --token-file"),
                               place_.c_str (), status, more, detail.c_str ())) };
  return { EXIT_UNKNOWN,
           take_string (g_strdup_printf (_ ("%s answers with error %u%s%s"), place_.c_str (),
                                         status, more, detail.c_str ())) };
}

JsonNodePtr
Client::get (const std::string &path, ClientError &error)
{
  if (!prepare (error))
    return {};
  g_autoptr (SoupMessage) message = soup_message_new ("GET", (base_ + path).c_str ());
  if (!message) {
    error = { EXIT_USAGE, _ ("--url wants an address such as http://press-3:5000") };
    return {};
  }
  soup_message_add_flags (message, SOUP_MESSAGE_NO_REDIRECT); /* the token is for this server */
  if (!token_.empty ())
    soup_message_headers_replace (soup_message_get_request_headers (message), "Authorization",
                                  ("Bearer " + token_).c_str ());
  std::string body;
  g_autoptr (GError) problem = nullptr;
  if (!Fetch (session_.get (), message).run (body, &problem)) {
    error = explain (problem);
    return {};
  }
  if (const unsigned status = soup_message_get_status (message); status != 200) {
    error = explain_status (status, body);
    return {};
  }
  JsonNodePtr root = parse_json_object (body);
  if (!root)
    error
        = { EXIT_UNKNOWN,
            take_string (g_strdup_printf (_ ("what %s answers to %s is not the JSON of camwardend"),
                                          place_.c_str (), path.c_str ())) };
  return root;
}

} // namespace camwarden
