// SPDX-License-Identifier: LGPL-2.1-or-later
#include "redis/redislocation.h"

#include "gobject/ref.h"

#include <charconv>
#include <gio/gio.h>

namespace camwarden
{

namespace
{

constexpr unsigned MAX_DB = 1u << 20;

bool
all_digits (std::string_view text)
{
  return !text.empty () && text.find_first_not_of ("0123456789") == std::string_view::npos;
}

bool
parse_db (std::string_view text, unsigned *db, GError **error)
{
  unsigned value = 0;
  const auto result = std::from_chars (text.data (), text.data () + text.size (), value);
  if (!all_digits (text) || result.ec != std::errc () || value > MAX_DB) {
    g_set_error (error, G_URI_ERROR, G_URI_ERROR_BAD_PATH, "\"%.*s\" is not a database number",
                 static_cast<int> (text.size ()), text.data ());
    return false;
  }
  *db = value;
  return true;
}

/* "3/cam:front:frame" -> 3, "cam:front:frame"; "3" and "a/b" are channels. */
bool
split_path (std::string_view path, RedisLocation *where, GError **error)
{
  const size_t slash = path.find ('/');
  if (slash != std::string_view::npos && all_digits (path.substr (0, slash))
      && slash + 1 < path.size ()) {
    if (!parse_db (path.substr (0, slash), &where->db, error))
      return false;
    path.remove_prefix (slash + 1);
  }
  where->channel = path;
  return true;
}

bool
take_query (const char *query, RedisLocation *where, GError **error)
{
  if (!query)
    return true;
  GUriParamsIter iter;
  g_uri_params_iter_init (&iter, query, -1, "&", G_URI_PARAMS_NONE);
  for (;;) {
    g_autofree char *name = nullptr;
    g_autofree char *value = nullptr;
    g_autoptr (GError) bad = nullptr;
    if (!g_uri_params_iter_next (&iter, &name, &value, &bad)) {
      if (!bad)
        return true;
      g_propagate_error (error, g_steal_pointer (&bad));
      return false;
    }
    if (g_str_equal (name, "channel")) {
      where->channel = value;
    } else if (g_str_equal (name, "user")) {
      where->user = value;
    } else if (g_str_equal (name, "db")) {
      if (!parse_db (value, &where->db, error))
        return false;
    } else {
      g_set_error (error, G_URI_ERROR, G_URI_ERROR_BAD_QUERY,
                   "unknown parameter \"%s\"; known are channel, db and user", name);
      return false;
    }
  }
}

bool
take_server (GUri *uri, RedisLocation *where, GError **error)
{
  const char *host = g_uri_get_host (uri);
  if (!host || !*host) {
    g_set_error_literal (error, G_URI_ERROR, G_URI_ERROR_BAD_HOST,
                         "no host; expected redis://HOST[:PORT]/CHANNEL");
    return false;
  }
  where->host = host;
  if (g_uri_get_port (uri) > 0)
    where->port = static_cast<unsigned> (g_uri_get_port (uri));
  return true;
}

} // namespace

std::string
RedisLocation::server () const
{
  if (!socket_path.empty ())
    return socket_path;
  const bool v6 = host.find (':') != std::string::npos;
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string (port);
}

std::optional<RedisLocation>
parse_redis_location (const char *text, GError **error)
{
  /* Encoded braces and slashes are decoded by GUri; unencoded braces (a Cluster's hash tag) are
   * accepted by the relaxed parser. */
  const auto flags = static_cast<GUriFlags> (G_URI_FLAGS_PARSE_RELAXED | G_URI_FLAGS_HAS_PASSWORD);
  g_autoptr (GUri) uri = g_uri_parse (text, flags, error);
  if (!uri)
    return std::nullopt;
  if (g_uri_get_password (uri)) {
    g_set_error_literal (error, G_URI_ERROR, G_URI_ERROR_BAD_PASSWORD,
                         "a password in the URI would be seen in process lists and logs; put it "
                         "into a file and name that as password-file");
    return std::nullopt;
  }
  RedisLocation where;
  const std::string scheme = g_uri_get_scheme (uri);
  const std::string path = g_uri_get_path (uri);
  if (g_uri_get_user (uri))
    where.user = g_uri_get_user (uri);
  bool good = false;
  if (scheme == "redis+unix") {
    where.socket_path = path;
    good = !path.empty () && take_query (g_uri_get_query (uri), &where, error);
    if (path.empty ())
      g_set_error_literal (error, G_URI_ERROR, G_URI_ERROR_BAD_PATH,
                           "no path; expected redis+unix:///PATH?channel=CHANNEL");
  } else if (scheme == "redis" || scheme == "rediss") {
    where.tls = scheme == "rediss";
    const char *fragment = g_uri_get_fragment (uri);
    const std::string tail = fragment ? std::string ("#") + fragment : "";
    good = take_server (uri, &where, error)
           && split_path (path.empty () ? "" : path.substr (1) + tail, &where, error)
           && take_query (g_uri_get_query (uri), &where, error);
  } else {
    g_set_error (error, G_URI_ERROR, G_URI_ERROR_BAD_SCHEME,
                 "unknown scheme \"%s\"; known are redis, rediss and redis+unix", scheme.c_str ());
  }
  return good ? std::optional (where) : std::nullopt;
}

} // namespace camwarden
