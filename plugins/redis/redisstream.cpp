// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/redisstream.h"

#include "common/locked.h"
#include "common/textcheck.h"
#include "redis/rediscommands.h"

#include <gio/gnetworking.h>
#include <hiredis/hiredis.h>

namespace camwarden
{

G_DEFINE_QUARK (camwarden - redis - error - quark, redis_error)

void
ReplyFree::operator() (redisReply *reply) const
{
  freeReplyObject (reply);
}

RedisError
redis_error_code (std::string_view text)
{
  const std::string_view word = text.substr (0, text.find (' '));
  if (word == "NOAUTH" || word == "WRONGPASS" || word == "NOPERM")
    return RedisError::Auth;
  /* Redis 6 says "ERR invalid password", and "ERR AUTH <password> called without any password". */
  if (text.find ("invalid password") != text.npos || text.find ("AUTH") != text.npos)
    return RedisError::Auth;
  if (word == "READONLY")
    return RedisError::Replica;
  if (word == "LOADING" || word == "MASTERDOWN" || word == "BUSY")
    return RedisError::Busy;
  if (word == "MOVED" || word == "ASK")
    return RedisError::Moved;
  return RedisError::Refused;
}

std::string
format_command (const std::vector<std::string> &words)
{
  std::vector<const char *> argv;
  std::vector<size_t> lengths;
  for (const auto &word : words) {
    argv.push_back (word.data ());
    lengths.push_back (word.size ());
  }
  char *text = nullptr;
  const auto length = redisFormatCommandArgv (&text, static_cast<int> (words.size ()), argv.data (),
                                              lengths.data ());
  std::string formatted (text, length > 0 ? static_cast<size_t> (length) : 0);
  redisFreeCommand (text);
  return formatted;
}

/* --- connecting --------------------------------------------------------------------------------
 */

namespace
{

/* More than any answer to our questions has. */
constexpr size_t MAX_ELEMENTS = 64 * 1024;

/* The kernel gives up a peer that acknowledges nothing for 5 s, and asks a silent one after 5 s. */
constexpr int USER_TIMEOUT_MS = 5000;
constexpr int KEEPALIVE_IDLE_S = 5;
constexpr int KEEPALIVE_INTERVAL_S = 2;
constexpr int KEEPALIVE_COUNT = 3;

void
tune_tcp (GSocket *socket)
{
  g_socket_set_keepalive (socket, TRUE);
  const std::pair<int, int> options[] = { { TCP_NODELAY, 1 },
                                          { TCP_USER_TIMEOUT, USER_TIMEOUT_MS },
                                          { TCP_KEEPIDLE, KEEPALIVE_IDLE_S },
                                          { TCP_KEEPINTVL, KEEPALIVE_INTERVAL_S },
                                          { TCP_KEEPCNT, KEEPALIVE_COUNT } };
  for (const auto &[name, value] : options)
    g_socket_set_option (socket, IPPROTO_TCP, name, value, nullptr);
}

void
on_client_event (GSocketClient *, GSocketClientEvent event, GSocketConnectable *,
                 GIOStream *connection, gpointer database)
{
  if (event == G_SOCKET_CLIENT_TLS_HANDSHAKING && database)
    g_tls_connection_set_database (G_TLS_CONNECTION (connection), G_TLS_DATABASE (database));
}

/* An asynchronous connect on a context of its own, so that it has a deadline and can be cancelled
 * at any point, the name lookup included. */
struct ConnectAttempt
{
  GMainContext *context = g_main_context_new ();
  Ref<GCancellable> inner = Ref<GCancellable>::adopt (g_cancellable_new ());
  GSocketConnection *connection = nullptr;
  GError *error = nullptr;
  bool done = false;
  bool timed_out = false;
  Locked<bool> cancelled{ false };

  ~ConnectAttempt () { g_main_context_unref (context); }

