// SPDX-License-Identifier: LGPL-2.1-or-later
#include "buildconfig.h"

#include "redis/gstredisconnection.h"

#include <glib/gi18n-lib.h>

namespace camwarden
{

void
install_connection_properties (GParamSpec **props)
{
  constexpr auto flags = static_cast<GParamFlags> (G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS
                                                   | GST_PARAM_MUTABLE_READY);
  props[CONNECTION_PROP_LOCATION] = g_param_spec_string (
      "location", "Location",
      "Server and channel: redis://[user@]host[:port]/[DB/]CHANNEL, rediss:// for TLS, or "
      "redis+unix:///path?channel=CHANNEL&db=DB",
      GST_REDIS_DEFAULT_LOCATION, flags);
  props[CONNECTION_PROP_PASSWORD_FILE] = g_param_spec_string (
      "password-file", "Password file",
      "File whose first line is the password; read at each connect (NULL: no AUTH)", nullptr,
      flags);
  props[CONNECTION_PROP_CA_FILE] = g_param_spec_string (
      "ca-file", "CA file",
      "PEM file with the authorities that may sign the server's certificate (NULL: the system's)",
      nullptr, flags);
  props[CONNECTION_PROP_COMMAND_TIMEOUT] = g_param_spec_uint64 (
      "command-timeout", "Command timeout",
      "Nanoseconds after which a connection with an unanswered command is given up, and the limit "
      "for connecting",
      10 * GST_MSECOND, 3600 * GST_SECOND, 2 * GST_SECOND, flags);
  props[CONNECTION_PROP_RETRY_DELAY] = g_param_spec_uint64 (
      "retry-delay", "Retry delay",
      "Nanoseconds: upper end of the random wait before the second attempt to connect; doubles "
      "with each further one",
      GST_MSECOND, 3600 * GST_SECOND, 50 * GST_MSECOND, flags);
  props[CONNECTION_PROP_MAX_RETRY_DELAY] = g_param_spec_uint64 (
      "max-retry-delay", "Maximum retry delay",
      "Nanoseconds: where the doubling of the wait between attempts to connect ends", GST_MSECOND,
      3600 * GST_SECOND, 1500 * GST_MSECOND, flags);
  props[CONNECTION_PROP_ERROR_AFTER_RETRIES] = g_param_spec_uint (
      "error-after-retries", "Error after retries",
      "Failed attempts to connect in a row after which an error ends the pipeline (0: never)", 0,
      G_MAXUINT, 0, flags);
}

std::string
string_of_value (const GValue *value)
{
  const char *text = g_value_get_string (value);
  return text ? text : "";
}

void
set_string_value (GValue *value, const std::string &text)
{
  g_value_set_string (value, text.empty () ? nullptr : text.c_str ());
}

static int64_t
microseconds_of (const GValue *value)
{
  return static_cast<int64_t> (g_value_get_uint64 (value) / GST_USECOND);
}

static void
set_microseconds (GValue *value, int64_t microseconds)
{
  g_value_set_uint64 (value, static_cast<guint64> (microseconds) * GST_USECOND);
}

bool
set_connection_property (ConnectionSettings &settings, guint id, const GValue *value)
{
  switch (id) {
  case CONNECTION_PROP_LOCATION:
    settings.location = string_of_value (value);
    return true;
  case CONNECTION_PROP_PASSWORD_FILE:
    settings.redis.password_file = string_of_value (value);
    return true;
  case CONNECTION_PROP_CA_FILE:
    settings.redis.ca_file = string_of_value (value);
    return true;
  case CONNECTION_PROP_COMMAND_TIMEOUT:
    settings.redis.command_timeout = microseconds_of (value);
    return true;
  case CONNECTION_PROP_RETRY_DELAY:
    settings.redis.retry_delay = microseconds_of (value);
    return true;
  case CONNECTION_PROP_MAX_RETRY_DELAY:
    settings.redis.max_retry_delay = microseconds_of (value);
    return true;
  case CONNECTION_PROP_ERROR_AFTER_RETRIES:
    settings.error_after_retries = g_value_get_uint (value);
    return true;
  default:
    return false;
  }
}

bool
get_connection_property (const ConnectionSettings &settings, guint id, GValue *value)
{
  switch (id) {
  case CONNECTION_PROP_LOCATION:
    set_string_value (value, settings.location);
    return true;
  case CONNECTION_PROP_PASSWORD_FILE:
    set_string_value (value, settings.redis.password_file);
    return true;
  case CONNECTION_PROP_CA_FILE:
    set_string_value (value, settings.redis.ca_file);
    return true;
  case CONNECTION_PROP_COMMAND_TIMEOUT:
    set_microseconds (value, settings.redis.command_timeout);
    return true;
  case CONNECTION_PROP_RETRY_DELAY:
    set_microseconds (value, settings.redis.retry_delay);
    return true;
  case CONNECTION_PROP_MAX_RETRY_DELAY:
    set_microseconds (value, settings.redis.max_retry_delay);
    return true;
  case CONNECTION_PROP_ERROR_AFTER_RETRIES:
    g_value_set_uint (value, settings.error_after_retries);
    return true;
  default:
    return false;
  }
}

bool
resolve_location (GstElement *element, ConnectionSettings &settings)
{
  g_autoptr (GError) error = nullptr;
  const auto where = parse_redis_location (settings.location.c_str (), &error);
  if (!where) {
    GST_ELEMENT_ERROR (element, RESOURCE, SETTINGS, (_ ("The location is not a Redis URI.")),
                       ("location \"%s\": %s", settings.location.c_str (), error->message));
    return false;
  }
  if (where->channel.empty ()) {
    GST_ELEMENT_ERROR (
        element, RESOURCE, SETTINGS, (_ ("The location names no channel.")),
        ("location \"%s\"; expected redis://HOST/CHANNEL", settings.location.c_str ()));
    return false;
  }
  settings.redis.where = *where;
  return true;
}

/* --- GstURIHandler -----------------------------------------------------------------------------
 */

static const char *const *
get_protocols (GType)
{
  static const char *const protocols[] = { "redis", "rediss", "redis+unix", nullptr };
  return protocols;
}

static char *
get_uri (GstURIHandler *handler)
{
  char *uri = nullptr;
  g_object_get (handler, "location", &uri, nullptr);
  return uri;
}

static gboolean
set_uri (GstURIHandler *handler, const char *uri, GError **error)
{
  g_autoptr (GError) bad = nullptr;
  if (!parse_redis_location (uri, &bad)) {
    g_set_error_literal (error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI, bad->message);
    return FALSE;
  }
  g_object_set (handler, "location", uri, nullptr);
  return TRUE;
}

void
init_redis_uri_handler (GstURIHandlerInterface *handler, GstURIType (*type) (GType))
{
  handler->get_type = type;
  handler->get_protocols = get_protocols;
  handler->get_uri = get_uri;
  handler->set_uri = set_uri;
}

} // namespace camwarden