  static void
  on_connected (GObject *client, GAsyncResult *result, gpointer data)
  {
    auto *self = static_cast<ConnectAttempt *> (data);
    self->connection
        = g_socket_client_connect_finish (G_SOCKET_CLIENT (client), result, &self->error);
    self->done = true;
  }

  static gboolean
  on_deadline (gpointer data)
  {
    auto *self = static_cast<ConnectAttempt *> (data);
    self->timed_out = true;
    g_cancellable_cancel (self->inner.get ());
    return G_SOURCE_REMOVE;
  }

  /* From whichever thread cancels. No GCancellableSource: one that is being destroyed together with
   * its context while another thread cancels is used after it was freed (GLib 2.74). */
  static void
  on_cancelled (GCancellable *, gpointer data)
  {
    auto *self = static_cast<ConnectAttempt *> (data);
    self->cancelled.set (true);
    g_main_context_wakeup (self->context);
  }

  void
  add_source (GSource *source, GSourceFunc function)
  {
    g_source_set_callback (source, function, this, nullptr);
    g_source_attach (source, context);
  }

  void
  run (GSocketClient *client, GSocketConnectable *address, int64_t deadline,
       GCancellable *cancellable)
  {
    g_main_context_push_thread_default (context);
    const int64_t left = std::max<int64_t> (0, deadline - g_get_monotonic_time ());
    g_autoptr (GSource) timeout = g_timeout_source_new (static_cast<guint> (left / 1000 + 1));
    add_source (timeout, on_deadline);
    cancelled.set (false); /* hands everything above over to the thread that will cancel */
    const gulong handler
        = cancellable
              ? g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), this, nullptr)
              : 0;
    g_socket_client_connect_async (client, address, inner.get (), on_connected, this);
    while (!done) {
      if (cancelled.get ())
        g_cancellable_cancel (inner.get ());
      g_main_context_iteration (context, TRUE);
    }
    g_cancellable_disconnect (cancellable, handler);
    g_source_destroy (timeout);
    while (g_main_context_iteration (context, FALSE))
      ;
    g_main_context_pop_thread_default (context);
  }
};

Ref<GSocketConnectable>
address_of (const RedisLocation &where)
{
  GSocketConnectable *address
      = where.socket_path.empty ()
            ? g_network_address_new (where.host.c_str (), static_cast<guint16> (where.port))
            : G_SOCKET_CONNECTABLE (g_unix_socket_address_new (where.socket_path.c_str ()));
  return Ref<GSocketConnectable>::adopt (address);
}

bool
prepare_tls (GSocketClient *client, const RedisSettings &settings, GError **error)
{
  if (!settings.where.tls)
    return true;
  g_socket_client_set_tls (client, TRUE);
  if (settings.ca_file.empty ())
    return true;
  g_autoptr (GTlsDatabase) database = g_tls_file_database_new (settings.ca_file.c_str (), error);
  if (!database)
    return false;
  g_signal_connect_data (
      client, "event", G_CALLBACK (on_client_event), g_object_ref (database),
      [] (gpointer data, GClosure *) { g_object_unref (data); }, static_cast<GConnectFlags> (0));
  return true;
}

} // namespace

std::shared_ptr<RedisStream>
RedisStream::connect (const RedisSettings &settings, int64_t deadline, GCancellable *cancellable,
                      GError **error)
{
  auto client = Ref<GSocketClient>::adopt (g_socket_client_new ());
  g_socket_client_set_enable_proxy (client.get (), FALSE);
  if (!prepare_tls (client.get (), settings, error))
    return nullptr;
  ConnectAttempt attempt;
  auto address = address_of (settings.where);
  attempt.run (client.get (), address.get (), deadline, cancellable);
  if (!attempt.connection) {
    if (attempt.timed_out) {
      g_clear_error (&attempt.error);
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "no connection to %s in time",
                   settings.where.server ().c_str ());
    } else {
      g_propagate_error (error, attempt.error);
    }
    return nullptr;
  }
  return std::shared_ptr<RedisStream> (new RedisStream (attempt.connection, settings.where.tls));
}

/* --- bytes -------------------------------------------------------------------------------------
 */

RedisStream::RedisStream (GSocketConnection *connection, bool encrypted)
    : stream_ (Ref<GIOStream>::adopt (G_IO_STREAM (connection))),
      socket_ (Ref<GSocket>::share (g_socket_connection_get_socket (connection))),
      encrypted_ (encrypted)
{
  g_socket_set_blocking (socket_.get (), FALSE);
  if (g_socket_get_family (socket_.get ()) != G_SOCKET_FAMILY_UNIX)
    tune_tcp (socket_.get ());
}

/* The socket first: closing a TLS stream would wait for the peer's farewell. */
RedisStream::~RedisStream ()
{
  shut ();
  g_socket_close (socket_.get (), nullptr);
}

gssize
RedisStream::read (void *data, size_t size, GError **error)
{
  auto *input = G_POLLABLE_INPUT_STREAM (g_io_stream_get_input_stream (stream_.get ()));
  return g_pollable_input_stream_read_nonblocking (input, data, size, nullptr, error);
}

gssize
RedisStream::read_pieces (GInputVector *pieces, size_t count, GError **error)
{
  if (encrypted_)
    return read (pieces[0].buffer, pieces[0].size, error);
  return g_socket_receive_message (socket_.get (), nullptr, pieces, static_cast<gint> (count),
                                   nullptr, nullptr, nullptr, nullptr, error);
}

void
RedisStream::set_low_water (size_t bytes)
{
  g_socket_set_option (socket_.get (), SOL_SOCKET, SO_RCVLOWAT, static_cast<gint> (bytes), nullptr);
}

size_t
RedisStream::available () const
{
  const gssize bytes = g_socket_get_available_bytes (socket_.get ());
  return bytes > 0 ? static_cast<size_t> (bytes) : 0;
}

gssize
RedisStream::write (const GOutputVector *pieces, size_t count, GError **error)
{
  auto *output = G_POLLABLE_OUTPUT_STREAM (g_io_stream_get_output_stream (stream_.get ()));
  gsize written = 0;
  const GPollableReturn result = g_pollable_output_stream_writev_nonblocking (
      output, pieces, count, &written, nullptr, error);
  if (result == G_POLLABLE_RETURN_OK)
    return static_cast<gssize> (written);
  if (result == G_POLLABLE_RETURN_WOULD_BLOCK)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK, "the socket is full");
  return -1;
}

bool
RedisStream::wait (GIOCondition condition, int64_t deadline, GCancellable *cancellable,
                   GError **error)
{
  const int64_t left = deadline - g_get_monotonic_time ();
  if (left <= 0) {
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT, "no answer in time");
    return false;
  }
  return g_socket_condition_timed_wait (socket_.get (), condition, left, cancellable, error);
}

bool
RedisStream::write_all (std::string_view text, int64_t deadline, GCancellable *cancellable,
                        GError **error)
{
  while (!text.empty ()) {
    const GOutputVector piece{ text.data (), text.size () };
    g_autoptr (GError) failure = nullptr;
    const gssize count = write (&piece, 1, &failure);
    if (count >= 0) {
      text.remove_prefix (static_cast<size_t> (count));
    } else if (!g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      g_propagate_error (error, g_steal_pointer (&failure));
      return false;
    } else if (!wait (G_IO_OUT, deadline, cancellable, error)) {
      return false;
    }
  }
  return true;
}

void
RedisStream::shut ()
{
  g_socket_shutdown (socket_.get (), TRUE, TRUE, nullptr);
}

void
RedisStream::give_up ()
{
  const struct linger none = { 1, 0 };
  setsockopt (fd (), SOL_SOCKET, SO_LINGER, &none, sizeof none);
  g_socket_shutdown (socket_.get (), FALSE, TRUE, nullptr);
}

void
RedisStream::wait_end (int64_t deadline, GCancellable *cancellable)
{
  char bytes[16 * 1024];
  for (;;) {
    g_autoptr (GError) error = nullptr;
    const gssize count = read (bytes, sizeof bytes, &error);
    if (count > 0)
      continue;
    const bool open = count < 0 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
    if (!open || !wait (G_IO_IN, deadline, cancellable, nullptr))
      return;
  }
}

int
RedisStream::fd () const
{
  return g_socket_get_fd (socket_.get ());
}

/* --- replies -----------------------------------------------------------------------------------
 */

/* hiredis makes room for an array as soon as its length is announced, before a single element has
 * come. The length's type differs between its versions. */
template <typename Length>
static void *
create_array (const redisReadTask *task, Length length)
{
  static const auto original = [] {
    redisReader *reader = redisReaderCreate ();
    const auto function = reader->fn->createArray;
    redisReaderFree (reader);
    return function;
  }();
  return static_cast<size_t> (length) <= MAX_ELEMENTS ? original (task, length) : nullptr;
}

static redisReader *
create_reader ()
{
  redisReader *reader = redisReaderCreate ();
  static redisReplyObjectFunctions functions = [reader] {
    redisReplyObjectFunctions copy = *reader->fn;
    copy.createArray = create_array;
    return copy;
  }();
  reader->fn = &functions;
  return reader;
}

RedisSession::RedisSession (std::shared_ptr<RedisStream> stream, size_t max_reply)
    : stream_ (std::move (stream)), reader_ (create_reader ()), max_reply_ (max_reply)
{}

RedisSession::~RedisSession ()
{
  redisReaderFree (reader_);
}

ReplyPtr
RedisSession::take_reply (GError **error)
{
  void *reply = nullptr;
  if (redisReaderGetReply (reader_, &reply) != REDIS_OK) {
    g_set_error (error, CAMWARDEN_REDIS_ERROR, static_cast<int> (RedisError::Protocol),
                 "the server does not speak Redis' protocol: %s", reader_->errstr);
    return nullptr;
  }
  if (reply)
    unfinished_ = reader_->len - reader_->pos;
  else if (unfinished_ > max_reply_)
    g_set_error (error, CAMWARDEN_REDIS_ERROR, static_cast<int> (RedisError::Protocol),
                 "an answer of more than %zu bytes", max_reply_);
  return ReplyPtr (static_cast<redisReply *> (reply));
}

ReplyPtr
RedisSession::poll_reply (GError **error)
{
  for (;;) {
    GError *failure = nullptr;
    ReplyPtr reply = take_reply (&failure);
    if (reply)
      return reply;
    if (failure) {
      g_propagate_error (error, failure);
      return nullptr;
    }
    char bytes[16 * 1024];
    const gssize count = stream_->read (bytes, sizeof bytes, &failure);
    if (count > 0) {
      redisReaderFeed (reader_, bytes, static_cast<size_t> (count));
      unfinished_ += static_cast<size_t> (count);
    } else if (count == 0) {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CLOSED,
                           "the server closed the connection");
      return nullptr;
    } else if (g_error_matches (failure, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK)) {
      g_error_free (failure);
      return nullptr;
    } else {
      g_propagate_error (error, failure);
      return nullptr;
    }
  }
}

ReplyPtr
RedisSession::call (const std::vector<std::string> &words, int64_t deadline,
                    GCancellable *cancellable, GError **error)
{
  if (!is_known_command (words.front ()))
    g_critical ("%s is missing in the table of Redis commands", words.front ().c_str ());
  if (!stream_->write_all (format_command (words), deadline, cancellable, error))
    return nullptr;
  for (;;) {
    GError *failure = nullptr;
    ReplyPtr reply = poll_reply (&failure);
    if (reply)
      return reply;
    if (failure) {
      g_propagate_error (error, failure);
      return nullptr;
    }
    if (!stream_->wait (G_IO_IN, deadline, cancellable, error))
      return nullptr;
  }
}

bool
RedisSession::expect_ok (const std::vector<std::string> &words, bool optional, int64_t deadline,
                         GCancellable *cancellable, GError **error)
{
  ReplyPtr reply = call (words, deadline, cancellable, error);
  if (!reply)
    return false;
  if (reply->type != REDIS_REPLY_ERROR || optional)
    return true;
  g_set_error (error, CAMWARDEN_REDIS_ERROR, static_cast<int> (redis_error_code (reply->str)),
               "%s: %s", words.front ().c_str (), printable (reply->str).c_str ());
  return false;
}

/* --- handshake ---------------------------------------------------------------------------------
 */

/* The first line of the file; what else is wrong with it, Redis will say. */
static std::optional<std::string>
read_password (const std::string &path, GError **error)
{
  g_autofree char *text = nullptr;
  g_autoptr (GError) failure = nullptr;
  if (!g_file_get_contents (path.c_str (), &text, nullptr, &failure)) {
    g_set_error (error, CAMWARDEN_REDIS_ERROR, static_cast<int> (RedisError::Auth),
                 "cannot read the password file: %s", failure->message);
    return std::nullopt;
  }
  text[strcspn (text, "\r\n")] = '\0';
  return text;
}

bool
RedisSession::authenticate (const RedisSettings &settings, int64_t deadline,
                            GCancellable *cancellable, GError **error)
{
  if (settings.password_file.empty ())
    return true;
  const auto password = read_password (settings.password_file, error);
  if (!password)
    return false;
  std::vector<std::string> words{ "AUTH" };
  if (!settings.where.user.empty ())
    words.push_back (settings.where.user);
  words.push_back (*password);
  return expect_ok (words, false, deadline, cancellable, error);
}

bool
is_master (const redisReply &role)
{
  return role.type == REDIS_REPLY_ARRAY && role.elements > 0
         && role.element[0]->type == REDIS_REPLY_STRING
         && g_str_equal (role.element[0]->str, "master");
}

/* A server that refuses ROLE (by its ACL, or before authentication) tells so; only NOAUTH counts.
 */
bool
RedisSession::check_role (const RedisSettings &settings, int64_t deadline,
                          GCancellable *cancellable, GError **error)
{
  ReplyPtr role = call ({ "ROLE" }, deadline, cancellable, error);
  if (!role)
    return false;
  if (role->type == REDIS_REPLY_ERROR) {
    const RedisError code = redis_error_code (role->str);
    if (g_str_has_prefix (role->str, "NOPERM")
        || (code != RedisError::Auth && code != RedisError::Busy))
      return true;
    g_set_error (error, CAMWARDEN_REDIS_ERROR, static_cast<int> (code), "ROLE: %s",
                 printable (role->str).c_str ());
    return false;
  }
  if (!settings.refuse_replica || is_master (*role))
    return true;
  g_set_error (error, CAMWARDEN_REDIS_ERROR, static_cast<int> (RedisError::Replica),
               "%s is a replica: what is published there reaches nobody on its master",
               settings.where.server ().c_str ());
  return false;
}

bool
RedisSession::handshake (const RedisSettings &settings, int64_t deadline, GCancellable *cancellable,
                         GError **error)
{
  if (!authenticate (settings, deadline, cancellable, error))
    return false;
  const std::string db = std::to_string (settings.where.db);
  if (settings.where.db != 0 && !expect_ok ({ "SELECT", db }, false, deadline, cancellable, error))
    return false;
  if (!settings.client_name.empty ()
      && !expect_ok ({ "CLIENT", "SETNAME", settings.client_name }, true, deadline, cancellable,
                     error))
    return false;
  return check_role (settings, deadline, cancellable, error);
}

} // namespace camwarden
